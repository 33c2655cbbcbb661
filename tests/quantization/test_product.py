"""The parts of numbers, and what products of them are rounded to."""

import numpy as np

from rnnexp.quantization.product import Product, round_shift, saturated, split


def test_split_is_exact_and_fits_int8():
    values = np.arange(-127 * 64, 127 * 64 + 1)
    upper, lower = split(values)
    assert (64 * upper + lower == values).all()
    assert (upper.min(), upper.max()) == (-127, 127)
    assert (lower.min(), lower.max()) == (-32, 31)


def test_rounding_shift():
    values = np.array([-7, -5, -1, 1, 5, 6, 7, 1023])
    assert round_shift(values, 2).tolist() == [-2, -1, 0, 0, 1, 2, 2, 256]


def test_saturation_is_that_of_int16():
    assert saturated(np.array([-40000, -32768, 5, 32767, 40000])).tolist() == [-32768, -32768, 5, 32767, 32767]


def test_a_product_is_a_sixteenth_of_that_of_the_whole_numbers_but_for_the_lower_parts():
    random = np.random.default_rng(0)
    codes, values = random.integers(-8128, 8129, (3, 7)), random.integers(-8128, 8129, (50, 7))
    high, low = split(codes)
    product = Product(high.astype(np.int8), low.astype(np.int8), np.array([1, -3, 5001]), 12, 1.0, 1.0)
    assert (product.codes == codes).all()
    lower = split(values)[1] @ low.T  # what is left out
    exact = (values @ codes.T - lower) / 16 + product.bias
    assert (product.multiply(values) == np.floor(exact / 2**12 + 0.5)).all()
