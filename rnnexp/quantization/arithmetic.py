"""What a recurrent cell in integers is made of: five operations, each exact or rounded once.

A cell writes its step once, in these; ``Numbers`` runs it in NumPy, and is the specification. Other forms of the same
operations write it into a TensorFlow Lite file (``rnnexp.formats.tflite.int8.graph``), and can write it as C or
simulate it in training. ``round_shift`` is ``rnnexp.quantization.reference.round_shift``: to nearest, halves up.

    multiply   int8 weights in two parts times values, see ``rnnexp.quantization.product``
    look_up    table[clip(index, 0, len(table) - 1)]
    dot        round_shift(factor * value + ... , shift), saturated to int16
    shift      round_shift(value, bits) + offset, saturated to int16
    complement ONE - gate

Three kinds of numbers go through them, one a unit. *Values* have 14 bits, -8128 to 8128, and are what is multiplied
with weights. *Gates* count ``2**-14``, from 0 to ``ONE``. *Words* are all of int16: sums, and states that need more
than 14 bits because a little is added to them at every step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rnnexp.quantization import reference
from rnnexp.quantization.product import Product

GATE_BITS = 14
ONE = 1 << GATE_BITS


@dataclass(frozen=True, eq=False)
class Table:
    """A function at equally distant places.

    Attributes:
        values: int16; ``offset`` plus a multiple of ``multiple`` each.
        start: the real place of the first entry.
        step: the real distance between places.
        scale: the real value of one unit of the values.
        multiple: a power of two.
        offset: in the middle of the values, so that 14 bits hold what is left.
        name: to be read in files.
    """

    values: np.ndarray
    start: float
    step: float
    scale: float
    multiple: int = 1
    offset: int = 0
    name: str = "activation"


class Arithmetic(Protocol):
    """The operations, on whatever stands for a number of each unit."""

    def multiply(self, product: Product, values: Sequence[Any], blocks: int, name: str) -> list[Any]:
        """Return the sums of a product's rows, ``blocks`` of units one after the other.

        Args:
            product: the weights; rows block by block.
            values: what its columns are multiplied with, joined.
            blocks: how many sums each unit has.
            name: of the product, to be read in files.
        """

    def look_up(self, tables: Sequence[Table], indices: Sequence[Any], name: str) -> list[Any]:
        """Return for each index what its table has there; all indices are one product's sums, or there is only one."""

    def dot(self, terms: Sequence[tuple[Any, Any]], shift: int, name: str) -> Any:
        """Return the rounded sum of products of factors, gates or integers, and values or words."""

    def shift(self, value: Any, bits: int, offset: int, name: str) -> Any:
        """Return a value without its last ``bits`` bits, 1 or more, plus an offset."""

    def complement(self, gate: Any) -> Any:
        """Return what is left of 1, for a gate just looked up."""


class Numbers:
    """The operations in NumPy: numbers are int64 ``[n, units]``."""

    def multiply(self, product: Product, values: Sequence[np.ndarray], blocks: int, name: str) -> list[np.ndarray]:  # noqa: ARG002
        """See ``Arithmetic``."""
        return np.split(reference.multiply(product, np.concatenate(values, axis=1)), blocks, axis=1)

    def look_up(self, tables: Sequence[Table], indices: Sequence[np.ndarray], name: str) -> list[np.ndarray]:  # noqa: ARG002
        """See ``Arithmetic``."""
        return [
            table.values.astype(np.int64)[np.clip(index, 0, len(table.values) - 1)]
            for table, index in zip(tables, indices, strict=True)
        ]

    def dot(self, terms: Sequence[tuple[Any, np.ndarray]], shift: int, name: str) -> np.ndarray:  # noqa: ARG002
        """See ``Arithmetic``."""
        return saturated(reference.round_shift(sum(factor * value for factor, value in terms), shift))

    def shift(self, value: np.ndarray, bits: int, offset: int, name: str) -> np.ndarray:  # noqa: ARG002
        """See ``Arithmetic``."""
        return saturated(reference.round_shift(value, bits) + offset)

    def complement(self, gate: np.ndarray) -> np.ndarray:
        """See ``Arithmetic``."""
        return ONE - gate


def saturated(values: Any) -> np.ndarray:
    """Return the numbers, clipped to int16."""
    return np.clip(values, -(2**15), 2**15 - 1)
