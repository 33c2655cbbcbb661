"""A dense layer at every step in integers: ``h[t] = g(W x[t] + b)``.

Where ``g`` only cuts off, as relu and the identity do, the sums are values already, and there is no table.
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
from rnnexp.quantization.cell import Block, IntegerCell, Source, State
from rnnexp.quantization.cut import Activation, Cut, activated, scale_of, tables_of
from rnnexp.quantization.product import Product
from rnnexp.quantization.rounding import quantize_product, quantize_to_values, without_zero_point
from rnnexp.quantization.scales import LARGEST_STATE, scale_for
from rnnexp.quantization.tables import Table, places


@dataclass(frozen=True)
class DenseCell(IntegerCell):
    """The numbers.

    Attributes:
        sums: ``[units, inputs]``; result in steps of the table, or in values where there is none.
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
        return (State("state", activation.scale, activation.limits, paired=bool(self.tables), fresh=True),)

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
        kernel, _, bias = self.blocks[0].real(source, self.states[0].scale)
        return [kernel, bias]

    @override
    def step(self, arithmetic: Arithmetic, inputs: Sequence[Any], states: Sequence[Any]) -> tuple[Any, ...]:
        (sums,) = arithmetic.multiply(self.sums, inputs, 1, "cell")
        return (activated(arithmetic, self.activation, sums, "next_state"),)


def quantize(weights: Sequence[np.ndarray], functions: Functions, ranges: Ranges, source: Source) -> DenseCell:
    """Return the cell for Keras' weights: kernel ``[inputs, units]`` and bias."""
    kernel, bias = weights
    activation = functions.activation
    if isinstance(activation, Clip):
        scale = scale_of(activation, ranges["sum"])
        sums = quantize_to_values(kernel.T, source.scale, bias, scale, "pre-activation")
        return DenseCell(without_zero_point(sums, source.zero_point, slice(None)), Cut.of(activation, sums.step))
    where = places(activation, ranges["sum"])
    scale = scale_for(where.peak(activation) / LARGEST_STATE, "values")
    rows = kernel.T * (source.scale / scale)
    sums = quantize_product(rows, bias - where.start, scale, where.step, "pre-activation")
    # The step was rounded up: the table ends a little later.
    table = replace(where, step=sums.step).tabulate(activation, scale)
    return DenseCell(without_zero_point(sums, source.zero_point, slice(None)), table)
