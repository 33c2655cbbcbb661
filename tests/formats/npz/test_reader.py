"""Networks read back from a -weights.npz, alone or as the weights that a run starts from."""

import numpy as np
import pytest
from helpers.random_networks import ANSWER_STEPS, inputs, layered
from helpers.stored_networks import arrays, own, random_weights, saved, state_dict

from rnnexp.errors import UserError
from rnnexp.experiment import starting_weights
from rnnexp.formats.npz import reader
from rnnexp.network.structure import Structure


def test_both_kinds_give_the_same_network(tmp_path):
    weights = random_weights(3, 4, 2)
    ours = starting_weights.read(
        saved(tmp_path / "a.npz", own(weights, activation="custom", max_value=7.5, softmax=True))
    )
    theirs = starting_weights.read(saved(tmp_path / "b.npz", state_dict(weights)))
    known = ours.network.architecture
    assert (known.activation, known.max_value, known.softmax) == ("custom", 7.5, True)
    assert ours.unsaid == frozenset()
    assert theirs.unsaid == {"activation", "max_value", "softmax", "go_backwards"}
    assert ours.structure == theirs.structure == Structure()
    for values, a, b in zip(weights, ours.network.weights, theirs.network.weights, strict=True):
        np.testing.assert_array_equal(a, values)
        np.testing.assert_allclose(b, values, rtol=1e-6)
    assert ours.keys[1] == "rnn/recurrent_kernel has the shape (4, 4)"
    assert theirs.keys[0] == "rnn.weight_ih_l0 has the shape (4, 3)"


def test_our_own_only(tmp_path):
    weights = random_weights()
    assert reader.load(saved(tmp_path / "a.npz", own(weights))).architecture.activation == "tanh"
    with pytest.raises(UserError, match=r"b\.npz has no rnn/kernel, .*softmax: it is not a whole -weights\.npz"):
        reader.load(saved(tmp_path / "b.npz", state_dict(weights)))


STRUCTURES = [
    ("simple", [("simple", 5)]),
    ("lstm-backwards", [("lstm", 4, "backwards")]),
    ("gru-2-layers", [("gru", 3), ("gru", 3)]),
    ("simple-2-layers-bidirectional", [("simple", 3, "both"), ("simple", 3, "both")]),
    ("lstm-bidirectional-encoder-decoder", [("lstm", 3, "both", "encodes"), ("lstm", 3)]),
]


@pytest.mark.parametrize("softmax", [False, True])
@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize(("word", "cells"), STRUCTURES, ids=[word for word, _ in STRUCTURES])
def test_every_architecture_comes_back_whole(tmp_path, word, cells, every_step, softmax):
    decoder = word.endswith("decoder")
    if decoder and not every_step:
        pytest.skip("a decoder answers at every step")
    network = layered(*cells, steps=9, features=2, outputs=3, every_step=every_step, softmax=softmax)
    found = reader.load(saved(tmp_path / "a.npz", arrays(network)))
    assert found.architecture == network.architecture
    assert str(found.architecture.structure) == word
    assert found.architecture.output_steps == (ANSWER_STEPS if decoder else 9 if every_step else 1)
    for values, expected in zip(found.weights, network.weights, strict=True):
        np.testing.assert_array_equal(values, expected.astype(np.float32))
    x = inputs(4, 9, 2)
    np.testing.assert_allclose(found.run(x), network.run(x), atol=1e-5)


UNLIKE = [("lstm", 4, {"activation": "elu"}), ("dense", 3, "both", {"activation": "clip(0.0, 2.0)"}), ("gru", 2)]


@pytest.mark.parametrize("every_step", [False, True])
def test_layers_that_are_not_alike_come_back(tmp_path, every_step):
    network = layered(*UNLIKE, steps=9, features=2, outputs=3, every_step=every_step)
    found = reader.load(saved(tmp_path / "a.npz", arrays(network)))
    assert found.architecture == network.architecture
    x = inputs(4, 9, 2)
    np.testing.assert_allclose(found.run(x), network.run(x), atol=1e-5)


