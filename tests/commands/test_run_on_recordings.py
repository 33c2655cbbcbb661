"""Recordings of one's own: trained on, exported, then run from the same files, by every runtime and in C."""

import csv
import ctypes
import dataclasses
import io
import subprocess

import numpy as np
import pytest
from helpers.c_compiler import build_and_run, needs_compiler
from helpers.random_networks import inputs, integers, simple
from helpers.recordings import AXES, gesture, lines, ts_file
from helpers.runs import folders, once, run
from scipy.io import wavfile

from rnnexp.commands.run import main
from rnnexp.config import ClassificationConfig, RegressionConfig
from rnnexp.errors import UserError
from rnnexp.formats.about import About
from rnnexp.formats.tflite.int8.reader import from_tflite
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.formats.tflite.metadata import read_about
from rnnexp.preprocessing.input_map import TrainingRange
from rnnexp.runtimes.tflite import TFLiteModel

KINDS = ("flex", "punch")
COUNT, STEPS = 9, 60


def answers(capsys, model, path, *options):
    assert main([str(model), str(path), *options]) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


@pytest.fixture(scope="module")
def gestures(tmp_path_factory):
    """Two gestures, a CSV file each, blank lines between recordings: axes whose ranges differ a hundredfold."""

    def make(folder):
        (folder / "gestures").mkdir()
        for kind in KINDS:
            text = "\n\n".join("\n".join(lines(gesture(kind, number, STEPS))) for number in range(COUNT))
            (folder / "gestures" / f"{kind}.csv").write_text(f"{','.join(AXES)}\n{text}\n\n")
        settings = {"cell": "gru", "activation": "tanh", "hidden_size": 8, "epochs": 25, "samples_per_step": 4}
        return run(
            ClassificationConfig(dataset_name=str(folder / "gestures"), quiet=True, **settings, **folders(folder))
        )

    return once(tmp_path_factory, "gestures", make)


