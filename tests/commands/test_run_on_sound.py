"""Whole runs on Speech Commands: from clips to exported files, and to words."""

import csv
import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.c_compiler import needs_compiler
from helpers.clips import BROKEN, tone, write_folder, write_wav
from helpers.runs import folders, run

from rnnexp import datasets
from rnnexp.commands import run as prediction
from rnnexp.config import ClassificationConfig
from rnnexp.datasets.speech_commands.words import LABELS
from rnnexp.errors import UserError
from rnnexp.experiment import evaluate as results
from rnnexp.formats.tflite.int8.reader import from_tflite
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.formats.tflite.metadata import read_about
from rnnexp.runtimes.tflite import TFLiteModel


def config(path, **settings):
    return ClassificationConfig(
        **{"data_dir": path / "clips", "cache_dir": path / "cache", "epochs": 2, "hidden_size": 4, **settings},
        **folders(path),
    )


@pytest.fixture(scope="module")
def raw_run(tmp_path_factory):
    path = tmp_path_factory.mktemp("raw")
    write_folder(path / "clips", words=("yes", "no", "bird", "up"))
    listed = path / "clips" / "testing_list.txt"
    listed.write_text(listed.read_text().replace("up/c_nohash_0.wav", ""))
    loud = tone(250, seed=1)
    loud[:2] = 30000, -30000
    write_wav(path / "clips" / "no" / "e_nohash_0.wav", loud)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "ASIDE_STEPS", 4 * 60)  # four of the seven test clips
        return run(config(path, max_sequence_length=60, segment="loudest", class_weights="balanced"))


def test_a_run_on_raw_samples_comes_to_files_and_honest_figures(raw_run):
    assert raw_run.code == 0
    report = raw_run.report
    assert (report["data"]["train"], report["data"]["validation"], report["data"]["evaluation"]) == (14, 8, 7)
    assert report["data"]["evaluation_part"] == "test part"
    assert report["data"]["input_map"]["kind"] == "raw"
    assert report["config"]["batch_size"] == 32
    assert "majority class" in report["baselines"]
    recall = report["models"]["int8"]["metrics"]["recall"]
    assert set(recall) == {"bird", "no", "yes", "_silence_"}
    assert report["models"]["int8"]["metrics"]["absent"]["recall.up"] == "the test part has no such sequence"
    assert np.mean(list(recall.values())) == pytest.approx(report["models"]["int8"]["metrics"]["balanced_accuracy"])


def test_models_before_the_last_take_some_of_a_long_evaluation_part_and_say_so(raw_run):
    progress = raw_run.report["progress"]
    assert [step.get("sequences") for step in progress] == [4, 4, None]
    assert [np.sum(step["int8"]["confusion"]) for step in progress] == [4, 4, 7]
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


@pytest.fixture(scope="module")
def mfcc_run(tmp_path_factory):
    path = tmp_path_factory.mktemp("mfcc")
    write_folder(path / "clips")
    return run(config(path, features="mfcc", max_sequence_length=10, augmentation=1.0, cell="gru", activation="tanh"))


def file(finished, kind):
    return finished.model.with_name(finished.model.name.replace("float32", kind))


@pytest.mark.parametrize("kind", ["float32", "int8"])
def test_features_go_into_the_file_with_all_that_makes_them(mfcc_run, kind):
    assert mfcc_run.code == 0
    about = read_about(file(mfcc_run, kind).read_bytes())
    assert about.input_map.to_json() == mfcc_run.report["data"]["input_map"]
    assert (about.input_map.kind, len(about.input_map.mean)) == ("mfcc", 10)
    assert about.classes == LABELS


