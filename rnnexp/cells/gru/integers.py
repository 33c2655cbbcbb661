"""The gated recurrent unit (Cho et al. 2014) in integers, as Keras has it by default (``reset_after``).

    z, r = sigmoid of their sums
    candidate = g(a + r * b)            a: the sum over the inputs, b: that over the state
    h[t] = z * h[t - 1] + (1 - z) * candidate

The state is kept as a word two bits longer than the value that is multiplied with weights: otherwise the small changes
of slow units would be rounded away at every step. Where ``g`` only cuts off, what it is of is such a word already, and
there is no table of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from typing_extensions import override

from rnnexp.network.functions import Clip, Functions
from rnnexp.network.ranges import Ranges
from rnnexp.quantization.arithmetic import Arithmetic
from rnnexp.quantization.cell import Block, IntegerCell, Source, State, as_values, joined, sums_in_places
from rnnexp.quantization.cut import VALUES, Activation, Cut, activated, peak_of, tables_of
from rnnexp.quantization.product import Product
from rnnexp.quantization.rounding import quantize_product, without_zero_point
from rnnexp.quantization.scales import LARGEST_STATE, TABLE_MARGIN, power_of_two_for, widened
from rnnexp.quantization.tables import (
    GATE_BITS,
    LARGEST_WORD,
    ONE,
    Places,
    Table,
    gate_places,
    places,
    shares,
    stretched,
)

# Bits that the state is longer than its value, and, at most, that the candidate's two sums are finer than its table.
WORD_BITS = 2
FINER_BITS = 4


@dataclass(frozen=True)
class GRUCell(IntegerCell):
    """The numbers.

    Attributes:
        gates: ``[2 * units, inputs + units]``, blocks z, r; results are places in the gates' table.
        parts: ``[2 * units, inputs + units]``, blocks a, b; results count ``2**finer`` a step of the candidate.
        gate: the sigmoid.
        candidate: ``g``, in units of the long state; so are its steps, where it only cuts off.
        finer: bits; negative, if they are coarser.
    """

    gates: Product
    parts: Product
    gate: Table
    candidate: Activation
    finer: int

    @property
    @override
    def units(self) -> int:
        return len(self.gates.high) // 2

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
            Block("candidate_of_inputs", self.parts, first, self.candidate, self.finer),
            Block("candidate_of_state", self.parts, second, self.candidate, self.finer, starts=False),
        )

    @property
    @override
    def tables(self) -> tuple[Table, ...]:
        return tables_of(self.gate, self.candidate)

    @override
    def real_weights(self, source: Source) -> list[np.ndarray]:
        own = self.states[0].scale
        kernel, recurrent, bias = joined(self.blocks, source, own)
        units = self.units
        # Of a the weights of the state are 0, of b those of the inputs.
        both = [bias[: 3 * units], np.concatenate([np.zeros(2 * units), bias[3 * units :]])]
        return [kernel[:, : 3 * units], np.delete(recurrent, slice(2 * units, 3 * units), axis=1), np.stack(both)]

    @override
    def step(self, arithmetic: Arithmetic, inputs: Sequence[Any], states: Sequence[Any]) -> tuple[Any, ...]:
        value, state = states
        sums = arithmetic.multiply(self.gates, [*inputs, value], 2, "gates")
        z, r = arithmetic.look_up((self.gate, self.gate), sums, "gates")
        a, b = arithmetic.multiply(self.parts, [*inputs, value], 2, "parts")
        place = arithmetic.dot([(ONE, a), (r, b)], GATE_BITS + self.finer, "candidate_place")
        candidate = activated(arithmetic, self.candidate, place, "candidate")
        state = arithmetic.dot([(z, state), (arithmetic.complement(z), candidate)], GATE_BITS, "next_long_state")
        return arithmetic.shift(state, WORD_BITS, 0, "next_state"), state


def quantize(weights: Sequence[np.ndarray], functions: Functions, ranges: Ranges, source: Source) -> GRUCell:
    """Return the cell for Keras' weights: kernel ``[inputs, 3 * units]``, recurrent kernel, two biases ``[2, ...]``."""
    kernel, recurrent, bias = weights
    gates = gate_places(functions.gate, ranges["gates"])
    candidate = candidate_of(functions, gates, ranges)
    parts, finer = _parts(weights, candidate, ranges, source)
    if isinstance(candidate, Cut) and (finer < -FINER_BITS or parts.step != 1.0):
        # The sums are coarser than places, or weights count more than they can.
        candidate = table_of(functions, gates, ranges)
        parts, finer = _parts(weights, candidate, ranges, source)
    columns, both = slice(2 * len(recurrent)), bias.sum(axis=0)
    scale = candidate.scale * 2**WORD_BITS
    # All is in powers of two: no place moves.
    gate_sums, _ = sums_in_places(
        (gates, gates), kernel[:, columns], recurrent[:, columns], both[columns], source, scale
    )
    return GRUCell(gate_sums, parts, gates.gates(functions.gate), candidate, finer)


def _parts(weights: Sequence[np.ndarray], candidate: Activation, ranges: Ranges, source: Source) -> tuple[Product, int]:
    """Return the product for the candidate's two sums, and how many bits these are finer than what it is of."""
    kernel, recurrent, bias = weights
    inputs, units = kernel.shape[0], len(recurrent)
    scale = candidate.scale * 2**WORD_BITS
    rows = as_values(kernel, recurrent, source, scale)[2 * units :]
    of_inputs, of_state = rows.copy(), rows.copy()
    of_inputs[:, inputs:] = 0.0
    of_state[:, :inputs] = 0.0
    # The first place of a table is at a = 0.
    low, high = ranges["a"]
    start, cuts = candidate.start, isinstance(candidate, Cut)
    both = widened((low - start, high - start), TABLE_MARGIN), widened(ranges["b"], TABLE_MARGIN)
    room = LARGEST_WORD * candidate.step / max(abs(limit) for limits in both for limit in limits)
    finer = math.floor(math.log2(min(room, 1.0) if cuts else min(max(room, 1.0), 2.0**FINER_BITS)))
    distance = candidate.step * 2.0**-finer
    biases = np.concatenate([bias[0, 2 * units :] - start, bias[1, 2 * units :]]) / distance
    both_rows = np.concatenate([of_inputs, of_state]) / distance
    parts = quantize_product(both_rows, biases, scale, 1.0, "candidate", fine=cuts)
    return without_zero_point(parts, source.zero_point, slice(inputs)), finer


def candidate_of(functions: Functions, gates: Places, ranges: Ranges) -> Activation:
    """Return the candidate's function in units of the long state; gates have a table at these places."""
    if not isinstance(functions.activation, Clip):
        return table_of(functions, gates, ranges)
    peak = peak_of(functions.activation, ranges["candidate"])
    scale = power_of_two_for(peak / LARGEST_STATE, "state") / 2**WORD_BITS
    low, high = VALUES
    return Cut.of(functions.activation, scale, (low << WORD_BITS, high << WORD_BITS))


def table_of(functions: Functions, gates: Places, ranges: Ranges) -> Table:
    """Return the same as a table, whatever the function."""
    activation = functions.activation
    if shares(functions.gate, activation, gates, ranges["candidate"]):
        return stretched(gates.gates(functions.gate), 2, "candidate")
    where = places(activation, ranges["candidate"])
    scale = power_of_two_for(where.peak(activation) / LARGEST_STATE, "state") / 2**WORD_BITS
    return where.tabulate(activation, scale, multiple=2**WORD_BITS, name="candidate")
