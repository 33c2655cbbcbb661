"""Products and tables as the constants of a .tflite file.

A product's kernel is int8 ``[rows, columns]``. Its columns are for codes as the graph has them, so what is multiplied
comes in segments: of some, fine and coarse code lie side by side, of others all fine ones come first. Biases are int64,
or further columns that are multiplied with ``bias_codes``: without a bias tensor, LiteRT's sums are int32, and several
times faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnnexp.quantization.product import CODE_UNIT, RADIX, Product, split
from rnnexp.quantization.tables import LARGEST_WORD, Table

# What the columns of biases are multiplied with, twice the digits' units: 1, 128, and 128 * 127 as often as it takes.
_UNITS = (1, 128, 128 * 127)
_LARGEST_DIGIT = 127
# With more columns than this, or fewer weights, a bias tensor is as good.
MOST_COLUMNS = 12
LEAST_WEIGHTS = 700
# Roundings of sums by fewer bits would see which odd number a bias is.
LEAST_SHIFT = 3


@dataclass(frozen=True)
class Segment:
    """Some of what a product is multiplied with: how many values, and whether all fine codes come first."""

    size: int
    planar: bool


def weights_of(product: Product, segments: Sequence[Segment] = ()) -> np.ndarray:
    """Return a product's weights as int8 ``[rows, inputs * 2]``; without segments, the parts of each side by side."""
    rows, found, begin = len(product.high), [], 0
    for segment in segments or [Segment(product.high.shape[1], planar=False)]:
        columns = slice(begin, begin + segment.size)
        both = [product.high[:, columns], product.low[:, columns]]
        found.append(np.stack(both, axis=1 if segment.planar else 2).reshape(rows, -1))
        begin += segment.size
    return np.concatenate(found, axis=1)


def parts_of(weights: np.ndarray, segments: Sequence[Segment]) -> tuple[np.ndarray, np.ndarray]:
    """Return upper and lower parts ``[rows, inputs]``, of what ``weights_of`` returned."""
    found, begin = [], 0
    for segment in segments:
        both = weights[:, begin : begin + 2 * segment.size]
        shape = (len(weights), 2, segment.size) if segment.planar else (len(weights), segment.size, 2)
        found.append(both.reshape(shape) if segment.planar else both.reshape(shape).transpose(0, 2, 1))
        begin += 2 * segment.size
    high, low = np.concatenate(found, axis=2).transpose(1, 0, 2)
    return high, low


def bias_codes(columns: int) -> np.ndarray:
    """Return what so many columns of biases are multiplied with, int16."""
    return 2 * np.array([*_UNITS[:2], *[_UNITS[2]] * (columns - 2)], np.int16)


def bias_columns(product: Product) -> np.ndarray | None:
    """Return a product's biases as columns, int8 ``[rows, columns]``; None where they are better off as a tensor.

    Of a bias ``b`` the sum has the even number between ``b - 1`` and ``b + 1`` that is no multiple of 4: to nearest,
    it is rounded as ``b`` is, and also by kernels that halve it first. Of which of the two ``b`` is, the sign of the
    first digit tells.
    """
    rows, inputs = product.high.shape
    if rows * inputs < LEAST_WEIGHTS or product.shift < LEAST_SHIFT or _largest_sum(product) >= 2**31:
        return None
    half = 2 * (product.bias >> 2) + 1
    first = half % _UNITS[1] - _UNITS[1] * (product.bias % 4 == 1)
    rest = (half - first) // _UNITS[1]
    second = (rest + 63) % 127 - 63
    rest = (rest - second) // 127
    digits = [first, second]
    while rest.any() or len(digits) % 2:
        digits.append(np.clip(rest, -_LARGEST_DIGIT, _LARGEST_DIGIT))
        rest = rest - digits[-1]
        if len(digits) > MOST_COLUMNS:
            return None
    return np.stack(digits, axis=1).astype(np.int8)


def with_columns(columns: np.ndarray, count: int) -> np.ndarray:
    """Return the columns of biases, and as many without digits as there are codes for."""
    return np.pad(columns, ((0, 0), (0, count - columns.shape[1])))


def bias_of(columns: np.ndarray) -> np.ndarray:
    """Return the biases that columns stand for, int64 ``[rows]``."""
    digits = columns.astype(np.int64)
    return digits @ bias_codes(digits.shape[1]).astype(np.int64) + np.where(digits[:, 0] < 0, -1, 1)


def largest_result(product: Product) -> int:
    """Return a bound on the magnitude of a product's results, with any values."""
    return min(_largest_sum(product) >> product.shift, 2**15)


def _largest_sum(product: Product) -> int:
    """Return a bound on the sums with any values, rounding included."""
    fine, coarse = (np.abs(part.astype(np.int64)).sum(axis=1) for part in (product.high, product.low))
    sums = (LARGEST_WORD + 1) * fine + 2 * CODE_UNIT * RADIX * coarse + np.abs(product.bias)
    return int(sums.max()) + 2 + (1 << product.shift)


def distinct(tables: Sequence[Table]) -> list[Table]:
    """Return tables without those that have the entries of another one."""
    found: dict[bytes, Table] = {}
    for table in tables:
        found.setdefault(entries(table), table)
    return list(found.values())


def entries(table: Table) -> bytes:
    """Return what a file has of a table: those of gates and of a function that is stretched from them are the same."""
    return pairs_of([table]).tobytes()


def pairs_of(tables: Sequence[Table]) -> np.ndarray:
    """Return the values of tables, one after the other, as int8 ``[entries, 2]``."""
    numbers = np.concatenate([(table.values.astype(np.int64) - table.offset) // table.multiple for table in tables])
    # The last value of a gate, ONE, is one more than upper parts reach: the lower part makes up for it.
    upper = np.minimum(split(numbers)[0], 127)
    return np.stack([upper, numbers - RADIX * upper], axis=1).astype(np.int8)
