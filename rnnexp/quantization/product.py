"""Matrix products in integers, rounded once: the weights of an integer network, and what multiplying with them means.

``round_shift(a, s)`` is ``floor((a + 2**(s - 1)) / 2**s)``, rounding to nearest. Everything that is multiplied with
weights is a multiple of 4 and biases are odd; so accumulators are odd, no rounding ever meets a tie, and all ways of
rounding to nearest give the same bits.

A value ``v``, of a state for instance, has 14 bits and is two int8: ``v = 64 * upper + lower``. Two int16 codes are
made of them: a fine one, ``4 * v``, and a coarse one, ``4 * upper``. An input's int8 code is an ``upper`` without a
``lower``. A weight ``w``, 14 bits, is two int8, ``w = 64 * high + low``: ``high`` meets the fine code and ``low`` the
coarse one. So the sum is 1/16 of ``w @ v``, but for the products of two lower parts, which are too small to matter.

    sum    = high @ (4 * value) + low @ (4 * upper of value) + bias
    result = saturate(round_shift(sum, shift))                                                            to int16

In real numbers, a weight is ``w * scale`` for values in units of their own scale, and a result counts ``step``; the
zero point of input codes is in the bias of the product that reads them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

# A value is RADIX * upper + lower, a weight RADIX * high + low: the largest power of two that int8 holds.
RADIX = 64
# What weights are multiplied with is a multiple of this, so that odd biases make odd sums.
CODE_UNIT = 4


@dataclass(frozen=True)
class Exact:
    """The real numbers that the integers of a product were rounded from, in the same units.

    Attributes:
        weights: float64 ``[units, inputs]``.
        bias: float64 ``[units]``.
    """

    weights: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Product:
    """A matrix product with weights of two int8 each.

    Attributes:
        high: int8 ``[units, inputs]``, the weights' upper part.
        low: int8 ``[units, inputs]``, their lower part.
        bias: int64 ``[units]``, odd, within int32; counts ``2**-shift`` steps.
        shift: by how many bits the sum is shifted right.
        scale: of the weights, for values in units of the state's scale: a power of two times ``step / state scale``.
        step: the real value of one step of the result.
        exact: what the integers were rounded from, as long as that is known.
    """

    high: np.ndarray
    low: np.ndarray
    bias: np.ndarray
    shift: int
    scale: float
    step: float
    exact: Exact | None = field(default=None, compare=False, repr=False)

    @property
    def codes(self) -> np.ndarray:
        """The weights as single integers, int64 ``[units, inputs]``, in units of ``scale``."""
        return self.high.astype(np.int64) * RADIX + self.low

    @property
    def value_scale(self) -> float:
        """The real value of one unit of the values that it was made for: others are read as if they had it."""
        return self.step * 2.0**-self.shift * CODE_UNIT / (RADIX * self.scale)

    def multiply(self, values: np.ndarray) -> np.ndarray:
        """Return the rounded sums ``[n, units]`` for values ``[n, inputs]``."""
        upper, _ = split(values)
        total = _exact(CODE_UNIT * values, self.high) + self.bias + _exact(CODE_UNIT * upper, self.low)
        return saturated(round_shift(total, self.shift))


def split(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the upper and the lower part of integers, ``value = RADIX * upper + lower``, lower in -32..31."""
    upper = (values + RADIX // 2) // RADIX
    return upper, values - upper * RADIX


def round_shift(values: np.ndarray, bits: int) -> np.ndarray:
    """Return ``values / 2**bits``, ``bits`` at least 1, rounded to nearest, halves up."""
    return (values + (1 << (bits - 1))) >> bits


def saturated(values: np.ndarray) -> np.ndarray:
    """Return the numbers, clipped to int16."""
    return np.clip(values, -(2**15), 2**15 - 1)


def _exact(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return ``values @ weights.T``. float64 holds these sums exactly, and has a much faster product than int64."""
    return (values.astype(np.float64) @ weights.T.astype(np.float64)).astype(np.int64)
