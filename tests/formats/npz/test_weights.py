"""The .npz: complete, plain, and enough to compute the network with nothing but the equations of the docs."""

import dataclasses
import io
import json

import numpy as np
import pytest
from helpers.equations import float_outputs, integer_codes
from helpers.random_networks import inputs, integers, layered, simple
from helpers.stored_networks import about, arrays

from rnnexp.formats.npz import weights
from rnnexp.formats.npz.integers import from_npz
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.quantization import reference


def load(found):
    with np.load(io.BytesIO(weights.to_npz(found)), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@pytest.mark.parametrize(("activation", "features", "outputs"), [("tanh", 1, 1), ("custom", 3, 2), ("relu", 2, 3)])
def test_the_equations_of_the_docs_give_the_network(activation, features, outputs):
    float_model = simple(6, steps=30, features=features, outputs=outputs, activation=activation)
    x = inputs(5, 30, features)
    network, codes = integers(float_model, x)
    found = load(arrays(float_model, network))
    assert np.allclose(float_outputs(found, x), float_model.run(x), atol=1e-5)
    assert integer_codes(found, x).tolist() == reference.run(network, codes).tolist()


def test_keras_names_are_the_transposed_of_the_symbols():
    network = simple(3, features=2, outputs=4)
    found = arrays(network)
    names = ("rnn/kernel", "rnn/recurrent_kernel", "rnn/bias", "output/kernel", "output/bias")
    assert tuple(network.architecture.shapes) == names
    for name, values in zip(names, network.weights, strict=True):
        symbol = weights.SYMBOLS[name]
        assert (found[symbol] == found[name].T).all()
        assert (found[name] == values.astype(np.float32)).all()
        assert found[name].dtype == np.float32
    assert found["W_x"].shape == (3, 2)
    assert found["W_o"].shape == (4, 3)


def test_other_networks_have_no_symbols_but_say_their_structure():
    found = arrays(layered(("gru", 3, "both"), ("gru", 3, "both"), every_step=True, outputs=2))
    assert not set(weights.SYMBOLS.values()) & set(found)
    assert found["structure"] == "gru-2-layers-bidirectional"
    assert found["every_step"]
    assert found["rnn_1/backward/bias"].shape == (2, 9)
    assert "structure" not in arrays(simple(3))


def test_the_integer_network_comes_back():
    float_model = simple(5, steps=30, features=2, outputs=3, softmax=True)
    network, _ = integers(float_model, inputs(5, 30, 2))
    found = from_npz(load(arrays(float_model, network)))
    np.testing.assert_equal(dataclasses.asdict(found), dataclasses.asdict(network))
    assert to_tflite(found) == to_tflite(network)


def test_without_integers_there_are_none():
    found = load(arrays(simple(3)))
    assert not [name for name in found if name.startswith("int8/")]
    with pytest.raises(KeyError, match="int8"):
        from_npz(found)


def test_no_array_needs_pickle_and_the_same_network_gives_the_same_bytes():
    float_model = simple(3, steps=30)
    found = arrays(float_model, integers(float_model, inputs(5, 30))[0])
    assert all(values.dtype.kind in "fiubU" for values in found.values())
    assert weights.to_npz(found) == weights.to_npz(found)
    assert json.loads(str(found["normalization"])) == {"kind": "none"}
    assert json.loads(str(found["about"])) == about(float_model).to_json()


def test_the_text_has_every_number_in_full():
    float_model = simple(20, steps=30)
    found = arrays(float_model, integers(float_model, inputs(5, 30))[0])
    text = weights.to_text(found)
    blocks = dict(block.split(":", 1) for block in text.replace("\n    ", " ").splitlines() if ": " in block)
    for name in ("W_h", "int8/layer_1/sums_low", "int8/layer_1/activation_values", "b"):
        kind, *numbers = blocks[name].split()
        values = np.array(numbers[numbers.index(next(n for n in numbers if n.endswith("]"))) + 1 :], kind)
        assert (values.reshape(found[name].shape) == found[name]).all(), name
    scale = "int8/layer_1/activation_scale"
    assert f"{scale} = {float(found[scale])}" in text


def test_long_arrays_are_only_described_in_the_text():
    text = weights.to_text(arrays(simple(80)))
    assert "rnn/recurrent_kernel: float32 [80 x 80]\n    6,400 numbers from" in text
