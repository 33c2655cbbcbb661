"""The baseline that any season gives: the last known value of the same hour, weekday or month."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnnexp.datasets.series import gaps


def name(period: int, periods: Sequence[int]) -> str:
    """Return what the baseline of a season is called in tables."""
    return "seasonal naive" if len(periods) == 1 else f"seasonal naive, {period} steps"


def ahead(values: np.ndarray, first: np.ndarray, steps: int, period: int) -> np.ndarray:
    """Return what is predicted for each of the steps ``first`` ``[n]`` and those after it, ``[n, steps, columns]``.

    Args:
        values: ``[n, columns]``; over gaps, straight lines.
        first: none of its values, or later ones, is used.
        steps: how many.
        period: of the season, in steps.
    """
    whole = np.stack([gaps.bridged(column) for column in values.T], axis=1)
    later = np.arange(steps)
    # Further ahead than a season, what is a season earlier is not known either.
    return whole[first[:, None] + later - period * (later // period + 1)]
