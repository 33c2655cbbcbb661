"""What a recurrent cell in integers is made of: five operations, each exact or rounded once.

A cell writes its step once, in these; ``Numbers`` runs it in NumPy, and is the specification. Other forms of the same
operations write it into a TensorFlow Lite file (``rnnexp.export.int8_graph``), and can write it as C or simulate it in
training. ``round_shift`` is ``rnnexp.quantization.reference.round_shift``: to nearest, halves up.

    multiply   int8 weights in two parts times values, see ``rnnexp.quantization.network``
    look_up    table[clip(index, 0, len(table) - 1)]
    dot        round_shift(factor * value + ... , shift), saturated to int16
    shift      round_shift(value, bits) + offset, saturated to int16
    complement ONE - gate

Three kinds of numbers go through them, one a unit. *Values* have 14 bits, -8128 to 8128, and are what is multiplied
with weights. *Gates* count ``2**-14``, from 0 to ``ONE``. *Words* are all of int16: sums, and states that need more
than 14 bits because a little is added to them at every step. A cell's first state, which others read, is a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rnnexp.quantization import reference
from rnnexp.quantization.network import Product

GATE_BITS = 14
ONE = 1 << GATE_BITS
# What a table holds, without its offset and in its multiples, and by how many bits numbers are shifted at most.
LARGEST_ENTRY = ONE // 2
LARGEST_SHIFT = 24
# What may be added to a shifted number: enough to have any of int16 saturate.
LARGEST_OFFSET = 2**16


@dataclass(frozen=True, eq=False)
class Table:
    """A function at equally distant places.

    Attributes:
        values: int16; ``offset`` plus a multiple of ``multiple`` each, up to ``LARGEST_ENTRY`` of them up and down.
        start: the real place of the first entry.
        step: the real distance between places.
        scale: the real value of one unit of the values.
        multiple: a power of two, up to ``ONE``.
        offset: in the middle of the values, so that 14 bits hold what is left; itself such a multiple.
        name: to be read in files.

    Raises:
        ValueError: if values, multiple and offset do not go together: files could not hold them.
    """

    values: np.ndarray
    start: float
    step: float
    scale: float
    multiple: int = 1
    offset: int = 0
    name: str = "activation"

    def __post_init__(self) -> None:
        multiple, offset = self.multiple, self.offset
        if not 0 < multiple <= ONE or multiple & (multiple - 1) or offset % multiple or abs(offset) > ONE:
            raise ValueError(f"the table {self.name!r} counts multiples of {multiple} from {offset}")
        entries, left = np.divmod(self.values.astype(np.int64) - offset, multiple)
        if left.any() or np.abs(entries).max(initial=0) > LARGEST_ENTRY:
            raise ValueError(
                f"the table {self.name!r} has values that 14 bits do not hold: see its offset and multiple"
            )


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

    def dot(self, terms: Sequence[tuple[Any, Any]], shift: int, name: str) -> Any:
        """Return the rounded sum of products of factors, gates or integers of int16, and values or words.

        Args:
            terms: factors, and what each is multiplied with.
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
        return saturated(reference.round_shift(sum(factor * value for factor, value in terms), checked_shift(shift)))

    def shift(self, value: np.ndarray, bits: int, offset: int, name: str) -> np.ndarray:  # noqa: ARG002
        """See ``Arithmetic``."""
        return saturated(reference.round_shift(value, checked_shift(bits, offset)) + offset)

    def complement(self, gate: np.ndarray) -> np.ndarray:
        """See ``Arithmetic``."""
        return ONE - gate


def checked_shift(bits: int, offset: int = 0) -> int:
    """Return the number of bits, if that and the offset are what all forms of the operations can do.

    Raises:
        ValueError: if not.
    """
    if not 1 <= bits <= LARGEST_SHIFT or abs(offset) > LARGEST_OFFSET:
        raise ValueError(f"numbers cannot be shifted by {bits} bits and {offset}")
    return bits


def saturated(values: Any) -> np.ndarray:
    """Return the numbers, clipped to int16."""
    return np.clip(values, -(2**15), 2**15 - 1)
