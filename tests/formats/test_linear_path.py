"""Networks with a linear path in the files that hold them in real numbers: Keras, npz, PyTorch."""

import keras
import numpy as np
import pytest
from helpers.equations import float_outputs, integer_codes, real_weights
from helpers.random_networks import inputs, integers, layered
from helpers.stored_networks import arrays, saved, share_of_range

from rnnexp.errors import UserError
from rnnexp.formats import torch as modules
from rnnexp.formats.keras.model import from_keras, load, time_step, to_keras
from rnnexp.formats.npz import reader
from rnnexp.formats.torch import state_dict
from rnnexp.quantization.reference import run

STRUCTURES = [
    [("simple", 4)],
    [("lstm", 4), ("lstm", 4)],
    [("gru", 4, "both"), ("gru", 4, "both")],
    [("gru", 4, "backwards"), ("gru", 4)],
]
# Of these neither kernel is known by its shape.
SIZES = {"steps": 4, "features": 1, "outputs": 3}


@pytest.fixture(params=STRUCTURES, ids=str)
def network(request):
    found = layered(*request.param, **SIZES, linear_path=True)
    return found.with_weights([values.astype(np.float32).astype(np.float64) for values in found.weights])


def test_keras_and_back(network, tmp_path):
    x = inputs(5, 4).astype(np.float32)
    to_keras(network).save(tmp_path / "model.keras")
    model = load(tmp_path / "model.keras")
    assert not isinstance(model, keras.Sequential)
    np.testing.assert_allclose(model(x).numpy(), network.run(x), rtol=0, atol=1e-5)
    for got, expected in zip(from_keras(network.architecture, model).weights, network.weights, strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("softmax", [False, True])
def test_a_time_step_in_keras(softmax, tmp_path):
    network = layered(("lstm", 4), ("gru", 3), steps=4, features=2, outputs=3, softmax=softmax, linear_path=True)
    x = inputs(5, 4, 2).astype(np.float32)
    time_step(network).save(tmp_path / "step.keras")
    model = load(tmp_path / "step.keras")
    *_, window = states = [np.zeros((5, *given.shape[1:]), np.float32) for given in model.inputs[1:]]
    assert window.shape == (5, 4, 2)
    for time in range(4):
        output, *states = model([x[:, time], *map(np.asarray, states)])
    np.testing.assert_allclose(output, to_keras(network)(x), rtol=0, atol=1e-5)
    np.testing.assert_array_equal(states[-1], x)


def test_npz_and_back(network, tmp_path):
    found = arrays(network)
    assert '"linear_path": true' in str(found["about"])
    again = reader.load(saved(tmp_path / "a.npz", found))
    assert again.architecture == network.architecture
    for got, expected in zip(again.weights, network.weights, strict=True):
        np.testing.assert_array_equal(got, expected)


def test_the_equations_of_the_docs():
    network, x = layered(("simple", 4), steps=6, features=2, outputs=3, linear_path=True), inputs(5, 6, 2)
    integer, _ = integers(network, x + 0.4)
    found = arrays(network, integer)
    np.testing.assert_allclose(float_outputs(found, x), network.run(x), rtol=0, atol=1e-5)
    assert integer_codes(found, x).tolist() == run(integer, integer.input.encode(x)).tolist()
    *_, ((kernel, _), (path, step), (bias, _)) = real_weights(found)
    np.testing.assert_allclose(path, network.linear_kernel.T, rtol=0, atol=0.51 * step)
    np.testing.assert_allclose(kernel, integer.output_kernel, rtol=1e-12)
    np.testing.assert_allclose(bias, integer.real_weights()[-1], rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sequence_length": np.array(5)}, r"linear/kernel has the shape \(4, 3\), expected \(5, 3\) .* 5 time steps"),
        ({"every_step": np.array(True)}, "has linear/kernel, which a network that answers at every step cannot have"),
    ],
    ids=str,
)
def test_a_path_that_does_not_fit_is_refused(change, words, tmp_path):
    found = arrays(layered(("simple", 4), **SIZES, linear_path=True)) | change
    with pytest.raises(UserError, match=words):
        reader.load(saved(tmp_path / "a.npz", found))


def test_pytorch_and_back(network, tmp_path):
    torch = pytest.importorskip("torch")
    x = inputs(5, 4).astype(np.float32)
    module = modules.load(saved(tmp_path / "a.npz", arrays(network)))
    with torch.no_grad():
        assert share_of_range(module(torch.from_numpy(x)).numpy(), network.run(x)) < 1e-5
    found = {key: values.numpy() for key, values in module.state_dict().items()}
    assert found["path.weight"].shape == (3, 4)
    stored = state_dict.read(tmp_path / "b.npz", found)
    assert stored.path_inputs == 4
    # From which end an only direction reads, a state dict does not say.
    for got, expected in zip(stored.weights, network.weights, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-7)


def test_a_state_dict_whose_path_reads_no_whole_steps_is_refused(tmp_path):
    found = {
        "rnn.weight_ih_l0": np.ones((5, 2)),
        "rnn.weight_hh_l0": np.ones((5, 5)),
        "linear.weight": np.ones((1, 5)),
        "path.weight": np.ones((1, 7)),
    }
    with pytest.raises(UserError, match=r"path\.weight has the shape \(1, 7\), expected \(1, 6\)"):
        state_dict.read(tmp_path / "a.npz", found)
