"""A cell's step as a C function: the operations of integer cells for one unit, in a loop over all of them.

The codes of what comes in and of the cell's own values are made first, so that the loop can write every unit's new
states over the old ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from typing_extensions import override

from rnnexp.formats.c.body import Body
from rnnexp.formats.c.codes import Codes, Segment, count, ordered
from rnnexp.formats.c.constants import CellConstants
from rnnexp.formats.c.names import Names
from rnnexp.formats.c.number import WORD, Given, Number
from rnnexp.formats.c.rows import Columns, Result, Rows, Sums, readers
from rnnexp.formats.c.text import code_type, indented
from rnnexp.quantization.arithmetic import LARGEST_TOTAL, Arithmetic, checked_shift
from rnnexp.quantization.cell import IntegerCell, width_of
from rnnexp.quantization.interpolation import nodes_of
from rnnexp.quantization.product import Product
from rnnexp.quantization.scales import LARGEST_STATE
from rnnexp.quantization.tables import ONE, Table

# Bits of input codes without one.
BYTE = 8


@dataclass
class CellFunction(Arithmetic):
    """Writes ``rnnexp.quantization.arithmetic.Arithmetic`` as C.

    Attributes:
        cell: what to write.
        scope: what its names begin with.
        given: what comes in.
        sizes: number of units -> its C name.
        tables: what cells that have been written have of tables: entries -> C name.
        largest: a bound on all sums but those of products, and
        largest_row: on these, known once the cell is written.
        constants: weights, biases, tables and factors, and
        body: the statements, once it is written.
    """

    cell: IntegerCell
    scope: str
    given: Sequence[Given]
    sizes: Mapping[int, str]
    tables: dict[bytes, str] = field(default_factory=dict)
    largest: int = 0
    largest_row: int = 0
    _codes: dict[tuple[str, ...], Codes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._names = Names(self.inputs, self.others)
        self.constants = CellConstants(self.scope, self._names, self.tables)
        self.body = Body(self.sizes, self._names)

    @property
    def name(self) -> str:
        """The C name of the function."""
        return f"{self.scope or 'cell_'}step"

    @property
    def title(self) -> str:
        """What a reader should know ahead of it."""
        where = re.sub(r"(\d)_(\w)", r"\1, \2", self.scope).replace("_", " ").strip().capitalize() or "The cell"
        kind = re.sub("(Cell|Integers)$", "", type(self.cell).__name__)
        gates = f" Gates count 1/{ONE}." if any(table.offset for table in self.cell.tables) else ""
        return f"{where}: a step of {self.cell.units} {kind} units.{gates}"

    @property
    def units(self) -> str:
        """The C name for how many values it has."""
        return self.sizes[self.cell.units]

    @property
    def others(self) -> list[str]:
        """The names of the states besides the values."""
        return [state.name for state in self.cell.states[1:]]

    @property
    def inputs(self) -> list[str]:
        """The names of what comes in."""
        return [f"inputs_{number}" if number > 1 else "inputs" for number in range(1, len(self.given) + 1)]

    def write(self) -> str:
        """Return the constants and the function."""
        states = [
            Number(f"{name}[unit]", width_of(self.cell, state), array=name)
            for name, state in zip(["values", *self.others], self.cell.states, strict=True)
        ]
        inputs = [
            Number(name, len(given.limits), array=name) for name, given in zip(self.inputs, self.given, strict=True)
        ]
        made = self.cell.step(self, inputs, states)
        self._write_states(states, made)
        parameters = [
            *(f"int16_t {state.array}[{self.sizes[state.width]}]" for state in states),
            *(
                f"const {code_type(given.codes) if given.codes else 'int16_t'} {name}[{given.size}]"
                for name, given in zip(self.inputs, self.given, strict=True)
            ),
        ]
        head = f"static void {self.name}({{}})"
        separate = ", " if len(parameters) == 2 else ",\n    "
        head = head.format(("" if len(parameters) == 2 else "\n    ") + separate.join(parameters))
        body = indented(self.body.statements)
        return "\n\n".join([f"/* {self.title} */", *self.constants.definitions.values(), f"{head}\n{{\n{body}\n}}"])

    def _write_states(self, states: Sequence[Number], made: Sequence[Number]) -> None:
        """Write the states that follow over those before, each as soon as nothing reads these any more."""
        sums = made[0].sums
        alone = len(made) == len(self._codes) == 1 and not self.body.loops and not made[0].name
        if alone and sums and len(sums.results) == 1:
            # All codes of what was before are made ahead of them, so that a product can end there at once.
            self.body.end_in(states[0].array, made[0])
            return
        found = []
        for number, old, state in zip(made, states, self.cell.states, strict=True):
            if number.loop is None:
                self.body.loop_of(old.width)
                number = self.body.variable(number, f"next_{state.name}")
            found.append(number)
        for old, new in zip(states, found, strict=True):
            self.body.write(old, new)

    @override
    def multiply(self, product: Product, values: Sequence[Number], blocks: int, name: str) -> list[Number]:
        width = len(product.high) // blocks
        codes = self._codes_of(values, width, name)
        labels = [block.name for block in self.cell.blocks if block.product is product]
        labels = labels if len(labels) == blocks else [""] * blocks
        found = []
        for block, length, (first, end) in readers(product, codes.columns, blocks):
            own = labels[block : block + length]
            if length == blocks:
                rows, title = product, name
            else:
                some = slice(block * width, (block + length) * width)
                rows = replace(product, high=product.high[some], low=product.low[some], bias=product.bias[some])
                title = own[0] or name
            part = codes if (first, end) == (0, len(codes.columns)) else codes.part(first, end)
            found += self._multiplied(rows, part, own, title, (id(product), block))
        return found

    def _multiplied(
        self, product: Product, codes: Codes, blocks: Sequence[str], name: str, what: tuple[int, int]
    ) -> list[Number]:
        """Return a product's sums, of blocks of these names."""
        width = len(product.high) // len(blocks)
        kernel, bias = (self._names.unique(f"{self.scope}{name}_{part}", (*what, part)) for part in ("kernel", "bias"))
        label = self._names.unique(f"{name}_sums", object())
        rows = Rows(product, codes.columns)
        self.largest_row = max(self.largest_row, rows.largest)
        units = self.sizes[width]
        count = f"{len(blocks)} * {units}" if len(blocks) > 1 else units
        self.constants.add_rows(rows, kernel, bias, count, codes.count)
        sums = Sums(label, kernel, bias, units, f"{codes.arguments}, {rows.shift}", [None] * len(blocks))
        self.body.add_sums(sums, width, codes.ahead)
        return [
            Number(sums.place(block), width, own or name, sums=sums, block=block) for block, own in enumerate(blocks)
        ]

    @override
    def look_up(self, tables: Sequence[Table], indices: Sequence[Number], name: str) -> list[Number]:
        found = []
        for table, index in zip(tables, indices, strict=True):
            label, last, nodes = self.constants.table(table), len(table.values) - 1, nodes_of(table)
            variable = index.name or name if len(tables) > 1 else name
            largest = int(np.abs(table.values.astype(np.int64)).max())
            plain = (table.offset, table.multiple) == (0, 1)
            made = self.body.result(index, Result(0, last, label), max(largest, ONE)) if nodes is None else None
            if made and plain:
                found.append(made)
                continue
            self.body.loop_of(index.width)
            function = "look_up" if nodes is None else "between"
            text = made.text if made else f"{function}({label}, {last}, {self.body.here(index).text})"
            if not plain:
                multiple = f"{table.multiple} * " if table.multiple > 1 else ""
                offset = f" + {table.offset}" if table.offset > 0 else f" - {-table.offset}" if table.offset else ""
                text = f"(int16_t)({multiple}{text}{offset})"
            found.append(self.body.emit(variable, text, index.width, max(largest, ONE)))
        return found

    @override
    def clip(self, value: Number, low: int, high: int, name: str) -> Number:
        if made := self.body.result(value, Result(low, high), max(abs(low), high, ONE)):
            return made
        self.body.loop_of(value.width)
        return self.body.emit(name, f"(int16_t)clamp({self.body.here(value).text}, {low}, {high})", value.width)

    @override
    def dot(
        self, terms: Sequence[tuple[Number | np.ndarray | int, Number | np.ndarray]], shift: int, name: str
    ) -> Number:
        width = next(value.width for _, value in terms if isinstance(value, Number))
        self.body.loop_of(width)
        rounding = 1 << (checked_shift(shift) - 1)
        total, largest = "", 0
        for number, (factor, value) in enumerate(terms, 1):
            by = self._factor(factor, name)
            largest += by.largest * WORD
            self.largest = max(self.largest, largest + rounding)
            term = f"(accumulator){by.text} * {self._factor(value, name).text}"
            total = f"{total} + {term}" if total else term
            # What is beyond int16 saturates in the end.
            if largest > LARGEST_TOTAL + 1 and (number < len(terms) or LARGEST_TOTAL >> shift < WORD - 1):
                total, largest = f"clamp({total}, -{LARGEST_TOTAL + 1}, {LARGEST_TOTAL})", LARGEST_TOTAL + 1
        return self.body.emit(name, f"saturated(round_shift(\n            {total}, {shift}))", width)

    @override
    def shift(self, value: Number, bits: int, offset: int, name: str) -> Number:
        checked_shift(bits, offset)
        self.body.loop_of(value.width)
        rest = f" + {offset}" if offset > 0 else f" - {-offset}" if offset else ""
        return self.body.emit(
            name, f"saturated(round_shift({self.body.variable(value).text}, {bits}){rest})", value.width
        )

    @override
    def complement(self, gate: Number) -> Number:
        # Of what is no gate, it can be larger.
        largest = ONE if gate.largest <= ONE else ONE + gate.largest
        self.body.loop_of(gate.width)
        variable = self.body.variable(gate)
        return replace(variable, text=f"({ONE} - {variable.text})", name="", largest=largest, array="")

    def _factor(self, factor: Number | np.ndarray | int, name: str) -> Number:
        """Return a factor of a dot product; constants have no width."""
        if isinstance(factor, Number):
            return self.body.variable(factor)
        if isinstance(factor, np.ndarray):
            label = self.constants.factors(factor, name, self.sizes[len(factor)])
            return Number(f"{label}[unit]", len(factor), largest=int(np.abs(factor.astype(np.int64)).max()))
        return Number(str(factor), 0, largest=abs(factor))

    def _codes_of(self, values: Sequence[Number], width: int, name: str) -> Codes:
        """Return the codes of joined values; those that the step has made wait in arrays, and end the loop."""
        key = tuple(value.text for value in values)
        if key in self._codes:
            return self._codes[key]
        label = self._names.unique(f"{name}_codes", key) if self._codes else "codes"
        scope = f"{self.scope}{label}_" if self._codes else f"{self.scope or 'cell_'}"
        kept, ahead = self.body.ahead_of(values, width)
        segments = ordered(self._segments(kept, [self._limits(value) for value in values]))
        columns, inputs = f"{scope}columns".upper(), f"{scope}input_columns".upper()
        self.constants.add(columns, f"#define {columns} ({count(segments, lower=True)})")
        self.constants.add(inputs, f"#define {inputs} ({count(segments, lower=False)})")
        added = self._names.unique(f"{label}_added", key) if self._codes else "added"
        codes = Codes(label, added, columns, inputs, segments, ahead)
        if self._read_apart(codes):
            shares = tuple(self._names.unique(f"{added}_{number}", key) for number in range(1, len(segments) + 1))
            codes = replace(codes, added=" + ".join(shares), shares=shares)
        self._codes[key] = codes
        self.body.add_codes(codes)
        return codes

    def _read_apart(self, codes: Codes) -> bool:
        """Return whether there are products of which some rows read a part of the codes alone."""
        wide = max(columns.start + len(columns.limits) for columns in codes.columns)
        products = [block.product for block in self.cell.blocks if block.product.high.shape[1] == wide]
        blocks = Counter(map(id, products))
        return any(len(readers(product, codes.columns, blocks[id(product)])) > 1 for product in products)

    def _segments(self, values: Sequence[Number], limits: Sequence[np.ndarray]) -> list[Segment]:
        """Return where values are, and how large they can be."""
        given, start, found = dict(zip(self.inputs, self.given, strict=True)), 0, []
        for value, largest in zip(values, limits, strict=True):
            own = given.get(value.array)
            codes = own.codes if own else None
            columns = Columns(start, largest, lower=codes is None or codes.bits != BYTE)
            size, kind = own.size if own else self.sizes[value.width], "inputs" if codes else "values"
            found.append(Segment(value.array, size, columns, kind))
            start += len(largest)
        return found

    def _limits(self, value: Number) -> np.ndarray:
        """Return how large values can be that are multiplied with weights."""
        given = dict(zip(self.inputs, self.given, strict=True))
        if value.text in given:
            return given[value.text].limits
        return np.full(value.width, largest_value(self.cell) if value.array == "values" else LARGEST_STATE)


def largest_value(cell: IntegerCell) -> int:
    """Return how large a cell's values can be."""
    state = cell.states[0]
    return round(max(map(abs, state.limits)) / state.scale)
