"""The gated recurrent unit (Cho et al. 2014) in integers, as Keras has it with ``reset_after=False``.

    z, r = sigmoid of their sums
    candidate = g of its sum, over the inputs and r * h[t - 1]
    h[t] = z * h[t - 1] + (1 - z) * candidate

As in a GRU that resets after the product, the state is a word two bits longer than the value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from typing_extensions import override

from rnnexp.cells.gru.integers import WORD_BITS, candidate_of, table_of
from rnnexp.network.functions import Functions
from rnnexp.network.ranges import Ranges
from rnnexp.quantization.arithmetic import Arithmetic
from rnnexp.quantization.cell import Block, IntegerCell, Source, State, joined, sums_in_places, sums_in_units
from rnnexp.quantization.cut import Activation, Cut, activated, tables_of
from rnnexp.quantization.product import Product
from rnnexp.quantization.tables import GATE_BITS, Places, Table, gate_places


@dataclass(frozen=True)
class ResetBeforeGRUCell(IntegerCell):
    """The numbers.

    Attributes:
        gates: ``[2 * units, inputs + units]``, blocks z, r; results are places in the gates' table.
        sums: ``[units, inputs + units]``, of the inputs and the state that is reset; in steps of the candidate.
        gate: the sigmoid.
        candidate: ``g``, in units of the long state; so are its steps, where it only cuts off.
    """

    gates: Product
    sums: Product
    gate: Table
    candidate: Activation

    @property
    @override
    def units(self) -> int:
        return len(self.sums.high)

    @property
    @override
    def states(self) -> tuple[State, ...]:
        scale = self.candidate.scale
        low, high = self.candidate.limits
        limits = min(low, 0.0), max(high, 0.0)
        return State("state", scale * 2**WORD_BITS, limits), State("long_state", scale, limits)

    @property
    @override
    def blocks(self) -> tuple[Block, ...]:
        first, second = slice(self.units), slice(self.units, None)
        return (
            Block("update_gate", self.gates, first, self.gate),
            Block("reset_gate", self.gates, second, self.gate),
            Block("candidate", self.sums, slice(None), self.candidate),
        )

    @property
    @override
    def tables(self) -> tuple[Table, ...]:
        return tables_of(self.gate, self.candidate)

    @override
    def real_weights(self, source: Source) -> list[np.ndarray]:
        return joined(self.blocks, source, self.states[0].scale)

    @override
    def step(self, arithmetic: Arithmetic, inputs: Sequence[Any], states: Sequence[Any]) -> tuple[Any, ...]:
        value, state = states
        sums = arithmetic.multiply(self.gates, [*inputs, value], 2, "gates")
        z, r = arithmetic.look_up((self.gate, self.gate), sums, "gates")
        reset = arithmetic.dot([(r, value)], GATE_BITS, "reset_state")
        (sum_of_candidate,) = arithmetic.multiply(self.sums, [*inputs, reset], 1, "candidate")
        candidate = activated(arithmetic, self.candidate, sum_of_candidate, "candidate")
        state = arithmetic.dot([(z, state), (arithmetic.complement(z), candidate)], GATE_BITS, "next_long_state")
        return arithmetic.shift(state, WORD_BITS, 0, "next_state"), state


def quantize(weights: Sequence[np.ndarray], functions: Functions, ranges: Ranges, source: Source) -> ResetBeforeGRUCell:
    """Return the cell for Keras' weights: kernel ``[inputs, 3 * units]``, recurrent kernel and bias."""
    kernel, recurrent, bias = weights
    first = slice(2 * len(recurrent))
    second = slice(first.stop, None)
    gates, sums = gate_places(functions.gate, ranges["gates"]), None
    candidate = candidate_of(functions, gates, ranges)
    own, scale = (kernel[:, second], recurrent[:, second], bias[second], source), candidate.scale * 2**WORD_BITS
    if isinstance(candidate, Cut):
        sums = sums_in_units(*own, scale, candidate.scale)
    # All is in powers of two: no place moves.
    if sums is None:
        candidate = table_of(functions, gates, ranges)
        scale = candidate.scale * 2**WORD_BITS
        sums, _ = sums_in_places((Places(candidate.start, candidate.step),), *own, scale)
    of_gates, _ = sums_in_places((gates, gates), kernel[:, first], recurrent[:, first], bias[first], source, scale)
    return ResetBeforeGRUCell(of_gates, sums, gates.gates(functions.gate), candidate)
