"""Scales, ranges and int8 codes: from where real numbers lie to how integers stand for them.

Scales are rounded *up* to 12 significant bits, so that products of two of them are exact in float32 and all ratios in
the model are exact powers of two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rnnexp.errors import UserError
from rnnexp.network.activations import Function
from rnnexp.quantization.product import RADIX

# Within this, the state's upper part is an int8 and its codes are int16.
LARGEST_STATE = 127 * RADIX
# How far table and output codes go beyond the values given, as a share of their range: for data that was not seen.
TABLE_MARGIN = 0.1
OUTPUT_MARGIN = 0.05
SCALE_BITS = 12


@dataclass(frozen=True)
class Affine:
    """int8 codes of real numbers: ``real = (code - zero_point) * scale``."""

    scale: float
    zero_point: int

    @property
    def ends(self) -> tuple[int, int]:
        """The lowest and the highest code."""
        return -128, 127

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Return int8 codes: rounded to nearest, ties to even, and clipped."""
        # In place: the inputs of a large data set are hundreds of megabytes.
        codes = np.array(values, np.float64)
        codes /= self.scale
        np.rint(codes, out=codes)
        codes += self.zero_point
        return np.clip(codes, -128, 127, out=codes).astype(np.int8)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the real numbers, in float64."""
        return (np.asarray(codes, np.float64) - self.zero_point) * self.scale


def affine(limits: tuple[float, float], name: str) -> Affine:
    """Return the int8 codes that cover a range and 0, which is always a code.

    Raises:
        UserError: if the range is not finite.
    """
    low, high = finite(limits, name)
    low, high = min(low, 0.0), max(high, 0.0)
    scale = scale_for((high - low or 1.0) / 255, name)
    return Affine(scale, int(np.clip(np.rint(-128 - low / scale), -128, 127)))


def scale_for(value: float, name: str) -> float:
    """Return the smallest scale with ``SCALE_BITS`` significant bits that is not below ``value``.

    Raises:
        UserError: if there is none in float32.
    """
    mantissa, exponent = math.frexp(value) if math.isfinite(value) else (math.nan, 0)
    if not mantissa > 0:
        raise UserError(f"the {name} has no usable scale: {value:g}")
    return checked_scale(math.ldexp(math.ceil(math.ldexp(mantissa, SCALE_BITS)), exponent - SCALE_BITS), name)


def checked_scale(scale: float, name: str) -> float:
    """Return the scale, if float32 holds it as a normal positive number.

    Raises:
        UserError: if not.
    """
    limits = np.finfo(np.float32)
    if not float(limits.tiny) <= scale <= float(limits.max):
        raise UserError(f"the range of the {name} is too large or too small for an int8 model: its scale is {scale:g}")
    return scale


def active_part(activation: Function, limits: tuple[float, float], levels: int = LARGEST_STATE) -> tuple[float, float]:
    """Return the part of a range outside of which the activation does not change by half a ``levels``-th of its peak.

    The table spends its entries there. The ends are outside by up to a thousandth of the part's width. The part has a
    width if the range has one: where the activation is that flat all over, it is the range.
    """
    start, end = limits
    while True:
        grid = np.linspace(start, end, 4096)
        states = activation(grid)
        tolerance = np.abs(states).max() / (2 * levels)
        differs_from_start = np.flatnonzero(np.abs(states - states[0]) > tolerance)
        differs_from_end = np.flatnonzero(np.abs(states - states[-1]) > tolerance)
        if not len(differs_from_start) or not len(differs_from_end):
            return start, end
        new_start = grid[max(differs_from_start[0] - 1, 0)]
        new_end = grid[min(differs_from_end[-1] + 1, len(grid) - 1)]
        # What changes by less than twice the tolerance is half-way within it of both ends: no part is left to cut out.
        if new_end <= new_start:
            return start, end
        shrunk = (new_end - new_start) < 0.5 * (end - start)
        start, end = float(new_start), float(new_end)
        # A part that was small on the grid was found roughly: look again.
        if not shrunk:
            return start, end


def finite(limits: tuple[float, float], name: str) -> tuple[float, float]:
    """Return a range, if it is one.

    Raises:
        UserError: if not.
    """
    low, high = (float(limit) for limit in limits)
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise UserError(f"the range of the {name} is not finite: {low:g} to {high:g}")
    return low, high


def widened(limits: tuple[float, float], margin: float) -> tuple[float, float]:
    """Return the range with a margin on both sides, and never without any width.

    Raises:
        UserError: if float64 does not hold it.
    """
    low, high = limits
    width = max(high - low, 1e-3 * max(abs(low), abs(high)), 1e-20)
    start, end = low - margin * width, high + margin * width
    if not math.isfinite(end - start):
        raise UserError(f"a range is too large for an int8 model: {low:g} to {high:g}")
    return start, end
