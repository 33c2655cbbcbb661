"""The operations of integer cells as operators of a TensorFlow Lite graph.

Every operator is exact, or rounds what cannot tie, so that all kernels give the same bits:

* FULLY_CONNECTED of int16 and int8 joins and multiplies by powers of two, all exact, or has odd sums and divides by
  powers of two: a product's biases are odd; a number ``v`` that is shifted goes in as ``2 * v + 1``. Large products
  have sums that are twice an odd number instead, see ``rnnexp.formats.tflite.int8.constants``.
* MUL, ADD, SUB, MAXIMUM and MINIMUM of int32 multiply and add numbers that are both variable. A sum ``s`` that is
  rounded is ``4 * s + 2``, since QUANTIZE may halve it first; the 2 is the zero point.
* GATHER looks up tables of two int8, since TensorFlow Lite Micro has no other.

The real values of scales are those of the numbers, so that files can be read; kernels see only ratios: powers of two.
But places that are looked up have the scale that makes 6 their last one, for RELU6 to limit them; and so have kernels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from typing_extensions import override

from rnnexp.formats.tflite.int8.codes import CodeWriter
from rnnexp.formats.tflite.int8.constants import distinct, entries, largest_result, pairs_of
from rnnexp.formats.tflite.int8.numbers import Scaling, Shifting
from rnnexp.formats.tflite.int8.operators import INT8_VERSION, QUANTIZE_VERSION, Op
from rnnexp.formats.tflite.int8.value import Joined, Part, Value
from rnnexp.quantization.arithmetic import LARGEST_TOTAL, Arithmetic, checked_shift
from rnnexp.quantization.product import RADIX, Product
from rnnexp.quantization.tables import GATE_BITS, LARGEST_WORD, ONE, Table


@dataclass
class GraphArithmetic(CodeWriter, Arithmetic):
    """Writes ``rnnexp.quantization.arithmetic.Arithmetic`` into a subgraph."""

    @override
    def multiply(self, product: Product, values: Sequence[Value], blocks: int, name: str) -> list[Value]:
        joined = Joined(partial(self.products, product, values, name), product.step, blocks)
        units, largest = len(product.high) // blocks, largest_result(product)
        return [Value(units, product.step, part=Part(joined, block), largest=largest) for block in range(blocks)]

    @override
    def look_up(self, tables: Sequence[Table], indices: Sequence[Value], name: str) -> list[Value]:
        graph, units, count = self.graph, indices[0].units, len(tables)
        different = distinct(tables)
        label = "_and_".join(table.name for table in different)
        lasts = [len(table.values) - 1 for table in tables]
        entry = self._entries(indices, lasts, name)
        shape = graph.shape(entry)
        wide = self.cast(entry, np.int32, None, f"{name}_entry_int32")
        if len(different) > 1:
            begins = np.cumsum([0, *(len(table.values) for table in different)])
            begin = dict(zip(map(entries, different), begins, strict=False))
            starts = np.repeat([begin[entries(table)] for table in tables], units).astype(np.int32)
            wide = self._added(wide, graph.constant("table_start", starts.reshape(shape)), f"{name}_entry_of_all")
        one = tables[0]
        alike = all((table.scale, table.multiple) == (one.scale, one.multiple) for table in tables)
        scale = one.scale * one.multiple if alike else 1.0
        values = graph.named(graph.constant(f"{label}_table", pairs_of(different), scale=scale))
        found = self.tensor(f"{name}_int8", [*shape, 2], np.int8, scale)
        graph.operator(Op.GATHER, [values, wide], [found], schema.GatherOptionsT(), version=INT8_VERSION)
        most = [int(np.abs(table.values.astype(np.int64)).max()) for table in tables]
        # The two numbers of an entry are those of its value only where nothing has to be added or multiplied.
        if count == 1 and (one.multiple, one.offset) == (1, 0):
            return [Value(units, one.scale, pairs=found, largest=most[0])]
        multiple, offset, scale_of_all = _base(tables)
        bits = multiple.bit_length() - 1
        numbers = self._linear(
            self.cast(found, np.int16, scale, f"{name}_pairs"),
            Scaling(scale, scale_of_all, (RADIX, 1), offset >> bits, bits),
            f"{name}_numbers",
        )
        joined = Joined(lambda _: numbers, scale_of_all, count, numbers)
        return [
            Value(units, table.scale, part=_part(joined, block, table, multiple, offset), largest=most[block])
            for block, table in enumerate(tables)
        ]

    def _entries(self, indices: Sequence[Value], lasts: Sequence[int], name: str) -> int:
        """Return what is looked up, one behind the other, none below 0 or beyond the last entry of its table."""
        first, count = indices[0], len(indices)
        joined = first.part.joined if first.part else None
        parts = [] if joined is None else [Part(joined, block) for block in range(joined.blocks)]
        whole = joined is not None and [index.part for index in indices] == parts
        if whole and joined is not None and len(set(lasts)) == 1 and joined.tensor is None:
            return joined.make(lasts[0])
        if count == 1 and first.make is not None and first.tensor is None:
            return first.make(lasts[0])
        if whole and joined is not None:
            source = self._tensor(joined)
        elif count == 1:
            source = self.number(first)
        else:
            numbers = [self.number(index) for index in indices]
            shape = [count * first.units, 1]
            source = self.concatenate(numbers, shape, 0, np.int16, first.scale, f"{name}_places")
        highest = np.repeat(lasts, first.units)
        return self._limited(source, (0 * highest, highest), np.int16, first.scale, f"{name}_entry")

    @override
    def clip(self, value: Value, low: int, high: int, name: str) -> Value:
        largest = max(abs(low), abs(high))
        joined = value.part.joined if value.part else None
        if joined and low == 0 < high and (joined.blocks, joined.tensor, value.tensor) == (1, None, None):
            # What makes the number limits it, too.
            source = self.reshape(joined.make(high), [value.units, 1], np.int16, value.scale, name)
            return Value(value.units, value.scale, source, largest=largest)
        source = self.cut_off(self.number(value), low, high, value.scale, name)
        column = self._column(source, value.units, value.scale, name)
        return Value(value.units, value.scale, column, largest=largest)

    @override
    def dot(self, terms: Sequence[tuple[Value | np.ndarray | int, Value | np.ndarray]], shift: int, name: str) -> Value:
        first = next(value for _, value in terms if isinstance(value, Value))
        result = Value(first.units, first.scale * 2.0 ** (checked_shift(shift) - GATE_BITS))
        numbers = [
            (factor, value if isinstance(value, Value) else self._constant(value, first.units))
            for factor, value in terms
        ]
        result.make = partial(self._dot, numbers, shift, name, result.scale)
        return result

    def _dot(
        self,
        terms: Sequence[tuple[Value | np.ndarray | int, Value]],
        shift: int,
        name: str,
        scale: float,
        last: int | None,
    ) -> int:
        units = terms[0][1].units
        total, largest = -1, 0
        limits = -LARGEST_TOTAL - 1, LARGEST_TOTAL
        for number, (factor, value) in enumerate(terms, 1):
            by = factor if isinstance(factor, Value) else self._constant(factor, units)
            term = self._times(self._wide(by), self._wide(value), f"{name}_term")
            total = self._added(total, term, f"{name}_sum") if largest else term
            # A gate and what is left of it come to ONE.
            both = len(terms) == 2 and by.rest_of is not None and by.rest_of is terms[0][0]
            largest = ONE * max(value.largest, terms[0][1].largest) if both else largest + by.largest * value.largest
            if number == len(terms) and last is not None:
                limits, largest = (0, min(last << shift, LARGEST_TOTAL)), LARGEST_TOTAL + 2
            # -2**15 is there, but not 2**15.
            if largest > LARGEST_TOTAL + 1:
                # Sums that are looked up are limited with those of each, which is faster, all others with fewer bytes.
                size = () if last is None else units
                bounds = np.full(size, limits[0]), np.full(size, limits[1])
                total, largest = self._limited(total, bounds, np.int32, None, f"{name}_total"), LARGEST_TOTAL
        finer = scale * 2.0 ** -(shift + 2)
        exact = self._times(total, self._wide(self._constant(4, units)), f"{name}_fine", finer, -2)
        result = self.tensor(name, [units, 1], np.int16, scale)
        options = schema.QuantizeOptionsT()
        self.graph.operator(Op.QUANTIZE, [exact], [result], options, version=QUANTIZE_VERSION)
        return result

    @override
    def shift(self, value: Value, bits: int, offset: int, name: str) -> Value:
        result = Value(value.units, value.scale * 2.0 ** checked_shift(bits, offset))

        def make(last: int | None) -> int:
            part = value.part
            if value.tensor is None and part is not None and bits > part.bits:
                shifting = Shifting(bits - part.bits, offset, part.offset)
                return self._shifted(self._block(part), part.joined.scale, shifting, name, result.scale, last)
            shifting = Shifting(bits, offset)
            return self._shifted(self.number(value), value.scale, shifting, name, result.scale, last)

        result.make = make
        return result

    @override
    def complement(self, gate: Value) -> Value:
        if gate.part is None and gate.pairs is None and gate.rest_of is None:
            raise ValueError("only a gate just looked up has a complement")
        one, rest = self._wide(self._constant(ONE, gate.units)), self.tensor("rest", [gate.units, 1], np.int32)
        self.graph.operator(Op.SUB, [one, self._wide(gate)], [rest], schema.SubOptionsT())
        largest = ONE if gate.largest <= ONE else ONE + gate.largest
        return Value(gate.units, gate.scale, wide=rest, largest=largest, rest_of=gate)


def _base(tables: Sequence[Table]) -> tuple[int, int, float]:
    """Return multiple, offset and scale of that table as whose numbers all entries are read; they must fit int16."""
    most = max(int(np.abs(pairs_of([table]).astype(np.int64) @ (RADIX, 1)).max()) for table in tables)
    for table in sorted(tables, key=lambda table: table.multiple):
        if most * table.multiple + abs(table.offset) <= LARGEST_WORD:
            return table.multiple, table.offset, table.scale
    return 1, 0, 1.0


def _part(joined: Joined, block: int, table: Table, multiple: int, offset: int) -> Part:
    """Return how a table's numbers are made of its entries, read as those with another multiple and offset."""
    bits = (table.multiple // multiple).bit_length() - 1
    return Part(joined, block, (table.offset >> bits) - offset, bits)
