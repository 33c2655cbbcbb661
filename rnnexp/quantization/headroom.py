"""How far beyond what was seen the ranges of codes may reach: as far as the coarser steps cost next to nothing.

A model of values that is never exact needs few codes to be as good as it is; the others can stand for values that are
still to come, which would be cut off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnnexp.quantization.scales import OUTPUT_MARGIN, affine

# What rounding may add to the mean squared error, as a share of it: of few held-out values, chance makes more of it.
ADDED_SHARE = 0.0005
# More of it than this is worse than that a value is cut off now and then.
TOLERABLE_SHARE = 0.005
# As much again as was seen, on either side.
MOST_MARGIN = 1.0
STEPS = 255
# What a series was like of late, it may go on to be: this share of it, the last one, has an error of its own.
LATE_SHARE = 0.2


@dataclass(frozen=True)
class Headroom:
    """How much room output codes have.

    Attributes:
        error: root mean square of what the outputs are off by, whatever they are rounded to.
        grown: whether the outputs seen are of inputs that have grown, and so have room already: where the usual margin
            makes the steps too coarse, there is none.
    """

    error: float
    grown: bool = False

    def margin(self, limits: tuple[float, float]) -> float:
        """Return how far output codes go beyond a range that was seen, as a share of it, ``MOST_MARGIN`` at most."""
        least = min(max(self._widest(limits, TOLERABLE_SHARE), 0.0), OUTPUT_MARGIN) if self.grown else OUTPUT_MARGIN
        return min(max(self._widest(limits, ADDED_SHARE), least), MOST_MARGIN)

    def _widest(self, limits: tuple[float, float], share: float) -> float:
        """Return the margin with which rounding adds a share to the mean squared error: steps squared, over 12."""
        width = max(limits[1], 0.0) - min(limits[0], 0.0)
        return (STEPS * (12 * share) ** 0.5 * self.error / width - 1) / 2 if width > 0 else 0.0


def expected_error(errors: np.ndarray) -> np.ndarray:
    """Return the root mean square ``[outputs]`` of errors ``[n, outputs]`` in time order: of late, if that is less."""
    late = errors[-max(round(LATE_SHARE * len(errors)), 1) :]
    return np.sqrt(np.minimum(np.mean(errors**2, axis=0), np.mean(late**2, axis=0)))


def input_limits(
    limits: tuple[float, float], predict: Callable[[np.ndarray], np.ndarray], x: np.ndarray, error: np.ndarray
) -> tuple[float, float]:
    """Return the range for input codes: as much on both sides of 0, if predictions are hardly worse by it.

    Differences that were all of one sign may turn.

    Args:
        limits: the smallest and the largest input seen.
        predict: outputs ``[n, outputs]`` of inputs.
        x: inputs to try it with, ``[n, time, features]``.
        error: root mean square of what the outputs are off by, ``[outputs]``.
    """
    largest = max(abs(limits[0]), abs(limits[1]))
    both = -largest, largest
    codes = affine(both, "input")
    moved = np.mean((predict(codes.decode(codes.encode(x))) - predict(x)) ** 2, axis=0)
    return both if (moved <= ADDED_SHARE * error**2).all() else limits
