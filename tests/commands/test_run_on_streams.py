"""A network that listens without a break: trained, judged, and run on recordings of any length."""

import csv
import io
import shutil

import numpy as np
import pytest
from helpers.c_compiler import needs_compiler
from helpers.clips import SPEAKERS, spoken_tone, write_folder, write_wav
from helpers.runs import folders, run

from rnnexp.commands import run as prediction
from rnnexp.config import ClassificationConfig
from rnnexp.datasets.speech_commands.streams import arrays
from rnnexp.errors import UserError
from rnnexp.formats.tflite.metadata import read_about

RATE = 16000
PITCHES = {"yes": 400, "no": 1200, "bird": 3000}


def said(word, begin, end, seed, count=RATE):
    """A word in a quiet room."""
    room = np.random.default_rng(seed).normal(0, 30, count)
    return (spoken_tone(PITCHES[word], begin, end, 4000, count) + room).astype(np.int16)


def clips(path):
    """A folder of words that are told apart by their pitch."""
    write_folder(path, words=tuple(PITCHES), noise_seconds=3.1)
    for word in PITCHES:
        for number, speaker in enumerate(SPEAKERS):
            for take in range(6):
                samples = said(word, 1500 + 500 * take, 8000 + 700 * number + 500 * take, 10 * number + take)
                write_wav(path / word / f"{speaker}_nohash_{take}.wav", samples)
    return path


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    path = tmp_path_factory.mktemp("streams")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrays, "MINUTES", {"validation": (0.5, "train"), "test": (0.5, "test")})
        return run(
            ClassificationConfig(
                data_dir=clips(path / "clips"),
                cache_dir=path / "cache",
                words=["yes", "no"],
                features="log-mel",
                stream_seconds=3.0,
                cell="gru",
                activation="tanh",
                hidden_size=16,
                batch_size=8,
                learning_rate=0.02,
                epochs=60,
                qat_epochs=0,
                quiet=True,
                **folders(path),
            )
        )


def int8(finished):
    return finished.model.with_name(finished.model.name.replace("float32", "int8"))


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Nine seconds in which yes, no, another word and yes are said."""
    samples = np.random.default_rng(0).normal(0, 30, 9 * RATE).astype(np.int16)
    for second, word in ((1, "yes"), (3, "no"), (5, "bird"), (7, "yes")):
        samples[second * RATE : (second + 1) * RATE] = said(word, 3000, 10000, second)
    return write_wav(tmp_path_factory.mktemp("recording") / "day.wav", samples)


def words(text):
    return [(row["word"], float(row["seconds"])) for row in csv.DictReader(io.StringIO(text))]


def test_a_run_is_judged_by_what_it_finds_in_minutes_of_sound(heard):
    listening = heard.report["listening"]
    assert set(listening["models"]) == {"float32", "int8"}
    for made in listening["models"].values():
        assert made["found"] >= 0.9
        assert made["false_alarms_per_hour"] == 0
        assert made["others_taken"] <= 0.2
    assert (listening["words"], listening["other_words"]) == (2, 1)
    assert listening["noise_minutes"] == pytest.approx(0.5, rel=0.02)
    chosen = next(each for each in listening["thresholds"] if each["threshold"] == listening["threshold"])
    quiet = [
        each["detections"]["found"]
        for each in listening["thresholds"]
        if each["detections"]["false_alarms_per_hour"] <= listening["limit"]
    ]
    assert chosen["detections"]["found"] == max(quiet)
    text = (heard.folder / "report.md").read_text()
    assert "## Listening without a break" in text
    assert f"passes {listening['threshold']:g}" in text
    page = (heard.folder / "report.html").read_text()
    assert "連続音声からの検出" in page
    assert "Listening without a break" in page
    assert read_about(int8(heard).read_bytes()).detector.threshold == listening["threshold"]


@needs_compiler
def test_every_runtime_hears_the_same_words_at_the_same_time(heard, recording, capsys):
    texts = {}
    for runtime in ("litert", "reference", "numpy", "c"):
        assert prediction.main([str(int8(heard)), str(recording), "--runtime", runtime]) == 0
        texts[runtime], errors = capsys.readouterr()
        assert errors == ""
    assert texts["numpy"] == texts["c"]
    found = words(texts["c"])
    for text in texts.values():
        # The files of LiteRT have probabilities in steps of 1/256, so that the largest of equals may be another.
        made = words(text)
        assert [word for word, _ in made] == ["yes", "no", "yes"]
        assert [seconds for _, seconds in made] == pytest.approx([seconds for _, seconds in found], abs=0.2)
    # At the end of each, and a moment later.
    assert all(end - 0.1 < seconds < end + 0.5 for (_, seconds), end in zip(found, (1.6, 3.6, 7.6), strict=True))
    step = int8(heard).with_name(int8(heard).name.replace("-int8", "-step-int8"))
    assert prediction.main([str(step), str(recording)]) == 0
    assert capsys.readouterr().out == texts["litert"]
    assert prediction.main([str(heard.model), str(recording)]) == 0
    by_float32 = words(capsys.readouterr().out)
    assert [word for word, _ in by_float32] == ["yes", "no", "yes"]
    assert [seconds for _, seconds in by_float32] == pytest.approx([seconds for _, seconds in found], abs=0.2)


def test_a_word_at_the_very_end_is_heard_and_silence_is_not(heard, tmp_path, capsys):
    end = write_wav(tmp_path / "end.wav", said("no", 3000, 10000, 0, 10000))
    assert prediction.main([str(int8(heard)), str(end)]) == 0
    assert [word for word, _ in words(capsys.readouterr().out)] == ["no"]
    nothing = write_wav(tmp_path / "nothing.wav", said("no", 0, 0, 0, 3 * RATE))
    assert prediction.main([str(int8(heard)), str(nothing)]) == 0
    assert capsys.readouterr().out == "seconds,word,probability\n"


def test_without_the_file_of_one_time_step_the_message_says_what_to_do(heard, recording, tmp_path, capsys):
    alone = tmp_path / int8(heard).name
    shutil.copy(int8(heard), alone)
    with pytest.raises(UserError, match=r"-step-int8\.tflite, the file of one time step .* or take --runtime numpy"):
        prediction.main([str(alone), str(recording)])
    assert prediction.main([str(alone), str(recording), "--runtime", "numpy"]) == 0
    assert [word for word, _ in words(capsys.readouterr().out)] == ["yes", "no", "yes"]
    with pytest.raises(UserError, match="--steps is for a series"):
        prediction.main([str(alone), str(recording), "--steps", "3"])


def test_a_model_of_clips_slides_over_a_long_recording(tmp_path, recording, capsys):
    finished = run(
        ClassificationConfig(
            data_dir=clips(tmp_path / "clips"),
            cache_dir=tmp_path / "cache",
            words=["yes", "no"],
            features="log-mel",
            cell="gru",
            activation="tanh",
            hidden_size=12,
            batch_size=8,
            learning_rate=0.02,
            augmentation=1.0,
            epochs=40,
            qat_epochs=0,
            quiet=True,
            **folders(tmp_path),
        )
    )
    assert finished.report.get("listening") is None
    assert prediction.main([str(int8(finished)), str(recording)]) == 0
    found = words(capsys.readouterr().out)
    assert [word for word, _ in found] == ["yes", "no", "yes"]
    assert all(abs(seconds - middle) < 0.8 for (_, seconds), middle in zip(found, (1.4, 3.4, 7.4), strict=True))
