"""The same network in PyTorch: from a run's npz, and from PyTorch back into a run."""

import copy
import io
import sys

import keras
import numpy as np
import pytest
from helpers.random_networks import layered
from helpers.runs import folders, run
from helpers.stored_networks import arrays, own, random_weights, saved, share_of_range, state_dict

from rnnexp import datasets
from rnnexp.config import ClassificationConfig, MemoryConfig, RegressionConfig
from rnnexp.errors import UserError
from rnnexp.experiment import build
from rnnexp.formats import torch as export
from rnnexp.formats.keras.model import to_keras
from rnnexp.network.architecture import Architecture
from rnnexp.network.cells import CELLS
from rnnexp.network.layer import Layer
from rnnexp.network.network import Network
from rnnexp.runtimes.tflite import TFLiteModel
from rnnexp.training.model import trainable

TASKS = {
    "SP500": (RegressionConfig, {"dataset_name": "SP500"}),
    "airline-passengers": (RegressionConfig, {"dataset_name": "airline-passengers"}),
    "iris": (ClassificationConfig, {"dataset_name": "iris"}),
    "memory": (MemoryConfig, {"memory_k": -5}),
}
CASES = [(name, activation) for name in TASKS for activation in ("relu", "tanh", "custom")]
CASES.append(("airline-passengers", "sigmoid"))


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def settings(name, activation, **more):
    kind, given = TASKS[name]
    return kind(activation=activation, **given, **more)


def starting_network(config, dataset, seed=0):
    """What training starts from, moved a little, biases too, in the user's numbers."""
    keras.utils.set_random_seed(seed)
    architecture, unit = build.architecture(config, dataset), build.unit_scale(dataset)
    random, model = np.random.default_rng(seed), trainable(architecture, input_center=unit.input_center)
    moved = [values + random.normal(0, 0.05, values.shape) for values in model.get_weights()]
    return Network.of(architecture, unit.fold(architecture, moved))


def predicted(torch, network, x):
    with torch.no_grad():
        return network(torch.from_numpy(x)).numpy()


@pytest.mark.parametrize(("name", "activation"), CASES)
def test_outputs_are_those_of_keras(torch, tmp_path, name, activation):
    config = settings(name, activation)
    dataset = datasets.load(config)
    started, x = starting_network(config, dataset), dataset.evaluation.x
    network = export.load(saved(tmp_path / "a.npz", arrays(started)))
    expected = to_keras(started).predict(x, verbose=0, batch_size=512)
    assert np.ptp(expected) > 0
    assert share_of_range(predicted(torch, network, x), expected) < 1e-5


def test_a_plain_nn_rnn_where_pytorch_has_the_activation(torch, tmp_path):
    for activation in ("relu", "tanh"):
        network = export.load(saved(tmp_path / "a.npz", own(random_weights(), activation=activation)))
        assert type(network.rnn) is torch.nn.RNN
        assert network.rnn.nonlinearity == activation


def test_classes_come_as_probabilities_and_as_logits(torch, tmp_path):
    network = export.load(saved(tmp_path / "a.npz", own(random_weights(outputs=3), softmax=True)))
    x = torch.rand(7, 4, 1)
    torch.testing.assert_close(network(x).sum(dim=1), torch.ones(7))
    torch.testing.assert_close(torch.log_softmax(network.logits(x), dim=1).exp(), network(x))


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "custom"])
def test_it_is_a_module_like_any_other(torch, tmp_path, activation):
    network = export.load(str(saved(tmp_path / "a.npz", own(random_weights(2), activation=activation, max_value=2.0))))
    x = torch.rand(3, 6, 2)
    buffer = io.BytesIO()
    torch.save(network, buffer)
    buffer.seek(0)
    for twin in (copy.deepcopy(network), torch.load(buffer, weights_only=False)):
        assert torch.equal(twin(x), network(x))
    # The states of all steps, and a sequence in two parts, as nn.RNN has them.
    states, last = network.rnn(x)
    assert states.shape == (3, 6, 5)
    assert torch.equal(states[:, -1], last[0])
    _, middle = network.rnn(x[:, :4])
    torch.testing.assert_close(network.rnn(x[:, 4:], middle)[1], last)


