"""What every registered cell must do, whichever it is."""

import keras
import numpy as np
import pytest

from rnnexp.layers.activation import keras_activation
from rnnexp.layers.cell import BlockBias
from rnnexp.network import cells
from rnnexp.network.activations import ACTIVATIONS

UNITS, FEATURES = 5, 3


@pytest.fixture(params=cells.CELLS)
def cell(request):
    return cells.load(request.param)


def test_ours_and_keras_layer_have_the_same_weights(cell):
    layers = [cell.layer(UNITS, **cell.options), cell.plain(UNITS)]
    for layer in layers:
        layer.build((None, 4, FEATURES))
    shapes = [[(weight.name, tuple(weight.shape)) for weight in layer.weights] for layer in layers]
    assert shapes[0] == shapes[1]
    assert shapes[0][0] == ("kernel", (FEATURES, UNITS * len(cell.activated)))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_training_starts_around_the_output_that_the_cell_says(cell, name):
    """With its initial biases, and weights that are centred and so add nothing, a cell comes to rest at its centre."""
    bias, center = cell.start(ACTIVATIONS[name])
    assert len(bias) == len(cell.activated)
    options = {**cell.options, "kernel_initializer": "zeros", "recurrent_initializer": "zeros"}
    layer = cell.layer(UNITS, activation=keras_activation(name, 1.0), bias_initializer=BlockBias(bias), **options)
    np.testing.assert_allclose(layer(np.zeros((1, 100, FEATURES), np.float32)), np.full((1, UNITS), center), atol=1e-5)


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
    layers = [cells.load("lstm").layer(UNITS), keras.layers.LSTM(UNITS)]
    bias, _ = cells.load("lstm").start(ACTIVATIONS["tanh"])
    for layer in layers:
        layer.build((None, 4, FEATURES))
        np.testing.assert_array_equal(layer.get_weights()[2], np.repeat(bias, UNITS))
