"""What a recurrent cell in integers is made of: six operations, each exact or rounded once.

A cell writes its step once, in these; ``Numbers`` runs it in NumPy, and is the specification. Other forms of the same
operations write it into a TensorFlow Lite file (``rnnexp.formats.tflite.int8.graph``) and as C
(``rnnexp.formats.c.cell``).

    multiply   int8 weights in two parts times values, see ``rnnexp.quantization.product``
    look_up    table[clip(index, 0, len(table) - 1)]
    clip       clip(value, low, high)
    dot        round_shift(factor * value + ... , shift), saturated to int16; what is added up, to 30 bits at each term
    shift      round_shift(value, bits) + offset, saturated to int16
    complement ONE - gate

Three kinds of numbers go through them, one a unit. *Values* have 14 bits, -8128 to 8128, and are what is multiplied
with weights. *Gates* count ``2**-14``, from 0 to ``ONE``. *Words* are all of int16: sums, and states that need more
than 14 bits because a little is added to them at every step. A cell's first state, which others read, is a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from typing_extensions import override

from rnnexp.quantization.product import Product, round_shift, saturated
from rnnexp.quantization.tables import ONE, Table

# By how many bits numbers are shifted at most.
LARGEST_SHIFT = 24
# A sum of products does not go beyond it, nor below what is one less than its negative: four times it is int32.
LARGEST_TOTAL = 2**29 - 1
# What may be added to a shifted number: enough to have any of int16 saturate.
LARGEST_OFFSET = 2**16


class Arithmetic(Protocol):
    """The operations, on whatever stands for a number of each unit."""

    def multiply(self, product: Product, values: Sequence[Any], blocks: int, name: str) -> list[Any]:
        """Return the sums of a product's rows, ``blocks`` of units one after the other.

        Args:
            product: the weights; rows block by block.
            values: what its columns are multiplied with, joined: what comes in, then the cell's own value, both from
                before the step. Values that the step has made can be multiplied in NumPy and in .tflite files, but
                C has no such cells, and writing it raises a ValueError.
            blocks: how many sums each unit has.
            name: of the product, to be read in files.
        """

    def look_up(self, tables: Sequence[Table], indices: Sequence[Any], name: str) -> list[Any]:
        """Return for each index what its table has there; the quickest way for all of a product's sums is at once."""

    def clip(self, value: Any, low: int, high: int, name: str) -> Any:
        """Return a number, or the nearer one of two limits of int16 where it is beyond."""

    def dot(self, terms: Sequence[tuple[Any, Any]], shift: int, name: str) -> Any:
        """Return the rounded sum of products of factors, gates or constants of int16, and values or words.

        After each product, what has been added up is clipped to what ``LARGEST_TOTAL`` says.

        Args:
            terms: factors, and what each is multiplied with; an array has a factor for each unit. Such an array may
                also be what a whole number is multiplied with, but not in all terms.
            shift: bits to be rounded away, 1 to ``LARGEST_SHIFT``.
            name: of the result, to be read in files.
        """

    def shift(self, value: Any, bits: int, offset: int, name: str) -> Any:
        """Return a value without its last bits, plus an offset.

        Args:
            value: a number of any kind.
            bits: how many, 1 to ``LARGEST_SHIFT``.
            offset: up to ``LARGEST_OFFSET``.
            name: of the result, to be read in files.
        """

    def complement(self, gate: Any) -> Any:
        """Return what is left of 1, for a gate just looked up."""


def checked_shift(bits: int, offset: int = 0) -> int:
    """Return the number of bits, if that and the offset are what all forms of the operations can do.

    Raises:
        ValueError: if not.
    """
    if not 1 <= bits <= LARGEST_SHIFT or abs(offset) > LARGEST_OFFSET:
        raise ValueError(f"numbers cannot be shifted by {bits} bits and {offset}")
    return bits


class Numbers(Arithmetic):
    """The operations in NumPy: numbers are int64 ``[n, units]``."""

    @override
    def multiply(self, product: Product, values: Sequence[np.ndarray], blocks: int, name: str) -> list[np.ndarray]:
        return np.split(product.multiply(np.concatenate(values, axis=1)), blocks, axis=1)

    @override
    def look_up(self, tables: Sequence[Table], indices: Sequence[np.ndarray], name: str) -> list[np.ndarray]:
        return [
            table.values.astype(np.int64)[np.clip(index, 0, len(table.values) - 1)]
            for table, index in zip(tables, indices, strict=True)
        ]

    @override
    def clip(self, value: np.ndarray, low: int, high: int, name: str) -> np.ndarray:
        return np.clip(value, low, high)

    @override
    def dot(self, terms: Sequence[tuple[Any, Any]], shift: int, name: str) -> np.ndarray:
        total: Any = 0
        for factor, value in terms:
            total = np.clip(total + np.multiply(factor, value, dtype=np.int64), -LARGEST_TOTAL - 1, LARGEST_TOTAL)
        return saturated(round_shift(total, checked_shift(shift)))

    @override
    def shift(self, value: np.ndarray, bits: int, offset: int, name: str) -> np.ndarray:
        return saturated(round_shift(value, checked_shift(bits, offset)) + offset)

    @override
    def complement(self, gate: np.ndarray) -> np.ndarray:
        return ONE - gate
