"""The .npz: complete, plain, and enough to compute the network with nothing but the equations of the docs."""

import io
import json

import numpy as np
import pytest
from helpers.equations import ABOUT, float_outputs, integer_codes
from helpers.random_networks import float_network, inputs

from rnnexp.formats.npz import weights
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.quantization import reference


def load(found):
    with np.load(io.BytesIO(weights.to_npz(found)), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@pytest.mark.parametrize(("activation", "features", "outputs"), [("tanh", 1, 1), ("custom", 3, 2), ("relu", 2, 3)])
def test_the_equations_of_the_docs_give_the_network(activation, features, outputs):
    float_model = float_network(6, features=features, outputs=outputs, activation=activation)
    x = inputs(5, 30, features)
    network = float_model.quantize(x)
    found = load(weights.arrays(float_model.weights, network, {**ABOUT, "activation": activation}))
    assert np.allclose(float_outputs(found, x), float_model.run(x)[0], atol=1e-5)
    assert integer_codes(found, x).tolist() == reference.run(network, network.input.encode(x)).tolist()


def test_the_integer_weights_with_their_scales_are_the_real_ones():
    float_model = float_network(6, features=2)
    network = float_model.quantize(inputs(5, 30, 2))
    found = load(weights.arrays(float_model.weights, network, ABOUT))
    for name in ("W_x", "W_h", "W_o"):
        codes = 64.0 * found[f"int8/{name}_high"] + found[f"int8/{name}_low"]
        real = codes * found[f"int8/{name}_scale"]
        assert np.abs(real - found[name]).max() <= found[f"int8/{name}_scale"] * 0.51
    entries = found["int8/table_start"] + found["int8/table_step"] * np.arange(len(found["int8/table"]))
    real = found["int8/table"] * found["int8/state_scale"]
    assert np.abs(real - np.tanh(entries)).max() <= found["int8/state_scale"]


def test_keras_names_are_the_transposed_of_the_symbols():
    found = weights.arrays(float_network(3, features=2, outputs=4).weights, None, ABOUT)
    for name, symbol in zip(weights.KERAS_NAMES, weights.SYMBOLS, strict=True):
        assert (found[symbol] == found[name].T).all()
        assert found[name].dtype == np.float32
    assert found["W_x"].shape == (3, 2)
    assert found["W_o"].shape == (4, 3)


@pytest.mark.parametrize("parts", [1, 2])
def test_the_integer_network_comes_back(parts):
    float_model = float_network(5, features=2, outputs=3)
    network = float_model.quantize(inputs(5, 30, 2), parts=parts, softmax=True)
    found = load(weights.arrays(float_model.weights, network, {**ABOUT, "task": "classification"}))
    assert to_tflite(weights.integer_network(found)) == to_tflite(network)


def test_without_integers_there_are_none():
    found = load(weights.arrays(float_network(3).weights, None, ABOUT))
    assert not [name for name in found if name.startswith("int8/")]
    with pytest.raises(KeyError, match="int8"):
        weights.integer_network(found)


def test_no_array_needs_pickle_and_the_same_network_gives_the_same_bytes():
    float_model = float_network(3)
    found = weights.arrays(float_model.weights, float_model.quantize(inputs(5, 30)), ABOUT)
    assert all(values.dtype.kind in "fiubU" for values in found.values())
    assert weights.to_npz(found) == weights.to_npz(found)
    assert json.loads(str(found["normalization"])) == {"kind": "none"}


def test_the_text_has_every_number_in_full():
    float_model = float_network(20)
    found = weights.arrays(float_model.weights, float_model.quantize(inputs(5, 30)), ABOUT)
    text = weights.to_text(found)
    blocks = dict(block.split(":", 1) for block in text.replace("\n    ", " ").splitlines() if ": " in block)
    for name in ("W_h", "int8/W_h_low", "int8/table", "b"):
        kind, *numbers = blocks[name].split()
        values = np.array(numbers[numbers.index(next(n for n in numbers if n.endswith("]"))) + 1 :], kind)
        assert (values.reshape(found[name].shape) == found[name]).all(), name
    assert f"int8/state_scale = {float(found['int8/state_scale'])}" in text


def test_long_arrays_are_only_described_in_the_text():
    text = weights.to_text(weights.arrays(float_network(80).weights, None, ABOUT))
    assert "rnn/recurrent_kernel: float32 [80 x 80]\n    6,400 numbers from" in text
