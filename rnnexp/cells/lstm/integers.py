"""Long short-term memory (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000) in integers, as Keras has it.

    i, f, o = sigmoid of their sums     candidate = g of its sum
    c[t] = f * c[t - 1] + i * candidate
    h[t] = o * g(c[t])

``c`` is a word of 16 bits over the range that the training part showed and a margin; beyond, it saturates. With 14
bits the rounding of every step adds up where a unit forgets slowly. One table serves all gates; where ``g`` is tanh and
gates are sigmoids, the same serves ``g`` twice, since ``tanh(x) = 2 * sigmoid(2 * x) - 1``.

With peepholes (Gers & Schmidhuber 2000), the gates' sums are finer than places, and a product with ``c`` is added to
each. With a projection (Sak et al. 2014), a product of what the units give is the state.
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
from rnnexp.quantization.cell import Block, Extra, IntegerCell, Source, State, joined, sums_in_places
from rnnexp.quantization.product import Product
from rnnexp.quantization.rounding import quantize_product
from rnnexp.quantization.scales import LARGEST_STATE, TABLE_MARGIN, power_of_two_for, scale_for, widened
from rnnexp.quantization.tables import (
    GATE_BITS,
    LARGEST_WORD,
    ONE,
    TABLE_SIZE,
    Places,
    Table,
    gate_places,
    places,
    shares,
    stretched,
)

# Entries of the table for ``g(c)``: its steps are what costs the most (docs/int8.md).
READ_SIZE = 4096
# Bits that the sums of gates with peepholes are finer than places, at most.
FINER_BITS = 4


@dataclass(frozen=True)
class Peepholes:
    """What is added to the sums of gates: a factor for each unit, times c.

    Attributes:
        factors: int16 ``[3, units]``, of the gates i, f, o; they count ``2**-14`` of a step of the sums.
        finer: bits that the sums of gates are finer than places.
    """

    factors: np.ndarray
    finer: int

    def place(self, arithmetic: Arithmetic, sums: Any, gate: int, c: Any, name: str) -> Any:
        """Return the place of a gate, by its number, that reads ``c``."""
        return arithmetic.dot([(ONE, sums), (self.factors[gate], c)], GATE_BITS + self.finer, f"{name}_place")


@dataclass(frozen=True)
class LSTMCell(IntegerCell):
    """The numbers.

    Attributes:
        sums: ``[4 * units, inputs + values]``, blocks i, f, candidate, o; results are places in the tables.
        gate: the sigmoid.
        candidate: ``g``, in units of ``c``.
        activation: ``g`` of ``c``, in values.
        shift: places of ``activation`` are ``c`` without so many bits,
        first: and from ``c = 0`` at this entry.
        peepholes: what gates read of c, if they do.
        projection: ``[values, units]``, result in values, if there is one.
    """

    sums: Product
    gate: Table
    candidate: Table
    activation: Table
    shift: int
    first: int
    peepholes: Peepholes | None = None
    projection: Product | None = None

    @property
    @override
    def units(self) -> int:
        return len(self.projection.high) if self.projection else self._inner

    @property
    def _inner(self) -> int:
        """How many units there are ahead of a projection."""
        return len(self.sums.high) // 4

    @property
    @override
    def states(self) -> tuple[State, ...]:
        low, high = self.activation.limits
        word, scale = LARGEST_WORD * self._word, self._given
        if self.projection:
            scale = self.projection.step
            low, high = -LARGEST_STATE * scale, LARGEST_STATE * scale
        return (
            State("state", scale, (min(low, 0.0), max(high, 0.0))),
            State("cell_state", self._word, (-word, word), count=self._inner if self.projection else 0),
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
        units = self._inner
        finer = self.peepholes.finer if self.peepholes else 0
        return tuple(
            Block(
                name,
                self.sums,
                slice(number * units, (number + 1) * units),
                table,
                finer if table is self.gate else 0,
            )
            for number, (name, table) in enumerate(tables.items())
        )

    @property
    @override
    def extras(self) -> tuple[Extra, ...]:
        found = []
        if self.peepholes:
            found.append(Extra("peepholes", self.peepholes.factors, self._peephole_scale, product=False))
        if self.projection:
            scale = self.projection.scale * self.projection.step / self._given
            found.append(Extra("projection", self.projection.codes, scale))
        return tuple(found)

    @property
    @override
    def tables(self) -> tuple[Table, ...]:
        return self.gate, self.candidate, self.activation

    @property
    def _peephole_scale(self) -> float:
        """The real value of one unit of the peepholes' factors."""
        return self.blocks[0].step / (self._word * ONE)

    @property
    def _word(self) -> float:
        """The real value of one unit of c."""
        return self.activation.step * 2.0**-self.shift

    @property
    def _coarser(self) -> int:
        """By how many bits c is coarser than the candidate."""
        return round(math.log2(self._word / self.candidate.scale))

    @property
    def _longer(self) -> int:
        """By how many bits what is looked up for c is longer than a value."""
        return int(np.abs(self.activation.values.astype(np.int64)).max() > LARGEST_STATE)

    @property
    def _given(self) -> float:
        """The real value of one unit of what the units give, ahead of a projection."""
        return self.activation.scale * 2.0**self._longer

    @override
    def real_weights(self, source: Source) -> list[np.ndarray]:
        peepholes = [extra.codes * extra.scale for extra in self.extras if not extra.product]
        projection = [(extra.codes * extra.scale).T for extra in self.extras if extra.product]
        return [*joined(self.blocks, source, self.states[0].scale), *peepholes, *projection]

    @override
    def step(self, arithmetic: Arithmetic, inputs: Sequence[Any], states: Sequence[Any]) -> tuple[Any, ...]:
        h, c = states
        sums = arithmetic.multiply(self.sums, [*inputs, h], 4, "gates")
        if self.peepholes is None:
            i, f, candidate, o = arithmetic.look_up((self.gate, self.gate, self.candidate, self.gate), sums, "gates")
            candidate = self._in_words(arithmetic, candidate)
            c = arithmetic.dot([(f, c), (i, candidate)], GATE_BITS, "next_cell_state")
        else:
            i, f, candidate, o = sums
            i = self.peepholes.place(arithmetic, i, 0, c, "input_gate")
            f = self.peepholes.place(arithmetic, f, 1, c, "forget_gate")
            i, f = arithmetic.look_up((self.gate, self.gate), [i, f], "gates")
            (candidate,) = arithmetic.look_up((self.candidate,), [candidate], "candidate")
            candidate = self._in_words(arithmetic, candidate)
            c = arithmetic.dot([(f, c), (i, candidate)], GATE_BITS, "next_cell_state")
            o = self.peepholes.place(arithmetic, o, 2, c, "output_gate")
            (o,) = arithmetic.look_up((self.gate,), [o], "output_gate")
        place = arithmetic.shift(c, self.shift, self.first, "cell_state_place")
        (activated,) = arithmetic.look_up((self.activation,), [place], "activated")
        bits = GATE_BITS + self._longer
        if self.projection is None:
            return arithmetic.dot([(o, activated)], bits, "next_state"), c
        given = arithmetic.dot([(o, activated)], bits, "given")
        (projected,) = arithmetic.multiply(self.projection, [given], 1, "projection")
        return arithmetic.clip(projected, -LARGEST_STATE, LARGEST_STATE, "next_state"), c

    def _in_words(self, arithmetic: Arithmetic, candidate: Any) -> Any:
        """Return the candidate in units of c."""
        return arithmetic.shift(candidate, self._coarser, 0, "coarse_candidate") if self._coarser else candidate


