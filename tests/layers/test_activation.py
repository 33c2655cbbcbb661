"""The activations as tensors: values and slopes, against their closed formulas, and the custom one in Keras."""

import math

import numpy as np
import pytest
import tensorflow as tf
from helpers.activations import FORMULAS, POINTS

from rnnexp.layers.activation import TENSOR_ACTIVATIONS, ScaledSqrt, keras_activation
from rnnexp.network.activations import ACTIVATIONS, MAX_SLOPE


def test_there_are_those_that_networks_can_have():
    assert set(TENSOR_ACTIVATIONS) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", FORMULAS)
def test_values(name):
    expected = [FORMULAS[name](float(z)) for z in POINTS]
    np.testing.assert_allclose(TENSOR_ACTIVATIONS[name].forward(tf.constant(POINTS)), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", FORMULAS)
def test_slope_against_finite_differences(name):
    tensors, table, step = TENSOR_ACTIVATIONS[name], ACTIVATIONS[name].table, 1e-6
    z = POINTS.astype(np.float64)
    numeric = (table(z + step) - table(z - step)) / (2 * step)
    slope = tensors.slope(tensors.forward(tf.constant(POINTS)))
    np.testing.assert_allclose(slope, numeric, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", FORMULAS)
def test_working_point_lies_on_the_curve_and_in_its_steep_part(name):
    tensors = TENSOR_ACTIVATIONS[name]
    z, output = ACTIVATIONS[name].working_point
    assert FORMULAS[name](z) == pytest.approx(output)
    slopes = np.asarray(tensors.slope(tensors.forward(tf.linspace(-3.0, 3.0, 601))))
    at_work = float(tensors.slope(tf.constant(output)))
    assert at_work >= 0.25
    assert at_work == pytest.approx(1.0 if name == "custom" else slopes.max(), rel=1e-3)


def test_the_slope_of_custom_is_bounded_and_zero_where_it_is_flat():
    tensors = TENSOR_ACTIVATIONS["custom"]
    z = tf.constant([-1.0, 0.0, 1e-30, 1e-12, 1e-6, 1e-3, 1.0, 7.0])
    slope = np.asarray(tensors.slope(tensors.forward(z)))
    assert np.isfinite(slope).all()
    assert slope.max() == MAX_SLOPE
    np.testing.assert_array_equal(slope[[0, 1, -2, -1]], 0.0)
    # Below the z where 1 / (2 sqrt(z)) passes the bound, and only there, it is the bound.
    edge = (0.5 / MAX_SLOPE) ** 2
    around = np.asarray(tensors.slope(tensors.forward(tf.constant([0.5 * edge, 2 * edge]))))
    np.testing.assert_allclose(around, [MAX_SLOPE, 0.5 / math.sqrt(2 * edge)], rtol=1e-6)


@pytest.mark.parametrize("max_value", [1.0, 255.0, 3.7])
def test_scaled_sqrt_is_the_formula(max_value):
    x = np.array([-max_value, 0.0, 0.01 * max_value, 0.25 * max_value, max_value, 9 * max_value], np.float32)
    expected = max_value * np.sqrt(np.clip(x, 0, max_value) / max_value)
    np.testing.assert_allclose(ScaledSqrt(max_value)(tf.constant(x)), expected, rtol=1e-6)
    assert keras_activation("custom", max_value).max_value == max_value


def test_the_gradient_of_scaled_sqrt_stays_finite():
    x = tf.constant([-1.0, 0.0, 1e-20, 64.0, 255.0, 300.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = ScaledSqrt(255.0)(x)
    gradient = tape.gradient(y, x).numpy()
    # At a quarter of M the slope is 1: d/dx M sqrt(x / M) = sqrt(M / x) / 2.
    np.testing.assert_allclose(gradient, [0, 0, 4, np.sqrt(255 / 64) / 2, 0, 0], rtol=1e-5)
