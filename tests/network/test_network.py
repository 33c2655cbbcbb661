"""The network in real numbers against Keras."""

import keras
import numpy as np
import pytest
from helpers.random_networks import ANSWER_STEPS, inputs, layered

from rnnexp.formats.keras.model import from_keras, to_keras
from rnnexp.layers import cell as cell_layers
from rnnexp.layers.activation import keras_activation
from rnnexp.network import cells as cells_by_name
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.network.architecture import Architecture
from rnnexp.network.network import Network

CELLS = [
    *([(cell, 4)] for cell in cells_by_name.CELLS),
    [("lstm", 4, "both")],
    [("gru", 4, "backwards")],
    [("gru", 3, "both"), ("lstm", 4, "both"), ("simple", 5)],
    [("simple", 3), ("gru", 4, "backwards")],
    [("gru", 3, "both"), ("gru", 4, "both", "encodes"), ("lstm", 4)],
    [("simple", 3, "backwards", "encodes"), ("simple", 4)],
]


def stock(cells, network):
    """Return the Keras model put together by hand, with the network's weights in order."""
    architecture = network.architecture
    model = keras.Sequential([keras.Input((architecture.sequence_length, architecture.features))])
    activation = keras_activation(architecture.activation, architecture.max_value)
    for number, (cell, units, *ways) in enumerate(cells):
        sequences = "encodes" not in ways and (architecture.every_step or number < len(cells) - 1)
        layer = cell_layers.load(cell).plain(
            units, activation=activation, return_sequences=sequences, go_backwards="backwards" in ways
        )
        model.add(keras.layers.Bidirectional(layer) if "both" in ways else layer)
        if "encodes" in ways:
            model.add(keras.layers.RepeatVector(ANSWER_STEPS))
    model.add(keras.layers.Dense(architecture.outputs))
    model.set_weights(list(network.weights))
    return model


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("cells", CELLS, ids=str)
def test_the_same_as_keras(cells, every_step):
    every_step = every_step or any("encodes" in ways for ways in cells)
    network = layered(*cells, steps=6, features=2, outputs=3, every_step=every_step)
    x = inputs(4, 6, 2).astype(np.float32)
    expected = network.run(x)
    for model in (stock(cells, network), to_keras(network)):
        assert np.abs(model(x).numpy() - expected).max() < 2e-5


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("cells", [[("simple", 4)], [("lstm", 4)], [("gru", 4, "both"), ("lstm", 3)]], ids=str)
def test_the_same_as_keras_with_every_activation(cells, activation):
    """In the user's numbers: the custom one at another scale than training has it."""
    made = layered(*cells, steps=6, features=2, outputs=3, activation=activation, gain=0.6)
    facts = {**made.architecture.to_json(), "max_value": 3.7}
    network = Network.of(Architecture.from_json(facts), made.weights)
    x = inputs(4, 6, 2).astype(np.float32)
    expected = network.run(x)
    if activation == "custom":
        assert np.abs(expected - made.run(x)).max() > 0.1
    for model in (stock(cells, network), to_keras(network)):
        np.testing.assert_allclose(model(x).numpy(), expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize("outputs", [1, 3])
def test_probabilities_come_after_what_is_run(outputs):
    network = layered(("gru", 4), steps=6, features=2, outputs=outputs, softmax=True)
    x = inputs(4, 6, 2).astype(np.float32)
    logits = network.run(x)
    powers = np.exp(logits)
    expected = powers / (powers.sum(axis=1, keepdims=True) if outputs > 1 else 1 + powers)
    np.testing.assert_allclose(to_keras(network)(x).numpy(), expected, rtol=0, atol=1e-5)


def in_float32(network):
    """Return the network with weights that float32 holds."""
    return Network.of(network.architecture, [values.astype(np.float32) for values in network.weights])


@pytest.mark.parametrize("options", [{}, {"bidirectional": True}, {"backwards": True, "every_step": True}], ids=str)
def test_layers_are_found_in_a_models_weights(options):
    ways = [name for name, option in (("both", "bidirectional"), ("backwards", "backwards")) if options.get(option)]
    # What reads backwards also gives its values backwards: the second layer goes on in that order.
    made = in_float32(
        layered(
            ("gru", 4, *ways),
            ("gru", 4, *(way for way in ways if way == "both")),
            steps=5,
            features=3,
            outputs=2,
            every_step=options.get("every_step", False),
        )
    )
    found = from_keras(made.architecture, to_keras(made))
    x = inputs(2, 5, 3)
    assert all((one == other).all() for one, other in zip(found.weights, made.weights, strict=True))
    assert (found.run(x) == made.run(x)).all()
    directions = 2 if options.get("bidirectional") else 1
    assert [len(layer) for layer in found.layer_weights()] == [directions] * 2
    flat = [values for layer in found.layer_weights() for weights in layer for values in weights]
    for values, given in zip([*flat, found.kernel, found.bias], made.weights, strict=True):
        assert (values == given).all()


@pytest.mark.parametrize("bidirectional", [False, True])
def test_encoder_and_decoder_are_found_in_a_models_weights(bidirectional):
    ways = ["both"] if bidirectional else []
    cells = [("gru", 4, *ways), ("gru", 4, *ways, "encodes"), ("gru", 4)]
    made = in_float32(layered(*cells, steps=7, features=3, outputs=2, every_step=True))
    found = from_keras(made.architecture, to_keras(made))
    x = inputs(2, 7, 3)
    assert found.run(x).shape == (2, ANSWER_STEPS, 2)
    assert (found.run(x) == made.run(x)).all()
    assert [values[0].shape[1] for values in found.states(x)] == [7, 7, ANSWER_STEPS]


@pytest.mark.parametrize("cells", [[("lstm", 3), ("gru", 2)], [("simple", 3, "both")]], ids=str)
def test_the_last_states_are_what_the_outputs_are_made_of(cells):
    network, x = layered(*cells, every_step=True), inputs(4, 6)
    values = network.states(x)[-1][0]
    np.testing.assert_allclose(values @ network.kernel + network.bias, network.run(x), rtol=0, atol=1e-12)


def test_all_that_a_unit_keeps_is_among_the_states():
    lstm, gru = layered(("lstm", 3), ("gru", 2)).states(inputs(4, 6))
    assert [values.shape for values in lstm] == [(4, 6, 3)] * len(cells_by_name.load("lstm").states)
    assert [values.shape for values in gru] == [(4, 6, 2)] * len(cells_by_name.load("gru").states)


@pytest.mark.parametrize(
    "name",
    ["rnn/forward/kernel", "rnn/backward/bias", "rnn_1/recurrent_kernel", "output/kernel", "output/bias"],
)
def test_weights_of_another_shape_are_refused_by_name(name):
    network = layered(("lstm", 3, "both"), ("gru", 2))
    place = list(network.architecture.shapes).index(name)
    weights = list(network.weights)
    weights[place] = np.concatenate([weights[place], weights[place]], axis=-1)
    old, new = network.architecture.shapes[name], weights[place].shape
    with pytest.raises(ValueError, match=name) as caught:
        Network.of(network.architecture, weights)
    assert str(caught.value) == f"{name} has the shape {new}, not {old}"


def test_weights_of_another_number_are_refused():
    network = layered(("lstm", 3))
    for weights in (network.weights[:-1], [*network.weights, np.zeros(1)]):
        with pytest.raises(ValueError):  # noqa: PT011
            Network.of(network.architecture, weights)


def test_weights_are_kept_in_float64():
    network = layered(("gru", 3))
    assert {values.dtype for values in in_float32(network).weights} == {np.dtype(np.float64)}


def test_ranges_are_over_all_batches_and_steps(monkeypatch):
    network, x = layered(("lstm", 3), ("gru", 2)), inputs(10, 5)
    whole, parts = network.ranges(), network.ranges()
    network.run(x, whole)
    monkeypatch.setattr("rnnexp.network.network.BATCH_NUMBERS", 45)
    network.run(x, parts)
    assert [set(ranges.seen) for (ranges,) in whole] == [{"gates", "candidate", "c"}, {"gates", "candidate", "a", "b"}]
    for (one,), (other,) in zip(whole, parts, strict=True):
        for name in one.seen:
            np.testing.assert_allclose(one[name], other[name], rtol=1e-12)
