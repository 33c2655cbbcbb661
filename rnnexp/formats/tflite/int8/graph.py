"""The operations of integer cells as operators of a TensorFlow Lite graph.

Every operator is exact, or rounds what cannot tie, so that all kernels give the same bits:

* FULLY_CONNECTED of int16 and int8 picks, joins and multiplies by powers of two, all exact, or has odd sums and divides
  by powers of two: a product's biases are odd; a number ``v`` that is shifted goes in as ``2 * v + 1``.
* BATCH_MATMUL of int16 and int16, one small product for each unit, multiplies numbers that are both variable. Every
  term is there twice, and ``1 * 1`` is added: an odd sum again, whose half, rounded, is that of the terms.
* GATHER looks up tables of two int8, since TensorFlow Lite Micro has no other.

The real values of scales are those of the numbers, so that files can be read; kernels see only ratios: powers of two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from typing_extensions import override

from rnnexp.formats.tflite.int8.constants import by_units, joining, pairs_of, unique, weights_of
from rnnexp.formats.tflite.int8.operators import (
    BATCH_MATMUL_VERSION,
    CAST_VERSION,
    INT8_VERSION,
    MAXIMUM_VERSION,
    Op,
    Operators,
)
from rnnexp.formats.tflite.int8.value import Row, Value
from rnnexp.quantization.arithmetic import Arithmetic, checked_shift
from rnnexp.quantization.product import CODE_UNIT, RADIX, Product
from rnnexp.quantization.scales import Affine
from rnnexp.quantization.tables import GATE_BITS, ONE, Table


@dataclass
class GraphArithmetic(Operators, Arithmetic):
    """Writes ``rnnexp.quantization.arithmetic.Arithmetic`` into a subgraph."""

    _codes: dict[tuple[float, ...], tuple[int, list[Value]]] = field(default_factory=dict)

    @override
    def multiply(self, product: Product, values: Sequence[Value], blocks: int, name: str) -> list[Value]:
        units = len(product.high) // blocks
        sums = self.products(by_units(product, blocks), values, name)
        if blocks == 1:
            return [Value(units, product.step, row=Row(sums, product.step, (1,)))]
        matrix = self.reshape(sums, [units, 1, blocks], np.int16, product.step, f"{name}_of_units")
        unit = np.eye(blocks, dtype=int)
        return [Value(units, product.step, row=Row(matrix, product.step, tuple(row))) for row in unit.tolist()]

    @override
    def look_up(self, tables: Sequence[Table], indices: Sequence[Value], name: str) -> list[Value]:
        graph, units, count = self.graph, indices[0].units, len(tables)
        distinct = unique(tables)
        label = "_and_".join(table.name for table in distinct)
        source = self._places(indices, name)
        shape = graph.shape(source)
        wide = self.tensor(f"pre_{label}", shape, np.int32)
        graph.operator(Op.CAST, [source], [wide], schema.CastOptionsT(), version=CAST_VERSION)
        lasts = np.array([len(table.values) - 1 for table in tables], np.int32)
        first = graph.constant("first_entry", np.int32(0))
        last = graph.constant("last_entry", lasts if len(set(lasts.tolist())) > 1 else lasts[0])
        not_below = self.tensor("entry_not_below", shape, np.int32)
        graph.operator(Op.MAXIMUM, [wide, first], [not_below], schema.MaximumMinimumOptionsT())
        entry = self.tensor("entry", shape, np.int32)
        graph.operator(Op.MINIMUM, [not_below, last], [entry], schema.MaximumMinimumOptionsT())
        if len(distinct) > 1:
            begins = np.cumsum([0, *(len(table.values) for table in distinct)])
            begin = {id(table): at for table, at in zip(distinct, begins, strict=False)}
            starts = graph.constant("table_start", np.array([begin[id(table)] for table in tables], np.int32))
            place, entry = entry, self.tensor("entry_of_all", shape, np.int32)
            graph.operator(Op.ADD, [place, starts], [entry], schema.AddOptionsT())
        scale = tables[0].scale * tables[0].multiple if len(distinct) == 1 else 1.0
        values = graph.named(graph.constant(f"{label}_table", pairs_of(distinct), scale=scale))
        found = self.tensor(f"{name}_int8", [*shape, 2], np.int8, scale)
        graph.operator(Op.GATHER, [values, entry], [found], schema.GatherOptionsT(), version=INT8_VERSION)
        # The two numbers of an entry are those of its value only where nothing has to be added or multiplied.
        if shape == [1, units] and (tables[0].multiple, tables[0].offset) == (1, 0):
            return [Value(units, tables[0].scale, pairs=found)]
        numbers = self.cast(found, np.int16, scale, f"{name}_int16")
        matrix = self.reshape(numbers, [units, 1, 2 * count], np.int16, scale, f"{name}_pairs")
        return [
            Value(units, table.scale, row=Row(matrix, scale, *joining(table, index, count)))
            for index, table in enumerate(tables)
        ]

    def _places(self, indices: Sequence[Value], name: str) -> int:
        """Return what is looked up, one behind the other: a product's sums as they are, or else numbers."""
        first, count = indices[0].row, len(indices)
        if first is not None and len(first.weights) == count:
            sums = [replace(first, weights=tuple(row), offset=0, bits=0) for row in np.eye(count, dtype=int).tolist()]
            if [index.row for index in indices] == sums:
                return first.tensor
        numbers = [self.number(index) for index in indices]
        if count == 1:
            return numbers[0]
        return self.concatenate(numbers, [indices[0].units, 1, count], 2, np.int16, indices[0].scale, f"{name}_places")

    @override
    def clip(self, value: Value, low: int, high: int, name: str) -> Value:
        source = self._places([value], name)
        for kind, limit in ((Op.MAXIMUM, low), (Op.MINIMUM, high)):
            bound = self.graph.constant(f"{name}_bound", np.int16(limit), scale=value.scale)
            clipped = self.tensor(f"{name}_clipped", self.graph.shape(source), np.int16, value.scale)
            self.graph.operator(
                kind, [source, bound], [clipped], schema.MaximumMinimumOptionsT(), version=MAXIMUM_VERSION
            )
            source = clipped
        column = self.reshape(source, [value.units, 1, 1], np.int16, value.scale, name)
        return Value(value.units, value.scale, tensor=column)

    @override
    def dot(self, terms: Sequence[tuple[Value | np.ndarray | int, Value]], shift: int, name: str) -> Value:
        checked_shift(shift)
        units, scale = terms[0][1].units, terms[0][1].scale
        # Of a gate, that is there twice, each is half.
        half = 0.5 / ONE
        factors = self._stack([*(factor for factor, _ in terms for _ in range(2)), 1], half, f"{name}_factors", units)
        values = self._stack([*(value for _, value in terms for _ in range(2)), 1], scale, f"{name}_terms", units)
        result = Value(units, scale * 2.0 ** (shift - GATE_BITS))
        result.tensor = self.tensor(name, [units, 1, 1], np.int16, result.scale)
        options = schema.BatchMatMulOptionsT()
        options.adjY, options.adjX, options.asymmetricQuantizeInputs = True, False, False
        self.graph.operator(Op.BATCH_MATMUL, [factors, values], [result.tensor], options, version=BATCH_MATMUL_VERSION)
        return result

    @override
    def shift(self, value: Value, bits: int, offset: int, name: str) -> Value:
        scale = value.scale * 2.0 ** checked_shift(bits, offset)
        return Value(value.units, scale, self._shifted(self.number(value), value.scale, bits, offset, name, scale))

    @override
    def complement(self, gate: Value) -> Value:
        row = self._row(gate)
        if row is None:
            raise ValueError("only a gate just looked up has a complement")
        weights = tuple(-weight for weight in row.weights)
        offset = (ONE >> row.bits) - row.offset
        return replace(gate, tensor=None, pairs=None, row=replace(row, weights=weights, offset=offset))

    def products(self, product: Product, values: Sequence[Value], name: str, result: str = "") -> int:
        """Return the rounded sums of a product's rows, int16 ``[1, rows]``, in a tensor that may have its own name."""
        scale = scale_of_values(product, name)
        fine = scale / CODE_UNIT
        codes = self._all_codes(values, scale, name)
        kernel = self.graph.named(
            self.graph.constant(f"{self.scope}{name}_kernel", weights_of(product), scale=RADIX * product.scale)
        )
        bias = self.graph.named(
            self.graph.constant(f"{self.scope}{name}_bias", product.bias, scale=RADIX * product.scale * fine)
        )
        sums = self.tensor(result or f"{name}_sums", [1, len(product.high)], np.int16, product.step)
        self.fully_connected([codes, kernel, bias], sums)
        return sums

    def _all_codes(self, values: Sequence[Value], scale: float, name: str) -> int:
        """Return fine and coarse codes of joined values, int16 ``[inputs, 2]``; the same ones only once."""
        key = (*map(id, values), scale)
        if key in self._codes:
            return self._codes[key][0]
        groups: list[list[Value]] = []
        for value in values:
            # Older kernels join int8 only where scales are equal.
            last = groups[-1][0] if groups else value
            if groups and None not in (value.pairs, last.pairs) and value.scale == last.scale:
                groups[-1].append(value)
            else:
                groups.append([value])
        found = [
            self._codes_of_pairs(group, scale, name)
            if group[0].pairs is not None
            else self._codes_of_number(group[0], name)
            for group in groups
        ]
        inputs = sum(value.units for value in values)
        joined = found[0]
        if len(found) > 1:
            joined = self.concatenate(found, [inputs, 2], 0, np.int16, scale / CODE_UNIT, f"{name}_all_codes")
        elif groups[0][0].pairs is None and groups[0][0].scale != scale:
            joined = self.reshape(joined, [inputs, 2], np.int16, scale / CODE_UNIT, f"{name}_all_codes")
        self._codes[key] = joined, list(values)
        return joined

    def _codes_of_pairs(self, values: Sequence[Value], scale: float, name: str) -> int:
        units = sum(value.units for value in values)
        pairs = [value.pairs for value in values if value.pairs is not None]
        joined = pairs[0]
        if len(pairs) > 1:
            joined = self.concatenate(pairs, [1, units, 2], 1, np.int8, values[0].scale, "inputs_and_state")
        # QUANTIZE from int8 to int16 is missing in older runtimes, so this CAST, and the unit of the codes joined next.
        wide = self.cast(joined, np.int16, scale, f"{name}_pairs")
        return self.combine(wide, [units, 2], [[RADIX, 1], [1, 0]], scale, f"{name}_codes", CODE_UNIT)

    def _codes_of_number(self, value: Value, name: str) -> int:
        number = self.number(value)
        upper = self._shifted(number, value.scale, RADIX.bit_length() - 1, 0, f"{name}_upper", value.scale)
        both = self.concatenate([number, upper], [value.units, 1, 2], 2, np.int16, value.scale, f"{name}_number")
        return self.combine(both, [value.units, 2], [[1, 0], [0, 1]], value.scale, f"{name}_number_codes", CODE_UNIT)

    def as_pairs(self, value: Value, name: str) -> int:
        """Return a value's upper and lower part, int8 ``[1, units, 2]``."""
        if value.pairs is None:
            number, scale = self.number(value), value.scale
            upper = self._shifted(number, scale, RADIX.bit_length() - 1, 0, f"{name}_upper", scale)
            both = self.concatenate([number, upper], [value.units, 1, 2], 2, np.int16, scale, f"{name}_number")
            parts = self.combine(both, [value.units, 2], [[0, 1], [1, -RADIX]], scale, f"{name}_parts")
            small = self.cast(parts, np.int8, scale, f"{name}_int8")
            value.pairs = self.reshape(small, [1, value.units, 2], np.int8, scale, f"{name}_pairs")
        return value.pairs

    def input_codes(self, codes: int, affine: Affine, shape: list[int], scale: float) -> int:
        """Return input codes as a whole sequence is read, int8 ``[steps, 1, numbers, parts]``: 1 part, or 2 of int16.

        From here on, to be joined with the state, they are numbers in units of ``scale``. The columns of kernels make
        up for the true scale, biases for the true zero point.
        """
        if shape[-1] == 1:
            return self.reshape(codes, shape, np.int8, scale, "input_codes")
        values = Value.of_codes(self, codes, shape[0] * shape[2], scale, affine)
        return self.reshape(self.as_pairs(values, "input"), shape, np.int8, scale, "input_values")

    def number(self, value: Value) -> int:
        """Return a value as int16 ``[units, 1, 1]``."""
        if value.tensor is None:
            row = self._row(value)
            if row is None:
                raise ValueError("a value must be there in some form")
            value.tensor = self._rows([row], value.units, value.scale, "number")
        return value.tensor

    def _row(self, value: Value) -> Row | None:
        """Return how to make a value of what it was looked up as, if it was."""
        if value.row is None and value.pairs is not None:
            wide = self.cast(value.pairs, np.int16, value.scale, "wide_pairs")
            matrix = self.reshape(wide, [value.units, 1, 2], np.int16, value.scale, "pairs_of_units")
            value.row = Row(matrix, value.scale, (RADIX, 1))
        return value.row

    def _stack(self, items: Sequence[Value | np.ndarray | int], scale: float, name: str, units: int) -> int:
        """Return numbers and constants side by side, int16 ``[units, 1, items]``."""
        rows = [item.row for item in items if isinstance(item, Value)]
        if not rows:
            constants = [item for item in items if not isinstance(item, Value)]
            return self.graph.constant(name, _side_by_side(constants, units), scale=scale)
        first = rows[0]
        together = first is not None and all(
            row is not None and (row.tensor, row.bits) == (first.tensor, first.bits) for row in rows
        )
        if first is not None and together and first.bits == 0:
            nothing = (0,) * len(first.weights)
            found = [
                item.row if isinstance(item, Value) else replace(first, weights=nothing, offset=item)
                for item in items
                if not isinstance(item, np.ndarray)
            ]
            if len(found) == len(items):
                return self._rows([row for row in found if row is not None], units, scale, name)
        columns = [
            self.number(item)
            if isinstance(item, Value)
            else self.graph.constant(
                f"{name}_of_units" if isinstance(item, np.ndarray) else f"all_{item}",
                _side_by_side([item], units),
                scale=scale,
            )
            for item in items
        ]
        return self.concatenate(columns, [units, 1, len(items)], 2, np.int16, scale, name)

    def _rows(self, rows: Sequence[Row], units: int, scale: float, name: str) -> int:
        """Return numbers made of the same tensor, int16 ``[units, 1, rows]``."""
        source = rows[0]
        if self.graph.shape(source.tensor) == [1, units]:
            column = self.reshape(source.tensor, [units, 1, 1], np.int16, source.scale, f"{name}_of_units")
            source = replace(source, tensor=column)
        # The kernel multiplies with the ratio of scales: 2**bits, by the choice of the weights' one.
        weight = scale / source.scale * 2.0**source.bits
        if ratio(source.scale, weight, scale) != 2.0**source.bits:
            # There is no such weight in float32: the same numbers, said to be in the result's units.
            shape = self.graph.shape(source.tensor)
            again = self.reshape(source.tensor, shape, np.int16, scale, f"{name}_in_its_units")
            source, weight = replace(source, tensor=again, scale=scale), 2.0**source.bits
        weights = self.graph.constant(
            f"{self.scope}{name}_from", np.array([r.weights for r in rows], np.int8), scale=weight
        )
        offsets = np.array([row.offset for row in rows], np.int64)
        bias = self.graph.constant(f"{self.scope}{name}_offset", offsets, scale=weight * source.scale)
        result = self.tensor(name, [units, 1, len(rows)], np.int16, scale)
        self.fully_connected([source.tensor, weights, bias], result, keep_dimensions=True)
        return result

    def _shifted(self, number: int, scale: float, bits: int, offset: int, name: str, result_scale: float) -> int:
        """Return ``round_shift(number, bits) + offset``, int16 of the same shape."""
        weight = result_scale / scale * 2.0 ** -(bits + 1)
        twice = self.graph.constant("twice", np.array([[2]], np.int8), scale=weight)
        one = np.array([1 + (offset << (bits + 1))], np.int64)
        bias = self.graph.constant(f"{self.scope}{name}_offset", one, scale=weight * scale)
        result = self.tensor(name, self.graph.shape(number), np.int16, result_scale)
        self.fully_connected([number, twice, bias], result, keep_dimensions=True)
        return result