@pytest.mark.parametrize(
    ("key", "values", "words"),
    [
        ("architecture", np.array("{"), "its architecture cannot be read"),
        ("architecture", np.array('{"layers": [{"cell": "odd", "units": 3}]}'), "its architecture cannot be read"),
        ("rnn_1/forward/bias", np.zeros(2), "rnn_1/forward/bias has the shape (2,), expected (3,)"),
        ("rnn_1/forward/bias", np.zeros(3, int), "rnn_1/forward/bias is of type int64"),
    ],
)
def test_what_does_not_fit_unlike_layers_is_named(tmp_path, key, values, words):
    assert words in refused(tmp_path, arrays(layered(*UNLIKE)) | {key: values}, reader.load)


def test_an_only_output_at_every_step_is_a_probability(tmp_path):
    network = layered(("gru", 3), every_step=True, softmax=True)
    found = arrays(network)
    assert not found["softmax"]
    assert reader.load(saved(tmp_path / "a.npz", found)).architecture == network.architecture


def refused(path, found, read=starting_weights.read):
    with pytest.raises(UserError) as caught:
        read(saved(path / "a.npz", found))
    assert str(path / "a.npz") in str(caught.value)
    return str(caught.value)


def test_other_arrays_are_neither(tmp_path):
    text = refused(tmp_path, {"a": np.zeros(3), "b": np.zeros(2)})
    assert "neither a -weights.npz of this project, with rnn/kernel, nor the state dict" in text
    assert text.endswith("its keys: a, b")


@pytest.mark.parametrize("missing", ["rnn/kernel", "output/bias", "activation", "softmax", "max_value"])
def test_a_missing_key_is_named(tmp_path, missing):
    found = own(random_weights())
    del found[missing]
    for read in (starting_weights.read, reader.load):
        assert f"has no {missing}: " in refused(tmp_path, found, read)


@pytest.mark.parametrize(
    ("key", "values", "words"),
    [
        ("rnn/recurrent_kernel", np.zeros((5, 20)), "rnn/recurrent_kernel has the shape (5, 20), expected (5, 5)"),
        ("rnn/kernel", np.zeros((1, 20)), "rnn/kernel has the shape (1, 20), expected (1, 5) in a simple network of 5"),
        ("rnn/kernel", np.zeros(5), "rnn/kernel has the shape (5,), expected two dimensions"),
        ("rnn/bias", np.zeros((2, 15)), "rnn/bias has the shape (2, 15), expected (5,)"),
        ("output/kernel", np.zeros((4, 1)), "output/kernel has the shape (4, 1), expected (5, 1)"),
        ("rnn/bias", np.full(5, np.nan), "rnn/bias[0] is nan"),
        ("activation", np.array(3), "activation is int64 of shape (), expected text"),
        ("activation", np.array(["tanh"]), "activation is <U4 of shape (1,), expected text"),
        ("max_value", np.array(1), "max_value is int64 of shape (), expected a number"),
        ("max_value", np.array(-1.0), "max_value is -1, expected a positive number"),
        ("softmax", np.array(1.0), "softmax is float64 of shape (), expected true or false"),
        ("rnn_1/kernel", np.zeros((5, 5)), "has rnn_1/kernel, which a simple network has not"),
        ("structure", np.array("lstm"), "rnn/kernel has the shape (1, 5), expected (1, 20) in a lstm network of 5"),
        ("structure", np.array("gru-2-layers"), "has no rnn_1/kernel, rnn_1/recurrent_kernel, rnn_1/bias: it is not a"),
        ("structure", np.array("simple-bidirectional"), "has no rnn/forward/kernel, "),
        ("structure", np.array(""), "'' names no structure"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, key, values, words):
    for read in (starting_weights.read, reader.load):
        assert words in refused(tmp_path, own(random_weights()) | {key: values}, read)


def test_a_cell_that_there_is_not(tmp_path):
    text = refused(tmp_path, own(random_weights()) | {"structure": np.array("odd-2-layers")})
    assert "there is no cell 'odd' (there are: simple, lstm, lstm-peephole, gru" in text


@pytest.mark.parametrize("said", ["{}", "no JSON", "[]", '{"answer_steps": "5"}', '{"answer_steps": -5}'])
def test_a_decoders_steps_are_no_matter_of_its_weights(tmp_path, said):
    network = layered(("gru", 3, "encodes"), ("gru", 3), every_step=True)
    found = reader.load(saved(tmp_path / "a.npz", arrays(network) | {"about": np.array(said)}))
    assert found.architecture.output_steps == 1
    assert all((a == b.astype(np.float32)).all() for a, b in zip(found.weights, network.weights, strict=True))
