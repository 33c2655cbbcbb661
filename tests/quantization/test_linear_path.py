"""A linear path in integers: further columns of the output layer, for the input codes of the whole sequence."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.random_networks import inputs, integers, layered
from helpers.same_bits import assert_same_bits, noise

from rnnexp.network.activations import ACTIVATIONS
from rnnexp.network.cells import CELLS
from rnnexp.quantization import reference, tensors
from rnnexp.quantization.diagnosis import Comparison
from rnnexp.quantization.quantizer import quantize

STRUCTURES = [
    [("lstm", 5), ("gru", 4)],
    [("simple", 4, "both"), ("gru", 3, "both")],
    [("gru", 3, "backwards"), ("simple", 4)],
]


def quantized(*cells, steps=12, offset=0.4, **options):
    """A network with a path, integers and codes; inputs are not around 0, so that the zero point is."""
    network = layered(*cells, steps=steps, features=2, outputs=3, linear_path=True, **options)
    x = inputs(8, steps, 2) + offset
    return network, *integers(network, x), x


@pytest.mark.parametrize("cells", [*STRUCTURES, *([(cell, 6)] for cell in CELLS)], ids=str)
def test_the_same_bits_everywhere(cells):
    _, integer, codes, _ = quantized(*cells)
    assert integer.path_inputs == 24
    assert_same_bits(integer, np.concatenate([codes, noise(4, 12, 2), np.full((1, 12, 2), -128, np.int8)]))


def test_a_sequence_of_one_step_has_a_path_too():
    _, integer, codes, _ = quantized(("gru", 4), steps=1)
    assert_same_bits(integer, np.concatenate([codes, noise(4, 1, 2)]))


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("offset", [0.0, 3.0, -3.0])
def test_close_to_the_float_network(activation, offset):
    gain = 0.6 if activation in ("relu", "custom") else 1.0
    network, integer, codes, _ = quantized(("simple", 8), activation=activation, gain=gain, offset=offset)
    error = integer.output.decode(reference.run(integer, codes)) - network.run(integer.input.decode(codes))
    assert np.abs(error).max() < (4.0 if activation == "custom" else 2.0) * integer.output.scale


def test_the_real_weights_are_there_to_a_rounding():
    network, integer, _, x = quantized(("lstm", 5, "both"))
    real = network.with_weights(integer.real_weights())
    for name, got, expected in zip(network.architecture.shapes, real.weights, network.weights, strict=True):
        np.testing.assert_allclose(got, expected, atol=2e-3 * np.abs(expected).max(), err_msg=name)
    np.testing.assert_allclose(real.run(x), network.run(x), atol=integer.output.scale)
    named = {entry.name: entry for entry in tensors.describe(integer, {})}
    path = named["linear_kernel"]
    assert path.shape == (3, 24)
    values = np.array([network.linear_kernel.min(), network.linear_kernel.max()])
    np.testing.assert_allclose([path.min, path.max], values, rtol=0, atol=0.51 * path.scale)
    assert Comparison(integer, network, x).contributions(lambda outputs: float(np.mean(outputs**2))).keys() == {
        "input",
        "weights",
        "output",
    }


def test_a_path_without_effect_changes_no_code():
    network, _, _, x = quantized(("gru", 5))
    weights = list(network.weights)
    weights[-3] = np.zeros_like(weights[-3])
    silent = network.with_weights(weights)
    without = quantize(silent.without_linear_path(), x)
    assert (reference.outputs(quantize(silent, x), x) == reference.outputs(without, x)).all()


@pytest.mark.parametrize("level", [-128, 127])
def test_sums_of_long_windows_that_leave_32_bits(level):
    """1000 inputs, all weights as large as they can be: LiteRT sums in 64 bits, and so does the C."""
    network, x = layered(("simple", 3), steps=500, features=2, linear_path=True), inputs(2, 500, 2)
    integer, _ = integers(network, x)
    layer, columns = integer.output_layer, slice(integer.values, None)
    high, low = layer.high.copy(), layer.low.copy()
    high[:, columns], low[:, columns] = 127, 31
    largest = replace(integer, output_layer=replace(layer, high=high, low=low, shift=18))
    codes = np.full((1, 500, 2), level, np.int8)
    sums = 4 * 1000 * abs(level) * (64 * 127 + 31)
    assert sums > 2**31
    assert_same_bits(largest, np.concatenate([codes, noise(2, 500, 2)]))
