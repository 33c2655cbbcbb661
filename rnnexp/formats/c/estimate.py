"""About how many instructions a time step takes on a chip, from what was counted on emulated ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from typing_extensions import override

from rnnexp.formats.c.rows import Columns, readers
from rnnexp.quantization.cell import IntegerCell, width_of
from rnnexp.quantization.interpolation import nodes_of
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.product import Product
from rnnexp.quantization.products import products
from rnnexp.quantization.tables import Table
from rnnexp.quantization.widths import Widths


@dataclass(frozen=True)
class Cost:
    """Instructions of a chip, with ``-O2``.

    Attributes:
        weight: of each weight.
        row: of each row of weights.
        term: of each product of two numbers of a unit, such as that of a gate and the state.
        step: of a step.
        line: besides, of each function that is between entries of a table.
    """

    weight: float
    row: float
    term: float
    step: float
    line: float

    def of(self, weights: int, rows: int, terms: int, lines: int) -> float:
        """Return what a step takes that has so many of each."""
        return self.weight * weights + self.row * rows + self.term * terms + self.step + self.line * lines


# Fitted to benchmarks/results/microcontroller.json, by the least squares of relative errors: within 8 % of all of them.
# Smaller networks than the smallest counted are another matter.
COSTS = {
    "Cortex-M4": Cost(2.58, 11.9, 11.25, 23.7, 11.7),
    "Cortex-M3": Cost(5.71, 10.1, 11.5, -73.1, 9.4),
    "Cortex-M0+": Cost(10.03, 8.25, 18.3, 0.1, 16.0),
}
FEWEST_WEIGHTS = 100


def instructions(network: IntegerNetwork) -> dict[str, int]:
    """Return for each chip about how many a step of a network takes.

    Nothing of networks that are of other things than was counted: those that do not go step by step, have other layers
    than recurrent ones, or next to no weights.
    """
    if not network.streams or network.front or network.back:
        return {}
    counted = _Counted()
    for layer, source in zip(network.layers, network.sources, strict=False):
        for cell in layer.cells:
            cell.step(counted, [len(source.scale)], [width_of(cell, state) for state in cell.states])
    multiplied = products(network)
    weights = sum(product.high.size for product in multiplied) - counted.unread
    if weights < FEWEST_WEIGHTS:
        return {}
    rows = sum(len(product.high) for product in multiplied)
    lines = _lines([cell for layer in network.layers for cell in layer.cells])
    return {chip: max(round(cost.of(weights, rows, counted.terms, lines)), 1) for chip, cost in COSTS.items()}


class _Counted(Widths):
    """The operations of a step, which count what C multiplies there.

    Attributes:
        terms: the products of numbers of units.
        unread: the weights that C leaves out, since their block of rows does not read what they are of.
    """

    def __init__(self) -> None:
        self.terms = self.unread = 0

    @override
    def multiply(self, product: Product, values: Sequence[int], blocks: int, name: str) -> list[int]:
        widths = super().multiply(product, values, blocks, name)
        starts = [0, *accumulate(values)]
        parts = [Columns(start, np.zeros(width)) for start, width in zip(starts, values, strict=False)]
        for _, count, (first, end) in readers(product, parts, blocks):
            self.unread += widths[0] * count * (starts[-1] - sum(values[first:end]))
        return widths

    @override
    def dot(self, terms: Sequence[tuple[int | np.ndarray, int | np.ndarray]], shift: int, name: str) -> int:
        width = super().dot(terms, shift, name)
        self.terms += width * len(terms)
        return width


def _lines(cells: Sequence[IntegerCell]) -> int:
    """Return how many functions of a step are between entries of a table."""
    found = 0
    for cell in cells:
        # Those of sums; and of an LSTM's cell state.
        functions = [block.function for block in cell.blocks if block.starts]
        functions += [table for table in cell.tables if all(table is not function for function in functions)]
        found += cell.units * sum(isinstance(each, Table) and nodes_of(each) is not None for each in functions)
    return found
