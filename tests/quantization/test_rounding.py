"""Real weights to products, and products filled anew."""

from dataclasses import replace

import numpy as np
import pytest

from rnnexp.quantization.rounding import quantize_product, refilled, without_zero_point


def made(seed=0):
    random = np.random.default_rng(seed)
    return random.normal(size=(4, 6)), random.normal(size=4)


def test_weights_are_rounded_to_nearest_and_biases_to_odd_numbers():
    weights, bias = made()
    product = quantize_product(weights, bias, 2.0**-13, 0.01, "state")
    assert np.abs(product.codes * product.scale - weights).max() <= 0.5 * product.scale
    assert (product.bias % 2 == 1).all()
    unit = product.step * 2.0**-product.shift
    assert np.abs(product.bias * unit - bias).max() <= unit


def test_a_product_filled_with_its_own_weights_is_the_same():
    weights, bias = made()
    product = quantize_product(weights, bias, 2.0**-13, 0.01, "state")
    again = refilled(product, weights, bias)
    for name in ("high", "low", "bias"):
        assert (getattr(again, name) == getattr(product, name)).all()


@pytest.mark.parametrize("factor", [1.0, 1e6])
def test_other_weights_change_no_scale_and_are_clipped(factor):
    product = quantize_product(*made(), 2.0**-13, 0.01, "state")
    weights, bias = made(seed=1)
    other = refilled(product, factor * weights, factor * bias)
    assert (other.shift, other.scale, other.step) == (product.shift, product.scale, product.step)
    expected = np.clip(np.rint(factor * weights / product.scale), -8128, 8128)
    assert (other.codes == expected).all()
    assert (other.bias % 2 == 1).all()
    assert np.abs(other.bias).max() <= 2**30 + 1


def test_a_zero_point_goes_into_the_bias():
    """Codes with their zero point give the sums of the values without it; what is no code is left alone."""
    product = replace(quantize_product(*made(), 2.0**-13, 0.01, "state"), shift=5)
    values = 64 * np.random.default_rng(2).integers(-100, 100, (20, 6))
    shifted = values + 64 * np.array([-17, -17, 0, 0, 0, 0])
    assert (without_zero_point(product, -17, slice(2)).multiply(shifted) == product.multiply(values)).all()


@pytest.mark.parametrize(("weight", "bias"), [(1e4, 0.0), (1e-6, 1.0), (1.0, -1e5), (0.0, 0.0)])
def test_of_a_fine_result_no_weight_and_no_bias_is_clipped(weight, bias):
    """With steps of a 16-bit range, a large weight or bias would count too many: then steps are larger."""
    weights, biases = np.array([[weight, -weight / 3]]), np.array([bias])
    product = quantize_product(weights, biases, 2.0**-13, 2.0**-15, "output", fine=True)
    unit = product.step * 2.0**-product.shift
    assert np.abs(product.codes * product.scale - weights).max() <= 0.5 * product.scale
    assert np.abs(product.bias * unit - biases).max() <= unit
    assert product.step >= 2.0**-15
