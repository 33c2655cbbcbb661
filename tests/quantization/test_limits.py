"""Networks at the limits of what the integers can hold."""

import numpy as np
import pytest
from helpers.random_networks import inputs, integers, layered
from helpers.same_bits import assert_same_bits

from rnnexp.errors import UserError


def test_a_candidate_far_larger_than_the_cell_state_does_not_change_its_sign():
    """The table of an LSTM's candidate counts multiples of 8 here, and its end was at -32768."""
    network = layered(("lstm", 1), outputs=4, activation="sigmoid", gain=1.4, seed=3, steps=7)
    (cell,) = integers(network, inputs(4, 7, 1, 3) * 1e-3 + 5.0)[0].layers[0].cells
    assert cell.candidate.multiple == 8
    assert cell.candidate.values.min() > 0
    assert cell.candidate.values.max() == 2**15 - 8


@pytest.mark.parametrize("activation", ["relu", "custom"])
def test_an_lstm_whose_candidate_is_always_0(activation):
    network = layered(("lstm", 3), activation=activation, steps=5)
    network.weights[2][6:9] = -100.0
    integer, codes = integers(network, inputs(3, 5))
    assert all(table.multiple == 1 for table in integer.layers[0].cells[0].tables)
    outputs = integer.output.decode(assert_same_bits(integer, codes))
    assert np.allclose(outputs, network.bias, atol=integer.output.scale)


@pytest.mark.parametrize("cell", ["simple", "lstm", "gru"])
@pytest.mark.parametrize("which", range(3))
def test_weights_that_lead_beyond_float64_are_refused(cell, which):
    network = layered((cell, 3), activation="relu", steps=5)
    network.weights[which][:] = 1e308
    with np.errstate(over="ignore", invalid="ignore"), pytest.raises(UserError, match=r"too large|not finite"):
        integers(network, inputs(3, 5) * 1e3)


def test_weights_beyond_float64_in_units_of_the_state_are_refused():
    network = layered(("simple", 3), steps=3)
    network.weights[0][:] = 1e300
    # The inputs are 0, and their scale is 1e9 times the state's.
    with pytest.raises(UserError, match="weights of the pre-activation are too large"):
        integers(network, np.zeros((1, 3, 1)), input_range=(-1e13, 1e13))


def test_a_candidate_at_the_end_of_float32():
    """Next to nothing of it comes into the cell state; but they share a unit, and 8 of them are beyond float32."""
    network = layered(("lstm", 2), steps=5, activation="relu")
    kernel, recurrent, bias = network.weights[:3]
    kernel[:], recurrent[:], bias[:] = 0.0, 0.0, np.repeat([-50.0, -50.0, 4e42, 0.0], 2)
    assert_same_bits(*integers(network, inputs(3, 5)))
