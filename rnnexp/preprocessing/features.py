"""From a second of sound to what the network sees: samples, log-mel bands, or cepstral coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from rnnexp import stderr as native
from rnnexp.config import ClassificationConfig
from rnnexp.preprocessing.wav import CLIP_SAMPLES, SAMPLE_RATE

# frames a clip -> milliseconds of a frame, and from one to the next
FRAMES_MS = {49: (40, 20), 98: (25, 10)}
MEL_BANDS = 40
MEL_HZ = (20.0, 7600.0)
LOG_OFFSET = 1e-6
COEFFICIENTS = 10
# Samples are clipped to the smallest power of two, 128 at least, that this share of the training part's is within.
WITHIN_LIMIT = 0.99
FULL_SCALE = 32768
# Clips at once: more of their frames would not fit in the processor's cache.
CHUNK = 128


@dataclass(frozen=True)
class Recipe:
    """How inputs are made of clips.

    Attributes:
        features: ``raw``, ``log-mel`` or ``mfcc``.
        segment: of raw samples, which.
        length: time steps, at most.
        frames: of features, how many a clip has.
    """

    features: Literal["raw", "log-mel", "mfcc"]
    segment: Literal["first", "loudest", "decimate"]
    length: int
    frames: Literal[49, 98]

    @classmethod
    def of(cls, config: ClassificationConfig) -> Recipe:
        """Return what the settings ask for; settings that make no difference to it are the same in all."""
        if config.features == "raw":
            length = min(config.max_sequence_length, CLIP_SAMPLES)
            return cls("raw", config.segment if length < CLIP_SAMPLES else "first", length, 49)
        return cls(config.features, "first", min(config.max_sequence_length, config.frames), config.frames)

    @property
    def row_bytes(self) -> int:
        """Bytes that the input of one clip takes."""
        width = {"raw": 1, "log-mel": MEL_BANDS, "mfcc": COEFFICIENTS}[self.features]
        return 2 * self.length * width

    def apply(self, clips: np.ndarray) -> np.ndarray:
        """Return the inputs of clips int16 ``[n, CLIP_SAMPLES]``.

        ``[n, time, 1]`` int16 if raw, else ``[n, time, features]`` float16; not yet normalised.
        """
        if self.features == "raw":
            return SEGMENTS[self.segment](clips, self.length)[:, :, None]
        return spectral(clips, self._spectrum()).astype(np.float16)

    def statistics(self, train: np.ndarray) -> dict[str, Any]:
        """Return what ``normalize`` needs, from the inputs of the training part.

        ``limit`` for raw samples, else ``mean`` and ``deviation`` of each feature.
        """
        if self.features == "raw":
            counts = np.zeros(FULL_SCALE + 1, np.int64)
            for rows in _chunks(train):
                counts += np.bincount(np.abs(rows.astype(np.int32)).ravel(), minlength=len(counts))
            enough = int(np.searchsorted(np.cumsum(counts), WITHIN_LIMIT * counts.sum()))
            return {"limit": max(1 << max(enough - 1, 0).bit_length(), 128)}
        total = np.zeros((2, train.shape[2]))
        for rows in _chunks(train):
            values = rows.astype(np.float64)
            total += values.sum(axis=(0, 1)), np.square(values).sum(axis=(0, 1))
        mean, square = total / (train.shape[0] * train.shape[1])
        deviation = np.sqrt(np.maximum(square - mean**2, 0.0))
        return {"mean": mean.tolist(), "deviation": np.where(deviation > 0, deviation, 1.0).tolist()}

    def normalize(self, inputs: np.ndarray, statistics: dict[str, Any]) -> None:
        """Normalise inputs in place: clip samples, or make each feature's mean 0 and its deviation 1."""
        for rows in _chunks(inputs):
            if self.features == "raw":
                low, high = sample_range(statistics["limit"])
                np.clip(rows, low, high, out=rows)
            else:
                rows[...] = (rows - np.asarray(statistics["mean"])) / np.asarray(statistics["deviation"])

    def input_scale(self, statistics: dict[str, Any]) -> float:
        """Return what inputs are divided by to be about 1 at most."""
        return float(statistics["limit"]) if self.features == "raw" else 1.0

    def input_map(self, statistics: dict[str, Any]) -> dict[str, Any]:
        """Return how inputs are made, for programs."""
        about: dict[str, Any] = {"kind": self.features, "sample_rate": SAMPLE_RATE, "clip_samples": CLIP_SAMPLES}
        if self.features == "raw":
            low, high = sample_range(statistics["limit"])
            return {**about, "segment": self.segment, "samples": self.length, "minimum": low, "maximum": high}
        return about | self._spectrum() | statistics

    def _spectrum(self) -> dict[str, Any]:
        """Return all that ``spectral`` needs to know."""
        frame_length, frame_step = (ms * SAMPLE_RATE // 1000 for ms in FRAMES_MS[self.frames])
        about: dict[str, Any] = {
            "kind": self.features,
            "full_scale": FULL_SCALE,
            "frames": self.length,
            "frame_length": frame_length,
            "frame_step": frame_step,
            "fft_length": 1 << (frame_length - 1).bit_length(),
            "window": "hann, periodic",
            "mel_bands": MEL_BANDS,
            "mel_hz": list(MEL_HZ),
            "mel_scale": "1127 * ln(1 + hertz / 700)",
            "log_offset": LOG_OFFSET,
        }
        if self.features == "mfcc":
            about |= {"coefficients": COEFFICIENTS, "dct": "type II, divided by sqrt(2 * mel_bands)"}
        return about

    def normalization(self, statistics: dict[str, Any]) -> str:
        """Return how inputs are made, for people."""
        if self.features != "raw":
            return (
                f"{self.features} of {self.frames} frames, each feature to mean 0 and deviation 1 of the training part"
            )
        low, high = sample_range(statistics["limit"])
        kind = {
            "first": f"the first {self.length} samples",
            "loudest": f"the {self.length} samples with the most energy",
            "decimate": f"the whole clip at {SAMPLE_RATE * self.length / CLIP_SAMPLES:g} samples a second",
        }[self.segment]
        return (
            f"{kind}, 16-bit numbers as they are, clipped to {low} to {high}, which {WITHIN_LIMIT:.0%} of the training "
            "part's are within"
        )

    def key(self) -> dict[str, Any]:
        """Return all that the inputs depend on, but the clips."""
        constants = [FRAMES_MS[self.frames], MEL_BANDS, MEL_HZ, LOG_OFFSET, COEFFICIENTS, WITHIN_LIMIT]
        return asdict(self) | {"constants": constants}


def sample_range(limit: int) -> tuple[int, int]:
    """Return the smallest and the largest sample for a limit: what 256 steps of ``limit / 128`` reach."""
    return -limit, limit - limit // 128


def first(clips: np.ndarray, length: int) -> np.ndarray:
    """Return the first ``length`` samples of each clip."""
    return clips[:, :length]


def loudest(clips: np.ndarray, length: int) -> np.ndarray:
    """Return the ``length`` samples in a row with the largest sum of squares of each clip, the earliest of equals."""
    energy = np.cumsum(np.square(clips, dtype=np.int64), axis=1)
    windows = energy[:, length - 1 :].copy()
    windows[:, 1:] -= energy[:, :-length]
    start = windows.argmax(axis=1)
    return np.take_along_axis(clips, start[:, None] + np.arange(length), axis=1)


def decimate(clips: np.ndarray, length: int) -> np.ndarray:
    """Return clips resampled to ``length`` samples, what is above half the new rate filtered out first."""
    from scipy.signal import resample_poly

    # A zero-phase FIR low-pass with a Kaiser window, which is SciPy's default.
    resampled = resample_poly(clips.astype(np.float32), length, clips.shape[1], axis=1)[:, :length]
    return np.clip(np.rint(resampled), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


SEGMENTS = {"first": first, "loudest": loudest, "decimate": decimate}


def spectral(clips: np.ndarray, spectrum: Mapping[str, Any]) -> np.ndarray:
    """Return log-mel bands, or cepstral coefficients, float32 ``[n, frames, features]``, by ``tf.signal``.

    The logarithm of (magnitudes of a short-time Fourier transform, summed in triangular mel bands, plus an offset);
    for coefficients, the first ones of its discrete cosine transform, scaled as HTK does.

    Args:
        clips: int16 ``[n, CLIP_SAMPLES]``.
        spectrum: the numbers of an input map.
    """
    with native.silenced():
        import tensorflow as tf

        tf.config.list_logical_devices()

    points, bands = spectrum["fft_length"], spectrum["mel_bands"]
    to_mel = tf.signal.linear_to_mel_weight_matrix(bands, points // 2 + 1, SAMPLE_RATE, *spectrum["mel_hz"])
    found = []
    for rows in _chunks(clips):
        signal = tf.cast(rows, tf.float32) / spectrum["full_scale"]
        frames = tf.signal.stft(signal, spectrum["frame_length"], spectrum["frame_step"], points)
        values = tf.math.log(tf.tensordot(tf.abs(frames[:, : spectrum["frames"]]), to_mel, 1) + spectrum["log_offset"])
        if spectrum["kind"] == "mfcc":
            values = tf.signal.mfccs_from_log_mel_spectrograms(values)[..., : spectrum["coefficients"]]
        found.append(values.numpy())
    return np.concatenate(found)


def from_map(clips: np.ndarray, input_map: Mapping[str, Any]) -> np.ndarray:
    """Return what a network sees of clips, float32 ``[n, time, features]``, by the numbers of its input map alone.

    Args:
        clips: int16 ``[n, CLIP_SAMPLES]``.
        input_map: of sound, as ``Recipe.input_map`` makes it.

    Raises:
        KeyError, TypeError, ValueError: if the map lacks a number, or has one that makes no sense.
    """
    if (input_map["sample_rate"], input_map["clip_samples"]) != (SAMPLE_RATE, CLIP_SAMPLES):
        raise ValueError(f"clips are not of {CLIP_SAMPLES} samples, {SAMPLE_RATE} a second")
    if input_map["kind"] == "raw":
        _check_counts(input_map, "samples")
        chosen = SEGMENTS[input_map["segment"]](clips, input_map["samples"])
        return np.clip(chosen, input_map["minimum"], input_map["maximum"])[:, :, None].astype(np.float32)
    _check_counts(input_map, "frames", "frame_length", "frame_step", "fft_length", "mel_bands", "full_scale")
    values = spectral(clips, input_map)
    return ((values - np.asarray(input_map["mean"])) / np.asarray(input_map["deviation"])).astype(np.float32)


def _check_counts(input_map: Mapping[str, Any], *names: str) -> None:
    """Raise a ValueError if a count is none, or larger than anything of a clip."""
    for name in names:
        if type(input_map[name]) is not int or not 1 <= input_map[name] <= FULL_SCALE:
            raise ValueError(f"{name} is {input_map[name]!r}")


def _chunks(values: np.ndarray) -> list[np.ndarray]:
    """Cut an array into views of a size that is quickly worked on."""
    return [values[begin : begin + CHUNK] for begin in range(0, len(values), CHUNK)]