def test_gestures_are_told_apart(gestures):
    assert gestures.code == 0
    assert gestures.config.stem == "gestures-gru-tanh"
    models = gestures.report["models"]
    assert models["float32"]["metrics"]["accuracy"] == models["int8"]["metrics"]["accuracy"] == 1.0
    data = gestures.report["data"]
    assert (data["time_steps"], data["features"], data["classes"]) == (STEPS // 4, 24, list(KINDS))
    assert data["input_map"]["samples_per_step"] == 4
    assert len(data["input_map"]["mean"]) == 6
    # One number would do for none of them: rates of turning are a hundred times the accelerations.
    assert max(data["input_map"]["deviation"]) > 50 * min(data["input_map"]["deviation"])


@pytest.mark.parametrize("kind", ["int8", "float32"])
def test_run_takes_what_the_sensor_writes(gestures, capsys, tmp_path, kind):
    model = gestures.config.output_dir / f"gestures-gru-tanh-{kind}.tflite"
    new = {"flex": gesture("flex", 99, STEPS), "punch": gesture("punch", 98, STEPS)}
    for name, values in new.items():
        (tmp_path / f"{name}.csv").write_text("\n".join([",".join(AXES), *lines(values)]))
        (tmp_path / f"{name}-bare.csv").write_text("\n".join(lines(values)))
        # Other columns, in another order, by another separator.
        rows = [f"{t};{row}" for t, row in enumerate(lines(values[:, ::-1], ";"))]
        (tmp_path / f"{name}-more.csv").write_text("\n".join([";".join(("t", *AXES[::-1])), *rows]))
        np.save(tmp_path / f"{name}.npy", values)
        np.savez(tmp_path / f"{name}.npz", x=values[None])
        (tmp_path / f"{name}.ts").write_text(ts_file([(values, name)], classes="flex punch"))
        found = [
            answers(capsys, model, tmp_path / f"{name}{form}")
            for form in (".csv", "-bare.csv", "-more.csv", ".npy", ".npz", ".ts")
        ]
        assert all(len(rows) == 1 and rows[0]["class"] == name for rows in found)
        assert len({rows[0]["punch"] for rows in found}) == 1
    folder = answers(capsys, model, gestures.config.dataset_name)
    assert len(folder) == 2 * COUNT
    assert folder[0]["recording"] == "flex.csv 1"
    assert np.mean([row["recording"].startswith(row["class"]) for row in folder]) == 1


def test_all_runtimes_give_the_same(gestures, capsys):
    model = gestures.config.output_dir / "gestures-gru-tanh-int8.tflite"
    first, *others = (
        answers(capsys, model, gestures.config.dataset_name, "--runtime", runtime)
        for runtime in ("litert", "reference", "numpy", "c")
    )
    assert all([row["class"] for row in rows] == [row["class"] for row in first] for rows in others)


@needs_compiler
def test_c_makes_input_codes_of_samples_in_their_own_units(gestures, tmp_path):
    stem, folder = gestures.config.stem, gestures.config.output_dir
    assert build_and_run(folder, stem).returncode == 0
    subprocess.run(
        ["cc", "-std=c99", "-shared", "-fPIC", "-o", tmp_path / "net.so", folder / f"{stem}.c"], check=True, timeout=60
    )
    encode = ctypes.CDLL(str(tmp_path / "net.so")).gestures_gru_tanh_encode
    content = (folder / f"{stem}-int8.tflite").read_bytes()
    about, network = read_about(content), from_tflite(content)
    samples = np.concatenate([gesture(kind, 50, STEPS) for kind in KINDS]).reshape(-1, 24)
    samples = np.concatenate([samples, np.full((1, 24), 1e9), np.full((1, 24), -1e9)])
    offset, scale = about.input_map.scaling(samples[None])
    expected = network.input.encode(((samples - offset[0]) / scale[0]).astype(np.float32))
    found = np.empty_like(expected)
    for given, made in zip(samples.astype(np.float32), found, strict=True):
        encode(given.ctypes.data_as(ctypes.c_void_p), made.ctypes.data_as(ctypes.c_void_p))
    assert np.abs(found.astype(int) - expected).max() <= 1
    assert np.mean(found == expected) > 0.99


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "aX,aY\n1,2\n", "no column 'aZ', which the model names"),
        ("b.csv", "1,2\n3,4\n", "it has 2 columns of numbers, and the model reads 6 (aX, aY, aZ, gX, gY, gZ)"),
        ("c.csv", "1,2,3,4,5,6\n" * 50, "it has 50 samples, and the model reads recordings of 60 to 63"),
        ("e.csv", "1,2,3,4,5,x\n" * 3, "columns of numbers, and the model reads 6"),
        ("f.mat", "x", "no file of recordings"),
        ("g.csv", None, "there is no file and no folder"),
    ],
)
def test_what_does_not_fit_the_model(gestures, tmp_path, name, text, message):
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(UserError) as caught:
        main([str(gestures.model), str(tmp_path / name)])
    assert message in str(caught.value)
    assert name in str(caught.value)


# ---- windows over long recordings, of sound


@pytest.fixture(scope="module")
def tones(tmp_path_factory):
    """Low and high tones, a folder each, of different lengths and two channels: one number for every sample."""

    def make(folder):
        random = np.random.default_rng(0)
        for kind, hertz in (("low", 200), ("high", 900)):
            (folder / "tones" / kind).mkdir(parents=True)
            for number in range(6):
                time = np.arange(400 + 50 * number) / 4000
                tone = np.sin(2 * np.pi * (hertz * time + random.uniform()))
                sound = np.stack([8000 * tone, 300 * random.normal(size=len(tone))], axis=1)
                wavfile.write(folder / "tones" / kind / f"{number}.wav", 4000, sound.astype(np.int16))
        settings = {"cell": "gru", "activation": "tanh", "hidden_size": 16, "epochs": 30}
        settings |= {"window": 160, "stride": 40, "samples_per_step": 10}
        return run(ClassificationConfig(dataset_name=str(folder / "tones"), quiet=True, **settings, **folders(folder)))

    return once(tmp_path_factory, "tones", make)


def test_windows_of_sound(tones, capsys):
    assert tones.report["models"]["int8"]["metrics"]["accuracy"] > 0.95
    assert tones.report["data"]["time_steps"] == 16
    path = f"{tones.config.dataset_name}/high/5.wav"
    found = answers(capsys, tones.config.output_dir / "tones-gru-tanh-int8.tflite", path, "--runtime", "c")
    assert [row["recording"] for row in found[:2]] == ["5.wav:1-160", "5.wav:41-200"]
    assert len(found) == (650 - 160) // 40 + 1
    assert {row["class"] for row in found} == {"high"}


