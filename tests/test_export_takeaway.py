"""What a run leaves besides its models: all of it is the network that was exported, each in its own form."""

import hashlib

import numpy as np
import pytest
from c_compiler import COMPILER, build_and_run, needs_compiler
from conftest import folders, run
from test_export_weights import float_outputs, float_states

from rnnexp import datasets, evaluation
from rnnexp.compiled import CompiledNetwork
from rnnexp.config import ClassificationConfig, MemoryConfig, RegressionConfig
from rnnexp.export import metadata, takeaway, weights
from rnnexp.export.int8_reader import from_tflite
from rnnexp.quantization import reference
from rnnexp.quantization.layered import layered, states
from rnnexp.quantization.layered import run as layered_run
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.runtime import TFLiteModel, TFLiteStepModel

try:
    import torch
except ImportError:
    TORCH = False
else:
    TORCH = True
try:
    import tflite_micro  # noqa: F401
except ImportError:
    KERNELS = ("litert", "reference")
else:
    KERNELS = ("litert", "reference", "micro")

PROJECT_RUNS = [
    (kind, {**settings, "activation": activation})
    for kind, settings in (
        (RegressionConfig, {"dataset_name": "SP500"}),
        (RegressionConfig, {"dataset_name": "airline-passengers"}),
        (ClassificationConfig, {"dataset_name": "iris"}),
        (MemoryConfig, {"memory_k": -5}),
        (MemoryConfig, {"memory_k": 1}),
        (RegressionConfig, {"dataset_name": "noisy-sine"}),
        (RegressionConfig, {"dataset_name": "sequence", "sequence_length": 5}),
        (ClassificationConfig, {"dataset_name": "digits"}),
    )
    for activation in ("relu", "tanh", "sigmoid", "custom")
]

# The other structures, on data of every kind.
PROJECT_RUNS += [
    (kind, {**settings, **structure, "activation": activation})
    for kind, settings, activation in (
        (RegressionConfig, {"dataset_name": "airline-passengers"}, "tanh"),
        (RegressionConfig, {"dataset_name": "airline-passengers"}, "custom"),
        (ClassificationConfig, {"dataset_name": "digits"}, "relu"),
        (MemoryConfig, {"memory_k": -5}, "tanh"),
    )
    for structure in (
        {"cell": "lstm"},
        {"cell": "gru"},
        {"num_layers": 2},
        {"cell": "lstm", "num_layers": 2, "bidirectional": True},
        {"cell": "gru", "bidirectional": True},
        {"cell": "gru", "num_layers": 2, "go_backwards": True},
    )
]


class Left:
    """What a finished run left, loaded."""

    def __init__(self, finished, dataset):
        self.finished = finished
        self.folder, self.stem = finished.config.output_dir, finished.config.stem
        self.part = dataset.evaluation
        self.arrays = weights.load(self.path("-weights.npz"))
        self.network = weights.integer_network(self.arrays)
        self.simple = isinstance(self.network, IntegerNetwork)
        self.codes = self.network.input.encode(self.part.x)
        self.outputs = TFLiteModel(self.path("-float32.tflite")).predict(self.part.x)

    def path(self, suffix):
        return self.folder / f"{self.stem}{suffix}"

    def close(self, outputs):
        # One sample has no range: then it is the size that counts.
        size = np.ptp(self.outputs) or np.abs(self.outputs).max()
        return np.abs(outputs - self.outputs).max() <= 1e-5 * size


