"""What is heard behind words, and between them: recorded noise, and noise of any colour."""

from __future__ import annotations

import numpy as np

from rnnexp.preprocessing.wav import SAMPLE_RATE

# How much of it is made, where there are recordings as well.
MADE = 0.3
# The power of noise falls with the frequency to the power of 0 (white) to this (brown).
BROWNEST = 2.0
# Pieces of recordings are joined so that one goes over into the next, in samples.
JOINT = SAMPLE_RATE // 50


def noise(samples: int, recorded: np.ndarray, random: np.random.Generator, made: float = MADE) -> np.ndarray:
    """Return noise with a root mean square of 1, float32 ``[samples]``.

    Args:
        samples: how many.
        recorded: clips without words, int16 ``[n, clip samples]``; there may be none.
        random: draws it.
        made: how often it is none of them.
    """
    if not len(recorded) or random.random() < made:
        values = coloured(samples, random.uniform(0.0, BROWNEST), random)
    else:
        values = _joined(samples, recorded, random)
    loudness = np.sqrt(np.square(values).mean())
    return values / loudness if loudness > 0 else coloured(samples, 1.0, random)


def coloured(samples: int, fall: float, random: np.random.Generator) -> np.ndarray:
    """Return noise whose power falls with the frequency to the power of ``fall``, of a root mean square of 1."""
    # In float32, which is twice as fast, and NumPy's has none.
    from scipy import fft

    spectrum = fft.rfft(random.standard_normal(samples, np.float32))
    hertz = fft.rfftfreq(samples, 1 / SAMPLE_RATE).astype(np.float32)
    # What no microphone hears would take all the power.
    spectrum *= np.where(hertz < 20.0, 0.0, np.maximum(hertz, 20.0) ** np.float32(-fall / 2))
    values: np.ndarray = fft.irfft(spectrum, samples)
    values /= np.sqrt(np.square(values).mean())
    return values


def _joined(samples: int, recorded: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return pieces of recordings, one after the other."""
    length = recorded.shape[1]
    values, place = np.zeros(samples + length, np.float32), 0
    up = np.linspace(0.0, 1.0, JOINT, dtype=np.float32)
    while place < samples:
        piece = recorded[random.integers(len(recorded))].astype(np.float32)
        piece[:JOINT] *= up
        piece[-JOINT:] *= up[::-1]
        values[place : place + length] += piece
        place += length - JOINT
    return values[:samples]
