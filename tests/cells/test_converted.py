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
    options["recurrent_activation"] = layer.gate
    if layer.cell == "lstm":
        return keras.layers.LSTM(layer.units, **options)
    return keras.layers.GRU(layer.units, reset_after=layer.cell == "gru", **options)


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
    [("gru-reset-before", 5)],
    [("gru-reset-before", 5, {"gate": "hard_sigmoid", "activation": "relu"}), ("gru-reset-before", 3)],
    [("dense", 6, {"activation": "relu"}), ("lstm", 5, {"activation": "elu"}), ("dense", 4), ("gru", 3)],
    [("simple", 4, {"activation": "silu"}), ("dense", 4, {"activation": "gelu"})],
    *([("dense", 5, {"activation": name})] for name in ACTIVATIONS),
]


@pytest.mark.parametrize("cells", STACKS, ids=str)
def test_real_values_are_those_of_keras(cells):
    network = layered(*cells, steps=9, features=3, outputs=2, every_step=True)
    x = inputs(4, 9, 3)
    np.testing.assert_allclose(network.run(x), in_keras(network, x), atol=2e-5)


def peephole_steps(x, kernel, recurrent, bias, peepholes, *projection):
    """The equations of Gers and Schmidhuber 2000, and of Sak et al. 2014, a unit and a step at a time."""

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    units = len(bias) // 4
    found = []
    for sequence in x:
        h, c = np.zeros(len(recurrent)), np.zeros(units)
        for inputs_of_step in sequence:
            sums = inputs_of_step @ kernel + h @ recurrent + bias
            given = np.zeros(units)
            for unit in range(units):
                z_i, z_f, z_g, z_o = sums[unit::units]
                p_i, p_f, p_o = peepholes[:, unit]
                before = c[unit]
                c[unit] = sigmoid(z_f + p_f * before) * before + sigmoid(z_i + p_i * before) * np.tanh(z_g)
                given[unit] = sigmoid(z_o + p_o * c[unit]) * np.tanh(c[unit])
            h = given @ projection[0] if projection else given
            found.append(h)
    return np.array(found).reshape(*x.shape[:2], -1)


@pytest.mark.parametrize("projection", [0, 3, 7])
def test_peepholes_and_projections_are_those_of_the_papers(projection):
    network = layered(("lstm-peephole", 5, {"projection": projection}), steps=9, features=3, every_step=True)
    ((weights,),) = network.layer_weights()
    x = inputs(3, 9, 3)
    expected = peephole_steps(x, *weights)
    np.testing.assert_allclose(network.states(x)[0][0], expected, atol=1e-12)
    np.testing.assert_allclose(network.run(x), expected @ network.kernel + network.bias, atol=1e-12)


def test_a_projection_is_that_of_pytorch():
    torch = pytest.importorskip("torch")
    network = layered(("lstm", 6, {"projection": 4}), steps=9, features=3, every_step=True)
    ((weights,),) = network.layer_weights()
    kernel, recurrent, bias, projection = (torch.tensor(values) for values in weights)
    module = torch.nn.LSTM(3, 6, proj_size=4, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        module.weight_ih_l0.copy_(kernel.T)
        module.weight_hh_l0.copy_(recurrent.T)
        module.bias_ih_l0.copy_(bias)
        module.bias_hh_l0.zero_()
        module.weight_hr_l0.copy_(projection.T)
        values, _ = module(torch.tensor(inputs(3, 9, 3)))
    np.testing.assert_allclose(network.states(inputs(3, 9, 3))[0][0], values.numpy(), atol=1e-12)


def test_other_cells_have_no_projection():
    with pytest.raises(ValueError, match="only LSTMs have a projection"):
        layered(("gru", 6, {"projection": 4}))


IN_INTEGERS = [
    *STACKS,
    [("lstm-peephole", 6)],
    [("lstm", 6, {"projection": 3})],
    [("lstm-peephole", 5, "both", {"projection": 7, "gate": "hard_sigmoid"}), ("gru-reset-before", 4)],
]


@pytest.mark.parametrize("cells", IN_INTEGERS, ids=str)
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


@pytest.mark.parametrize("cells", IN_INTEGERS, ids=str)
def test_integers_stand_for_the_weights(cells):
    network = layered(*cells, steps=20, features=3, outputs=2)
    integer, _ = integers(network, inputs(50, 20, 3))
    for name, found, expected in zip(network.architecture.shapes, integer.real_weights(), network.weights, strict=True):
        # Of a GRU's two biases of the gates, integers only have the sum.
        both = name.endswith("bias") and found.ndim == 2
        pair = (found.sum(axis=0), expected.sum(axis=0)) if both else (found, expected)
        np.testing.assert_allclose(*pair, atol=2e-3, err_msg=name)


def test_a_cell_state_that_counts_on_is_cut_where_its_activation_is_flat():
    """With its whole range, hundreds, its steps would be coarse where the activation changes."""
    network = layered(("lstm", 6), steps=300, features=2, outputs=2)
    kernel, recurrent, bias, *rest = network.weights
    # The first unit adds 1 at every step: its input gate, forget gate and candidate are wide open.
    bias = bias.copy()
    bias[[0, 6, 12]] = 40.0
    counting = network.with_weights([kernel, recurrent, bias, *rest])
    x = inputs(40, 300, 2)

    def error(limit):
        integer, _ = integers(counting, x, cell_state_limit=limit)
        return np.sqrt(np.mean((reference.outputs(integer, x) - counting.run(x)) ** 2))

    assert error(16.0) < 0.6 * error(np.inf)


def test_a_clip_ends_where_it_does():
    network = layered(("dense", 6, {"activation": functions.with_parameters("clip", -0.25, 0.5)}), features=3, gain=9.0)
    integer, _ = integers(network, inputs(50, 20, 3))
    low, high = integer.layers[0].cells[0].states[0].limits
    np.testing.assert_allclose([low, high], [-0.25, 0.5], atol=1e-4)