def quantize(weights: Sequence[np.ndarray], functions: Functions, ranges: Ranges, source: Source) -> LSTMCell:
    """Return the cell for Keras' weights: kernel ``[inputs, 4 * units]``, recurrent kernel, bias.

    Behind them is the kernel of a projection ``[units, values]``, if there is one.
    """
    kernel, recurrent, bias, *projection = weights
    return quantized(kernel, recurrent, bias, None, projection, functions, ranges, source)


def quantized(
    kernel: np.ndarray,
    recurrent: np.ndarray,
    bias: np.ndarray,
    peepholes: np.ndarray | None,
    projection: Sequence[np.ndarray],
    functions: Functions,
    ranges: Ranges,
    source: Source,
) -> LSTMCell:
    """Return the cell; peepholes are ``[3, units]``, of the gates i, f, o, and a projection is one array or none."""
    where = gate_places(functions.gate, ranges["gates"])
    found = _shared(functions, where, ranges) or _own(functions, ranges)
    scale = found.given
    if projection:
        largest = max(map(abs, widened(ranges["projected"], TABLE_MARGIN)))
        scale = power_of_two_for(largest / LARGEST_STATE, "state")
    finer = 0 if peepholes is None else _finer(where, ranges, float(np.abs(peepholes).max()) * found.word)
    gates = where.times(2.0**-finer)
    # All is in powers of two: no place moves.
    sums, _ = sums_in_places((gates, gates, found.candidates, gates), kernel, recurrent, bias, source, scale)
    return LSTMCell(
        sums=sums,
        gate=where.gates(functions.gate),
        candidate=found.candidate,
        activation=found.activation,
        shift=found.shift,
        first=found.first,
        peepholes=None if peepholes is None else Peepholes(_factors(peepholes, found.word / gates.step), finer),
        projection=_projection(projection[0], found.given, scale) if projection else None,
    )


