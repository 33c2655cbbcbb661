"""Recordings as they might have been: a little earlier or later, faster in one place, stronger, with other noise.

Few recordings are learned by heart otherwise: each epoch sees others. After T. T. Um et al. (2017), Data augmentation
of wearable sensor data for Parkinson's disease monitoring using convolutional neural networks, ICMI.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnexp.preprocessing.cutting import Cutting

# At an AUGMENTATION of 1, the deviations of: moves in time and their bends, as a share of a recording's length; factors
# of each feature; and what is added to every sample, of a feature's deviation.
SHIFT, BEND, GAIN, NOISE = 0.02, 0.03, 0.1, 0.1


@dataclass(frozen=True)
class Augmentation:
    """Distorts sequences at random.

    Attributes:
        samples: ``[n, samples, features]`` float32 in the network's numbers, padded with zeros at the end.
        lengths: ``[n]``, real samples of each.
        cutting: how samples become time steps.
        strength: the setting AUGMENTATION.
    """

    samples: np.ndarray
    lengths: np.ndarray
    cutting: Cutting
    strength: float

    def __call__(self, random: np.random.Generator) -> np.ndarray:
        """Return other sequences ``[n, time, features]``, of the same lengths."""
        count, longest, features = self.samples.shape
        lengths = self.lengths[:, None]
        place = np.arange(longest) / lengths
        shift, first, second = random.normal(scale=self.strength, size=(3, count, 1))
        bend = BEND * (first * np.sin(np.pi * place) + second * np.sin(2 * np.pi * place) / 2)
        moved = np.clip((place + bend + SHIFT * shift) * lengths, 0, lengths - 1)
        before = moved.astype(np.int64)
        after, rows = np.minimum(before + 1, lengths - 1), np.arange(count)[:, None]
        share = (moved - before)[..., None].astype(np.float32)
        made = self.samples[rows, before] * (1 - share) + self.samples[rows, after] * share
        made *= 1 + GAIN * self.strength * random.standard_normal((count, 1, features), np.float32)
        made += NOISE * self.strength * random.standard_normal(made.shape, np.float32)
        made[place >= 1] = 0
        return np.stack([self.cutting.steps(sequence) for sequence in made])