def test_the_slope_of_the_square_root_is_that_of_our_training(torch):
    from rnnexp.formats.torch.module import ScaledSqrt
    from rnnexp.network.activations import MAX_SLOPE

    m = 3.0
    x = np.array([-1.0, 0.0, 1e-9, 0.03, 0.75, 2.9, 3.0, 5.0], np.float32)
    tensor = torch.tensor(x, requires_grad=True)
    h = ScaledSqrt(m)(tensor)
    np.testing.assert_allclose(h.detach().numpy(), m * np.sqrt(np.clip(x, 0, m) / m), rtol=1e-6)
    h.sum().backward()
    inner = np.minimum(0.5 / np.sqrt(x[2:6] / m), MAX_SLOPE)
    np.testing.assert_allclose(tensor.grad.numpy(), [0, 0, *inner, 0, 0], rtol=1e-5)


def test_the_looped_layer_has_the_gradient_of_nn_rnn(torch):
    from rnnexp.formats.torch.module import LoopedRNN

    torch.manual_seed(0)
    looped, stock = LoopedRNN(2, 5, torch.nn.Tanh()), torch.nn.RNN(2, 5, batch_first=True)
    looped.load_state_dict(stock.state_dict())
    x = torch.rand(4, 7, 2)
    for layer in (looped, stock):
        states, last = layer(x)
        (states.sum() + last.square().sum()).backward()
    for ours, theirs in zip(looped.parameters(), stock.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad)


@pytest.mark.usefixtures("torch")
def test_an_activation_that_it_does_not_know(tmp_path):
    path = saved(tmp_path / "a.npz", own(random_weights(), activation="swish"))
    with pytest.raises(UserError, match=r"the activation is 'swish'; PyTorch modules are made for relu, tanh"):
        export.load(path)


STRUCTURES = [
    {"cell": "lstm", "activation": "tanh"},
    {"cell": "gru", "activation": "tanh"},
    {"num_layers": 2, "activation": "relu"},
    {"num_layers": 2, "bidirectional": True, "activation": "custom"},
    {"go_backwards": True, "num_layers": 2, "activation": "tanh"},
    {"cell": "lstm", "num_layers": 2, "bidirectional": True, "activation": "tanh"},
    {"cell": "gru", "num_layers": 2, "go_backwards": True, "activation": "tanh"},
    {"cell": "gru", "bidirectional": True, "activation": "tanh"},
    {"cell": "lstm", "projection": 3, "activation": "tanh"},
    {"cell": "lstm", "projection": 3, "num_layers": 2, "bidirectional": True, "activation": "tanh"},
]


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
def test_every_structure_of_pytorch(torch, tmp_path, structure, every_step):
    if every_step and "go_backwards" in structure:
        pytest.skip("what reads from the end has one answer a sequence")
    if every_step:
        config = ClassificationConfig(dataset_name="binary-addition", hidden_size=5, **structure)
    else:
        config = MemoryConfig(memory_n=9, hidden_size=5, **structure)
    dataset = datasets.load(config)
    started, x = starting_network(config, dataset), dataset.evaluation.x[:50]
    network = export.load(saved(tmp_path / "a.npz", arrays(started)))
    expected = np.asarray(to_keras(started)(x))
    assert expected.shape == ((50, 9, 1) if every_step else (50, 1))
    assert np.ptp(expected) > 0.01
    assert share_of_range(predicted(torch, network, x), expected) < 1e-5


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize(
    ("cell", "options", "words"),
    [
        ("lstm", {}, "PyTorch has the cell 'lstm' with tanh only, and here it is 'relu'"),
        ("lstm-peephole", {}, "PyTorch has no 'lstm-peephole' cells, only simple, lstm, gru"),
        ("lstm", {"projection": 7}, "only to fewer values than there are units, and here there are 7 of 5"),
        ("fastgrnn", {}, "PyTorch has no 'fastgrnn' cells, only simple, lstm, gru"),
        ("odd", {}, "PyTorch has no 'odd' cells, only simple, lstm, gru"),
    ],
)
def test_what_pytorch_does_not_have(tmp_path, monkeypatch, cell, options, words):
    monkeypatch.setitem(CELLS, "odd", "rnnexp.cells.simple")
    with pytest.raises(UserError, match=words):
        export.load(saved(tmp_path / "a.npz", arrays(layered((cell, 5, options), activation="relu"))))


