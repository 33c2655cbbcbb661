"""Scales and int8 codes, and the ranges that they and tables cover."""

import numpy as np
import pytest

from rnnexp.errors import UserError
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.quantization.scales import (
    Affine,
    ValueCodes,
    WordCodes,
    active_part,
    affine,
    finite,
    scale_for,
    widened,
)

# Ends in the wrong order are no range either.
NOT_FINITE = [(np.nan, 1.0), (0.0, np.inf), (2.0, 1.0)]


def test_codes_round_to_nearest_with_ties_to_even_and_clip():
    codes_of = Affine(scale=0.5, zero_point=10)
    codes = codes_of.encode(np.array([0.0, 0.25, 0.75, 1.0, 1000.0, -1000.0]))
    assert codes.dtype == np.int8
    assert codes.tolist() == [10, 10, 12, 12, 127, -128]
    assert codes_of.decode(codes).tolist() == [0.0, 0.0, 1.0, 1.0, 58.5, -69.0]


def test_encoding_leaves_the_numbers_as_they_are():
    values = np.array([0.0, 0.3, 1.0])
    Affine(scale=0.5, zero_point=10).encode(values)
    assert values.tolist() == [0.0, 0.3, 1.0]


@pytest.mark.parametrize(("limits", "zero_point"), [((0.0, 1.0), -128), ((-1.0, 0.0), 127), ((0.0, 0.0), -128)])
def test_zero_is_always_a_code(limits, zero_point):
    codes = affine(limits, "input")
    assert codes.zero_point == zero_point
    assert codes.decode(codes.encode(np.array([0.0])))[0] == 0.0


def test_scales_keep_12_bits_and_are_not_below():
    for value in (0.1, 1.0, 3e-20, 7e25, 0.999999):
        scale = scale_for(value, "state")
        assert value <= scale < value * (1 + 2**-11)
        mantissa, _ = np.frexp(scale)
        assert (mantissa * 2**12) % 1 == 0


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_what_is_no_scale_is_refused(value):
    with pytest.raises(UserError, match="the state has no usable scale"):
        scale_for(value, "state")


@pytest.mark.parametrize("value", [1e-39, 1e39])
def test_a_scale_beyond_float32_is_refused(value):
    with pytest.raises(UserError, match="the range of the state is too large or too small"):
        scale_for(value, "state")


@pytest.mark.parametrize("bad", NOT_FINITE)
def test_ranges_that_are_not_numbers_are_refused(bad):
    for refusing in (finite, affine):
        with pytest.raises(UserError, match="the range of the input is not finite"):
            refusing(bad, "input")


def test_a_widened_range_always_has_a_width():
    assert widened((-1.0, 3.0), 0.1) == (-1.4, 3.4)
    for value in (0.0, 5.0, -1e-3):
        low, high = widened((value, value), 0.1)
        assert low < value < high


@pytest.mark.parametrize("limits", [(-1e30, 1e30), (-3.0, 5.0), (-1e3, 1e6)])
def test_the_table_is_spent_where_the_activation_changes(limits):
    start, end = active_part(ACTIVATIONS["tanh"].table, limits)
    assert -6 < start < -2.9
    assert 4.6 < end < 6
    start, end = active_part(ACTIVATIONS["custom"].table, limits)
    assert start == pytest.approx(0.0, abs=2e-3)
    assert end == pytest.approx(1.0, abs=2e-3)
    assert active_part(ACTIVATIONS["relu"].table, limits)[1] == limits[1]


@pytest.mark.parametrize(("kind", "largest"), [(ValueCodes, 8128), (WordCodes, 32767)])
def test_int16_codes_reach_as_far_on_both_sides_of_zero(kind, largest):
    codes = affine((-1.0, 3.0), "input", kind)
    assert codes.zero_point == 0
    made = codes.encode(np.array([0.0, 3.0, -3.0, 1e9, -1e9]))
    assert made.dtype == np.int16
    assert made[0] == 0
    assert largest * 0.999 <= made[1] == -made[2] <= largest
    assert made[3:].tolist() == [codes.highest, codes.lowest]
    assert codes.limits == (codes.lowest * codes.scale, codes.highest * codes.scale)


def test_codes_are_values_of_the_products():
    """An int8 code counts 64, and an int16 one is a value itself, as far as it has 14 bits."""
    coarse, fine = Affine(0.5, 3), ValueCodes(0.5, 0)
    assert coarse.values(np.array([-128, 3, 127], np.int8)).tolist() == [-8192, 192, 8128]
    assert fine.values(np.array([-32768, -8128, 5, 8129], np.int16)).tolist() == [-8128, -8128, 5, 8128]
    assert (coarse.value_scale, fine.value_scale) == (0.5 / 64, 0.5)
    assert (coarse.largest_value, fine.largest_value) == (8192, 8128)
