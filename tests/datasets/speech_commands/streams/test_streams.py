"""Streams of clips: where words are, what is to be answered, and what is in the background."""

import numpy as np
import pytest
from helpers.clips import spoken_tone, tone, write_folder, write_wav
from helpers.command_line import ended

from rnnexp import datasets
from rnnexp.config import ClassificationConfig
from rnnexp.datasets.dataset import IGNORED
from rnnexp.datasets.speech_commands.streams import arrays, background, listening, mixing
from rnnexp.datasets.speech_commands.streams.layout import Layout
from rnnexp.datasets.speech_commands.streams.mixing import Material
from rnnexp.datasets.speech_commands.streams.speech import spoken
from rnnexp.errors import UserError
from rnnexp.preprocessing import features
from rnnexp.preprocessing.frames import Frames

RATE = 16000
FRAMES = Frames(640, 320)
SILENCE = 2


@pytest.fixture(scope="module")
def material():
    """Two words of two pitches, and noise."""
    clips = [spoken_tone(hertz, 3000 + 500 * n, 9000 + 500 * n) for n in range(4) for hertz in (300, 900)]
    noise = np.random.default_rng(0).normal(0, 100, (3, RATE)).astype(np.int16)
    return Material(np.concatenate([clips, noise]), np.array([0, 1] * 4 + [SILENCE] * 3), SILENCE)


@pytest.mark.parametrize("loudness", [200, 3000, 30000])
@pytest.mark.parametrize("noise", [0.0, 20.0])
def test_where_somebody_speaks_is_found_to_a_few_hundredths_of_a_second(loudness, noise):
    clips = np.stack([spoken_tone(300, 4000, 11000, loudness), spoken_tone(2000, 0, 16000, loudness)])
    clips = np.rint(clips + noise * np.random.default_rng(0).normal(size=clips.shape)).astype(np.int16)
    begin, end = spoken(clips)
    assert np.abs(begin - [4000, 0]).max() <= 0.02 * RATE
    assert np.abs(end - [11000, 16000]).max() <= 0.02 * RATE


def test_of_a_silent_clip_all_is_speech():
    begin, end = spoken(np.zeros((1, RATE), np.int16))
    assert (begin, end) == (0, RATE)


def test_every_clip_is_in_one_stream_and_some_streams_have_none():
    labels = np.repeat([0, 1, 3], [40, 30, 20])
    layout = Layout.draw(labels, 3 * RATE, np.random.default_rng(0))
    assert np.array_equal(np.sort(layout.words[:, 1]), labels)
    with_words = len(np.unique(layout.words[:, 0]))
    assert with_words == layout.streams - np.ceil(0.15 * with_words)
    assert layout.words[:, 2].max() <= 3 * RATE
    same = layout.words[1:, 0] == layout.words[:-1, 0]
    assert (np.diff(layout.words[:, 2])[same] > 0.85 * RATE).all()
    parts = list(layout.chunks(7))
    assert sum(part.streams for part in parts) == layout.streams
    begins = np.cumsum([0, *(part.streams for part in parts)])
    joined = [part.words + np.array([begin, 0, 0]) for part, begin in zip(parts, begins, strict=False)]
    assert np.array_equal(np.concatenate(joined), layout.words)


def test_the_answer_is_the_word_once_it_has_ended_and_any_while_it_is_said():
    layout = Layout(2, 3 * RATE, np.array([[0, 1, int(1.5 * RATE)]]))
    labels = layout.labels(FRAMES, SILENCE)
    assert labels.shape == (2, 149)
    assert (labels[1] == SILENCE).all()
    heard = FRAMES.ends(149) / RATE
    assert set(labels[0][(heard > 1.47) & (heard < 1.79)]) == {1}
    assert set(labels[0][(heard > 0.51) & (heard < 1.45)]) == {IGNORED}
    assert set(labels[0][(heard > 1.81) & (heard < 2.04)]) == {IGNORED}
    assert set(labels[0][(heard < 0.5) | (heard > 2.06)]) == {SILENCE}


