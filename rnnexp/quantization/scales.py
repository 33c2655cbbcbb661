"""Scales, ranges and int8 codes: from where real numbers lie to how integers stand for them.

Scales are rounded *up* to 12 significant bits, so that products of two of them are exact in float32 and all ratios in
the model are exact powers of two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

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

# Of the codes that come in and go out.
IoBits = Literal[8, 16]


@dataclass(frozen=True)
class Affine:
    """Integer codes of real numbers: ``real = (code - zero_point) * scale``. Those of this class are int8.

    Attributes:
        scale: the real value of one step.
        zero_point: the code of 0.
        dtype: of the codes.
        bits: of the type.
        lowest: the smallest code; what is below counts as this.
        highest: the largest, likewise.
        unit: how many units of a value, as products read them, an input's code counts.
    """

    scale: float
    zero_point: int

    dtype: ClassVar[Any] = np.int8
    bits: ClassVar[int] = 8
    lowest: ClassVar[int] = -128
    highest: ClassVar[int] = 127
    unit: ClassVar[int] = RADIX

    @property
    def value_scale(self) -> float:
        """The real value of one unit of the values that input codes stand for."""
        return self.scale / self.unit

    @property
    def largest_value(self) -> int:
        """How large these can be."""
        return max(-self.lowest, self.highest) * self.unit

    @property
    def limits(self) -> tuple[float, float]:
        """The smallest and the largest real number that has a code."""
        low, high = self.decode(np.array([self.lowest, self.highest])).tolist()
        return low, high

    def values(self, codes: np.ndarray) -> np.ndarray:
        """Return the values that input codes stand for, int64; their zero point is still in them."""
        return np.clip(codes, self.lowest, self.highest).astype(np.int64) * self.unit

    def clip(self, numbers: np.ndarray) -> np.ndarray:
        """Return integers as codes, those beyond the range as its ends."""
        return np.clip(numbers, self.lowest, self.highest).astype(self.dtype)

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Return the codes: rounded to nearest, ties to even, and clipped."""
        # In place: the inputs of a large data set are hundreds of megabytes.
        codes = np.array(values, np.float64)
        codes /= self.scale
        np.rint(codes, out=codes)
        codes += self.zero_point
        return np.clip(codes, self.lowest, self.highest, out=codes).astype(self.dtype)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the real numbers, in float64."""
        return (np.asarray(codes, np.float64) - self.zero_point) * self.scale


class ValueCodes(Affine):
    """int16 codes of 14 bits, whose zero point is 0: each is a value itself. So inputs have them."""

    dtype = np.int16
    bits = 16
    lowest = -LARGEST_STATE
    highest = LARGEST_STATE
    unit = 1


class WordCodes(Affine):
    """int16 codes of all 16 bits, whose zero point is 0: so outputs have them, which nothing is multiplied with."""

    dtype = np.int16
    bits = 16
    lowest = -(2**15)
    highest = 2**15 - 1
    unit = 1


# What codes of so many bits are.
INPUT_CODES: dict[IoBits, type[Affine]] = {8: Affine, 16: ValueCodes}
OUTPUT_CODES: dict[IoBits, type[Affine]] = {8: Affine, 16: WordCodes}


def affine(limits: tuple[float, float], name: str, kind: type[Affine] = Affine) -> Affine:
    """Return the codes of a kind that cover a range and 0, which is always a code.

    Raises:
        UserError: if the range is not finite.
    """
    low, high = finite(limits, name)
    low, high = min(low, 0.0), max(high, 0.0)
    if kind.dtype is not np.int8:
        return kind(scale_for((max(-low, high) or 1.0) / kind.highest, name), 0)
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


def power_of_two_for(value: float, name: str) -> float:
    """Return the smallest power of two that is not below ``value``.

    Raises:
        UserError: if there is none in float32.
    """
    mantissa, exponent = math.frexp(scale_for(value, name))
    return checked_scale(math.ldexp(1.0, exponent - (mantissa == 0.5)), name)


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
