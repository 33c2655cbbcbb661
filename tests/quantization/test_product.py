"""The integer network's description: codes, parts of numbers, and what they stand for."""

import numpy as np
import pytest
from helpers.random_networks import float_network, inputs

from rnnexp.quantization.product import Affine, split


def test_codes_round_to_nearest_with_ties_to_even_and_clip():
    affine = Affine(scale=0.5, zero_point=10)
    codes = affine.encode(np.array([0.0, 0.25, 0.75, 1.0, 1000.0, -1000.0]))
    assert codes.dtype == np.int8
    assert codes.tolist() == [10, 10, 12, 12, 127, -128]
    assert affine.decode(codes).tolist() == [0.0, 0.0, 1.0, 1.0, 58.5, -69.0]


def test_split_is_exact_and_fits_int8():
    values = np.arange(-127 * 64, 127 * 64 + 1)
    upper, lower = split(values)
    assert (64 * upper + lower == values).all()
    assert (upper.min(), upper.max()) == (-127, 127)
    assert (lower.min(), lower.max()) == (-32, 31)


@pytest.mark.parametrize(("parts", "tolerance"), [(1, 1 / 127), (2, 1 / 127 / 64)])
def test_real_weights_are_the_given_ones_to_within_half_a_step(parts, tolerance):
    network = float_network(10, features=3, outputs=2)
    x = inputs(5, 30, 3)
    integer = network.quantize(x, parts=parts)
    for real, given, scale in zip(
        integer.real_weights()[:2], network.weights[:2], [integer.input_kernel_scale, integer.cell.scale], strict=True
    ):
        assert np.abs(real - given).max() <= scale * (0.5 if parts == 2 else 32) * 1.001
    # The scale is the smallest power of two that fits, so at worst twice the ideal.
    codes = np.abs(integer.cell.codes)
    assert 127 * 64 / 2.1 < codes.max() <= 127 * 64
    out_kernel, out_bias = integer.real_weights()[3:]
    assert np.abs(out_kernel - network.weights[3]).max() <= 1.1 * tolerance * np.abs(network.weights[3]).max()
    assert np.allclose(out_bias, network.weights[4], atol=integer.output.scale / 2**8)
    assert np.allclose(integer.real_weights()[2], network.weights[2], atol=integer.cell.step * 0.1 + 0.02 / parts**4)


def test_shape_properties():
    integer = float_network(7, features=3, outputs=2).quantize(inputs(5, 30, 3))
    assert (integer.hidden_size, integer.features, integer.outputs, integer.sequence_length) == (7, 3, 2, 30)
