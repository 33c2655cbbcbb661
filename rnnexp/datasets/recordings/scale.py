"""Every feature its own scale: mean and deviation in the recordings of the training part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnnexp.datasets.recordings.recording import Recording
from rnnexp.preprocessing.standard import Standardized, Target

# No value of the training part is further from 0 than this: int8 has one scale for all features, and one with values
# that stick out would leave few codes for the others.
FURTHEST = 4.0
# Digits that numbers are kept to: those of float64's end are only noise.
DIGITS = 9


def standardized(recordings: Sequence[Recording], samples_per_step: int, *, numeric: bool) -> Standardized:
    """Return the map of the training part's recordings.

    Args:
        recordings: of the training part.
        samples_per_step: that are one time step.
        numeric: whether labels are numbers, which are scaled too.
    """
    values = np.concatenate([recording.values for recording in recordings])
    mean = values.mean(axis=0)
    deviation = np.maximum(values.std(axis=0), np.abs(values - mean).max(axis=0) / FURTHEST)
    # A feature that does not change says nothing, and stays at 0.
    deviation = np.where(deviation > 1e-12 * np.maximum(np.abs(mean), 1e-12), deviation, 1.0)
    target = None
    if numeric:
        labels = np.array([float(recording.label) for recording in recordings])
        target = Target(offset=_rounded(labels.mean()), scale=_rounded(labels.std()) or 1.0)
    return Standardized(
        mean=tuple(map(_rounded, mean)),
        deviation=tuple(map(_rounded, deviation)),
        samples_per_step=samples_per_step,
        target=target,
    )


def _rounded(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")
