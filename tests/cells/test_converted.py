"""Layers that only networks from elsewhere have: Keras' values in real numbers, and what integers keep of them."""

import numpy as np
import pytest
from helpers.random_networks import inputs, integers, layered

from rnnexp.network import functions
from rnnexp.quantization import reference

ACTIVATIONS = [
    "linear",
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "softplus",
    "softsign",
    "silu",
    "hard_tanh",
]


def keras_layer(layer, network):
    """Return Keras' layer for one of a network."""
    keras = pytest.importorskip("keras")
    activation = layer.activation or network.architecture.activation
    if layer.cell == "dense":
        return keras.layers.Dense(layer.units, activation=activation)
    options = {"activation": activation, "return_sequences": True}
    if layer.cell == "simple":
        return keras.layers.SimpleRNN(layer.units, **options)
    kind = keras.layers.LSTM if layer.cell.startswith("lstm") else keras.layers.GRU
    return kind(layer.units, recurrent_activation=layer.gate, **options)


def in_keras(network, x):
    """Return what Keras' layers with the same weights make of sequences, at every step."""
    values = np.asarray(x, np.float32)
    for layer, (weights, *_) in zip(network.architecture.layers, network.layer_weights(), strict=True):
        made = keras_layer(layer, network)
        made.build(values.shape)
        made.set_weights(weights)
        values = np.asarray(made(values))
    return values @ network.kernel + network.bias


STACKS = [
    [("lstm", 5, {"gate": "hard_sigmoid"})],
    [("gru", 5, {"gate": "hard_sigmoid", "activation": "softsign"})],
    [("dense", 6, {"activation": "relu"}), ("lstm", 5, {"activation": "elu"}), ("dense", 4), ("gru", 3)],
    [("simple", 4, {"activation": "silu"}), ("dense", 4, {"activation": "gelu"})],
    *([("dense", 5, {"activation": name})] for name in ACTIVATIONS),
]


@pytest.mark.parametrize("cells", STACKS, ids=str)
def test_real_values_are_those_of_keras(cells):
    network = layered(*cells, steps=9, features=3, outputs=2, every_step=True)
    x = inputs(4, 9, 3)
    np.testing.assert_allclose(network.run(x), in_keras(network, x), atol=2e-5)


@pytest.mark.parametrize("cells", STACKS, ids=str)
def test_integers_keep_the_outputs_to_their_own_rounding(cells):
    network = layered(*cells, steps=20, features=3, outputs=2)
    x = inputs(200, 20, 3)
    integer, _ = integers(network, x)
    error = np.sqrt(np.mean((reference.outputs(integer, x) - network.run(x)) ** 2))
    # The input's rounding is part of it.
    assert error < 2.5 * integer.output.scale / 12**0.5


def test_a_dense_layer_that_only_cuts_off_has_no_table_and_no_recurrent_kernel():
    network = layered(("dense", 6, {"activation": "relu"}), ("dense", 6, {"activation": "gelu"}), features=3)
    assert list(network.architecture.shapes) == [
        "rnn/kernel",
        "rnn/bias",
        "rnn_1/kernel",
        "rnn_1/bias",
        "output/kernel",
        "output/bias",
    ]
    integer, _ = integers(network, inputs(20, 20, 3))
    first, second = (layer.cells[0] for layer in integer.layers)
    assert (len(first.tables), len(second.tables)) == (0, 1)
    assert first.sums.high.shape == (6, 3)
    assert second.sums.high.shape == (6, 6)


def test_a_clip_ends_where_it_does():
    network = layered(("dense", 6, {"activation": functions.with_parameters("clip", -0.25, 0.5)}), features=3, gain=9.0)
    integer, _ = integers(network, inputs(50, 20, 3))
    low, high = integer.layers[0].cells[0].states[0].limits
    np.testing.assert_allclose([low, high], [-0.25, 0.5], atol=1e-4)
