"""Activations that only cut off: no table, and finer values."""

import numpy as np
import pytest
from helpers.random_fronts import network as around
from helpers.random_networks import inputs, integers, layered
from helpers.same_bits import assert_same_bits

from rnnexp.network.front import Convolution, Pooling
from rnnexp.network.windows import Axis
from rnnexp.quantization import reference
from rnnexp.quantization.cut import Cut
from rnnexp.quantization.front import run as front_values


@pytest.mark.parametrize("activation", ["relu", "linear", "relu6", "hard_tanh", "clip(-0.2, 0.3)"])
def test_the_values_are_those_of_the_float_network(activation):
    network = layered(("simple", 8, {"activation": activation}), steps=15, features=2, gain=0.7)
    x = inputs(60, 15, 2)
    integer, codes = integers(network, x)
    (cell,) = integer.layers[0].cells
    assert isinstance(cell.activation, Cut)
    assert cell.tables == ()
    (state,), (found,), ((exact,),) = cell.states, reference.states(integer, codes), network.states(x)
    given = network.states(integer.input.decode(codes))[0][0]
    low, high = state.limits
    assert low <= exact.min()
    assert exact.max() <= high
    # What the inputs' own rounding leaves: a step and what comes of those before.
    assert np.abs(found * state.scale - given).max() < 10 * state.scale
    assert_same_bits(integer, codes)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "custom", "leaky_relu"])
def test_what_does_more_than_cut_off_has_a_table(activation):
    network = layered(("simple", 8, {"activation": activation}), steps=15)
    (cell,) = integers(network, inputs(9, 15))[0].layers[0].cells
    assert cell.tables == (cell.activation,)


def test_weights_that_count_too_many_values_have_a_table():
    """What is left of sums is far smaller than they are: a weight of 14 bits would not reach."""
    network = layered(("simple", 2, {"activation": "clip(0, 0.001)"}), steps=5)
    network.weights[0][:] = 1000.0
    integer, codes = integers(network, inputs(9, 5))
    assert integer.layers[0].cells[0].tables
    assert_same_bits(integer, codes)


@pytest.mark.parametrize("cell", ["lstm", "lstm-peephole", "gru", "gru-reset-before"])
@pytest.mark.parametrize("activation", ["relu", "linear", "relu6", "hard_tanh", "clip(-0.2, 0.3)"])
def test_cells_with_gates_have_the_gates_table_alone(cell, activation):
    network = layered((cell, 8, {"activation": activation}), steps=15, features=2, gain=0.5)
    x = inputs(60, 15, 2)
    integer, codes = integers(network, x)
    (cell,) = integer.layers[0].cells
    assert [table.name for table in cell.tables] == ["gate"]
    (state, *_), (found, *_) = cell.states, reference.states(integer, codes)
    given = network.states(integer.input.decode(codes))[0][0]
    # Gates count places of a table, 1/128 apart.
    assert np.abs(found * state.scale - given).max() < 0.003 * np.abs(given).max()
    assert_same_bits(integer, codes)


@pytest.mark.parametrize("cell", ["lstm", "gru", "gru-reset-before"])
def test_gated_cells_whose_weights_count_too_many_units_have_a_table(cell):
    network = layered((cell, 2, {"activation": "clip(0, 0.001)"}), steps=5)
    network.weights[0][:, 4:6] = 1000.0
    integer, codes = integers(network, inputs(9, 5))
    assert len(integer.layers[0].cells[0].tables) > 1
    assert_same_bits(integer, codes)


def test_a_gru_whose_two_sums_lie_far_beyond_what_is_left_of_them_has_a_table():
    network = layered(("gru", 2, {"activation": "relu"}), steps=5)
    network.weights[2][0, 4:] = -500.0
    integer, codes = integers(network, inputs(9, 5))
    assert len(integer.layers[0].cells[0].tables) > 1
    assert_same_bits(integer, codes)


def test_an_lstm_whose_c_is_next_to_nothing_beside_the_candidate():
    network = layered(("lstm", 2, {"activation": "relu"}), steps=5)
    network.weights[2][:2], network.weights[2][4:6] = -30.0, 1e6
    assert_same_bits(*integers(network, inputs(9, 5)))


@pytest.mark.parametrize("activation", ["relu", "linear", "relu6", "hard_tanh", "clip(-0.2, 0.3)"])
def test_convolutions_give_the_values_of_the_float_network(activation):
    front = (
        Convolution(Axis.same(12, 3), Axis(), 4, 6, 2, activation=activation),
        Pooling(Axis(2, 2), Axis(), 6),
        Convolution(Axis(2), Axis(), 6, 5, activation=activation),
    )
    network = around(front, [("gru", 4)], steps=12, features=4)
    x = inputs(60, 12, 4)
    integer, codes = integers(network, x)
    first, _, second = integer.front
    assert all(isinstance(layer.activation, Cut) for layer in (first, second))
    given, source = integer.input.decode(codes), integer.front_sources[-1]
    exact = network.front_values(given)[-1]
    found = front_values(integer.front, integer.input.values(codes), integer.front_sources[0])
    assert np.abs(found * source.scale - exact).max() < 10 * source.scale[0]
    assert_same_bits(integer, codes)


@pytest.mark.parametrize("last", ["convolution", "dense"])
def test_values_far_smaller_than_what_makes_them(last):
    """A weight of 14 bits does not reach to where sums count values: these are coarser, and others can read them."""
    few = "clip(0, 0.001)"
    front = (Convolution(Axis(2), Axis(), 2, 3, activation=few), Convolution(Axis(2), Axis(), 3, 2, activation="tanh"))
    layers = [("dense", 3, {"activation": few})] if last == "dense" else []
    network = around(front[:1] if layers else front, layers, steps=6, features=2, flattened=True)
    network = network.with_weights([1000.0 * values if values.ndim > 1 else values for values in network.weights])
    assert_same_bits(*integers(network, inputs(9, 6, 2)))


@pytest.mark.parametrize("cell", ["simple", "dense"])
def test_biases_reach_as_far_as_values(cell):
    """Nearly all of the sums is bias: next to it, weights are not worth the finest units that they could have."""
    network = layered((cell, 3, {"activation": "linear"}), steps=4)
    network.weights[0][:] = 1e-9
    network.weights[len(network.weights) - 3][:] = 1.0
    if cell == "simple":
        network.weights[1][:] = 0.0
    x = inputs(9, 4)
    integer, codes = integers(network, x)
    (found,), ((exact,),) = reference.states(integer, codes), network.states(x)
    np.testing.assert_allclose(found * integer.layers[0].cells[0].states[0].scale, exact, atol=1e-3)
