"""Functions that only cut off, as relu does: in integers, sums are values already, and there is no table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnexp.network.functions import Clip
from rnnexp.quantization.scales import LARGEST_STATE, TABLE_MARGIN, scale_for, widened


@dataclass(frozen=True)
class Cut:
    """The smallest and the largest value that is left of sums."""

    low: int
    high: int

    @classmethod
    def of(cls, function: Clip, scale: float) -> Cut:
        """Return where a function cuts off, for values that count ``scale``."""
        low, high = np.clip(np.array([function.low, function.high]) / scale, -LARGEST_STATE, LARGEST_STATE)
        return cls(round(float(low)), round(float(high)))


def scale_of(function: Clip, limits: tuple[float, float]) -> float:
    """Return a scale for what a function leaves of a range and a margin; of the range, where that is nothing."""
    low, high = widened(limits, TABLE_MARGIN)
    peak = float(np.abs(function(np.array([low, high]))).max())
    return scale_for((peak or high - low) / LARGEST_STATE, "values")
