"""Products and tables as the constants of a .tflite file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rnnexp.quantization.product import RADIX, Product, split
from rnnexp.quantization.tables import Table


def by_units(product: Product, blocks: int) -> Product:
    """Return a product as files have it: unit by unit, so that what belongs to a unit lies side by side."""
    rows = len(product.high)
    order = np.arange(rows).reshape(blocks, -1).T.reshape(-1)
    return replace(product, high=product.high[order], low=product.low[order], bias=product.bias[order])


def weights_of(product: Product) -> np.ndarray:
    """Return a product's weights as int8 ``[rows, inputs * 2]``, the parts of each side by side."""
    return np.stack([product.high, product.low], axis=2).reshape(len(product.high), -1)


def unique(tables: Sequence[Table]) -> list[Table]:
    """Return the tables without repetitions."""
    return list({id(table): table for table in tables}.values())


def pairs_of(tables: Sequence[Table]) -> np.ndarray:
    """Return the values of tables, one after the other, as int8 ``[entries, 2]``."""
    numbers = np.concatenate([(table.values.astype(np.int64) - table.offset) // table.multiple for table in tables])
    # The last value of a gate, ONE, is one more than upper parts reach: the lower part makes up for it.
    upper = np.minimum(split(numbers)[0], 127)
    return np.stack([upper, numbers - RADIX * upper], axis=1).astype(np.int8)


def joining(table: Table, index: int, count: int) -> tuple[tuple[int, ...], int, int]:
    """Return weights, offset and bits that make a table's value of the pairs of ``count`` tables."""
    weights = [0] * (2 * count)
    weights[2 * index : 2 * index + 2] = RADIX, 1
    return tuple(weights), table.offset // table.multiple, table.multiple.bit_length() - 1
