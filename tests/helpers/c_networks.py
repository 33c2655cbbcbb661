"""Networks whose C is looked at closely: of every structure and activation."""

from helpers.random_fronts import WORDS, words
from helpers.random_fronts import network as with_front
from helpers.random_networks import inputs, layered

from rnnexp.formats.about import About
from rnnexp.formats.c.files import to_c
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.network.front import Convolution, Embedding
from rnnexp.network.taps import INPUT
from rnnexp.network.windows import Axis
from rnnexp.quantization.quantizer import quantize

STEPS = 6
# Rows and columns in odd and even numbers, for what takes them in eights, in fours and in pairs; more of them than a
# word of sums of lower parts holds; both directions, a linear path, outputs after each step, layers ahead, inputs of 16
# bits, tables of few entries, and an odd number of inputs that are read twice, as a layer behind the sum of two others
# does.
NETWORKS = {
    "simple": (layered(("simple", 10), steps=STEPS, linear_path=True), {}),
    "lstm": (layered(("lstm", 7), steps=STEPS, features=3, outputs=4, softmax=True), {}),
    "gru": (layered(("gru", 5), ("gru", 4), steps=STEPS, features=2, every_step=True), {}),
    "fastgrnn": (layered(("fastgrnn", 7), ("fastgrnn", 9, {"rank": 3}), steps=STEPS, features=5, outputs=2), {}),
    "both directions": (layered(("gru", 3, "both"), ("simple", 21), steps=STEPS, outputs=2), {}),
    "many units": (layered(("simple", 37), steps=STEPS, features=5), {"io_bits": 16}),
    "inputs twice": (layered(("gru", 5, {"reads": (INPUT, INPUT)}), steps=STEPS, features=9), {}),
    "convolution": (
        with_front((Convolution(Axis(2), Axis(), 3, 5, activation="relu"),), [("lstm", 4)], steps=STEPS, features=3),
        {},
    ),
    "few entries": (
        with_front(
            (Convolution(Axis(2), Axis(), 3, 5, activation="tanh"),), [("lstm", 4), ("gru", 3)], steps=STEPS, features=3
        ),
        {"tables": "interpolated"},
    ),
    "words": (with_front((Embedding(WORDS, 5),), [("simple", 3)], steps=STEPS), {}),
}
NETWORKS |= {name: (layered(("simple", 6), steps=STEPS, activation=name), {}) for name in sorted(ACTIVATIONS)}


def samples(real):
    if real.architecture.front and isinstance(real.architecture.front[0], Embedding):
        return words(4, STEPS)
    return inputs(4, STEPS, real.architecture.features)


def written(name, stem="net"):
    """Return the C of one of the networks, with four sequences to test it with."""
    real, options = NETWORKS[name]
    x = samples(real)
    integer = quantize(real, x, **options)
    return to_c(integer, stem, About(), integer.input.encode(x))
