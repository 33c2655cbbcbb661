"""Clips of sound: 16,000 samples a second, 16 bits, one channel, one second."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from rnnexp.preprocessing import riff
from rnnexp.preprocessing.riff import UnusableClipError, Wave

__all__ = ["CLIP_SAMPLES", "SAMPLE_BYTES", "SAMPLE_RATE", "WANTED", "UnusableClipError", "one_second", "read_wav"]

SAMPLE_RATE = 16000
CLIP_SAMPLES = SAMPLE_RATE
SAMPLE_BYTES = 2
WANTED = f"a wav file of 16-bit PCM, one channel, {SAMPLE_RATE} samples a second"
# Samples a second that sound is recorded with; others are damage.
RATES = (4000, 384_000)
# What is louder than full scale is clipped; beyond this it is none of sound.
LARGEST_FLOAT = 1e4


def read_wav(path: Path, *, convert: bool = False) -> np.ndarray:
    """Return the samples of a wav file, int16 ``[n]``.

    Args:
        path: the file.
        convert: whether a file of another rate is resampled, what is above half of either rate filtered out; one of
            other bits or of floats is rounded, and the channels of one with several are averaged.

    Raises:
        UnusableClipError: if it is none, or not all there, or, unless converted, not 16-bit PCM with one channel and
            16,000 samples a second.
    """
    found = riff.read(path)
    if not convert:
        _check_usual(found)
    found.check_whole()
    values = found.values()
    if values.dtype == np.int16 and (found.channels, found.rate) == (1, SAMPLE_RATE):
        return values[:, 0].astype(np.int16, copy=False)
    return _converted(values, found.rate)


def _check_usual(found: Wave) -> None:
    if found.codec != riff.PCM:
        raise UnusableClipError(f"not a PCM wav file ({found.codec_name})")
    if found.channels != 1:
        raise UnusableClipError(f"{found.channels} channels, not 1")
    if found.width != SAMPLE_BYTES:
        raise UnusableClipError(f"{8 * found.width} bits a sample, not {8 * SAMPLE_BYTES}")
    if found.rate != SAMPLE_RATE:
        raise UnusableClipError(f"{found.rate} samples a second, not {SAMPLE_RATE}")


def _converted(values: np.ndarray, rate: int) -> np.ndarray:
    """Return samples at the usual rate, int16 ``[n]``, of all channels ``[n, channels]`` together."""
    if not RATES[0] <= rate <= RATES[1]:
        raise UnusableClipError(f"{rate} samples a second, which no sound is recorded with")
    mean = _full_scale_1(values).mean(axis=1)
    if rate != SAMPLE_RATE:
        from scipy.signal import resample_poly

        common = math.gcd(rate, SAMPLE_RATE)
        # A zero-phase FIR low-pass with a Kaiser window, which is SciPy's default.
        mean = resample_poly(mean, SAMPLE_RATE // common, rate // common)
    limits = np.iinfo(np.int16)
    return np.clip(np.rint(mean * -limits.min), limits.min, limits.max).astype(np.int16)


def _full_scale_1(values: np.ndarray) -> np.ndarray:
    """Return samples as float64 from -1 to 1."""
    if values.dtype.kind == "f":
        if not (np.abs(values) <= LARGEST_FLOAT).all():
            raise UnusableClipError("floats that are no samples of sound: full scale is 1")
        return values.astype(np.float64)
    middle = 128.0 if values.dtype == np.uint8 else 0.0  # the only ones that are stored without sign
    return (values - middle) / 2.0 ** (8 * values.itemsize - 1)


def one_second(samples: np.ndarray) -> np.ndarray:
    """Return samples ``[n]`` cut, or padded with zeros at the end, to ``[CLIP_SAMPLES]``."""
    if len(samples) >= CLIP_SAMPLES:
        return samples[:CLIP_SAMPLES]
    return np.pad(samples, (0, CLIP_SAMPLES - len(samples)))
