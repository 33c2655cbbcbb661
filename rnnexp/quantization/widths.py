"""How many numbers each operation of a cell's step makes: so arrays that come from a file are checked, before they run.

Of ``rnnexp.quantization.arithmetic.Arithmetic`` only the widths are left: what stands for a number of each unit is how
many units there are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from typing_extensions import override

from rnnexp.quantization.arithmetic import Arithmetic, checked_shift
from rnnexp.quantization.cell import IntegerCell, width_of
from rnnexp.quantization.product import Product
from rnnexp.quantization.tables import Table

# Places are int16, and sums int32 or wider.
LARGEST_TABLE = 2**15
LARGEST_SHIFT = 31


class Widths(Arithmetic):
    """The operations, on how many numbers there are."""

    @override
    def multiply(self, product: Product, values: Sequence[int], blocks: int, name: str) -> list[int]:
        rows = len(product.high)
        if rows % blocks:
            raise ValueError(f"the product {name!r} has {rows} rows, which are not {blocks} blocks")
        check_product(product, sum(values), rows)
        return [rows // blocks] * blocks

    @override
    def look_up(self, tables: Sequence[Table], indices: Sequence[int], name: str) -> list[int]:
        if not all(0 < table.values.size == len(table.values) <= LARGEST_TABLE for table in tables):
            raise ValueError("a table is empty, or too long")
        return [_same(indices, name)] * len(tables)

    @override
    def clip(self, value: int, low: int, high: int, name: str) -> int:
        if not -(2**15) <= low <= high < 2**15:
            raise ValueError(f"{name} cannot be clipped to {low} to {high}")
        return value

    @override
    def dot(self, terms: Sequence[tuple[int | np.ndarray, int | np.ndarray]], shift: int, name: str) -> int:
        checked_shift(shift)
        factors = [constants for term in terms for constants in term if isinstance(constants, np.ndarray)]
        width = _same([width for _, width in terms if not isinstance(width, np.ndarray)], name)
        if any(factor.shape != (width,) or factor.dtype != np.int16 for factor in factors):
            shapes = [(factor.dtype.name, factor.shape) for factor in factors]
            raise ValueError(f"{name} has factors {shapes}, not int16 for {width} numbers")
        return width

    @override
    def shift(self, value: int, bits: int, offset: int, name: str) -> int:
        checked_shift(bits, offset)
        return value

    @override
    def complement(self, gate: int) -> int:
        return gate


def check_cell(cell: IntegerCell, inputs: Sequence[int]) -> None:
    """Check that the arrays of a cell fit each other, and so many inputs of each layer that it reads.

    Raises:
        ValueError: if not.
    """
    if not cell.units:
        raise ValueError("a cell has no units")
    widths = [width_of(cell, state) for state in cell.states]
    if list(cell.step(Widths(), inputs, widths)) != widths:
        raise ValueError("the states of a cell have other sizes after a step")
    if not all(0 < table.values.size == len(table.values) <= LARGEST_TABLE for table in cell.tables):
        raise ValueError("a table is empty, or too long")


def check_product(product: Product, columns: int, rows: int) -> None:
    """Check that a product has such a shape.

    Raises:
        ValueError: if not.
    """
    shapes = {product.high.shape, product.low.shape}
    if shapes != {(rows, columns)} or product.bias.shape != (rows,) or not 0 < product.shift < LARGEST_SHIFT:
        raise ValueError(f"a product of {rows} sums of {columns} values has the shapes {shapes}")


def _same(widths: Sequence[int], name: str) -> int:
    """Return the width of numbers that are put together unit by unit."""
    if len(set(widths)) != 1:
        raise ValueError(f"{name} is made of {sorted(set(widths))} numbers")
    return widths[0]