# ---- a number for each recording


@pytest.fixture(scope="module")
def heights(tmp_path_factory):
    """Bumps, of which the height is asked, with parts of their own and values in the thousands."""

    def make(folder):
        random = np.random.default_rng(0)
        for part, count in (("TRAIN", 60), ("TEST", 20)):
            heights = random.uniform(1000, 5000, count).round(1)
            bumps = [height * np.exp(-(((np.arange(30) - 15) / 5) ** 2)) + random.normal(size=30) for height in heights]
            recordings = [(bump[:, None], height) for bump, height in zip(bumps, heights, strict=True)]
            (folder / f"Bumps_{part}.ts").write_text(ts_file(recordings, target=True))
        settings = {"cell": "gru", "activation": "tanh", "epochs": 60, "samples_per_step": 3}
        return run(
            RegressionConfig(dataset_name=str(folder / "Bumps_TRAIN.ts"), quiet=True, **settings, **folders(folder))
        )

    return once(tmp_path_factory, "heights", make)


def test_a_number_for_each_recording(heights, capsys, tmp_path):
    assert heights.config.stem == "Bumps-gru-tanh"
    report = heights.report
    assert (report["data"]["train"], report["data"]["evaluation"]) == (60, 20)
    assert report["data"]["evaluation_part"] == "test part"
    assert report["models"]["int8"]["metrics"]["rmse"] < 0.15 * report["baselines"]["mean"]["rmse"]
    bump = 3000 * np.exp(-(((np.arange(30) - 15) / 5) ** 2))
    np.save(tmp_path / "bump.npy", bump)
    for runtime in ("litert", "c"):
        model = heights.config.output_dir / "Bumps-gru-tanh-int8.tflite"
        (row,) = answers(capsys, model, tmp_path / "bump.npy", "--runtime", runtime)
        assert float(row["prediction"]) == pytest.approx(3000, abs=400)


def test_a_map_of_other_features_is_refused(gestures):
    content = (gestures.config.output_dir / "gestures-gru-tanh-int8.tflite").read_bytes()
    about = read_about(content)
    with pytest.raises(ValueError, match="it is for 24 features, and there are 20"):
        about.input_map.scaling(np.zeros((1, 15, 20)))
    with pytest.raises(ValueError, match="nothing of what is predicted"):
        about.input_map.target_scaling(np.zeros((1, 15, 24)))
    assert dataclasses.replace(about, recordings=None).to_json().get("recordings") is None


def test_a_recording_for_a_model_that_names_no_columns(tmp_path, capsys):
    """One of a data set that somebody wrote: a table of as many columns as the model has features is one sample."""
    input_map = TrainingRange(to=1.0, minimum=(0.0, -1.0, -500.0), range=(1.0, 2.0, 1000.0), axis="feature")
    about = About(task="classification", input_map=input_map, classes=("a", "b"))
    # As many time steps as features: scaled along the wrong dimension, nothing would be noticed.
    network, _ = integers(simple(4, steps=3, features=3, softmax=True, gain=3.0), inputs(40, 3, 3))
    (tmp_path / "net.tflite").write_bytes(to_tflite(network, about.to_entries()))
    recording = np.array([[0.1, 0.9, 400.0], [0.5, -0.5, -100.0], [0.9, 0.0, 300.0]])
    (tmp_path / "one.csv").write_text("\n".join(["x,y,z", *lines(recording)]))
    np.save(tmp_path / "one.npy", recording[None])
    x = (recording - [0.0, -1.0, -500.0]) / [1.0, 2.0, 1000.0]
    expected = TFLiteModel(tmp_path / "net.tflite").predict(x[None].astype(np.float32))
    for name in ("one.csv", "one.npy"):
        (row,) = answers(capsys, tmp_path / "net.tflite", tmp_path / name)
        assert float(row["b"]) == pytest.approx(float(expected[0, -1]), abs=1e-6)
    (tmp_path / "short.csv").write_text("x,y,z\n1,2,3\n1,2,3\n")
    with pytest.raises(UserError, match="it has 2 samples, and the model reads recordings of 3"):
        main([str(tmp_path / "net.tflite"), str(tmp_path / "short.csv")])
