"""The float network in NumPy against Keras."""

import keras
import numpy as np
import pytest
from helpers.random_layers import ANSWER_STEPS, layered
from helpers.random_networks import inputs

from rnnexp.network import cells as cells_by_name
from rnnexp.network.network import FloatNetwork


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize(
    "cells",
    [
        *([(cell, 4)] for cell in cells_by_name.CELLS),
        [("lstm", 4, "both")],
        [("gru", 4, "backwards")],
        [("gru", 3, "both"), ("lstm", 4, "both"), ("simple", 5)],
        [("simple", 3), ("gru", 4, "backwards")],
        [("gru", 3, "both"), ("gru", 4, "both", "encodes"), ("lstm", 4)],
        [("simple", 3, "backwards", "encodes"), ("simple", 4)],
    ],
    ids=str,
)
def test_the_same_as_keras(cells, every_step):
    network = layered(*cells, features=2, outputs=3, every_step=every_step)
    x = inputs(4, 6, 2).astype(np.float32)
    model = keras.Sequential([keras.Input(x.shape[1:])])
    for number, (cell, units, *ways) in enumerate(cells):
        sequences = "encodes" not in ways and (every_step or number < len(cells) - 1)
        layer = cells_by_name.load(cell).plain(units, return_sequences=sequences, go_backwards="backwards" in ways)
        model.add(keras.layers.Bidirectional(layer) if "both" in ways else layer)
        if "encodes" in ways:
            model.add(keras.layers.RepeatVector(ANSWER_STEPS))
    model.add(keras.layers.Dense(3))
    arrays = [values for layer in network.layers for weights in layer.weights for values in weights]
    model.set_weights([*arrays, network.kernel, network.bias])
    assert np.abs(model(x).numpy() - network.run(x)).max() < 2e-5


@pytest.mark.parametrize("options", [{}, {"bidirectional": True}, {"backwards": True, "every_step": True}], ids=str)
def test_layers_are_found_in_a_models_weights(options):
    ways = [name for name, option in (("both", "bidirectional"), ("backwards", "backwards")) if options.get(option)]
    # What reads backwards also gives its values backwards: the second layer goes on in that order.
    made = layered(
        ("gru", 4, *ways),
        ("gru", 4, *(way for way in ways if way == "both")),
        features=3,
        outputs=2,
        every_step=options.get("every_step", False),
    )
    arrays = [values for layer in made.layers for weights in layer.weights for values in weights]
    found = FloatNetwork.of_keras([*arrays, made.kernel, made.bias], "gru", np.tanh, **options)
    x = inputs(2, 5, 3)
    assert (found.run(x) == made.run(x)).all()


@pytest.mark.parametrize("bidirectional", [False, True])
def test_encoder_and_decoder_are_found_in_a_models_weights(bidirectional):
    ways = ["both"] if bidirectional else []
    made = layered(("gru", 4, *ways), ("gru", 4, *ways, "encodes"), ("gru", 4), features=3, outputs=2, every_step=True)
    arrays = [values for layer in made.layers for weights in layer.weights for values in weights]
    found = FloatNetwork.of_keras(
        [*arrays, made.kernel, made.bias],
        "gru",
        np.tanh,
        bidirectional=bidirectional,
        every_step=True,
        answer_steps=ANSWER_STEPS,
    )
    x = inputs(2, 7, 3)
    assert found.run(x).shape == (2, ANSWER_STEPS, 2)
    assert (found.run(x) == made.run(x)).all()
    assert [values[0].shape[1] for values in found.states(x)] == [7, 7, ANSWER_STEPS]


def test_ranges_are_over_all_batches_and_steps(monkeypatch):
    network, x = layered(("lstm", 3), ("gru", 2)), inputs(10, 5)
    whole, parts = network.ranges(), network.ranges()
    network.run(x, whole)
    monkeypatch.setattr("rnnexp.network.network.BATCH_NUMBERS", 45)
    network.run(x, parts)
    assert [set(seen.found) for (seen,) in whole] == [{"gates", "candidate", "c"}, {"gates", "candidate", "a", "b"}]
    for (one,), (other,) in zip(whole, parts, strict=True):
        for name in one.found:
            np.testing.assert_allclose(one[name], other[name], rtol=1e-12)
