"""Whole runs with IO_BITS = 16: series, recordings, classes and memory, and all that they leave."""

import csv
import ctypes
import io
import subprocess

import numpy as np
import pytest
from helpers.c_compiler import COMPILER, needs_compiler
from helpers.left import KERNELS, Left, check_integers
from helpers.recordings import AXES, gesture, lines
from helpers.runs import folders, once, run, wave, write_series

from rnnexp import datasets
from rnnexp.commands.run import main
from rnnexp.config import ClassificationConfig, MemoryConfig, RegressionConfig
from rnnexp.formats.tflite.int8.reader import from_tflite
from rnnexp.formats.tflite.metadata import read_about
from rnnexp.runtimes.tflite import TFLiteModel, TFLiteStepModel

CASES = ("series", "recordings", "classes", "memory")


def settings(case, folder):
    given = {"io_bits": 16, "hidden_size": 5, "epochs": 2, "quiet": True, **folders(folder)}
    match case:
        case "series":
            path = write_series(folder, "wave", wave(200))
            # Fine-tuned, in the arithmetic with int16 inputs, whatever it loses.
            return RegressionConfig(dataset_name=str(path), sequence_length=6, gap_limit=1e-12, qat_epochs=2, **given)
        case "recordings":
            place = folder / "gestures"
            place.mkdir()
            for kind in ("flex", "punch"):
                text = "\n\n".join("\n".join(lines(gesture(kind, number))) for number in range(9))
                (place / f"{kind}.csv").write_text(f"{','.join(AXES)}\n{text}\n\n")
            cell = {"cell": "gru", "activation": "tanh", "samples_per_step": 4}
            return ClassificationConfig(dataset_name=str(place), **cell, **given)
        case "classes":
            return ClassificationConfig(
                dataset_name="iris", activation="tanh", cell="lstm", bidirectional=True, **given
            )
        case _:
            return MemoryConfig(memory_signal_length=300, memory_n=20, activation="tanh", **given)


@pytest.fixture(scope="module", params=CASES)
def case(request):
    return request.param


@pytest.fixture(scope="module")
def finished(case, tmp_path_factory):
    return once(tmp_path_factory, f"io-bits-{case}", lambda folder: run(settings(case, folder)))


def test_all_that_is_left_agrees(finished):
    left = Left(finished, datasets.load(finished.config))
    assert left.network.io_bits == 16
    check_integers(left)
    model = TFLiteModel(left.path("-int8.tflite"))
    assert {spec.dtype for spec in (model.input, model.output)} == {np.int16}
    if left.network.forward:
        step = TFLiteStepModel(left.path("-step-int8.tflite"))
        assert {spec.dtype for spec in (step.input, step.output, *step.states)} == {np.int16}


def test_the_report_says_so(case, finished):
    report = finished.report
    assert report["config"]["io_bits"] == 16
    named = {tensor["name"]: tensor for tensor in report["quantization"]}
    for name in ("input", "output"):
        assert (named[name]["dtype"], named[name]["zero_point"]) == ("int16", 0)
    assert named["output"]["scale"] < 1e-3 or case == "series"
    assert abs(report["degradation"]["gap"]) < 0.003
    assert ("robust_gap" in report["degradation"]) == (case in ("series", "memory"))


def test_every_runtime_answers_the_same_on_the_command_line(case, finished, capsys, tmp_path):
    """What they make of the same integers, to the digits of a probability that each computes in its own way."""
    dataset = datasets.load(finished.config)
    given = finished.config.dataset_name if case in ("series", "recordings") else str(tmp_path / "samples.npy")
    np.save(tmp_path / "samples.npy", dataset.evaluation.x[:3])
    model = finished.config.output_dir / f"{finished.config.stem}-int8.tflite"
    found = []
    for runtime in (*KERNELS, "numpy", *(["c"] if COMPILER else [])):
        assert main([str(model), given, "--runtime", runtime]) == 0
        found.append([list(row.values()) for row in csv.DictReader(io.StringIO(capsys.readouterr().out))])
    assert len(found[0]) >= 3
    if case in ("series", "memory"):
        assert all(rows == found[0] for rows in found)
        return
    for rows in found:
        assert [row[1] for row in rows] == [row[1] for row in found[0]]
        np.testing.assert_allclose(*([[float(p) for p in row[2:]] for row in r] for r in (rows, found[0])), atol=1e-3)


@needs_compiler
@pytest.mark.parametrize("case", ["recordings"], indirect=True)
def test_c_makes_int16_codes_of_samples_in_their_own_units(finished, tmp_path):
    stem, folder = finished.config.stem, finished.config.output_dir
    subprocess.run(
        ["cc", "-std=c99", "-shared", "-fPIC", "-o", tmp_path / "net.so", folder / f"{stem}.c"], check=True, timeout=60
    )
    encode = ctypes.CDLL(str(tmp_path / "net.so")).gestures_gru_tanh_encode
    content = (folder / f"{stem}-int8.tflite").read_bytes()
    about, network = read_about(content), from_tflite(content)
    samples = np.concatenate([gesture(kind, 50) for kind in ("flex", "punch")]).reshape(-1, 24)
    samples = np.concatenate([samples, np.full((1, 24), 1e9), np.full((1, 24), -1e9)])
    offset, scale = about.input_map.scaling(samples[None])
    expected = network.input.encode(((samples - offset[0]) / scale[0]).astype(np.float32))
    found = np.empty_like(expected)
    for given, made in zip(samples.astype(np.float32), found, strict=True):
        encode(given.ctypes.data_as(ctypes.c_void_p), made.ctypes.data_as(ctypes.c_void_p))
    assert (found[-2] == 8128).all()
    assert (found[-1] == -8128).all()
    assert np.abs(found.astype(int) - expected).max() <= 1
