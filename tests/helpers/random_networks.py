"""Networks with random weights, for the tests of what is made of them."""

from dataclasses import replace

import numpy as np

from rnnexp.network import cells as registry
from rnnexp.network.architecture import Architecture
from rnnexp.network.layer import Layer
from rnnexp.network.network import Network
from rnnexp.network.taps import INPUT
from rnnexp.quantization.quantizer import quantize

# Of a decoder.
ANSWER_STEPS = 5


def layered(
    *cells,
    steps=20,
    features=1,
    outputs=1,
    every_step=False,
    activation="tanh",
    gain=1.0,
    seed=0,
    softmax=False,
    linear_path=False,
    padding="",
):
    """Return a network of cells, each written as ``("lstm", 10)``, or with "both" or "backwards" behind.

    The one with "encodes" behind is the last layer of an encoder: those after it are a decoder. Options of a layer
    come last, as ``{"activation": "relu"}``.
    """
    layers = tuple(layer_of(*cell) for cell in cells)
    architecture = Architecture(
        steps,
        features,
        layers,
        every_step,
        outputs,
        activation,
        softmax=softmax,
        linear_path=linear_path,
        padding=padding,
    )
    random, weights, (*widths, inputs) = np.random.default_rng(seed), [], architecture.reading_widths
    for layer, width in zip(layers, widths, strict=True):
        for _ in layer.directions:
            weights += layer_weights(random, layer, width, gain)
    weights += [random.normal(size=(inputs, outputs)), random.normal(size=outputs)]
    if linear_path:
        weights.insert(-2, random.normal(size=(steps * features, outputs)) / (steps * features) ** 0.5)
    return Network.of(architecture, weights)


def layer_of(cell, units, *ways):
    """Return the layer that is written so."""
    options = next((way for way in ways if isinstance(way, dict)), {})
    repeats = ANSWER_STEPS if "encodes" in ways else 0
    return Layer(cell, units, "both" in ways, "backwards" in ways, **{"repeats": repeats, **options})


def with_skips(layers, encoder, random):
    """Return layers of which most read other ones than the one before, or more than that."""
    found = []
    for number, layer in enumerate(layers):
        first = encoder - 1 if number >= encoder else INPUT
        reads = random.choice(np.arange(first, number), random.integers(0, min(3, number - first) + 1), replace=False)
        found.append(replace(layer, reads=tuple(reads.tolist())))
    return tuple(found)


def layer_weights(random, layer, inputs, gain=1.0):
    """Return weights of one direction of a layer that neither explode nor forget at once: orthogonal recurrent ones."""
    shapes, found = layer.shapes(inputs), {}
    if "recurrent_kernel" in shapes:
        rows, columns = shapes["recurrent_kernel"]
        sums = registry.load(layer.cell).sums
        blocks = [orthogonal(random, rows, columns // sums) for _ in range(sums)]
        found["recurrent_kernel"] = np.concatenate(blocks, axis=1) * gain
    for name, shape in shapes.items():
        if name == "bias":
            found[name] = random.normal(size=shape) * 0.1
        elif name == "mix":
            # About the paper's: little of the candidate is added at every step.
            found[name] = random.normal(size=shape) * 0.1 + (1.0, -4.0)
        elif name != "recurrent_kernel":
            found[name] = random.normal(size=shape) * gain / shape[0] ** 0.5
    return [found[name] for name in shapes]


def orthogonal(random, rows, columns):
    """Return orthogonal rows or columns, whichever are fewer."""
    found, _ = np.linalg.qr(random.normal(size=(max(rows, columns), min(rows, columns))))
    return found if rows >= columns else found.T


def simple(hidden, *, steps=20, features=1, outputs=1, activation="tanh", gain=1.0, seed=0, softmax=False):
    """Return a network of one layer of simple cells that neither explodes nor forgets at once."""
    random = np.random.default_rng(seed)
    orthogonal, _ = np.linalg.qr(random.normal(size=(hidden, hidden)))
    # relu is kept from growing; the custom activation's slope is about 1 at a quarter.
    recurrent = orthogonal * {"relu": 0.7, "custom": 0.5}.get(activation, 1.0) * gain
    weights = [
        random.normal(size=(features, hidden)) * gain / features**0.5,
        recurrent,
        random.normal(size=hidden) * 0.1 + (0.25 if activation == "custom" else 0.0),
        random.normal(size=(hidden, outputs)),
        random.normal(size=outputs),
    ]
    layers = (Layer("simple", hidden),)
    return Network.of(Architecture(steps, features, layers, False, outputs, activation, softmax=softmax), weights)


def inputs(samples, steps, features=1, seed=1):
    """Return inputs in [-1, 1], slow and fast."""
    random = np.random.default_rng(seed)
    slow = np.cumsum(random.normal(size=(samples, steps, features)), axis=1)
    return np.tanh(0.2 * slow + 0.5 * random.normal(size=slow.shape))


def integers(network, x, **options):
    """Return the quantised network, and input codes for it."""
    integer = quantize(network, x, **options)
    return integer, integer.input.encode(x)
