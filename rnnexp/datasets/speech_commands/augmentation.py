"""Clips distorted at random, so that a network learns words, and not the recordings of them by heart."""

from __future__ import annotations

import numpy as np

from rnnexp.preprocessing.wav import CLIP_SAMPLES, SAMPLE_RATE

# The most that is done to a clip at strength 1, all of it uniformly distributed:
# how many times as fast, or as slow, it is played, which changes its pitch too (Ko et al. 2015, "Audio augmentation for
# speech recognition"),
SPEED = 1.2
# how much earlier or later it is,
SHIFT_SECONDS = 0.1
# how much louder or softer,
GAIN_DECIBELS = 6.0
# and how loud what is added to it is, as a share of that recording's own loudness.
ADDED_LEVEL = 0.3


def distort(clips: np.ndarray, added: np.ndarray, strength: float, random: np.random.Generator) -> np.ndarray:
    """Return clips at another speed, time and loudness, and with something else in the background.

    What a clip has no samples for is silent.

    Args:
        clips: int16 ``[n, CLIP_SAMPLES]``.
        added: what comes into the background of each, the same shape; it begins anywhere, and goes round.
        strength: how much of all this: 0 for none of it.
        random: draws it.

    Returns:
        int16 ``[n, CLIP_SAMPLES]``.
    """
    time_axis, middle, limits = np.arange(CLIP_SAMPLES), (CLIP_SAMPLES - 1) / 2, np.iinfo(np.int16)
    speed, shift, gain = random.uniform(-strength, strength, (3, len(clips)))
    level, start = random.uniform(0.0, strength, len(clips)), random.integers(CLIP_SAMPLES, size=len(clips))
    distorted = np.empty_like(clips)
    for row, clip in enumerate(clips):
        place = (time_axis - middle) * SPEED ** speed[row] + middle + shift[row] * SHIFT_SECONDS * SAMPLE_RATE
        samples = np.interp(place, time_axis, clip, left=0.0, right=0.0) * 10.0 ** (gain[row] * GAIN_DECIBELS / 20)
        samples += level[row] * ADDED_LEVEL * np.roll(added[row], start[row])
        distorted[row] = np.clip(np.rint(samples), limits.min, limits.max)
    return distorted
