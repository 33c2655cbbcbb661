"""Runs of networks that are not one layer of simple cells that reads forwards: what they leave, and that it agrees."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.left import Left, check_integers, kept_network
from helpers.runs import folders, run

from rnnexp import datasets
from rnnexp.commands import run as prediction
from rnnexp.config import MemoryConfig
from rnnexp.errors import UserError
from rnnexp.experiment import run as experiment
from rnnexp.experiment.checks import KERAS_TOLERANCE
from rnnexp.experiment.quantize import Calibration
from rnnexp.formats.keras import model as keras_models
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.formats.tflite.metadata import read_about
from rnnexp.quantization import reference
from rnnexp.runtimes.tflite import TFLiteModel, TFLiteStepModel, quantize

try:
    import tflite_micro  # noqa: F401
except ImportError:
    KERNELS = ("litert", "reference")
else:
    KERNELS = ("litert", "reference", "micro")

STRUCTURES = {
    "lstm": {"cell": "lstm"},
    "gru-2-layers": {"cell": "gru", "num_layers": 2},
    "simple-bidirectional": {"bidirectional": True},
    "lstm-2-layers-bidirectional": {"cell": "lstm", "num_layers": 2, "bidirectional": True},
    "gru-2-layers-backwards": {"cell": "gru", "num_layers": 2, "go_backwards": True},
    "fastgrnn": {"cell": "fastgrnn"},
    "fastgrnn-2-layers-rank-2": {"cell": "fastgrnn", "rank": 2, "num_layers": 2},
    "lstm-peephole-projection-3": {"cell": "lstm-peephole", "projection": 3},
    "lstm-2-layers-projection-3-bidirectional": {
        "cell": "lstm",
        "projection": 3,
        "num_layers": 2,
        "bidirectional": True,
    },
}


@pytest.fixture(
    scope="module",
    params=[name if name == "lstm" else pytest.param(name, marks=pytest.mark.slow) for name in STRUCTURES],
)
def structured(request, tmp_path_factory):
    """A network of another structure, trained on the memory task until it knows something."""
    path = tmp_path_factory.mktemp(request.param)
    settings = {"memory_signal_length": 200, "memory_n": 8, "memory_k": -2, "epochs": 60, "hidden_size": 5}
    return run(MemoryConfig(**settings, **STRUCTURES[request.param], **folders(path), quiet=True))


def integers_of(finished, dataset):
    return Calibration.of(dataset).quantize(kept_network(finished, dataset))


def int8_codes(file, x):
    return quantize(x, file.input.scale, file.input.zero_point, np.int8)


def test_every_structure_has_its_int8_model(structured):
    report, stem = structured.report, structured.config.stem
    assert structured.code == 0
    assert stem == f"memory-{structured.config.structure}-tanh"
    models, cost = report["models"], report["degradation"]
    assert models["float32"]["keras_difference"] < KERAS_TOLERANCE
    assert models["int8"]["latency_us"] > 0
    content = (structured.config.output_dir / f"{stem}-int8.tflite").read_bytes()
    assert models["int8"]["bytes"] == len(content)
    assert read_about(content).structure == structured.config.structure
    # It has learned something, and int8 has not lost it.
    assert models["float32"]["metrics"]["l2_normalized"] < 0.5 * report["baselines"]["mean"]["l2_normalized"]
    assert abs(cost["gap"]) < 0.003
    assert cost["plain_gap"] == cost["gap"]
    assert 0 < cost["state_error"] < 0.05
    assert not cost["fine_tuned"]
    assert "saturated" not in cost
    assert (structured.folder / "state_error.png").exists()


def test_every_structure_gives_the_same_bits_everywhere(structured):
    config, dataset = structured.config, datasets.load(structured.config)
    content = (config.output_dir / f"{config.stem}-int8.tflite").read_bytes()
    network = integers_of(structured, dataset)
    codes = network.input.encode(dataset.evaluation.x)
    expected = reference.run(network, codes)
    assert len(np.unique(expected)) > 50
    for kernels in KERNELS:
        assert (TFLiteModel(content, kernels=kernels).run_codes(codes) == expected).all()


def test_every_tensor_of_every_structure_is_in_the_report(structured):
    config = structured.config
    tensors = {tensor["name"]: tensor for tensor in structured.report["quantization"]}
    assert len(tensors) == len(structured.report["quantization"])
    scopes = [f"layer_{n + 1}/" for n in range(config.num_layers)] if config.num_layers > 1 else [""]
    scopes = [scope + way for scope in scopes for way in (("forward/", "backward/") if config.bidirectional else ("",))]
    word = {"lstm": "cell_state", "lstm-peephole": "cell_state", "gru": "long_state", "fastgrnn": "long_state"}.get(
        config.cell
    )
    for scope in scopes:
        assert tensors[f"{scope}state"]["saturated_share"] == 0
        if word:
            assert (tensors[scope + word]["dtype"], tensors[scope + word]["shape"]) == ("int16", [1, 5])
    assert tensors["input"]["saturated_share"] == tensors["output"]["saturated_share"] == 0
    values = config.projection or 5
    assert tensors["output_kernel"]["shape"] == [1, 2 * values if config.bidirectional else values]
    text = (structured.folder / "report.md").read_text()
    assert all(f"| {name} | {tensor['dtype']} |" in text for name, tensor in tensors.items())


def test_what_a_structure_leaves_besides_its_models(structured):
    config = structured.config
    forward = not (config.bidirectional or config.go_backwards)
    suffixes = ["-float32.tflite", "-int8.tflite", "-report.json", "-weights.npz", ".h", ".c", "-test.c", "-main.c"]
    suffixes += ["-step-float32.tflite", "-step-int8.tflite"] if forward else []
    assert sorted(path.name for path in config.output_dir.iterdir() if path.name != ".lock") == sorted(
        config.stem + suffix for suffix in suffixes
    )
    with np.load(config.output_dir / f"{config.stem}-weights.npz") as file:
        assert str(file["structure"]) == config.structure
        assert ("rnn_1/kernel" in file or "rnn_1/forward/kernel" in file) == (config.num_layers == 2)


def test_every_structure_is_the_same_network_in_every_form(structured, monkeypatch):
    monkeypatch.chdir(structured.config.output_dir.parent)
    check_integers(Left(structured, datasets.load(structured.config)))


@pytest.mark.parametrize("runtime", ["numpy", "c"])
def test_every_structure_runs_without_a_runtime(structured, tmp_path, capsys, runtime):
    if runtime == "c" and not shutil.which("cc"):
        pytest.skip("there is no C compiler `cc` here")
    np.save(tmp_path / "x.npy", np.random.default_rng(0).uniform(-1, 1, (30, 8)))
    path = structured.config.output_dir / f"{structured.config.stem}-int8.tflite"
    answers = []
    for chosen in ("litert", runtime):
        assert prediction.main([str(path), str(tmp_path / "x.npy"), "--runtime", chosen]) == 0
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1]
    assert len(set(answers[0].split(","))) > 20


def test_every_structure_can_start_from_its_own_weights(structured, tmp_path):
    config = structured.config
    path = config.output_dir / f"{config.stem}-weights.npz"
    again = config.model_copy(update={"weights": path, "epochs": 0, **folders(tmp_path)})
    finished = run(again)
    assert finished.code == 0
    for kind in ("float32", "int8"):
        name = f"{config.stem}-{kind}.tflite"
        assert (again.output_dir / name).read_bytes() == (config.output_dir / name).read_bytes()
    with pytest.raises(UserError, match=r"WEIGHTS: .*: set (CELL|NUM_LAYERS|BIDIRECTIONAL) to "):
        experiment.run(MemoryConfig(weights=path, **folders(tmp_path)))


def test_every_structure_is_fine_tuned_where_there_is_a_need(structured, tmp_path):
    again = structured.config.model_copy(
        update={
            "weights": structured.config.output_dir / f"{structured.config.stem}-weights.npz",
            "epochs": 0,
            # One that there is always a need for.
            "gap_limit": 1e-12,
            "qat_epochs": 2,
            **folders(tmp_path),
        }
    )
    finished = run(again)
    assert finished.code == 0
    cost = finished.report["degradation"]
    if cost["plain_training_gap"] <= 1e-12:
        assert "fine_tuning" not in cost
        return
    found = cost["fine_tuning"]
    assert [way["choice"] for way in found["tried"][:2]] == ["rounded to nearest", "rounded together"]
    assert found["tried"][2]["choice"].endswith("trained for 2 epochs")
    assert found["helped"] == cost["fine_tuned"]
    assert 0 < found["judged"] < found["fitted"]
    assert ("kept: " if found["helped"] else "tried, not kept: ") in (finished.folder / "report.md").read_text()


def test_stepping_gives_what_the_sequence_model_gives_at_every_step(structured):
    config, dataset = structured.config, datasets.load(structured.config)
    if not config.forward:
        pytest.skip("what starts at the end cannot go step by step")
    stem, x = config.output_dir / config.stem, dataset.evaluation.x[:20]
    int8, float32 = (TFLiteStepModel(Path(f"{stem}-step-{kind}.tflite")) for kind in ("int8", "float32"))
    made, states = int8.run_codes(int8_codes(int8, x))
    real, real_states = float32.run_codes(x)
    assert len(states) == config.num_layers * (1 if config.cell == "simple" else 2)
    assert len(real_states) == config.num_layers * (2 if config.cell.startswith("lstm") else 1)
    whole = np.asarray(keras_models.load(structured.folder / "model.keras")(x))
    np.testing.assert_allclose(real[:, -1], whole, atol=1e-5)
    network = integers_of(structured, dataset)
    for length in range(1, x.shape[1] + 1):
        shorter = TFLiteModel(to_tflite(replace(network, sequence_length=length)))
        assert (made[:, length - 1] == shorter.run_codes(int8_codes(int8, x[:, :length]))).all()
    assert (made[:, -1] == TFLiteModel(Path(f"{stem}-int8.tflite")).run_codes(int8_codes(int8, x))).all()
