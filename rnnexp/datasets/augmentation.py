"""Clips distorted at random, so that a network learns words, and not the recordings of them by heart."""

from __future__ import annotations

import numpy as np

from rnnexp.datasets.audio import CLIP_SAMPLES, SAMPLE_RATE

# The most that is done to a clip at strength 1, all of it uniformly distributed:
# how many times as fast, or as slow, it is played, which changes its pitch too (Ko et al. 2015, "Audio augmentation for
# speech recognition"),
SPEED = 1.15
# how much earlier or later it is,
SHIFT_SECONDS = 0.1
# how much louder or softer,
GAIN_DECIBELS = 6.0
# and how loud the noise added to it is, as a share of that of the recording of noise.
NOISE_LEVEL = 0.2


def distort(clips: np.ndarray, noise: np.ndarray, strength: float, random: np.random.Generator) -> np.ndarray:
    """Return clips played at another speed, shifted in time, with another loudness, and with noise.

    What a clip has no samples for is silent.

    Args:
        clips: int16 ``[n, CLIP_SAMPLES]``.
        noise: recordings without words ``[m, CLIP_SAMPLES]``; with none, none is added.
        strength: how much of all this: 0 for none of it.
        random: draws it.

    Returns:
        int16 ``[n, CLIP_SAMPLES]``.
    """
    count, time_axis, middle = len(clips), np.arange(CLIP_SAMPLES), (CLIP_SAMPLES - 1) / 2
    speed, shift, gain = random.uniform(-strength, strength, (3, count))
    level, which = random.uniform(0.0, strength, count), random.integers(max(len(noise), 1), size=count)
    turned = random.integers(CLIP_SAMPLES, size=count)
    limits, distorted = np.iinfo(np.int16), np.empty_like(clips)
    for row, clip in enumerate(clips):
        place = (time_axis - middle) * SPEED ** speed[row] + middle + shift[row] * SHIFT_SECONDS * SAMPLE_RATE
        samples = np.interp(place, time_axis, clip, left=0.0, right=0.0) * 10.0 ** (gain[row] * GAIN_DECIBELS / 20)
        if len(noise):
            samples += level[row] * NOISE_LEVEL * np.roll(noise[which[row]], turned[row])
        distorted[row] = np.clip(np.rint(samples), limits.min, limits.max)
    return distorted
