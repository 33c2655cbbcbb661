"""Functions that only cut off, as relu does: in integers, sums are values already, and there is no table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from rnnexp.network.functions import Clip
from rnnexp.quantization.arithmetic import Arithmetic
from rnnexp.quantization.scales import LARGEST_STATE, TABLE_MARGIN, scale_for, widened
from rnnexp.quantization.tables import Table

# What values have at most, and words.
VALUES = (-LARGEST_STATE, LARGEST_STATE)
WORDS = (-(2**15), 2**15 - 1)


@dataclass(frozen=True)
class Cut:
    """Where numbers are cut off.

    Attributes:
        low: the smallest that is left of them.
        high: the largest.
        scale: the real value of one unit.
    """

    low: int
    high: int
    scale: float

    @classmethod
    def of(cls, function: Clip, scale: float, limits: tuple[int, int] = VALUES) -> Cut:
        """Return where a function cuts off numbers that count ``scale``, and that have limits themselves."""
        low, high = np.clip(np.array([function.low, function.high]) / scale, *limits)
        return cls(round(float(low)), round(float(high)), scale)

    @property
    def limits(self) -> tuple[float, float]:
        """The smallest and the largest real value."""
        return self.low * self.scale, self.high * self.scale

    @property
    def start(self) -> float:
        """The real value that a sum of 0 stands for, as ``Table.start``."""
        return 0.0

    @property
    def step(self) -> float:
        """The real value of one step of sums, as ``Table.step``: these are what is cut off."""
        return self.scale


# What a layer's function is in integers.
Activation: TypeAlias = Table | Cut


def tables_of(*functions: Activation) -> tuple[Table, ...]:
    """Return the tables among functions."""
    return tuple(function for function in functions if isinstance(function, Table))


def activated(arithmetic: Arithmetic, function: Activation, sums: Any, name: str) -> Any:
    """Return a function of sums, in the operations of an arithmetic."""
    if isinstance(function, Cut):
        return arithmetic.clip(sums, function.low, function.high, name)
    (found,) = arithmetic.look_up((function,), [sums], name)
    return found


def scale_of(function: Clip, limits: tuple[float, float]) -> float:
    """Return a scale for what a function leaves of a range and a margin; of the range, where that is nothing."""
    return scale_for(peak_of(function, limits) / LARGEST_STATE, "values")


def peak_of(function: Clip, *ranges: tuple[float, float]) -> float:
    """Return the largest magnitude that a function leaves of ranges and margins; theirs, where that is nothing."""
    ends = np.array([widened(limits, TABLE_MARGIN) for limits in ranges])
    return float(np.abs(function(ends)).max()) or float(np.ptp(ends))
