"""Networks read back from files, of either kind."""

import numpy as np
import pytest
from helpers.stored_networks import own, random_weights, saved, state_dict

from rnnexp.errors import UserError
from rnnexp.formats.npz import weights_file


def test_both_kinds_give_the_same_network(tmp_path):
    weights = random_weights(3, 4, 2)
    ours = weights_file.read(saved(tmp_path / "a.npz", own(weights, activation="custom", max_value=7.5, softmax=True)))
    theirs = weights_file.read(saved(tmp_path / "b.npz", state_dict(weights)))
    assert (ours.activation, ours.max_value, ours.softmax) == ("custom", 7.5, True)
    assert (theirs.activation, theirs.max_value, theirs.softmax) == (None, None, None)
    for values, a, b in zip(weights, ours.weights, theirs.weights, strict=True):
        np.testing.assert_array_equal(a, values)
        np.testing.assert_allclose(b, values, rtol=1e-6)
    assert ours.keys[1] == "rnn/recurrent_kernel has the shape (4, 4)"
    assert theirs.keys[0] == "rnn.weight_ih_l0 has the shape (4, 3)"


def test_our_own_only(tmp_path):
    weights = random_weights()
    assert weights_file.read_own(saved(tmp_path / "a.npz", own(weights))).activation == "tanh"
    with pytest.raises(UserError, match=r"b\.npz has no rnn/kernel, .*softmax: it is not a whole -weights\.npz"):
        weights_file.read_own(saved(tmp_path / "b.npz", state_dict(weights)))


def refused(path, arrays):
    with pytest.raises(UserError) as caught:
        weights_file.read(saved(path / "a.npz", arrays))
    assert str(path / "a.npz") in str(caught.value)
    return str(caught.value)


def test_other_arrays_are_neither(tmp_path):
    text = refused(tmp_path, {"a": np.zeros(3), "b": np.zeros(2)})
    assert "neither a -weights.npz of this project, with rnn/kernel, nor the state dict" in text
    assert text.endswith("its keys: a, b")


@pytest.mark.parametrize("missing", ["rnn/kernel", "output/bias", "activation", "softmax", "max_value"])
def test_a_missing_key_is_named(tmp_path, missing):
    arrays = own(random_weights())
    del arrays[missing]
    assert f"has no {missing}: " in refused(tmp_path, arrays)


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
    assert words in refused(tmp_path, own(random_weights()) | {key: values})
