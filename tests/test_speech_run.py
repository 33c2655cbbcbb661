"""Whole runs on Speech Commands: from clips to exported files."""

import os
from pathlib import Path

import numpy as np
import pytest
from clips import tone, write_folder, write_wav
from conftest import folders, run

from rnnexp import results
from rnnexp.config import ClassificationConfig
from rnnexp.datasets import speech_folder
from rnnexp.export import metadata
from rnnexp.runtime import TFLiteModel


def config(path, **settings):
    return ClassificationConfig(
        **{"data_dir": path / "clips", "cache_dir": path / "cache", "epochs": 2, "hidden_size": 4, **settings},
        **folders(path),
    )


@pytest.fixture(scope="module")
def raw_run(tmp_path_factory):
    path = tmp_path_factory.mktemp("raw")
    write_folder(path / "clips", words=("yes", "no", "bird", "up"))
    loud = tone(250, seed=1)
    loud[:2] = 30000, -30000
    write_wav(path / "clips" / "no" / "e_nohash_0.wav", loud)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "ASIDE_STEPS", 4 * 60)  # four of the six test clips
        return run(config(path, max_sequence_length=60, segment="loudest", class_weights="balanced"))


def test_a_run_on_raw_samples_comes_to_files_and_honest_figures(raw_run):
    assert raw_run.code == 0
    report = raw_run.report
    assert (report["data"]["train"], report["data"]["validation"], report["data"]["evaluation"]) == (17, 6, 6)
    assert report["data"]["evaluation_part"] == "test part"
    assert report["data"]["input_map"]["kind"] == "raw"
    assert report["config"]["batch_size"] == 32
    assert "majority class" in report["baselines"]
    recall = report["models"]["int8"]["metrics"]["recall"]
    assert set(recall) == {"yes", "_silence_", "_unknown_"}
    assert report["models"]["int8"]["metrics"]["absent"]["recall.down"] == "the test part has no such sequence"
    assert np.mean(list(recall.values())) == pytest.approx(report["models"]["int8"]["metrics"]["balanced_accuracy"])


def test_models_before_the_last_take_some_of_a_long_evaluation_part_and_say_so(raw_run):
    progress = raw_run.report["progress"]
    assert [step.get("sequences") for step in progress] == [4, 4, None]
    assert [np.sum(step["int8"]["confusion"]) for step in progress] == [4, 4, 6]
    text = (raw_run.folder / "report.md").read_text()
    assert "| float32 epoch 1 (of 4) |" in text
    assert "| float32 epoch 2 |" in text


def test_the_int8_model_takes_the_upper_bits_of_samples(raw_run):
    """Where samples reach the limits, 256 steps of a power of two lead from one to the other, and zero is zero."""
    model = TFLiteModel(raw_run.model.with_name(raw_run.model.name.replace("float32", "int8")))
    about = raw_run.report["data"]["input_map"]
    assert model.input.scale == -about["minimum"] / 128
    assert model.input.zero_point == 0
    assert np.log2(model.input.scale) % 1 == 0


def test_features_go_into_the_file_with_all_that_makes_them(tmp_path):
    write_folder(tmp_path / "clips")
    done = run(config(tmp_path, features="mfcc", max_sequence_length=10, epochs=1))
    assert done.code == 0
    for kind in ("float32", "int8"):
        about = metadata.read(done.model.with_name(done.model.name.replace("float32", kind)).read_bytes())
        assert about["input_map"] == done.report["data"]["input_map"]
        assert (about["input_map"]["kind"], len(about["input_map"]["mean"])) == ("mfcc", 10)
        assert about["classes"] == list(speech_folder.LABELS)


@pytest.mark.slow
def test_the_defaults_run_to_the_end_on_real_clips(tmp_path):
    clips = os.environ.get("RNNEXP_SPEECH_COMMANDS")
    if not clips:
        pytest.skip("RNNEXP_SPEECH_COMMANDS does not name a folder with Speech Commands")
    done = run(config(tmp_path, data_dir=Path(clips), epochs=5, hidden_size=10))
    assert done.code == 0
    metrics, baseline = done.report["models"]["int8"]["metrics"], done.report["baselines"]["majority class"]
    # A tenth of a second, mostly before the word begins, tells next to nothing.
    assert abs(metrics["accuracy"] - baseline["accuracy"]) < 0.15
