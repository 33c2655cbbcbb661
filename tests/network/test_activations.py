"""The activations' values and slopes, against their closed formulas."""

import math

import numpy as np
import pytest
import tensorflow as tf

from rnnexp.network.activations import ACTIVATIONS, MAX_SLOPE

FORMULAS = {
    "relu": lambda z: max(z, 0.0),
    "tanh": math.tanh,
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "custom": lambda z: math.sqrt(min(max(z, 0.0), 1.0)),
}
# No kink of any of them lies within 0.02 of these, nor does custom's slope exceed its bound there.
POINTS = np.array([-3.0, -1.1, -0.5, -0.04, 0.05, 0.25, 0.5, 0.97, 1.05, 1.5, 3.0], np.float32)


def test_there_are_these_four():
    assert set(ACTIVATIONS) == set(FORMULAS)
    assert all(name == activation.name for name, activation in ACTIVATIONS.items())


@pytest.mark.parametrize("name", FORMULAS)
def test_values(name):
    rule = ACTIVATIONS[name]
    expected = [FORMULAS[name](float(z)) for z in POINTS]
    np.testing.assert_allclose(rule.forward(tf.constant(POINTS)), expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(rule.table(POINTS.astype(np.float64)), expected, rtol=1e-12)


@pytest.mark.parametrize("name", FORMULAS)
def test_slope_against_finite_differences(name):
    rule, step = ACTIVATIONS[name], 1e-6
    z = POINTS.astype(np.float64)
    numeric = (rule.table(z + step) - rule.table(z - step)) / (2 * step)
    slope = rule.slope(rule.forward(tf.constant(POINTS)))
    np.testing.assert_allclose(slope, numeric, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", FORMULAS)
def test_working_point_lies_on_the_curve_and_in_its_steep_part(name):
    rule = ACTIVATIONS[name]
    z, output = rule.working_point
    assert FORMULAS[name](z) == pytest.approx(output)
    slopes = np.asarray(rule.slope(rule.forward(tf.linspace(-3.0, 3.0, 601))))
    at_work = float(rule.slope(tf.constant(output)))
    assert at_work >= 0.25
    assert at_work == pytest.approx(1.0 if name == "custom" else slopes.max(), rel=1e-3)


def test_the_slope_of_custom_is_bounded_and_zero_where_it_is_flat():
    rule = ACTIVATIONS["custom"]
    z = tf.constant([-1.0, 0.0, 1e-30, 1e-12, 1e-6, 1e-3, 1.0, 7.0])
    slope = np.asarray(rule.slope(rule.forward(z)))
    assert np.isfinite(slope).all()
    assert slope.max() == MAX_SLOPE
    np.testing.assert_array_equal(slope[[0, 1, -2, -1]], 0.0)
    # Below the z where 1 / (2 sqrt(z)) passes the bound, and only there, it is the bound.
    edge = (0.5 / MAX_SLOPE) ** 2
    around = np.asarray(rule.slope(rule.forward(tf.constant([0.5 * edge, 2 * edge]))))
    np.testing.assert_allclose(around, [MAX_SLOPE, 0.5 / math.sqrt(2 * edge)], rtol=1e-6)
