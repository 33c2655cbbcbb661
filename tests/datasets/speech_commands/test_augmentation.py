"""Distorted clips: each distortion by itself, and that only the training part is distorted."""

import numpy as np
import pytest
from helpers.clips import tone, write_folder

from rnnexp import datasets
from rnnexp.config import ClassificationConfig
from rnnexp.datasets.speech_commands import augmentation
from rnnexp.datasets.speech_commands.augmentation import distort

NONE = {"SPEED": 1.0, "SHIFT_SECONDS": 0.0, "GAIN_DECIBELS": 0.0, "ADDED_LEVEL": 0.0}


@pytest.fixture
def only(monkeypatch):
    """Leave only one kind of distortion."""

    def choose(name, value):
        for other, nothing in NONE.items():
            monkeypatch.setattr(augmentation, other, value if other == name else nothing)

    return choose


def distorted(clips, added=None, strength=1.0, seed=0):
    return distort(clips, clips if added is None else added, strength, np.random.default_rng(seed))


def test_strength_0_changes_nothing():
    clips = np.random.default_rng(0).integers(-32768, 32768, (4, 16000)).astype(np.int16)
    np.testing.assert_array_equal(distorted(clips, strength=0.0), clips)


def test_the_seed_decides():
    clips = np.stack([tone(300, seed=1)] * 3)
    first, again, other = distorted(clips), distorted(clips), distorted(clips, seed=1)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=1).all()
    assert (first[0] != first[1]).any()
    assert first.dtype == np.int16


def test_speed_changes_the_pitch(only):
    only("SPEED", 1.15)
    peaks = np.abs(np.fft.rfft(distorted(np.stack([tone(1000)] * 50)))).argmax(axis=1)
    assert 1000 / 1.15 - 1 <= peaks.min() < 900
    assert 1120 < peaks.max() <= 1150 + 1


def test_a_shift_leaves_silence_behind(only):
    only("SHIFT_SECONDS", 0.1)
    clips = np.ones((200, 16000), np.int16)
    found = distorted(clips)
    missing = (found == 0).sum(axis=1)
    assert 1400 < missing.max() <= 1601
    early, late = found[:, 0] == 0, found[:, -1] == 0
    assert not (early & late).any()
    assert min(early.sum(), late.sum()) > 60


def test_a_gain_is_within_its_decibels_and_clips_at_full_scale(only):
    only("GAIN_DECIBELS", 6.0)
    found = distorted(np.full((300, 16000), 1000, np.int16))
    assert (found == found[:, :1]).all()
    assert 501 <= found.min() < 530
    assert 1900 < found.max() <= 1996
    loud = distorted(np.tile(np.array([-32768, 32767], np.int16), (20, 8000)))
    assert (loud.min(), loud.max()) == (-32768, 32767)


def test_what_is_added_begins_anywhere(only):
    only("ADDED_LEVEL", 0.5)
    added = np.zeros((200, 16000), np.int16)
    added[:, 0] = 1000
    found = distorted(np.full((200, 16000), 7, np.int16), added) - 7
    assert ((found != 0).sum(axis=1) <= 1).all()
    assert found.min() == 0
    assert 490 < found.max() <= 500
    assert len(np.unique(found.argmax(axis=1))) > 150


def load(path, **settings):
    return datasets.load(
        ClassificationConfig(data_dir=path / "clips", cache_dir=path / "cache", quiet=True, **settings)
    )


@pytest.mark.parametrize("settings", [{"features": "log-mel"}, {"segment": "loudest", "max_sequence_length": 500}])
def test_only_the_training_part_is_distorted_anew_each_time(tmp_path, settings):
    write_folder(tmp_path / "clips")
    plain, dataset = load(tmp_path, **settings), load(tmp_path, augmentation=1.0, **settings)
    assert plain.augment is None
    for part in ("train", "validation", "evaluation"):
        assert getattr(dataset, part).x.tobytes() == getattr(plain, part).x.tobytes()
    random = np.random.default_rng(0)
    first, second = dataset.augment(random), dataset.augment(random)
    assert (first.shape, first.dtype) == (plain.train.x.shape, plain.train.x.dtype)
    for other in (second, plain.train.x):
        assert (first != other).any(axis=(1, 2)).all()
    np.testing.assert_array_equal(dataset.augment(np.random.default_rng(0)), first)
    # Hardly at all distorted, the inputs are those of the clips as they are.
    hardly = load(tmp_path, augmentation=1e-9, **settings).augment(random)
    np.testing.assert_allclose(hardly.astype(np.float64), plain.train.x.astype(np.float64), rtol=0.01, atol=1.01)
