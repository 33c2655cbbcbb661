"""FastGRNN (Kusupati et al. 2018) in integers.

    z = sigmoid(a + b_z)        candidate = g(a + b_h)                  a: one sum of inputs and state
    h[t] = (zeta * (1 - z) + nu) * candidate + z * h[t - 1]

There is one product for both: its sums, words with the candidate's bias, are finer than places in the tables. The
gate's place is such a sum and what its bias differs by, shifted; the candidate's is it alone. Where ``g`` only cuts
off, the sums are what is cut off, and there is no table of it.

The state is a word two bits longer than the value that is multiplied with weights. It can exceed what ``g`` gives, as
much as ``nu`` adds up to in a unit that keeps nearly all, and so has the range that the training part showed.

Of a kernel that is the product of two, the first one makes values, as a layer's projection does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from typing_extensions import override

from rnnexp.cells.fastgrnn.weights import FastWeights
from rnnexp.network.functions import Clip, Functions
from rnnexp.network.ranges import Ranges
from rnnexp.quantization.arithmetic import Arithmetic
from rnnexp.quantization.cell import Block, Extra, IntegerCell, Source, State, as_values
from rnnexp.quantization.cut import WORDS, Activation, Cut, activated, peak_of, tables_of
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

# Bits that the state is longer than its value, and, at most, that sums are finer than the candidate's places.
WORD_BITS = 2
FINER_BITS = 4
# At most, that they are coarser than places.
MOST_COARSER = GATE_BITS - 2
# A factor with which the sum of two words does not saturate.
HALF = ONE // 2
# Beyond it, the value of a word would be none.
LARGEST_LONG_STATE = LARGEST_STATE << WORD_BITS


@dataclass(frozen=True)
class FastGRNNCell(IntegerCell):
    """The numbers.

    Attributes:
        sums: ``[units, inputs + units]``, or with the rank in place of either; results count ``2**finer`` a place of
            the candidate.
        gate: the sigmoid.
        candidate: ``g``; its steps are those of the sums, where it only cuts off.
        finer: bits; negative, if sums are coarser.
        gate_finer: the same for the gate's places.
        offsets: int16 ``[units]``: what is added to the sums for the gate.
        zeta: counts ``2**-14`` of what the candidate's units are of those of the long state, and so does
        nu: as the formula has it.
        word: the real value of one unit of the long state.
        of_inputs: ``[rank, inputs]``, the first kernel of two, if there are two; result in values.
        of_state: ``[rank, units]``, the same for the state.
    """

    sums: Product
    gate: Table
    candidate: Activation
    finer: int
    gate_finer: int
    offsets: np.ndarray
    zeta: int
    nu: int
    word: float
    of_inputs: Product | None = None
    of_state: Product | None = None

    @property
    @override
    def units(self) -> int:
        return len(self.sums.high)

    @property
    @override
    def states(self) -> tuple[State, ...]:
        largest = LARGEST_LONG_STATE * self.word
        limits = -largest, largest
        return State("state", self.word * 2**WORD_BITS, limits), State("long_state", self.word, limits)

    @property
    @override
    def blocks(self) -> tuple[Block, ...]:
        source = None if self.of_inputs is None else _values_of(self.of_inputs)
        own = None if self.of_state is None else self.of_state.step
        return (Block("", self.sums, slice(None), self.candidate, self.finer, source=source, own=own),)

    @property
    @override
    def extras(self) -> tuple[Extra, ...]:
        (block,), scale = self.blocks, self.states[0].scale
        named = ("of_inputs", self.of_inputs), ("of_state", self.of_state)
        return (
            Extra("gate_offsets", self.offsets, block.step, product=False),
            *(Extra(name, made.codes, made.scale * made.step / scale) for name, made in named if made),
        )

    @property
    @override
    def inner(self) -> Mapping[str, int]:
        made = self.of_inputs or self.of_state
        return {"rank": len(made.high)} if made else {}

    @property
    @override
    def tables(self) -> tuple[Table, ...]:
        return tables_of(self.gate, self.candidate)

    @override
    def real_weights(self, source: Source) -> list[np.ndarray]:
        (block,), own = self.blocks, self.states[0].scale
        factors = []
        kernel, recurrent, bias = block.real(source, own)
        if self.of_inputs:
            factors.append(kernel)
            kernel = self.of_inputs.codes.T * (self.of_inputs.scale * self.of_inputs.step / source.scale)[:, None]
        if self.of_state:
            factors.append(recurrent)
            recurrent = self.of_state.codes.T * (self.of_state.scale * self.of_state.step / own)
        gate_bias = self.offsets * block.step + (bias - block.start) + self.gate.start
        counts = np.array([self.zeta, self.nu]) * (self.word / (ONE * self.candidate.scale))
        counts = np.clip(counts, 1 / ONE**2, 1.0 - 1 / ONE**2)
        return [kernel, recurrent, bias, gate_bias, np.log(counts / (1.0 - counts)), *factors]

    @override
    def step(self, arithmetic: Arithmetic, inputs: Sequence[Any], states: Sequence[Any]) -> tuple[Any, ...]:
        value, state = states
        read = [
            *_factored(arithmetic, self.of_inputs, inputs, "of_inputs"),
            *_factored(arithmetic, self.of_state, [value], "of_state"),
        ]
        (sums,) = arithmetic.multiply(self.sums, read, 1, "sums")
        place = arithmetic.dot([(HALF, sums), (HALF, self.offsets)], GATE_BITS - 1 + self.gate_finer, "gate_place")
        (z,) = arithmetic.look_up((self.gate,), [place], "gate")
        if self.finer > 0:
            sums = arithmetic.shift(sums, self.finer, 0, "candidate_place")
        elif self.finer < 0:
            sums = arithmetic.dot([(ONE, sums)], GATE_BITS + self.finer, "candidate_place")
        candidate = activated(arithmetic, self.candidate, sums, "candidate")
        mixed = arithmetic.dot([(self.zeta, candidate)], GATE_BITS, "mixed")
        terms = [(z, state), (arithmetic.complement(z), mixed), (self.nu, candidate)]
        state = arithmetic.dot(terms, GATE_BITS, "new_long_state")
        state = arithmetic.clip(state, -LARGEST_LONG_STATE, LARGEST_LONG_STATE, "next_long_state")
        return arithmetic.shift(state, WORD_BITS, 0, "next_state"), state


def _factored(arithmetic: Arithmetic, product: Product | None, values: Sequence[Any], name: str) -> Sequence[Any]:
    """Return what the sums read: values, or what the first of two kernels makes of them."""
    if product is None:
        return values
    (made,) = arithmetic.multiply(product, values, 1, name)
    return [arithmetic.clip(made, -LARGEST_STATE, LARGEST_STATE, f"{name}_values")]


def quantize(weights: Sequence[np.ndarray], functions: Functions, ranges: Ranges, source: Source) -> FastGRNNCell:
    """Return the cell for weights in the order of ``Cell.shapes``."""
    parts = FastWeights.of(weights)
    sums, least = None, 0.0
    while sums is None or sums.step != 1.0:
        found = _Tables.of(functions, ranges, parts, least)
        candidate, unit = found.candidate, found.unit
        word = _word(ranges, candidate.scale, max(parts.zeta, parts.nu))
        of_inputs, of_state = _first_kernels(parts, source, word * 2**WORD_BITS, ranges)
        own = of_state.step if of_state else word * 2**WORD_BITS
        rows = as_values(parts.kernel[-1], parts.recurrent[-1], _values_of(of_inputs) if of_inputs else source, own)
        sums = quantize_product(rows / unit, (parts.bias - candidate.start) / unit, own, 1.0, "sums", fine=True)
        # Weights or biases can count too many of a unit: then it is larger.
        least = unit * sums.step
    if of_inputs is None:
        sums = without_zero_point(sums, source.zero_point, slice(len(source.scale)))
    counts = ONE * candidate.scale / word
    return FastGRNNCell(
        sums=sums,
        gate=found.gate,
        candidate=candidate,
        finer=round(math.log2(candidate.step / unit)),
        gate_finer=round(math.log2(found.gate.step / unit)),
        offsets=np.clip(np.rint(found.differs / unit), -LARGEST_WORD, LARGEST_WORD).astype(np.int16),
        zeta=round(parts.zeta * counts),
        nu=round(parts.nu * counts),
        word=word,
        of_inputs=of_inputs,
        of_state=of_state,
    )


@dataclass(frozen=True)
class _Tables:
    """The functions, and what the sums that are places of both of them count.

    Attributes:
        gate: the sigmoid.
        candidate: ``g``.
        unit: the real value of one step of the sums; places are a power of two of them apart.
        differs: by how much the gate's sums, from its first place on, are more than the candidate's, ``[units]``.
    """

    gate: Table
    candidate: Activation
    unit: float
    differs: np.ndarray

    @classmethod
    def of(cls, functions: Functions, ranges: Ranges, parts: FastWeights, least: float) -> _Tables:
        """Return them with a unit of ``least`` or more."""
        activation, differs = functions.activation, parts.gate_bias - parts.bias
        where = gate_places(functions.gate, ranges["gate"])
        low, high = widened(ranges["candidate"], TABLE_MARGIN)
        if isinstance(activation, Clip):
            differs = differs - where.start
            largest = max(peak_of(activation, ranges["candidate"]), -low, high, float(np.abs(differs).max()))
            unit = power_of_two_for(max(largest / LARGEST_WORD, least), "sums")
            return cls(_gates(where, unit, functions), Cut.of(activation, unit, WORDS), unit, differs)
        alike = shares(functions.gate, activation, where, ranges["candidate"])
        own = Places(where.start / 2.0, where.step / 2.0) if alike else places(activation, ranges["candidate"])
        differs = differs + own.start - where.start
        largest = max(abs(low - own.start), abs(high - own.start), float(np.abs(differs).max()))
        unit = own.step * 2.0 ** max(_powers(max(largest / LARGEST_WORD, least) / own.step), -FINER_BITS)
        if unit > own.step * 2.0**MOST_COARSER:
            alike, own = False, replace(own, step=unit * 2.0**-MOST_COARSER)
        gate = _gates(where, unit, functions)
        if alike and gate.step == where.step:
            return cls(gate, stretched(gate, 2, "candidate"), unit, differs)
        scale = power_of_two_for(own.peak(activation) / LARGEST_STATE, "candidate") / 2**WORD_BITS
        candidate = own.tabulate(activation, scale, multiple=2**WORD_BITS, name="candidate")
        return cls(gate, candidate, unit, differs)


def _gates(where: Places, unit: float, functions: Functions) -> Table:
    """Return the gate's table, whose places are so much farther apart that it is a power of two of units."""
    return replace(where, step=unit * 2.0 ** max(_powers(where.step / unit), -MOST_COARSER)).gates(functions.gate)


