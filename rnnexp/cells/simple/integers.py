"""The simple cell: ``h[t] = g(W x[t] + U h[t - 1] + b)``.

``g`` is a table. Where it only cuts off, as relu and the identity do, the sums are values already, four times as fine
as places in a table at least, and there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from typing_extensions import override

from rnnexp.network.functions import Clip, Functions
from rnnexp.network.ranges import Ranges
from rnnexp.quantization.arithmetic import Arithmetic
from rnnexp.quantization.cell import Block, IntegerCell, Source, State, as_values, joined, sums_in_units
from rnnexp.quantization.cut import Activation, Cut, activated, scale_of, tables_of
from rnnexp.quantization.product import Product
from rnnexp.quantization.rounding import quantize_product, refilled, without_zero_point
from rnnexp.quantization.scales import LARGEST_STATE, scale_for
from rnnexp.quantization.tables import Table, places


@dataclass(frozen=True)
class SimpleCell(IntegerCell):
    """The numbers.

    Attributes:
        sums: ``[units, inputs + units]``; result in steps of the table, or in values where there is none.
        activation: places -> values, or where values are cut off.
    """

    sums: Product
    activation: Activation

    @property
    @override
    def units(self) -> int:
        return len(self.sums.high)

    @property
    @override
    def states(self) -> tuple[State, ...]:
        activation = self.activation
        return (State("state", activation.scale, activation.limits, paired=bool(self.tables)),)

    @property
    @override
    def blocks(self) -> tuple[Block, ...]:
        return (Block("", self.sums, slice(None), self.activation),)

    @property
    @override
    def tables(self) -> tuple[Table, ...]:
        return tables_of(self.activation)

    @override
    def real_weights(self, source: Source) -> list[np.ndarray]:
        return joined(self.blocks, source, self.states[0].scale)

    def with_weights(self, weights: Sequence[np.ndarray], source: Source) -> SimpleCell:
        """Return the cell with other real weights, in Keras' order, and the same scales, shifts and function."""
        kernel, recurrent, bias = weights
        rows = as_values(kernel, recurrent, source, self.states[0].scale)
        sums = refilled(self.sums, rows, bias - self.blocks[0].start)
        return replace(self, sums=without_zero_point(sums, source.zero_point, slice(len(kernel))))

    @override
    def step(self, arithmetic: Arithmetic, inputs: Sequence[Any], states: Sequence[Any]) -> tuple[Any, ...]:
        (sums,) = arithmetic.multiply(self.sums, [*inputs, *states], 1, "cell")
        return (activated(arithmetic, self.activation, sums, "next_state"),)


def quantize(weights: Sequence[np.ndarray], functions: Functions, ranges: Ranges, source: Source) -> SimpleCell:
    """Return the cell for Keras' weights: kernel ``[inputs, units]``, recurrent kernel, bias."""
    kernel, recurrent, bias = weights
    activation = functions.activation
    if isinstance(activation, Clip):
        scale = scale_of(activation, ranges["sum"])
        if values := sums_in_units(kernel, recurrent, bias, source, scale, scale):
            return SimpleCell(values, Cut.of(activation, scale))
    where = places(activation, ranges["sum"])
    scale = scale_for(where.peak(activation) / LARGEST_STATE, "state")
    rows = as_values(kernel, recurrent, source, scale)
    sums = quantize_product(rows, bias - where.start, scale, where.step, "pre-activation")
    # The step was rounded up: the table ends a little later.
    where = replace(where, step=sums.step)
    sums = without_zero_point(sums, source.zero_point, slice(len(kernel)))
    return SimpleCell(sums, where.tabulate(activation, scale))
