"""Clips of sound: 16,000 samples a second, 16 bits, one channel, one second."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

SAMPLE_RATE = 16000
CLIP_SAMPLES = SAMPLE_RATE
SAMPLE_BYTES = 2


class UnusableClipError(Exception):
    """Why a file cannot be used as a clip."""


def read_wav(path: Path) -> np.ndarray:
    """Return the samples of a wav file, int16 ``[n]``.

    Raises:
        UnusableClipError: if it is not 16-bit PCM with one channel and 16,000 samples a second, or not all there.
    """
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate, samples = file.getparams()[:4]
            if channels != 1:
                raise UnusableClipError(f"{channels} channels, not 1")
            if width != SAMPLE_BYTES:
                raise UnusableClipError(f"{8 * width} bits a sample, not {8 * SAMPLE_BYTES}")
            if rate != SAMPLE_RATE:
                raise UnusableClipError(f"{rate} samples a second, not {SAMPLE_RATE}")
            data = file.readframes(samples)
    except wave.Error as error:
        raise UnusableClipError(f"not a PCM wav file ({error})") from None
    except EOFError:
        raise UnusableClipError("not a wav file, or cut off in its header") from None
    except OSError as error:
        raise UnusableClipError(f"cannot be read ({error.strerror})") from None
    if not samples:
        raise UnusableClipError("no samples")
    if len(data) != samples * SAMPLE_BYTES:
        raise UnusableClipError(f"cut off: {len(data) // SAMPLE_BYTES} of {samples} samples are there")
    return np.frombuffer(data, "<i2").astype(np.int16, copy=False)


def one_second(samples: np.ndarray) -> np.ndarray:
    """Return samples ``[n]`` cut, or padded with zeros at the end, to ``[CLIP_SAMPLES]``."""
    if len(samples) >= CLIP_SAMPLES:
        return samples[:CLIP_SAMPLES]
    return np.pad(samples, (0, CLIP_SAMPLES - len(samples)))
