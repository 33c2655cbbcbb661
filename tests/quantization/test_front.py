"""Layers ahead of recurrent ones and behind them in integers: how little is lost, and what is refused."""

import numpy as np
import pytest
from helpers.random_fronts import WORDS, network, words
from helpers.random_networks import inputs
from helpers.same_bits import assert_same_alone, assert_same_bits, noise

from rnnexp.errors import UserError
from rnnexp.network.architecture import Architecture
from rnnexp.network.front import Convolution, Embedding, Pooling
from rnnexp.network.layer import Layer
from rnnexp.network.network import Network
from rnnexp.network.windows import Axis
from rnnexp.quantization.diagnosis import Comparison
from rnnexp.quantization.quantizer import quantize
from rnnexp.quantization.reference import outputs

STEPS, FREQUENCIES = 24, 10
# As keyword spotting has them: over time and frequency, then over time alone.
PICTURE = (
    Convolution(Axis.same(STEPS, 5, 2), Axis.same(FREQUENCIES, 3, 2), 1, 6, activation="relu"),
    Pooling(Axis(2, 2), Axis(), 6),
)
SEPARABLE = (
    Convolution(Axis.causal(3), Axis(), FREQUENCIES, FREQUENCIES, groups=FREQUENCIES),
    Convolution(Axis(), Axis(), FREQUENCIES, 8, activation="relu"),
    Convolution(Axis.causal(3, dilation=2), Axis(), 8, 8, activation="tanh"),
)
TEXT = (
    Embedding(WORDS, 8),
    Convolution(Axis(5), Axis(), 8, 8, activation="relu"),
    Pooling(Axis(4, 4), Axis(), 8),
)
BEHIND = (Convolution(Axis(3), Axis(), 12, 6, activation="tanh"), Pooling(Axis(2, 2), Axis(), 6))
CASES = {
    "picture": network(PICTURE, [("lstm", 12)], steps=STEPS, features=FREQUENCIES),
    "separable": network(SEPARABLE, [("gru", 12)], steps=STEPS, features=FREQUENCIES, every_step=True),
    "text": network(TEXT, [("lstm", 12)], steps=STEPS),
    "all steps": network((), [("gru", 6, "both")], steps=STEPS, features=FREQUENCIES, flattened=True),
    "behind": network((), [("gru", 6, "both")], BEHIND, steps=STEPS, features=FREQUENCIES, flattened=True),
    "alone": network(PICTURE, [], steps=STEPS, features=FREQUENCIES, flattened=True),
}


def sequences(real, samples=128):
    if isinstance(next(iter(real.architecture.front), None), Embedding):
        return words(samples, STEPS)
    return inputs(samples, STEPS, FREQUENCIES)


@pytest.mark.parametrize("name", CASES)
def test_hardly_more_is_lost_than_the_rounding_of_inputs_and_outputs(name):
    real = CASES[name]
    x = sequences(real)
    integer = quantize(real, x)
    exact, step = real.run(x), integer.output.scale / 12**0.5
    given = real.run(integer.input.decode(integer.input.encode(x)))
    lost, unavoidable = (float(np.sqrt(np.mean((found - exact) ** 2))) for found in (outputs(integer, x), given))
    # A table that gates and tanh share is a little coarser than one over the range of each.
    assert lost <= 1.25 * np.hypot(step, unavoidable)
    for name, found, array in zip(real.architecture.shapes, integer.real_weights(), real.weights, strict=True):
        # The two biases of a GRU are one where its integers add them up.
        if not name.endswith("bias"):
            # All weights of a cell have one unit, which is finest where its steps and what it reads are small: those of
            # a table that gates share are up to twice as large as their own would be, and a convolution gives up to 5.
            assert np.abs(found - array).max() <= 6e-4 * np.abs(array).max(), name
    assert Comparison(integer, real, x).state_error().max(initial=0.0) < 0.02


def test_words_beyond_the_vocabulary_are_the_nearest_in_it():
    real = CASES["text"]
    integer = quantize(real, words(32, STEPS))
    beyond, nearest = np.full((1, STEPS), 99), np.full((1, STEPS), WORDS - 1)
    assert np.array_equal(outputs(integer, beyond), outputs(integer, nearest))
    assert np.array_equal(real.run(beyond), real.run(nearest))
    assert np.array_equal(outputs(integer, -nearest), outputs(integer, 0 * nearest))
    assert integer.input.encode(np.array([[-7, 3, 99]])).tolist() == [[0, 3, WORDS - 1]]


@pytest.mark.parametrize("padding", ["end", "begin"])
@pytest.mark.parametrize("every_step", [False, True])
def test_words_of_sequences_of_different_lengths(padding, every_step):
    front = Embedding(WORDS, 5), Convolution(Axis(), Axis(), 5, 4, activation="relu")
    real = network(front, [("gru", 4, "both"), ("lstm", 3)], steps=7, padding=padding, every_step=every_step)
    lengths = np.array([7, 3, 1, 0, 12, 5])
    integer = quantize(real, words(6, 7), lengths=lengths)
    codes = words(6, 7, 3, beyond=4)
    assert_same_alone(integer, codes, lengths, assert_same_bits(integer, codes, lengths))


def test_an_encoder_reads_what_is_ahead_of_it():
    front = Embedding(WORDS, 5), Convolution(Axis.causal(3), Axis(), 5, 6, activation="relu")
    layers = Layer("gru", 4, bidirectional=True, repeats=3), Layer("lstm", 5)
    architecture = Architecture(9, 1, layers, True, 4, "tanh", front=front)
    random = np.random.default_rng(0)
    weights = [random.normal(size=shape) / shape[0] ** 0.5 for shape in architecture.shapes.values()]
    integer = quantize(Network.of(architecture, weights), words(16, 9))
    assert assert_same_bits(integer, words(4, 9, 3, beyond=4)).shape == (4, 3, 4)


def test_what_would_leave_int32_with_very_many_inputs():
    # Weights all alike, and inputs at their zero point's far end: the sums of a window leave int32.
    convolution = Convolution(Axis(40), Axis(), 40, 2)
    real = network([convolution], [("simple", 3)], steps=60, features=40)
    weights = [np.ones(array.shape) if array.ndim == 4 else array for array in real.weights]
    integer = quantize(real.with_weights(weights), 1.0 + 1e-3 * inputs(8, 60, 40))
    assert_same_bits(integer, np.concatenate([noise(2, 60, 40), np.full((1, 60, 40), 127, np.int8)]))


def test_frequencies_of_two_directions_are_refused():
    back = (Pooling(Axis(), Axis(2), 4),)
    real = network((), [("simple", 4, "both")], back, steps=5, features=2, flattened=True)
    with pytest.raises(UserError, match="two directions"):
        quantize(real, inputs(8, 5, 2))


def test_what_the_tables_cut_off_is_named():
    real = CASES["separable"]
    x = sequences(real)
    comparison = Comparison(quantize(real, 0.2 * x, input_range=(x.min(), x.max())), real, x)
    assert comparison.saturation()["input"] == 0
    assert comparison.saturation()["front_1/values"] > 0.01
    assert "front_1/values are cut off" in comparison.explain(lambda found: float(np.mean(found**2)))
