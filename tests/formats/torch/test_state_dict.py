"""PyTorch state dicts, by names and shapes; PyTorch itself is not needed."""

from pathlib import Path

import numpy as np
import pytest
from helpers.stored_networks import random_weights, state_dict

from rnnexp.errors import UserError
from rnnexp.formats.torch import state_dict as state_dicts
from rnnexp.network.structure import Structure

PATH = Path("mine.npz")


@pytest.mark.parametrize(("rnn", "linear"), [("rnn.", "linear."), ("", ""), ("module.net.0.", "module.head.")])
@pytest.mark.parametrize("shape", [(1, 5, 1), (3, 4, 2), (4, 4, 4), (1, 1, 1)])
def test_weights_come_in_keras_order_whatever_the_prefix(rnn, linear, shape):
    weights = random_weights(*shape)
    arrays = state_dict(weights, rnn=rnn, linear=linear)
    assert state_dicts.is_state_dict(arrays)
    dictionary = state_dicts.read(PATH, arrays)
    found, keys = dictionary.weights, dictionary.keys
    assert dictionary.structure == Structure()
    for got, expected in zip(found, weights, strict=True):
        assert got.dtype == np.float64
        np.testing.assert_allclose(got, expected, rtol=1e-6)
    assert keys == (f"{rnn}weight_ih_l0", f"{rnn}weight_hh_l0", f"{linear}weight")


def test_without_biases_they_are_zero():
    weights = random_weights(2, 3, 2)
    arrays = {key: values for key, values in state_dict(weights).items() if "bias" not in key}
    found = state_dicts.read(PATH, arrays).weights
    np.testing.assert_array_equal(found[2], np.zeros(3))
    np.testing.assert_array_equal(found[4], np.zeros(2))
    np.testing.assert_allclose(found[0], weights[0])


def test_half_and_double_precision():
    weights = random_weights()
    for dtype, tolerance in ((np.float16, 1e-3), (np.float64, 1e-15)):
        found = state_dicts.read(PATH, state_dict(weights, dtype=dtype)).weights
        for got, expected in zip(found, weights, strict=True):
            np.testing.assert_allclose(got, expected, rtol=tolerance)


def test_other_files_are_not_state_dicts():
    assert not state_dicts.is_state_dict({"rnn/kernel": np.zeros(1), "linear.weight": np.zeros(1)})


