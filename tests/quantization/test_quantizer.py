"""From float weights to integers: exact ratios, odd biases, tables, and weights that no one should have."""

import warnings

import numpy as np
import pytest
from helpers.random_networks import FloatNetwork, float_network, inputs

from rnnexp.errors import UserError
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.quantization import reference
from rnnexp.quantization.quantizer import Ranges, active_part, affine, quantize, scale_for

ALL = sorted(ACTIVATIONS)


@pytest.mark.parametrize("activation", ALL)
@pytest.mark.parametrize("parts", [1, 2])
def test_ratios_of_scales_are_powers_of_two_in_float32(activation, parts):
    network = float_network(10, activation=activation).quantize(inputs(5, 30), parts=parts)
    fine = np.float32(network.state_scale / 4)
    for product in (network.cell, network.output_layer):
        # As a runtime computes it: in double precision, from the float32 scales of the file.
        ratio = float(fine) * float(np.float32(64 * product.scale)) / float(np.float32(product.step))
        assert ratio == 2.0**-product.shift
        assert 2 <= product.shift <= 18
    assert network.output.scale == network.output_layer.step


@pytest.mark.parametrize("activation", ALL)
def test_sums_are_odd_and_fit_int32(activation):
    network = float_network(10, features=3, activation=activation).quantize(inputs(5, 30, 3))
    for product in (network.cell, network.output_layer):
        assert (product.bias % 2 == 1).all()
        largest = 4 * 127 * 64 * np.abs(product.high.astype(int)).sum(axis=1) + 4 * 128 * 32 * product.high.shape[1]
        assert (largest + np.abs(product.bias) < 2**31).all()


@pytest.mark.parametrize("activation", ALL)
def test_table_is_the_activation_over_the_range_seen(activation):
    network = float_network(10, activation=activation)
    x = inputs(5, 30)
    integer = network.quantize(x)
    _, states, sums = network.run(x)
    z = integer.table_start + integer.table_step * np.arange(len(integer.table))
    assert np.abs(integer.table * integer.state_scale - network.activation(z)).max() <= 0.5001 * integer.state_scale
    # Outside the table the activation is flat, or nothing was seen there.
    for limit, end in ((sums.min(), integer.table[0]), (sums.max(), integer.table[-1])):
        clipped = np.clip(limit, z[0], z[-1])
        assert abs(network.activation(np.array(limit)) - network.activation(np.array(clipped))) < integer.state_scale
        assert abs(end) <= 127 * 64
    assert np.abs(states).max() <= np.abs(integer.table).max() * integer.state_scale


@pytest.mark.parametrize("limits", [(-1e30, 1e30), (-3.0, 5.0), (-1e3, 1e6)])
def test_the_table_is_spent_where_the_activation_changes(limits):
    start, end = active_part(ACTIVATIONS["tanh"].table, limits)
    assert -6 < start < -2.9
    assert 4.6 < end < 6
    start, end = active_part(ACTIVATIONS["custom"].table, limits)
    assert start == pytest.approx(0.0, abs=2e-3)
    assert end == pytest.approx(1.0, abs=2e-3)
    assert active_part(ACTIVATIONS["relu"].table, limits)[1] == limits[1]


def test_scaled_custom_activation_and_inputs_of_bytes():
    unit = float_network(10, activation="custom")
    largest = 255.0
    scaled = FloatNetwork(
        [*unit.weights[:2], unit.weights[2] * largest, *unit.weights[3:]],
        lambda z: largest * ACTIVATIONS["custom"].table(z / largest),
    )
    x = (inputs(50, 30) + 1) * 127.5
    integer = scaled.quantize(x)
    outputs, _, _ = scaled.run(x)
    found = integer.output.decode(reference.run(integer, integer.input.encode(x)))
    assert np.mean((found - outputs) ** 2) < 1e-3 * outputs.var()


def test_scales_keep_12_bits_and_are_not_below():
    for value in (0.1, 1.0, 3e-20, 7e25, 0.999999):
        scale = scale_for(value, "state")
        assert value <= scale < value * (1 + 2**-11)
        mantissa, _ = np.frexp(scale)
        assert (mantissa * 2**12) % 1 == 0


@pytest.mark.parametrize(("limits", "zero_point"), [((0.0, 1.0), -128), ((-1.0, 0.0), 127), ((0.0, 0.0), -128)])
def test_zero_is_always_a_code(limits, zero_point):
    codes = affine(limits, "input")
    assert codes.zero_point == zero_point
    assert codes.decode(codes.encode(np.array([0.0])))[0] == 0.0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("which", range(5))
def test_weights_that_are_not_numbers_are_refused(bad, which):
    weights = [values.copy() for values in float_network(4).weights]
    weights[which].flat[0] = bad
    with pytest.raises(UserError, match="not finite"):
        quantize(weights, np.tanh, Ranges((-1, 1), (-1, 1), (-1, 1)), sequence_length=5)


@pytest.mark.parametrize("bad", [(np.nan, 1.0), (0.0, np.inf), (2.0, 1.0)])
def test_ranges_that_are_not_numbers_are_refused(bad):
    for ranges in (Ranges(bad, (-1, 1), (-1, 1)), Ranges((-1, 1), bad, (-1, 1)), Ranges((-1, 1), (-1, 1), bad)):
        with pytest.raises(UserError, match="not finite"):
            quantize(float_network(4).weights, np.tanh, ranges, sequence_length=5)


def test_a_range_beyond_float32_is_refused():
    with pytest.raises(UserError, match="too large or too small"):
        quantize(float_network(4).weights, np.tanh, Ranges((0, 1e300), (-1, 1), (-1, 1)), sequence_length=5)


@pytest.mark.parametrize("activation", ALL)
@pytest.mark.parametrize("factor", [0.0, 1e-30, 1e-6, 1e6, 1e30])
@pytest.mark.parametrize("which", [None, 0, 1, 2, 3, 4])
def test_strange_weights_neither_crash_nor_warn(activation, factor, which):
    network = float_network(4, activation=activation)
    weights = [w * (factor if which in (None, i) else 1.0) for i, w in enumerate(network.weights)]
    strange = FloatNetwork(weights, network.activation)
    x = inputs(3, 4)
    with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
        warnings.simplefilter("error")
        _, _, sums = strange.run(x)
        if np.abs(sums).max() > 1e34:
            # relu has left what float32 can hold.
            with pytest.raises(UserError, match="too large"):
                strange.quantize(x)
            return
        integer = strange.quantize(x)
        codes = reference.run(integer, integer.input.encode(x))
        assert codes.shape == (3, 1)
        assert to_tflite(integer)


@pytest.mark.parametrize("activation", ALL)
@pytest.mark.parametrize("value", [0.0, 5.0, -1e-3])
def test_constant_inputs(activation, value):
    network = float_network(4, activation=activation)
    x = np.full((3, 6, 1), value)
    integer = network.quantize(x)
    expected, _, _ = network.run(x)
    found = integer.output.decode(reference.run(integer, integer.input.encode(x)))
    assert np.allclose(found, expected, atol=2 * integer.output.scale)


def test_dead_units():
    network = float_network(4, activation="relu")
    network.weights[2][:] = -100.0
    integer = network.quantize(inputs(3, 6))
    assert (integer.table == 0).all()
    found = integer.output.decode(reference.run(integer, integer.input.encode(inputs(3, 6))))
    assert np.allclose(found, network.weights[4], atol=integer.output.scale)
