"""Long short-term memory (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000) in integers, as Keras has it.

    i, f, o = sigmoid of their sums     candidate = g of its sum
    c[t] = f * c[t - 1] + i * candidate
    h[t] = o * g(c[t])

``c`` is a word of 16 bits over the range that the training part showed and a margin; beyond, it saturates. With 14
bits the rounding of every step adds up where a unit forgets slowly. One table serves all gates; where ``g`` is tanh and
gates are sigmoids, the same serves ``g`` twice, since ``tanh(x) = 2 * sigmoid(2 * x) - 1``.

Where ``g`` only cuts off, there is no table of it: the candidate's sums are in units of ``c`` already. They are
finer than places, and so have a product of their own.

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

from rnnexp.cells.lstm.units import Units, cut_off, own, shared
from rnnexp.network.functions import Clip, Functions
from rnnexp.network.ranges import Ranges
from rnnexp.quantization.arithmetic import Arithmetic
from rnnexp.quantization.cell import Block, Extra, IntegerCell, Source, State, joined, sums_in_places, sums_in_units
from rnnexp.quantization.cut import Activation, Cut, activated, tables_of
from rnnexp.quantization.product import Product
from rnnexp.quantization.rounding import quantize_product
from rnnexp.quantization.scales import LARGEST_STATE, TABLE_MARGIN, power_of_two_for, widened
from rnnexp.quantization.tables import (
    GATE_BITS,
    LARGEST_WORD,
    ONE,
    Places,
    Table,
    gate_places,
)

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
        sums: ``[4 * units, inputs + values]``, blocks i, f, candidate, o; results are places in the tables. Without the
            candidate where that is cut off.
        gate: the sigmoid.
        candidate: ``g``, in units of ``c``.
        activation: ``g`` of ``c``, in values; or in units of ``c``, where it only cuts off.
        shift: places of ``activation`` are ``c`` without so many bits, or values what it gives,
        first: and from ``c = 0`` at this entry.
        peepholes: what gates read of c, if they do.
        projection: ``[values, units]``, result in values, if there is one.
        candidate_sums: ``[units, inputs + values]``, of a candidate that is cut off.
    """

    sums: Product
    gate: Table
    candidate: Activation
    activation: Activation
    shift: int
    first: int
    peepholes: Peepholes | None = None
    projection: Product | None = None
    candidate_sums: Product | None = None

    @property
    @override
    def units(self) -> int:
        return len(self.projection.high) if self.projection else self._inner

    @property
    def _inner(self) -> int:
        """How many units there are ahead of a projection."""
        return len(self.sums.high) // (3 if self.candidate_sums else 4)

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
        units, finer = self._inner, self.peepholes.finer if self.peepholes else 0

        def gate(name: str, number: int) -> Block:
            return Block(name, self.sums, slice(number * units, (number + 1) * units), self.gate, finer)

        if self.candidate_sums:
            candidate = Block("candidate", self.candidate_sums, slice(None), self.candidate)
        else:
            candidate = Block("candidate", self.sums, slice(2 * units, 3 * units), self.candidate)
        last = gate("output_gate", 2 if self.candidate_sums else 3)
        return gate("input_gate", 0), gate("forget_gate", 1), candidate, last

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
        return tables_of(self.gate, self.candidate, self.activation)

    @property
    def _peephole_scale(self) -> float:
        """The real value of one unit of the peepholes' factors."""
        return self.blocks[0].step / (self._word * ONE)

    @property
    def _word(self) -> float:
        """The real value of one unit of c."""
        return self.activation.step * (1.0 if isinstance(self.activation, Cut) else 2.0**-self.shift)

    @property
    def _coarser(self) -> int:
        """By how many bits c is coarser than the candidate."""
        return round(math.log2(self._word / self.candidate.scale))

    @property
    def _longer(self) -> int:
        """By how many bits what the activation gives is longer than a value."""
        if isinstance(self.activation, Cut):
            return self.shift
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
        i, f, candidate, o = self._multiplied(arithmetic, [*inputs, h])
        if self.peepholes:
            i = self.peepholes.place(arithmetic, i, 0, c, "input_gate")
            f = self.peepholes.place(arithmetic, f, 1, c, "forget_gate")
            i, f = arithmetic.look_up((self.gate, self.gate), [i, f], "gates")
        elif isinstance(self.candidate, Table):
            tables = self.gate, self.gate, self.candidate, self.gate
            i, f, candidate, o = arithmetic.look_up(tables, [i, f, candidate, o], "gates")
        else:
            i, f, o = arithmetic.look_up((self.gate, self.gate, self.gate), [i, f, o], "gates")
        if self.peepholes or isinstance(self.candidate, Cut):
            candidate = activated(arithmetic, self.candidate, candidate, "candidate")
        if self._coarser:
            candidate = arithmetic.shift(candidate, self._coarser, 0, "coarse_candidate")
        c = arithmetic.dot([(f, c), (i, candidate)], GATE_BITS, "next_cell_state")
        if self.peepholes:
            o = self.peepholes.place(arithmetic, o, 2, c, "output_gate")
            (o,) = arithmetic.look_up((self.gate,), [o], "output_gate")
        read = c
        if isinstance(self.activation, Table):
            read = arithmetic.shift(c, self.shift, self.first, "cell_state_place")
        read = activated(arithmetic, self.activation, read, "activated")
        bits = GATE_BITS + self._longer
        if self.projection is None:
            return arithmetic.dot([(o, read)], bits, "next_state"), c
        given = arithmetic.dot([(o, read)], bits, "given")
        (projected,) = arithmetic.multiply(self.projection, [given], 1, "projection")
        return arithmetic.clip(projected, -LARGEST_STATE, LARGEST_STATE, "next_state"), c

    def _multiplied(self, arithmetic: Arithmetic, read: Sequence[Any]) -> Sequence[Any]:
        """Return the sums of i, f, the candidate and o."""
        if self.candidate_sums is None:
            return arithmetic.multiply(self.sums, read, 4, "gates")
        i, f, o = arithmetic.multiply(self.sums, read, 3, "gates")
        return i, f, *arithmetic.multiply(self.candidate_sums, read, 1, "candidate"), o


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
    where, units = gate_places(functions.gate, ranges["gates"]), recurrent.shape[1] // 4
    rows = slice(2 * units, 3 * units)
    found = cut_off(functions.activation, ranges) if isinstance(functions.activation, Clip) else None
    candidate_sums = None
    if found:
        candidate = kernel[:, rows], recurrent[:, rows], bias[rows]
        candidate_sums = sums_in_units(*candidate, source, _scale(found, projection, ranges), found.word)
    if found is None or candidate_sums is None:
        found = shared(functions, where, ranges) or own(functions, ranges)
    scale = _scale(found, projection, ranges)
    finer = 0 if peepholes is None else _finer(where, ranges, float(np.abs(peepholes).max()) * found.word)
    gates = where.times(2.0**-finer)
    blocks = [gates, gates, Places(found.candidate.start, found.candidate.step), gates]
    if candidate_sums:
        del blocks[2]
        kernel, recurrent, bias = (np.delete(array, rows, axis=-1) for array in (kernel, recurrent, bias))
    # All is in powers of two: no place moves.
    sums, _ = sums_in_places(blocks, kernel, recurrent, bias, source, scale)
    return LSTMCell(
        sums=sums,
        gate=where.gates(functions.gate),
        candidate=found.candidate,
        activation=found.activation,
        shift=found.shift,
        first=found.first,
        peepholes=None if peepholes is None else Peepholes(_factors(peepholes, found.word / gates.step), finer),
        projection=_projection(projection[0], found.given, scale) if projection else None,
        candidate_sums=candidate_sums,
    )


def _scale(units: Units, projection: Sequence[np.ndarray], ranges: Ranges) -> float:
    """Return that of the state: of what the units give, or of their projection."""
    if not projection:
        return units.given
    return power_of_two_for(max(map(abs, widened(ranges["projected"], TABLE_MARGIN))) / LARGEST_STATE, "state")


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