@dataclass(frozen=True)
class _Tables:
    """How c is counted, and the tables of the candidate, at ``candidates``, and of c.

    ``word`` is the real value of one unit of c, ``given`` of what the units give.
    """

    word: float
    given: float
    candidates: Places
    candidate: Table
    activation: Table
    shift: int
    first: int


def _shared(functions: Functions, where: Places, ranges: Ranges) -> _Tables | None:
    """Return the gates' table for the candidate and for c; None where these have others."""
    activation, seen = functions.activation, (ranges["candidate"], ranges["c"])
    step = where.step / 2
    largest = max(1.0, *map(abs, widened(ranges["c"], TABLE_MARGIN)))
    word = 2.0 ** -math.floor(math.log2(LARGEST_WORD / largest))
    if step < 2 * word or not all(shares(functions.gate, activation, where, limits) for limits in seen):
        return None
    gate, unit = where.gates(functions.gate), 2 / ONE
    return _Tables(
        word,
        given=2 * unit,
        candidates=Places(where.start / 2, step),
        candidate=stretched(gate, max(round(unit / word), 1), "candidate"),
        activation=stretched(gate),
        shift=round(math.log2(step / word)),
        first=TABLE_SIZE // 2,
    )


def _own(functions: Functions, ranges: Ranges) -> _Tables:
    """Return tables over the ranges of the candidate and of c."""
    activation = functions.activation
    peak = float(np.abs(activation(np.linspace(*widened(ranges["c"], TABLE_MARGIN), 4096))).max())
    given = power_of_two_for((peak or 1.0) / LARGEST_STATE, "state")
    # The candidate is in the same units, and may be larger than all that c comes to.
    peak = float(np.abs(activation(np.linspace(*widened(ranges["candidate"], TABLE_MARGIN), 4096))).max())
    largest = max(peak, *map(abs, widened(ranges["c"], TABLE_MARGIN))) or 1.0
    # The finest unit that 16 bits allow, made coarser, by less than 2, for the table to have all its entries.
    read = places(activation, ranges["c"])
    width = read.step * (read.size - 1)
    step = width / (READ_SIZE - 2)
    shift = math.floor(math.log2(max(step * LARGEST_WORD / largest, 2.0)))
    word = scale_for(max(step * 2.0**-shift, largest / LARGEST_WORD), "cell state")
    multiple = 2 ** math.ceil(math.log2(max(peak / (LARGEST_STATE * word), 1.0)))
    step = word * 2.0**shift
    first = round(-read.start / step)
    candidates = places(activation, ranges["candidate"])
    return _Tables(
        word,
        given,
        candidates,
        candidate=candidates.tabulate(activation, word, multiple=multiple, name="candidate"),
        activation=Places(-first * step, step, READ_SIZE).tabulate(activation, given),
        shift=shift,
        first=first,
    )


def _finer(gates: Places, ranges: Ranges, largest: float) -> int:
    """Return how many bits finer the gates' sums can be, and the factors of ``largest``, the real value of one c."""
    low, high = widened(ranges["sums"], TABLE_MARGIN)
    sums = LARGEST_WORD * gates.step / max(abs(low - gates.start), abs(high - gates.start))
    factors = LARGEST_WORD * gates.step / (largest * ONE) if largest else math.inf
    return math.floor(math.log2(min(max(sums, 1.0), max(factors, 1.0), 2.0**FINER_BITS)))


def _factors(peepholes: np.ndarray, c_in_steps: float) -> np.ndarray:
    return np.clip(np.rint(peepholes * c_in_steps * ONE), -LARGEST_WORD, LARGEST_WORD).astype(np.int16)


def _projection(kernel: np.ndarray, given: float, scale: float) -> Product:
    """Return the product for a kernel ``[units, values]`` of what units give, in units of ``given``."""
    rows = kernel.T * (given / scale)
    return quantize_product(rows, np.zeros(len(rows)), scale, scale, "projection")