def int8_codes(path, codes):
    """Run an int8 file in LiteRT and return its outputs before any softmax."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    (given,), (made,) = interpreter.get_input_details(), interpreter.get_output_details()
    named = {tensor["name"]: tensor["index"] for tensor in interpreter.get_tensor_details()}
    result = []
    for sample in codes:
        interpreter.set_tensor(given["index"], sample[None])
        interpreter.invoke()
        result.append(interpreter.get_tensor(named.get("logits", made["index"]))[0])
    return np.array(result)


def check_everything(left):
    """All forms agree with the exported files, the integer ones bit for bit, on every sample."""
    check_integers(left)
    arrays, network = left.arrays, left.network
    if left.simple:
        outputs = float_outputs(arrays, left.part.x)
        assert left.close(evaluation.softmax(outputs) if network.softmax else outputs)
    if layered(network).forward:
        made, found = TFLiteStepModel(left.path("-step-float32.tflite")).run_codes(left.part.x)
        assert left.close(made if layered(network).every_step else made[:, -1])
        if left.simple:
            # Near 0 the square root turns float32's last digit of its argument into a thousandth.
            tolerance = 2e-3 if arrays["activation"] == "custom" else 2e-5
            expected = float_states(arrays, left.part.x)
            assert np.allclose(found[0], expected, atol=tolerance * np.abs(expected).max())
    # PyTorch has LSTMs and GRUs with tanh only.
    if TORCH and (left.finished.config.cell == "simple" or left.finished.config.activation == "tanh"):
        from rnnexp.export.torch import load

        with torch.no_grad():
            assert left.close(load(left.path("-weights.npz"))(torch.from_numpy(left.part.x)).numpy())


def check_integers(left):
    """The integers have the same bits in every form, on every sample: arrays, files read back, every runtime, C."""
    network, codes = layered(left.network), left.codes
    content = left.path("-int8.tflite").read_bytes()
    expected = int8_codes(left.path("-int8.tflite"), codes)
    assert (layered_run(network, codes) == expected).all()
    assert (CompiledNetwork(left.network).run(codes) == expected).all()
    assert (layered_run(layered(from_tflite(content)), codes) == expected).all()
    if left.simple:
        assert (reference.run(left.network, codes) == expected).all()
    for kernels in KERNELS:
        sequence = TFLiteModel(left.path("-int8.tflite"), kernels=kernels).run_codes(codes)
        if not network.softmax:
            assert (sequence == expected).all()
        if not network.forward:
            continue
        made, found = TFLiteStepModel(left.path("-step-int8.tflite"), kernels=kernels).run_codes(codes)
        assert (made if network.every_step else made[:, -1] == sequence).all()
        # The values of every layer; what else a cell keeps comes behind them.
        kept = np.cumsum([0, *(len(layer.cells[0].states) for layer in network.layers)])
        values = states(network, codes)
        assert all((found[place] == layer).all() for place, layer in zip(kept, values, strict=False))
    for options in (["-O2"], ["-fsanitize=undefined,address", "-fno-sanitize-recover=all"]) if COMPILER else ():
        done = build_and_run(left.folder, left.stem, *options)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(params=["regression_run", "memory_run", "iris_run"])
def left(request, monkeypatch):
    finished = request.getfixturevalue(request.param)
    monkeypatch.chdir(finished.config.output_dir.parent)
    return Left(finished, datasets.load(finished.config))


@needs_compiler
def test_all_forms_agree(left):
    check_everything(left)


@needs_compiler
@pytest.mark.slow
@pytest.mark.parametrize(("kind", "settings"), PROJECT_RUNS)
def test_all_forms_agree_for_every_data_set_and_activation(tmp_path, kind, settings):
    config = kind(**settings, epochs=10, quiet=True, **folders(tmp_path))
    finished = run(config)
    assert finished.code == 0
    check_everything(Left(finished, datasets.load(config)))


def test_the_report_lists_every_file_with_its_checksum(left):
    exports = left.finished.report["exports"]
    # The last two are an encoder-decoder's.
    assert [file["file"] for file in exports["files"]] == [f"{left.stem}{suffix}" for suffix in takeaway.SUFFIXES[:-2]]
    for file in exports["files"]:
        content = (left.folder / file["file"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
    units, features, outputs = left.network.hidden_size, left.network.features, left.network.outputs
    numbers = 2 * units * (features + units + outputs) + 4 * (units + outputs) + 2 * 2048
    assert exports["constant_bytes"] == numbers
    assert (exports["state_bytes"], exports["stack_bytes"]) == (2 * units, 4 * (features + units))


def test_the_report_to_read_has_the_weights_and_the_sizes(left):
    text = (left.finished.folder / "report.md").read_text()
    assert weights.to_text(left.arrays).strip() in text
    assert f"{left.finished.report['exports']['constant_bytes']:,} bytes of flash" in text
    assert f"`{left.stem}-step-int8.tflite`" in text


def test_every_tflite_file_says_what_it_is(left):
    for suffix in ("-float32.tflite", "-int8.tflite", "-step-int8.tflite", "-step-float32.tflite"):
        about = metadata.read(left.path(suffix).read_bytes())
        assert about["dataset"] == left.finished.config.dataset_name
        assert about["input_map"] == left.finished.report["data"]["input_map"]
        assert about.get("classes", []) == left.finished.report["data"]["classes"]


def test_without_integers_there_is_no_c():
    about = {"activation": "tanh", "max_value": 1.0, "task": "memory", "time_steps": 3, "input_map": {"kind": "none"}}
    float_weights = [np.ones((1, 2)), np.eye(2), np.zeros(2), np.ones((2, 1)), np.zeros(1)]
    made = takeaway.make("n", about, float_weights, network=None, x=np.zeros((1, 3, 1)), step_float32=None)
    assert list(made.files) == ["-weights.npz"]
    assert made.sizes == {}