LAYERS = {
    "lstm": ("LSTM", {}),
    "gru": ("GRU", {}),
    "simple-2-layers": ("RNN", {"num_layers": 2}),
    "lstm-3-layers": ("LSTM", {"num_layers": 3, "bias": False}),
    "simple-bidirectional": ("RNN", {"bidirectional": True}),
    "gru-2-layers-bidirectional": ("GRU", {"num_layers": 2, "bidirectional": True}),
    "lstm-2-layers-bidirectional": ("LSTM", {"num_layers": 2, "bidirectional": True}),
    "lstm-projection-4": ("LSTM", {"proj_size": 4}),
    "lstm-2-layers-projection-4-bidirectional": (
        "LSTM",
        {"num_layers": 2, "proj_size": 4, "bidirectional": True, "bias": False},
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_every_module_of_pytorch_computes_what_keras_computes_with_its_weights(name):
    torch = pytest.importorskip("torch")
    from rnnexp.formats.keras.model import to_keras
    from rnnexp.network.architecture import Architecture
    from rnnexp.network.network import Network

    kind, options = LAYERS[name]
    torch.manual_seed(0)
    rnn = getattr(torch.nn, kind)(1, 6, batch_first=True, **options)
    values = options.get("proj_size", 6)
    linear = torch.nn.Linear(2 * values if "bidirectional" in options else values, 1)
    arrays = {f"a.{key}": values.numpy() for key, values in rnn.state_dict().items()}
    arrays |= {f"b.{key}": values.numpy() for key, values in linear.state_dict().items()}
    found = state_dicts.read(PATH, arrays)
    assert str(found.structure) == name

    network = Network.of(Architecture(9, 1, found.structure.layers(6), False, 1, "tanh"), found.weights)
    x = np.random.default_rng(0).normal(size=(7, 9, 1)).astype(np.float32)
    with torch.no_grad():
        _, last = rnn(torch.from_numpy(x))
        last = last[0] if kind == "LSTM" else last
        values = torch.cat(tuple(last[-2:]), dim=1) if "bidirectional" in options else last[-1]
        expected = linear(values).numpy()
    np.testing.assert_allclose(to_keras(network)(x).numpy(), expected, atol=1e-6)
    np.testing.assert_allclose(network.run(x), expected, atol=1e-6)


def changed(**keys):
    """A state dict with keys replaced (dots as two underscores), or, by None, left out."""
    arrays = state_dict(random_weights(2, 5, 3))
    for name, values in keys.items():
        key = name.replace("__", ".")
        if values is None:
            del arrays[key]
        else:
            arrays[key] = values if isinstance(values, np.ndarray) else np.zeros(values, np.float32)
    return arrays


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (changed(rnn__weight_ih_l1=(5, 5)), "has no rnn.weight_hh_l1 and no rnn.bias_ih_l1 and no rnn.bias_hh_l1"),
        (changed(rnn__weight_ih_l0_reverse=(5, 2)), "has no rnn.weight_hh_l0_reverse and no"),
        (changed(rnn__weight_hr_l0=(5, 6)), "rnn.weight_ih_l0 has the shape (5, 2), expected (24, 2)"),
        (changed(rnn__weight_hr_l1=(5, 6)), "has no rnn.weight_hr_l0 and no rnn.weight_ih_l1"),
        (
            changed(rnn__weight_hh_l0=(20, 5), rnn__weight_ih_l0=(20, 2)),
            "bias_ih_l0 has the shape (5,), expected (20,)",
        ),
        (
            changed(rnn__weight_hh_l0=(15, 5), rnn__weight_ih_l0=(15, 2)),
            "bias_ih_l0 has the shape (5,), expected (15,)",
        ),
        (changed(encoder__weight_ih_l0=(5, 2)), "more than one recurrent layer: rnn.weight_ih_l0 and encoder.weight"),
        (changed(rnn__weight_hh_l0=None), "mine.npz has no rnn.weight_hh_l0; its keys: rnn.weight_ih_l0"),
        (changed(rnn__weight_ih_l0=None), "mine.npz has no rnn.weight_ih_l0"),
        (changed(rnn__bias_hh_l0=None), "mine.npz has no rnn.bias_hh_l0"),
        (changed(linear__weight=None), "no weight of an nn.Linear after the recurrent layer"),
        (changed(head__weight=(1, 3)), "more than one layer besides the recurrent one: linear.weight, head.weight"),
        (changed(scale=(1,)), "neither a recurrent layer's nor nn.Linear's: scale"),
        (changed(rnn__weight_hh_l0=(6, 5)), "rnn.weight_hh_l0 has the shape (6, 5), expected (5, 5)"),
        (changed(rnn__weight_hh_l0=(5,)), "rnn.weight_hh_l0 has the shape (5,), expected two dimensions"),
        (changed(rnn__weight_ih_l0=(4, 2)), "rnn.weight_ih_l0 has the shape (4, 2), expected (5, 2)"),
        (changed(rnn__bias_ih_l0=(5, 1)), "rnn.bias_ih_l0 has the shape (5, 1), expected (5,)"),
        (changed(linear__weight=(3, 6)), "linear.weight has the shape (3, 6), expected (3, 5): 5 recurrent units by"),
        (changed(linear__bias=(4,)), "linear.bias has the shape (4,), expected (3,)"),
        (changed(linear__weight=(0, 5), linear__bias=(0,)), "linear.weight is empty, of shape (0, 5)"),
        (changed(linear__bias=np.array([0, 1, np.nan])), "linear.bias[2] is nan"),
        (changed(linear__weight=np.zeros((3, 5), np.int8)), "linear.weight is of type int8"),
    ],
)
def test_anything_else_is_refused_by_the_name_of_its_key(arrays, words):
    with pytest.raises(UserError) as caught:
        state_dicts.read(PATH, arrays)
    assert words in str(caught.value)
    assert str(caught.value).startswith("mine.npz")
