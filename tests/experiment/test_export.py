"""What a run leaves besides its models: all of it is the network that was exported, each in its own form."""

import hashlib

import numpy as np
import pytest
from helpers.c_compiler import needs_compiler
from helpers.equations import float_outputs, float_states
from helpers.left import Left, check_integers
from helpers.random_networks import simple
from helpers.runs import folders, run

from rnnexp import datasets
from rnnexp.config import ClassificationConfig, MemoryConfig, RegressionConfig
from rnnexp.experiment import export
from rnnexp.formats.about import About
from rnnexp.formats.npz import weights
from rnnexp.formats.tflite.metadata import read_about
from rnnexp.report import evaluation
from rnnexp.runtimes.tflite import TFLiteStepModel

try:
    import torch
except ImportError:
    TORCH = False
else:
    TORCH = True
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


def check_everything(left):
    """All forms agree with the exported files, the integer ones bit for bit, on every sample."""
    check_integers(left)
    arrays, network = left.arrays, left.network
    if left.simple:
        outputs = float_outputs(arrays, left.part.x)
        assert left.close(evaluation.softmax(outputs) if network.softmax else outputs)
    if network.forward:
        made, found = TFLiteStepModel(left.path("-step-float32.tflite")).run_codes(left.part.x)
        assert left.close(made if network.every_step else made[:, -1])
        if left.simple:
            # Near 0 the square root turns float32's last digit of its argument into a thousandth.
            tolerance = 2e-3 if arrays["activation"] == "custom" else 2e-5
            expected = float_states(arrays, left.part.x)
            assert np.allclose(found[0], expected, atol=tolerance * np.abs(expected).max())
    # PyTorch has LSTMs and GRUs with tanh only.
    if TORCH and (left.finished.config.cell == "simple" or left.finished.config.activation == "tanh"):
        from rnnexp.formats.torch import load

        with torch.no_grad():
            assert left.close(load(left.path("-weights.npz"))(torch.from_numpy(left.part.x)).numpy())


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
    assert [file["file"] for file in exports["files"]] == [f"{left.stem}{suffix}" for suffix in export.SUFFIXES[:-2]]
    for file in exports["files"]:
        content = (left.folder / file["file"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
    units, features, outputs = left.real.architecture.layers[0].units, left.network.features, left.network.outputs
    # Columns are in pairs; codes of values take 6 bytes, those of inputs 4.
    inputs, values = (count + count % 2 for count in (features, units))
    numbers = 2 * (units * (inputs + values) + outputs * values) + 4 * (units + outputs) + 2 * 2048
    assert exports["constant_bytes"] == numbers
    assert (exports["state_bytes"], exports["stack_bytes"]) == (2 * units, 4 * inputs + 6 * values)


def test_the_report_to_read_has_the_weights_and_the_sizes(left):
    text = (left.finished.folder / "report.md").read_text()
    assert weights.to_text(left.arrays).strip() in text
    assert f"{left.finished.report['exports']['constant_bytes']:,} bytes of flash" in text
    assert f"`{left.stem}-step-int8.tflite`" in text


def test_every_tflite_file_says_what_it_is(left):
    for suffix in ("-float32.tflite", "-int8.tflite", "-step-int8.tflite", "-step-float32.tflite"):
        about = read_about(left.path(suffix).read_bytes())
        assert about.dataset == left.finished.config.dataset_name
        assert about.input_map.to_json() == left.finished.report["data"]["input_map"]
        assert list(about.classes) == left.finished.report["data"]["classes"]


def test_without_integers_there_is_no_c():
    network = simple(2, steps=3)
    made = export.take_away("n", About(), network, integers=None, x=np.zeros((1, 3, 1)), step_float32=None)
    assert list(made.files) == ["-weights.npz"]
    assert made.sizes == {}
