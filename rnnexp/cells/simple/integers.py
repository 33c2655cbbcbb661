"""The simple cell: ``h[t] = g(W x[t] + U h[t - 1] + b)``, with one table for ``g``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnnexp.quantization.arithmetic import Arithmetic, Table
from rnnexp.quantization.cell import Activation, Block, Ranges, Source, State, as_values, joined, places, table_limits
from rnnexp.quantization.product import Product
from rnnexp.quantization.quantizer import LARGEST_STATE, product, scale_for, without_zero_point


@dataclass(frozen=True)
class SimpleCell:
    """The numbers.

    Attributes:
        sums: ``[units, inputs + units]``; result in steps of the table.
        activation: places -> values.
    """

    sums: Product
    activation: Table

    @property
    def units(self) -> int:
        """How many."""
        return len(self.sums.high)

    @property
    def states(self) -> tuple[State, ...]:
        """The output."""
        return (State("state", self.activation.scale, table_limits(self.activation), paired=True),)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The only one."""
        return (Block("", self.sums, slice(None), self.activation),)

    @property
    def tables(self) -> tuple[Table, ...]:
        """The only one."""
        return (self.activation,)

    def real_weights(self, source: Source) -> list[np.ndarray]:
        """Return kernel, recurrent kernel and bias."""
        return joined(self.blocks, source, self.activation.scale)

    def step(self, arithmetic: Arithmetic, inputs: Sequence[Any], states: Sequence[Any]) -> tuple[Any, ...]:
        """Return the state that follows."""
        sums = arithmetic.multiply(self.sums, [*inputs, *states], 1, "cell")
        return tuple(arithmetic.look_up((self.activation,), sums, "next_state"))


def float_step(
    weights: Sequence[np.ndarray], activation: Activation, x: np.ndarray, states: Sequence[np.ndarray], ranges: Ranges
) -> list[np.ndarray]:
    """Return the state ``[n, units]`` that follows in real numbers, and see what lies where."""
    kernel, recurrent, bias = weights
    return [activation(ranges.see("sum", x @ kernel + states[0] @ recurrent + bias))]


def quantize(weights: Sequence[np.ndarray], activation: Activation, ranges: Ranges, source: Source) -> SimpleCell:
    """Return the cell for Keras' weights: kernel ``[inputs, units]``, recurrent kernel, bias."""
    kernel, recurrent, bias = weights
    where = places(activation, ranges["sum"])
    peak = float(np.abs(activation(where.start + where.step * np.arange(where.size))).max())
    scale = scale_for((peak or 1.0) / LARGEST_STATE, "state")
    sums = product(
        as_values(kernel, recurrent, source, scale), bias - where.start, scale, where.step, 2, "pre-activation"
    )
    where = replace(where, step=sums.step)
    sums = without_zero_point(sums, source.zero_point, len(kernel))
    return SimpleCell(sums, where.tabulate(activation, scale))