@pytest.mark.usefixtures("torch")
def test_a_cell_that_there_is_not(tmp_path):
    with pytest.raises(UserError, match="there is no cell 'odd'"):
        export.load(saved(tmp_path / "a.npz", own(random_weights()) | {"structure": np.array("odd")}))


@pytest.mark.usefixtures("torch")
def test_of_an_encoder_and_a_decoder_no_module_is_made(tmp_path):
    found = arrays(layered(("gru", 3, "encodes"), ("gru", 3), every_step=True))
    with pytest.raises(UserError, match="of an encoder and a decoder, of which no PyTorch module is made"):
        export.load(saved(tmp_path / "a.npz", found))


def test_other_files_are_refused(tmp_path):
    with pytest.raises(UserError, match="there is no file"):
        export.load(tmp_path / "a.npz")
    with pytest.raises(UserError, match="has no rnn/kernel"):
        export.load(saved(tmp_path / "a.npz", state_dict(random_weights())))


def test_without_pytorch_it_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # what the import system takes for "not there"
    monkeypatch.delitem(sys.modules, "rnnexp.formats.torch.module", raising=False)
    with pytest.raises(UserError, match="pip install torch"):
        export.load(saved(tmp_path / "a.npz", own(random_weights())))


# ---- and back


def from_pytorch(torch, config, dataset, path):
    """A network of PyTorch's own, or the looped layer, as a state dict on disk, and what it computes."""
    from rnnexp.formats.torch.module import recurrent

    class Forecaster(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = recurrent(architecture)
            self.head = torch.nn.Linear(config.hidden_size, dataset.outputs)

        def forward(self, x):
            outputs = self.head(self.encoder(x)[0][:, -1])
            return torch.softmax(outputs, dim=1) if dataset.task == "classification" else outputs

    layers = (Layer("simple", config.hidden_size),)
    architecture = Architecture(0, 1, layers, False, dataset.outputs, config.activation, config.max_value)
    torch.manual_seed(1)
    model = Forecaster()
    np.savez(path, **{key: values.numpy() for key, values in model.state_dict().items()})
    return predicted(torch, model, dataset.evaluation.x)


@pytest.mark.parametrize(
    ("name", "activation"),
    [pytest.param(*case, marks=() if case == ("iris", "custom") else pytest.mark.slow) for case in CASES],
)
def test_a_network_of_pytorch_is_exported_as_it_is(torch, here, name, activation):
    # Inputs up to 1, as PyTorch's initial weights expect them.
    scale = {} if name in ("iris", "memory") else {"data_sigma": 1.0, "custom_max_value": 1.0}
    config = settings(
        name, activation, epochs=0, weights=here / "mine.npz", hidden_size=12, quiet=True, **scale, **folders(here)
    )
    dataset = datasets.load(config)
    expected = from_pytorch(torch, config, dataset, config.weights)
    finished = run(config)
    assert finished.code == 0
    float32, int8 = (
        TFLiteModel(config.output_dir / f"{config.stem}-{kind}.tflite").predict(dataset.evaluation.x)
        for kind in ("float32", "int8")
    )
    assert share_of_range(float32, expected) < 1e-5
    # An untrained network's outputs for the validation part go beyond those for the training part: int8 cuts them off.
    held = next(tensor for tensor in finished.report["quantization"] if tensor["name"] == "output")
    steps = np.abs(int8 - np.clip(expected, held["min"], held["max"])) / held["scale"]
    assert steps.max() < 4
