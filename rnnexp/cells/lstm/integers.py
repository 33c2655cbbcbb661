"""Long short-term memory (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000) in integers, as Keras has it.

    i, f, o = sigmoid of their sums     candidate = g of its sum
    c[t] = f * c[t - 1] + i * candidate
    h[t] = o * g(c[t])

``c`` is a word of 16 bits over the range that the training part showed and a margin; beyond, it saturates. With 14
bits the rounding of every step adds up where a unit forgets slowly. One table serves all gates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from typing_extensions import override

from rnnexp.network.functions import Functions
from rnnexp.network.ranges import Ranges
from rnnexp.quantization.arithmetic import Arithmetic
from rnnexp.quantization.cell import Block, IntegerCell, Source, State, joined, sums_in_places
from rnnexp.quantization.product import Product
from rnnexp.quantization.scales import LARGEST_STATE, TABLE_MARGIN, scale_for, widened
from rnnexp.quantization.tables import GATE_BITS, LARGEST_WORD, ONE, Places, Table, places

# Entries of the table for ``g(c)``: its steps are what costs the most (docs/int8.md).
READ_SIZE = 4096


@dataclass(frozen=True)
class LSTMCell(IntegerCell):
    """The numbers.

    Attributes:
        sums: ``[4 * units, inputs + units]``, blocks i, f, candidate, o; results are places in the tables.
        gate: the sigmoid.
        candidate: ``g``, in units of ``c``.
        activation: ``g`` of ``c``, in values.
        shift: places of ``activation`` are ``c`` without so many bits,
        first: and from ``c = 0`` at this entry.
    """

    sums: Product
    gate: Table
    candidate: Table
    activation: Table
    shift: int
    first: int

    @property
    @override
    def units(self) -> int:
        return len(self.sums.high) // 4

    @property
    @override
    def states(self) -> tuple[State, ...]:
        low, high = self.activation.limits
        word = LARGEST_WORD * self.candidate.scale
        return (
            State("state", self.activation.scale, (min(low, 0.0), max(high, 0.0))),
            State("cell_state", self.candidate.scale, (-word, word)),
        )

    @property
    @override
    def blocks(self) -> tuple[Block, ...]:
        tables = {
            "input_gate": self.gate,
            "forget_gate": self.gate,
            "candidate": self.candidate,
            "output_gate": self.gate,
        }
        units = self.units
        return tuple(
            Block(name, self.sums, slice(number * units, (number + 1) * units), table)
            for number, (name, table) in enumerate(tables.items())
        )

    @property
    @override
    def tables(self) -> tuple[Table, ...]:
        return self.gate, self.candidate, self.activation

    @override
    def real_weights(self, source: Source) -> list[np.ndarray]:
        return joined(self.blocks, source, self.activation.scale)

    @override
    def step(self, arithmetic: Arithmetic, inputs: Sequence[Any], states: Sequence[Any]) -> tuple[Any, ...]:
        h, c = states
        sums = arithmetic.multiply(self.sums, [*inputs, h], 4, "gates")
        i, f, candidate, o = arithmetic.look_up((self.gate, self.gate, self.candidate, self.gate), sums, "gates")
        c = arithmetic.dot([(f, c), (i, candidate)], GATE_BITS, "next_cell_state")
        place = arithmetic.shift(c, self.shift, self.first, "cell_state_place")
        (activated,) = arithmetic.look_up((self.activation,), [place], "activated")
        return arithmetic.dot([(o, activated)], GATE_BITS, "next_state"), c


def quantize(weights: Sequence[np.ndarray], functions: Functions, ranges: Ranges, source: Source) -> LSTMCell:
    """Return the cell for Keras' weights: kernel ``[inputs, 4 * units]``, recurrent kernel, bias."""
    kernel, recurrent, bias = weights
    activation = functions.activation
    peak = float(np.abs(activation(np.linspace(*widened(ranges["c"], TABLE_MARGIN), 4096))).max())
    scale = scale_for((peak or 1.0) / LARGEST_STATE, "state")
    # The candidate is in the same units, and may be larger than all that c comes to.
    peak = float(np.abs(activation(np.linspace(*widened(ranges["candidate"], TABLE_MARGIN), 4096))).max())
    largest = max(peak, *map(abs, widened(ranges["c"], TABLE_MARGIN))) or 1.0
    # The finest unit that 16 bits allow, made coarser, by less than 2, for the table to have all its entries.
    read = places(activation, ranges["c"])
    width = read.step * (read.size - 1)
    step = width / (READ_SIZE - 2)
    shift = math.floor(math.log2(max(step * LARGEST_WORD / largest, 2.0)))
    c_scale = scale_for(max(step * 2.0**-shift, largest / LARGEST_WORD), "cell state")
    multiple = 2 ** math.ceil(math.log2(max(peak / (LARGEST_STATE * c_scale), 1.0)))

    gates, candidates = places(functions.gate, ranges["gates"], 2 * ONE), places(activation, ranges["candidate"])
    blocks = (gates, gates, candidates, gates)
    sums, (gates, _, candidates, _) = sums_in_places(blocks, kernel, recurrent, bias, source, scale)
    step = c_scale * 2.0**shift
    first = round(-read.start / step)
    return LSTMCell(
        sums=sums,
        gate=gates.gates(functions.gate),
        candidate=candidates.tabulate(activation, c_scale, multiple=multiple, name="candidate"),
        activation=Places(-first * step, step, READ_SIZE).tabulate(activation, scale),
        shift=shift,
        first=first,
    )