def test_words_end_where_the_layout_has_it(material):
    words = np.array([[0, 0, 20000], [0, 1, 40000], [1, 1, 30000]])
    layout = Layout(3, 3 * RATE, words)
    (streams,) = mixing.mixed(layout, material, 0.0, np.random.default_rng(0))
    assert streams.shape == (3, 3 * RATE)
    assert streams.dtype == np.int16
    for stream, number, end in words:
        spectrum = np.abs(np.fft.rfft(streams[stream, end - 4000 : end]))
        assert np.argmax(spectrum) * RATE / 4000 == pytest.approx((300, 900)[number], abs=8)
        # A moment later it is quiet.
        before, after = (streams[stream, begin : begin + 1600].astype(float).std() for begin in (end - 2000, end + 800))
        assert before > 2 * after


def test_every_clip_is_heard_once_and_one_stream_is_silent(monkeypatch):
    """Clips are told apart by their pitch."""
    monkeypatch.setattr(mixing, "STREAMS", 5)
    monkeypatch.setattr(mixing, "VOICES", 0.0)
    pitches = 200 + 100 * np.arange(30)
    clips = np.stack([spoken_tone(hertz, 4000, 12000, 8000) for hertz in pitches])
    layout = Layout.draw(np.repeat([0, 1], 15), 3 * RATE, np.random.default_rng(0))
    given = Material(clips, np.repeat([0, 1], 15), SILENCE)
    streams = np.concatenate([*mixing.mixed(layout, given, 0.0, np.random.default_rng(0))])
    assert len(streams) == layout.streams
    heard = []
    for stream, _, end in layout.words:
        spectrum = np.abs(np.fft.rfft(streams[stream, end - 4000 : end - 800].astype(float)))
        heard.append(np.argmax(spectrum[20:]) * RATE / 3200 + 100)
    assert np.abs(np.sort(heard) - pitches).max() < 10
    assert (streams == 0).all(axis=1).sum() >= 1


def test_streams_differ_from_epoch_to_epoch_and_not_from_run_to_run(material):
    layout = Layout.draw(material.words, 3 * RATE, np.random.default_rng(0))
    one, same, other = (
        np.concatenate([*mixing.mixed(layout, material, 1.0, np.random.default_rng(seed))]) for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_noise_has_a_loudness_of_one_with_recordings_and_without(material):
    random = np.random.default_rng(0)
    for recorded in (material.noise, material.noise[:0], np.zeros((2, RATE), np.int16)):
        for _ in range(6):
            values = background.noise(50_000, recorded, random)
            assert len(values) == 50_000
            assert np.sqrt(np.square(values).mean()) == pytest.approx(1.0)
    # The browner, the more of it is low.
    shares = [np.square(np.diff(background.coloured(50_000, fall, random))).mean() for fall in (0.0, 1.0, 2.0)]
    assert shares[0] > 2 * shares[1] > 4 * shares[2]


def test_what_is_listened_to_has_every_word_where_it_says(material):
    pieces = listening.words(material, np.random.default_rng(0))
    found = np.concatenate([piece.words for piece in pieces])
    assert np.array_equal(np.sort(found[:, 0]), np.sort(material.words))
    for piece in pieces:
        for number, begin, end in piece.words:
            spectrum = np.abs(np.fft.rfft(piece.samples[begin:end].astype(float)))
            assert np.argmax(spectrum) * RATE / (end - begin) == pytest.approx((300, 900)[number], abs=8)
    noise = listening.without_words(material.noise, 1.0, np.random.default_rng(0))
    assert sum(len(piece.samples) for piece in noise) == 60 * RATE
    assert not any(len(piece.words) for piece in noise)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "MINUTES", {"validation": (0.5, "train"), "test": (0.5, "test")})
    return write_folder(tmp_path / "clips", words=("yes", "no", "bird"))