def _powers(ratio: float) -> int:
    """Return of which power of two a ratio falls short."""
    return math.ceil(math.log2(ratio))


def _word(ranges: Ranges, unit: float, largest: float) -> float:
    """Return the unit of the long state: what its range needs, and factors of ``unit``, that of the candidate."""
    peak = max(map(abs, widened(ranges["state"], TABLE_MARGIN)))
    word = power_of_two_for(peak / LARGEST_STATE, "state") / 2**WORD_BITS
    while largest * ONE * unit / word > LARGEST_WORD:
        word *= 2.0
    return word


def _first_kernels(
    parts: FastWeights, source: Source, own: float, ranges: Ranges
) -> tuple[Product | None, Product | None]:
    """Return the products for the first kernels of inputs and state, wherever there are two of them."""
    of_inputs = of_state = None
    if len(parts.kernel) > 1:
        of_inputs = _first(parts.kernel[0], source.scale, ranges["of_inputs"])
        of_inputs = without_zero_point(of_inputs, source.zero_point, slice(None))
    if len(parts.recurrent) > 1:
        of_state = _first(parts.recurrent[0], np.full(len(parts.bias), own), ranges["of_state"])
    return of_inputs, of_state


def _first(kernel: np.ndarray, scales: np.ndarray, limits: tuple[float, float]) -> Product:
    """Return the product for the first of two kernels, ``[inputs, rank]``, of inputs that have such scales."""
    scale = power_of_two_for(max(map(abs, widened(limits, TABLE_MARGIN))) / LARGEST_STATE, "values of the rank")
    rows = kernel.T * (scales / scale)
    return quantize_product(rows, np.zeros(len(rows)), scale, scale, "values of the rank")


def _values_of(product: Product) -> Source:
    """Return what a product makes, as what comes into another."""
    return Source(np.full(len(product.high), product.step))