def scale_of_values(product: Product, name: str) -> float:
    """Return that of the values which a product was made for, exactly: kernels see the ratio of all its scales.

    Raises:
        ValueError: if float32 does not hold that ratio.
    """
    scale = product.step * 2.0**-product.shift * CODE_UNIT / (RADIX * product.scale)
    exact = ratio(scale / CODE_UNIT, RADIX * product.scale, product.step)
    # What float32 does not hold at all is refused where it is written.
    if math.isfinite(exact) and exact != 2.0**-product.shift:
        raise ValueError(f"the scales of the product {name!r} are not exact in float32: they need few digits")
    return scale


def ratio(first: float, second: float, result: float) -> float:
    """Return what kernels multiply a product of two numbers with, of the scales as a file has them.

    It has to be a power of two exactly: TensorFlow Lite Micro keeps 16 bits of what is just below one, all of them set.
    """
    with np.errstate(over="ignore"):
        one, other, made = (float(np.float32(scale)) for scale in (first, second, result))
    return one * other / made


def _side_by_side(constants: Sequence[np.ndarray | int], units: int) -> np.ndarray:
    """Return constants, each of them one for all units or for each its own, int16 ``[units, 1, constants]``."""
    return np.stack([np.broadcast_to(constant, units) for constant in constants], axis=1).astype(np.int16)[:, None]