@pytest.mark.parametrize("kind", ["float32", "int8"])
@pytest.mark.parametrize("name", ["raw_run", "mfcc_run"])
def test_a_wav_file_gets_the_words_that_the_evaluation_has_for_it(request, capsys, name, kind):
    finished = request.getfixturevalue(name)
    # The last clip of the test part.
    clip = finished.config.data_dir / "yes" / "c_nohash_0.wav"
    assert prediction.main([str(file(finished, kind)), str(clip)]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    (expected,) = TFLiteModel(file(finished, kind)).predict(datasets.load(finished.config).evaluation.x[-1:])
    found = [float(row["probability"]) for row in rows]
    # float16 inputs in the evaluation: an int8 code of the input more or less.
    np.testing.assert_allclose(found, np.sort(expected)[:-4:-1], atol=0.02)
    for row in rows:
        assert expected[finished.report["data"]["classes"].index(row["word"])] == pytest.approx(
            float(row["probability"]), abs=0.02
        )


@needs_compiler
@pytest.mark.parametrize("name", ["raw_run", "mfcc_run"])
def test_the_c_listens_itself(request, capsys, name):
    finished = request.getfixturevalue(name)
    clip = finished.config.data_dir / "yes" / "c_nohash_0.wav"
    answers = []
    for runtime in ("c", "numpy"):
        assert prediction.main([str(file(finished, "int8")), str(clip), "--runtime", runtime]) == 0
        answers.append(list(csv.reader(capsys.readouterr().out.splitlines()[1:])))
    # An input code more or less, if any.
    found, expected = ([float(probability) for _, probability in answer] for answer in answers)
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_a_model_of_other_clips_is_refused_by_the_c_as_well(mfcc_run, tmp_path):
    network = from_tflite(file(mfcc_run, "int8").read_bytes())
    about = read_about(file(mfcc_run, "int8").read_bytes())
    other = replace(about, input_map=about.input_map.model_copy(update={"sample_rate": 8000}))
    (tmp_path / "other.tflite").write_bytes(to_tflite(network, other.to_entries()))
    clip = write_wav(tmp_path / "clip.wav", tone(300))
    with pytest.raises(UserError, match="not of 16000 samples"):
        prediction.main([str(tmp_path / "other.tflite"), str(clip), "--runtime", "c"])


@pytest.mark.parametrize("runtime", ["reference", "numpy"])
def test_any_runtime_answers_alike(mfcc_run, capsys, runtime):
    answers = []
    for options in ([], ["--runtime", runtime]):
        clip = mfcc_run.config.data_dir / "yes" / "c_nohash_0.wav"
        assert prediction.main([str(file(mfcc_run, "int8")), str(clip), *options]) == 0
        answers.append([row.split(",") for row in capsys.readouterr().out.splitlines()[1:]])
    # Each computes the softmax in its own way; equals may change places.
    values = [[float(probability) for _, probability in answer] for answer in answers]
    np.testing.assert_allclose(*values, atol=1 / 256 + 1e-4)


def test_short_wav_files_are_padded_and_those_a_little_too_long_are_cut(mfcc_run, tmp_path, capsys):
    samples = tone(300, 30000, seed=4)
    answers = []
    for length, padded in ((3000, np.pad(samples[:3000], (0, 13000))), (16300, samples[:16000])):
        for content in (samples[:length], padded):
            assert prediction.main([str(mfcc_run.model), str(write_wav(tmp_path / "clip.wav", content))]) == 0
            answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1] != answers[2] == answers[3]
    assert answers[0].splitlines()[0] == "word,probability"
    assert len(answers[0].splitlines()) == 4


@pytest.mark.parametrize("kind", BROKEN)
def test_a_wav_file_that_is_no_clip(mfcc_run, tmp_path, kind):
    make, reason = BROKEN[kind]
    path = tmp_path / "clip.wav"
    make(path)
    with pytest.raises(UserError) as caught:
        prediction.main([str(mfcc_run.model), str(path)])
    assert str(caught.value).startswith(f"{path} cannot be used: {reason}")
    assert str(caught.value).endswith(
        "It must be a wav file of 16-bit PCM, one channel, 16000 samples a second; --resample converts what can be"
    )


def test_what_is_no_wav_file_or_no_model_of_sound(mfcc_run, iris_run, tmp_path):
    clip = write_wav(tmp_path / "clip.wav", tone(300))
    with pytest.raises(UserError, match=f"{iris_run.model} is no model of sound, and {clip} is for one"):
        prediction.main([str(iris_run.model), str(clip)])
    with pytest.raises(UserError, match=r"there is no file .*other\.wav"):
        prediction.main([str(mfcc_run.model), str(tmp_path / "other.wav")])
    with pytest.raises(UserError, match=r"can be run on: .csv, .*.npy, .*or, if of sound, .wav"):
        prediction.main([str(mfcc_run.model), str(tmp_path / "clip.mp3")])


@pytest.mark.parametrize(("old", "new"), [(b'"frames":10', b'"frames":11'), (b'"frame_step":320', b'"frame_step":"a"')])
def test_a_file_that_says_something_else_of_its_inputs(mfcc_run, tmp_path, old, new):
    content = mfcc_run.model.read_bytes()
    assert old in content
    # As long as before, so that nothing moves.
    (tmp_path / "other.tflite").write_bytes(content.replace(old, new))
    with pytest.raises(UserError, match=r"says that sound becomes \[11, 10\]|says nothing usable about how its inputs"):
        prediction.main([str(tmp_path / "other.tflite"), str(write_wav(tmp_path / "clip.wav", tone(300)))])


def test_samples_of_features_can_still_be_given_as_numbers(mfcc_run, tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.zeros((2, 10, 10)))
    assert prediction.main([str(mfcc_run.model), str(tmp_path / "x.npy")]) == 0
    assert capsys.readouterr().out.splitlines()[0] == ",".join(["sample", "class", *LABELS])


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


@pytest.mark.slow
def test_the_first_run_on_features_is_quiet_too(tmp_path):
    """Where the cache is still empty, TensorFlow is imported for the features, before the training."""
    write_folder(tmp_path / "clips", words=("yes", "no", "bird", "up"))
    root = Path(__file__).parents[2]
    program = [sys.executable, root / "run_classification.py", "--features", "log-mel", "--epochs", "1", "--quiet"]
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(
        [*program, "--data-dir", "clips"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")
