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
# How samples may be stored that are converted, and what full scale is there.
INTEGERS = {1: 2.0**7, 2: 2.0**15, 3: 2.0**23, 4: 2.0**31}
FLOATS = (4, 8)


def read_wav(path: Path, *, convert: bool = False) -> np.ndarray:
    """Return the samples of a wav file, int16 ``[n]``.

    Args:
        path: the file.
        convert: whether a file of another rate is resampled, what neither can hold filtered out first; one of more bits
            or of floats is rounded, and the channels of one with several are averaged.

    Raises:
        UnusableClipError: if it is none, or not all there, or, unless converted, not 16-bit PCM with one channel and
            16,000 samples a second.
    """
    found = riff.read(path)
    usual = (riff.PCM, 1, SAMPLE_BYTES, SAMPLE_RATE)
    if not convert or found.codec not in (riff.PCM, riff.FLOAT):
        _check_usual(found)
    _check_whole(found)
    if (found.codec, found.channels, found.width, found.rate) == usual:
        return np.frombuffer(found.data, "<i2", len(found.data) // SAMPLE_BYTES).astype(np.int16, copy=False)
    return _converted(found)


def _check_usual(found: Wave) -> None:
    if found.codec != riff.PCM:
        name = riff.CODECS.get(found.codec, f"unknown format {found.codec}")
        raise UnusableClipError(f"not a PCM wav file ({name})")
    if found.channels != 1:
        raise UnusableClipError(f"{found.channels} channels, not 1")
    if found.width != SAMPLE_BYTES:
        raise UnusableClipError(f"{8 * found.width} bits a sample, not {8 * SAMPLE_BYTES}")
    if found.rate != SAMPLE_RATE:
        raise UnusableClipError(f"{found.rate} samples a second, not {SAMPLE_RATE}")


def _check_whole(found: Wave) -> None:
    size = found.width * found.channels
    there, missing = len(found.data) // size, -(-found.missing // size)
    if missing:
        raise UnusableClipError(f"cut off: {there} of {there + missing} samples are there")
    if not there:
        raise UnusableClipError("no samples")


def _converted(found: Wave) -> np.ndarray:
    """Return samples at the usual rate, int16 ``[n]``, of all channels together."""
    if not RATES[0] <= found.rate <= RATES[1]:
        raise UnusableClipError(f"{found.rate} samples a second, which no sound is recorded with")
    mean = _full_scale_1(found).reshape(-1, found.channels).mean(axis=1)
    if found.rate != SAMPLE_RATE:
        from scipy.signal import resample_poly

        common = math.gcd(found.rate, SAMPLE_RATE)
        # A zero-phase FIR low-pass with a Kaiser window, which is SciPy's default.
        mean = resample_poly(mean, SAMPLE_RATE // common, found.rate // common)
    limits = np.iinfo(np.int16)
    return np.clip(np.rint(mean * -limits.min), limits.min, limits.max).astype(np.int16)


def _full_scale_1(found: Wave) -> np.ndarray:
    """Return all samples as float64 from -1 to 1; the rest of one that is not all there is left out."""
    data = found.data[: len(found.data) // (found.width * found.channels) * found.width * found.channels]
    if found.codec == riff.FLOAT:
        if found.width not in FLOATS:
            raise UnusableClipError(f"floats of {found.bits} bits")
        values = np.frombuffer(data, f"<f{found.width}").astype(np.float64)
        if not np.isfinite(values).all():
            raise UnusableClipError("samples that are no numbers")
        return values
    if found.width not in INTEGERS:
        raise UnusableClipError(f"{found.bits} bits a sample")
    if found.width == 1:  # the only one that is stored without sign
        return (np.frombuffer(data, np.uint8) - 128.0) / INTEGERS[1]
    if found.width == 3:
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return wide.view("<i4")[:, 0] / INTEGERS[4]
    return np.frombuffer(data, f"<i{found.width}") / INTEGERS[found.width]


def one_second(samples: np.ndarray) -> np.ndarray:
    """Return samples ``[n]`` cut, or padded with zeros at the end, to ``[CLIP_SAMPLES]``."""
    if len(samples) >= CLIP_SAMPLES:
        return samples[:CLIP_SAMPLES]
    return np.pad(samples, (0, CLIP_SAMPLES - len(samples)))