def config(path, **options):
    settings = {"features": "log-mel", "stream_seconds": 2.5, "augmentation": 1.0, "words": ["yes", "no"]} | options
    return ClassificationConfig(data_dir=path / "clips", cache_dir=path / "cache", quiet=True, **settings)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("options", [{}, {"features": "mfcc", "frames": 98}], ids=["log-mel", "mfcc"])
def test_a_folder_becomes_streams(tmp_path, options):
    made = datasets.load(config(tmp_path, **options))
    again = datasets.load(config(tmp_path, **options))
    steps, width = (124, 40) if not options else (248, 10)
    assert made.train.x.shape[1:] == (steps, width)
    assert made.train.y.shape == made.train.x.shape[:2]
    assert made.answers == "every step"
    assert made.class_names == ("yes", "no", "_silence_", "_unknown_")
    assert set(np.unique(made.train.y)) == {IGNORED, 0, 1, 2, 3}
    assert np.abs(made.train.x.astype(float).reshape(-1, width).mean(axis=0)).max() < 0.05
    assert np.array_equal(made.train.x, again.train.x)
    heard = made.listening
    assert (heard.background, heard.others) == (2, 3)
    assert heard.steps_a_second == (50 if not options else 100)
    assert sorted(heard.evaluation.words[:, 0]) == [0, 1, 3]
    assert len(heard.evaluation.noise) == pytest.approx(30 * heard.steps_a_second, rel=0.01)
    augmented = made.augment(np.random.default_rng(0))
    assert augmented.shape == made.train.x.shape
    assert np.isfinite(augmented.astype(float)).all()


def test_without_noise_there_is_silence_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "MINUTES", {"validation": (0.5, "train"), "test": (0.5, "test")})
    for word, hertz in (("hai", 300), ("iie", 900)):
        for speaker in range(4):
            write_wav(tmp_path / "clips" / word / f"{speaker}_nohash_0.wav", tone(hertz, 9000, seed=speaker))
    made = datasets.load(config(tmp_path, words=()))
    assert made.class_names == ("hai", "iie", "_silence_")
    assert (made.listening.background, made.listening.others) == (2, None)
    assert (made.train.y == 2).any()


@pytest.mark.usefixtures("folder")
def test_features_of_any_length_are_those_of_a_clip(tmp_path, monkeypatch):
    made = datasets.load(config(tmp_path))
    samples = tone(440, 40_000, seed=0)
    monkeypatch.setattr(features, "FRAMES_AT_ONCE", 50)
    whole = features.stream_from_map(samples, made.input_map)
    clip = features.from_map(samples[None], made.input_map.model_copy(update={"clip_samples": 40_000}))[0]
    assert whole.shape == (124, 40)
    assert np.abs(whole - clip).max() < 1e-4
    assert features.stream_from_map(samples[:600], made.input_map).shape == (0, 40)


REFUSED = {
    "raw": ({"features": "raw"}, 'STREAM_SECONDS is for features of sound: set FEATURES to "log-mel" or "mfcc"'),
    "both": (
        {"bidirectional": True},
        "STREAM_SECONDS is for a stream, which has no end to read from: set BIDIRECTIONAL",
    ),
    "end": ({"go_backwards": True}, "STREAM_SECONDS is for a stream, which has no end to read from: set GO_BACKWARDS"),
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("options", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_settings_that_do_not_go_with_streams(tmp_path, options, message):
    with pytest.raises(UserError, match=message):
        datasets.load(config(tmp_path, **options))


def test_streams_of_a_second_are_refused(capsys):
    code, _, errors = ended(capsys, ["--stream-seconds", "1"], task="classification")
    assert code == 2
    assert "STREAM_SECONDS" in errors


def test_streams_are_of_speech_alone():
    with pytest.raises(UserError, match="STREAM_SECONDS is for speech_commands"):
        datasets.load(ClassificationConfig(dataset_name="iris", stream_seconds=3.0))
