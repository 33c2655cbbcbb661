"""Float networks of any cells and layers with random weights, for the tests of what integers make of them."""

from functools import cache

import numpy as np

from rnnexp import cells as registry
from rnnexp.activations import ACTIVATIONS
from rnnexp.quantization.float_network import FloatLayer, FloatNetwork
from rnnexp.quantization.layered import quantize

# Of a decoder.
ANSWER_STEPS = 5


def layered(*cells, features=1, outputs=1, every_step=False, activation="tanh", gain=1.0, seed=0):
    """Return a network of cells, each written as ``("lstm", 10)``, or with "both" or "backwards" behind.

    The one with "encodes" behind is the last layer of an encoder: those after it are a decoder.
    """
    random = np.random.default_rng(seed)
    layers, inputs = [], features
    for cell, units, *ways in cells:
        count = 2 if "both" in ways else 1
        weights = tuple(cell_weights(random, cell, inputs, units, gain) for _ in range(count))
        repeats = ANSWER_STEPS if "encodes" in ways else 0
        layers.append(FloatLayer(cell, weights, ACTIVATIONS[activation].table, "backwards" in ways, repeats))
        inputs = count * units
    return FloatNetwork(
        tuple(layers), random.normal(size=(inputs, outputs)), random.normal(size=outputs), every_step=every_step
    )


def cell_weights(random, cell, inputs, units, gain=1.0):
    """Return weights that neither explode nor forget at once: orthogonal recurrent ones."""
    blocks = len(registry.load(cell).activated)
    orthogonal = [np.linalg.qr(random.normal(size=(units, units)))[0] for _ in range(blocks)]
    return [
        random.normal(size=(inputs, blocks * units)) * gain / inputs**0.5,
        np.concatenate(orthogonal, axis=1) * gain,
        random.normal(size=bias_shape(cell, units)) * 0.1,
    ]


@cache
def bias_shape(cell, units):
    """Return the shape of a layer's bias; of the whole layer only this takes Keras a while to say."""
    plain = registry.load(cell).plain(units)
    plain.build((None, 1, 1))
    return plain.weights[2].shape


def integers(network, x, **options):
    """Return the quantised network, and input codes for it."""
    integer = quantize(network, x, sequence_length=x.shape[1], **options)
    return integer, integer.input.encode(x)
