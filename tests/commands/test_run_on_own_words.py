"""Whole runs on words of one's own: from a folder to exported files, C, and the words of a clip."""

import csv
import io

import numpy as np
import pytest
from helpers.clips import tone, write_wav
from helpers.command_line import ended
from helpers.runs import folders, run

from rnnexp.commands import run as prediction
from rnnexp.config import ClassificationConfig
from rnnexp.errors import UserError
from rnnexp.formats.tflite.metadata import read_about

LOW, HIGH = "はい", "いいえ"
HERTZ = {LOW: 400, HIGH: 1200}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("words")
    for word, hertz in HERTZ.items():
        for clip in range(20):
            samples = tone(hertz + 5 * clip, 13000 + 100 * clip, seed=hertz + clip)
            write_wav(path / "音声" / word / f"s{clip:02d}_nohash_0.wav", samples)
    network = {"cell": "gru", "activation": "tanh", "hidden_size": 6, "epochs": 40, "learning_rate": 0.02}
    data = {"data_dir": path / "音声", "cache_dir": path / "cache", "features": "mfcc", "max_sequence_length": 15}
    return run(ClassificationConfig(**network, **data, **folders(path)))


def int8(finished):
    return finished.model.with_name(finished.model.name.replace("float32", "int8"))


def test_two_words_are_told_apart(finished):
    assert finished.code == 0
    report = finished.report
    assert report["data"]["classes"] == [HIGH, LOW]
    assert report["data"]["source"] == "clips of spoken words, from the folder 音声"
    assert report["baselines"]["majority class"]["accuracy"] == 0.5
    for kind in ("float32", "int8"):
        metrics = report["models"][kind]["metrics"]
        assert metrics["recall"] == {HIGH: 1.0, LOW: 1.0}
    assert report["config"]["words"] == []


def test_the_files_have_the_words(finished):
    assert read_about(int8(finished).read_bytes()).classes == (HIGH, LOW)
    source = finished.model.with_name(finished.model.name.replace("-float32.tflite", ".c")).read_text()
    for word in HERTZ:
        assert "".join(f"\\{byte:03o}" for byte in word.encode()) in source


def words(capsys, arguments):
    assert prediction.main([str(argument) for argument in arguments]) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


@pytest.mark.parametrize("runtime", ["litert", "numpy", "c"])
@pytest.mark.parametrize("word", HERTZ)
def test_a_clip_gets_its_word(finished, tmp_path, capsys, word, runtime):
    clip = write_wav(tmp_path / "clip.wav", tone(HERTZ[word] + 33, 14000, seed=999))
    rows = words(capsys, [int8(finished), clip, "--runtime", runtime])
    assert [row["word"] for row in rows] == [word, *(other for other in HERTZ if other != word)]
    assert float(rows[0]["probability"]) > 0.6


@pytest.mark.parametrize("word", HERTZ)
def test_a_clip_of_another_rate_gets_its_word_when_resampled(finished, tmp_path, capsys, word):
    samples = 2000 * np.sin(2 * np.pi * HERTZ[word] * np.arange(44100) / 44100)
    clip = write_wav(tmp_path / "clip.wav", samples.astype(np.int16), rate=44100)
    with pytest.raises(UserError, match=r"44100 samples a second, not 16000. .*; --resample converts what can be"):
        prediction.main([str(int8(finished)), str(clip)])
    assert words(capsys, [int8(finished), clip, "--resample"])[0]["word"] == word


def test_resample_is_for_sound(finished, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((2, 15, 10)))
    with pytest.raises(UserError, match=r"--resample is for a .wav and a model of sound"):
        prediction.main([str(int8(finished)), str(tmp_path / "x.npy"), "--resample"])


def test_a_folder_without_a_word_ends_with_one_message(tmp_path, capsys):
    for name in ("a", "b"):
        (tmp_path / "clips" / name).mkdir(parents=True)
    code, out, err = ended(capsys, ["--data-dir", str(tmp_path / "clips")], "classification")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "which has no word: it must hold a folder of wav files for each word" in err


def test_words_that_are_not_there_end_with_one_message(finished, capsys):
    arguments = ["--data-dir", str(finished.config.data_dir), "--words", LOW, "うん"]
    code, out, err = ended(capsys, arguments, "classification")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"WORDS names 'うん', and {finished.config.data_dir} has no folder of that name" in err
    assert f"(there are: {HIGH}, {LOW})" in err
