"""What every registered cell must do, whichever it is."""

import keras
import numpy as np
import pytest

from rnnexp.layers import cell as cell_layers
from rnnexp.layers.activation import keras_activation
from rnnexp.layers.bias import BlockBias
from rnnexp.network import cells
from rnnexp.network.activations import ACTIVATIONS

UNITS, FEATURES = 5, 3


@pytest.fixture(params=cells.CELLS)
def name(request):
    return request.param


def test_ours_and_keras_layer_have_the_weights_that_the_cell_says(name):
    cell, layers = cells.load(name), cell_layers.load(name)
    for layer in (layers.trained(UNITS, **layers.options), layers.plain(UNITS)):
        layer.build((None, 4, FEATURES))
        shapes = {weight.name: tuple(weight.shape) for weight in layer.weights}
        assert list(shapes.items()) == list(cell.shapes(FEATURES, UNITS).items())
        assert shapes["kernel"] == (FEATURES, UNITS * cell.sums)
    assert cell.sums == len(cell.activated)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_training_starts_around_the_output_that_the_cell_says(name, activation):
    """With its initial biases, and weights that are centred and so add nothing, a cell comes to rest at its centre."""
    cell, layers = cells.load(name), cell_layers.load(name)
    bias, center = cell.start(ACTIVATIONS[activation])
    assert len(bias) == cell.sums
    options = {**layers.options, "kernel_initializer": "zeros", "recurrent_initializer": "zeros"}
    initial = BlockBias(bias)
    layer = layers.trained(UNITS, activation=keras_activation(activation, 1.0), bias_initializer=initial, **options)
    np.testing.assert_allclose(layer(np.zeros((1, 400, FEATURES), np.float32)), np.full((1, UNITS), center), atol=1e-5)


def test_a_unit_keeps_as_many_numbers_as_kerass(name):
    layer = cell_layers.load(name).plain(UNITS)
    states = cells.load(name).states
    assert len(layer.get_initial_state(1)) == len(states)
    assert states[0] == "state"


def test_gates_have_no_scale():
    np.testing.assert_array_equal(cells.load("lstm").scale_of_sums(7.0, 2), [1, 1, 1, 1, 7, 7, 1, 1])
    np.testing.assert_array_equal(cells.load("gru").scale_of_sums(7.0, 1), [1, 1, 7])
    assert cells.load("simple").scale_of_sums(7.0, 2) == 7.0


def test_an_initial_bias_of_two_rows_is_that_of_the_inputs_sum():
    bias = BlockBias((1.0, -2.0))
    np.testing.assert_array_equal(bias((2, 6)), [[1, 1, 1, -2, -2, -2], [0] * 6])
    np.testing.assert_array_equal(bias((4,)), [1, 1, -2, -2])
    again = keras.initializers.deserialize(keras.initializers.serialize(bias))
    np.testing.assert_array_equal(again((4,)), bias((4,)))


def test_the_lstm_starts_as_kerass_does():
    layers = [cell_layers.load("lstm").trained(UNITS), keras.layers.LSTM(UNITS)]
    bias, _ = cells.load("lstm").start(ACTIVATIONS["tanh"])
    for layer in layers:
        layer.build((None, 4, FEATURES))
        np.testing.assert_array_equal(layer.get_weights()[2], np.repeat(bias, UNITS))
