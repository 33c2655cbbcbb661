"""Inputs made of clips: which samples, and the features, recomputed from what the report says of them."""

import json

import numpy as np
import pytest
from helpers.clips import tone, write_folder
from scipy.fft import dct

from rnnexp import datasets
from rnnexp.config import ClassificationConfig
from rnnexp.datasets.speech_commands.recipe import Recipe, Statistics
from rnnexp.preprocessing.features import decimate, from_map, loudest
from rnnexp.preprocessing.input_map import parse
from rnnexp.preprocessing.wav import CLIP_SAMPLES, one_second, read_wav


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("features") / "clips")


def load(folder, **settings):
    return datasets.load(
        ClassificationConfig(data_dir=folder, cache_dir=folder.parent / "cache", quiet=True, **settings)
    )


def from_the_report(samples, about):
    """The features of one clip, in plain NumPy, from nothing but the numbers in the report."""
    signal = np.pad(samples, (0, about["clip_samples"] - len(samples))) / about["full_scale"]
    length, step, points = about["frame_length"], about["frame_step"], about["fft_length"]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    frames = np.stack([signal[t * step : t * step + length] * window for t in range(about["frames"])])
    magnitudes = np.abs(np.fft.rfft(frames, points))

    def mel(hertz):
        return 1127 * np.log1p(np.asarray(hertz) / 700)

    edges = np.linspace(*mel(about["mel_hz"]), about["mel_bands"] + 2)
    bins = mel(np.arange(points // 2 + 1) * about["sample_rate"] / points)[:, None]
    rise = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    weights = np.maximum(0, np.minimum(rise, fall))
    weights[0] = 0  # the constant part
    values = np.log(magnitudes @ weights + about["log_offset"])
    if about["kind"] == "mfcc":
        values = dct(values, type=2) / np.sqrt(2 * about["mel_bands"])
        values = values[:, : about["coefficients"]]
    return (values - about["mean"]) / about["deviation"]


@pytest.mark.parametrize("features", ["log-mel", "mfcc"])
@pytest.mark.parametrize("frames", [49, 98])
def test_features_can_be_recomputed_from_the_report(folder, features, frames):
    dataset = load(folder, features=features, frames=frames)
    width = {"log-mel": 40, "mfcc": 10}[features]
    assert dataset.train.x.shape == (26, frames, width)
    assert dataset.train.x.dtype == np.float16
    for row, name in ((4, "bird/a"), (-1, "yes/d")):
        expected = from_the_report(read_wav(folder / f"{name}_nohash_0.wav"), dataset.input_map.to_json())
        np.testing.assert_allclose(dataset.train.x[row], expected, rtol=0.003, atol=0.01)


@pytest.mark.parametrize(
    "settings",
    [
        {"features": "log-mel", "frames": 98},
        {"features": "mfcc", "max_sequence_length": 20},
        *({"segment": segment} for segment in ("first", "loudest", "decimate")),
    ],
    ids=lambda settings: " ".join(map(str, settings.values())),
)
def test_the_input_map_alone_makes_the_inputs_of_a_clip(folder, settings):
    dataset = load(folder, **settings)
    clip = one_second(read_wav(folder / "no" / "a_nohash_0.wav"))
    found = from_map(clip[None], parse(json.loads(json.dumps(dataset.input_map.to_json()))))
    assert found.dtype == np.float32
    # Those of training are kept as float16.
    np.testing.assert_allclose(found[0], dataset.train.x[12], rtol=0.003, atol=0.01)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frame_step": 0}, "^frame_step: Input should be greater than or equal to 1$"),
        ({"mel_bands": 40.5}, "^mel_bands: Input should be a valid integer$"),
        ({"fft_length": 10**9}, "^fft_length: Input should be less than or equal to 32768$"),
        ({"mel_hz": [20.0, 9000.0]}, "upper_edge_hertz"),
        ({"mean": [0.0, 1.0]}, "broadcast"),
        ({"sample_rate": 8000}, "not of 16000 samples"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_a_map_that_makes_no_sense(folder, change, message):
    about = {**load(folder, features="log-mel").input_map.to_json(), **change}
    with pytest.raises(ValueError, match=message):
        from_map(np.zeros((1, CLIP_SAMPLES), np.int16), parse(about))


@pytest.mark.parametrize("features", ["log-mel", "mfcc"])
def test_each_feature_has_mean_0_and_deviation_1_in_the_training_part(folder, features):
    x = load(folder, features=features).train.x.astype(np.float64)
    np.testing.assert_allclose(x.mean(axis=(0, 1)), 0, atol=2e-3)
    np.testing.assert_allclose(x.std(axis=(0, 1)), 1, atol=2e-3)


def test_fewer_steps_than_frames_are_the_first_ones(folder):
    dataset = load(folder, features="log-mel", max_sequence_length=20)
    assert dataset.train.x.shape[1] == dataset.input_map.frames == 20
    expected = from_the_report(read_wav(folder / "no" / "a_nohash_0.wav"), dataset.input_map.to_json())
    np.testing.assert_allclose(dataset.train.x[12], expected, rtol=0.003, atol=0.01)


@pytest.mark.parametrize("length", [1, 7, 1600, 15999, CLIP_SAMPLES])
def test_loudest_is_the_window_with_the_most_energy(length):
    clips = np.random.default_rng(length).integers(-32768, 32768, (5, CLIP_SAMPLES)).astype(np.int16)
    clips[0, 4000:6000] //= 100
    clips[1] = 0
    found = loudest(clips, length)
    squares = np.square(clips.astype(np.float64))
    sums = np.cumsum(np.pad(squares, ((0, 0), (1, 0))), axis=1)
    starts = (sums[:, length:] - sums[:, :-length]).argmax(axis=1)
    expected = np.stack([clip[start : start + length] for clip, start in zip(clips, starts, strict=True)])
    np.testing.assert_array_equal(found, expected)


def test_decimate_keeps_what_is_below_half_the_new_rate_and_removes_the_rest():
    clips = np.stack([tone(200), tone(3000)])
    low, high = decimate(clips, 1600)
    expected = 2000 * np.sin(2 * np.pi * 200 * np.arange(1600) / 1600)
    assert np.abs(low - expected)[50:-50].max() < 40  # 2 %
    assert np.abs(high)[50:-50].max() < 20


@pytest.mark.parametrize("length", [999, 1601, 8000, 15999])
def test_decimate_gives_any_length(length):
    assert decimate(np.stack([tone(50)]), length).shape == (1, length)


def test_the_limit_is_the_power_of_two_that_99_percent_are_within():
    recipe = Recipe("raw", "first", 1000, 49)
    x = np.full((1, 1000, 1), 100, np.int16)
    assert recipe.statistics(x) == Statistics(limit=128)
    x[0, :10] = -30000
    assert recipe.statistics(x) == Statistics(limit=128)
    x[0, :11] = -30000
    assert recipe.statistics(x) == Statistics(limit=32768)
    x[:] = 1024
    assert recipe.statistics(x) == Statistics(limit=1024)
    x[:] = -32768
    assert recipe.statistics(x) == Statistics(limit=32768)
    recipe.normalize(x, Statistics(limit=2048))
    assert (x == -2048).all()


def test_a_clip_of_full_length_is_the_same_whatever_the_segment(folder):
    first = load(folder, max_sequence_length=16000)
    assert load(folder, max_sequence_length=16000, segment="decimate").train.x.tobytes() == first.train.x.tobytes()
