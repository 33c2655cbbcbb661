"""A cell's step as a C function: the operations of integer cells for one unit, in a loop over all of them.

The codes of what comes in and of the cell's own values are made first, so that the loop can write every unit's new
states over the old ones. Where a product reads numbers that the step itself has made, the loop ends there, and another
one goes on: what it needs of the first one waits in an array.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from typing_extensions import override

from rnnexp.formats.c.codes import Codes, Segment, count, ordered
from rnnexp.formats.c.number import WORD, Given, Number, UnitLoop
from rnnexp.formats.c.rows import Columns, Result, Rows, Sums, readers
from rnnexp.formats.c.text import array, code_type, indented
from rnnexp.quantization.arithmetic import LARGEST_TOTAL, Arithmetic, checked_shift
from rnnexp.quantization.cell import IntegerCell, width_of
from rnnexp.quantization.interpolation import nodes_of
from rnnexp.quantization.product import Product
from rnnexp.quantization.scales import LARGEST_STATE
from rnnexp.quantization.tables import ONE, Table

# What names of products, tables and results must not be in C: its own words, and those of the templates.
TAKEN = re.compile(
    "accumulator|add_four_rows|add_two_rows|added|arrives|auto|between|break|case|char|clamp|clear|code_of|codes|"
    "codes_of_inputs|codes_of_pair|codes_of_values|const|continue|copy|default|do|double|else|embeddings|empty|enum|"
    "extern|float|for|goto|if|inline|input|inputs|int|int16_t|int32_t|int64_t|int8_t|long|look_up|main|multiply|"
    "multiply_rows|output|output_bias|output_kernel|output_layer|pair|register|restrict|return|round_shift|row_of|"
    "row_result|row_sum|saturated|short|signed|sizeof|slide|state|static|struct|switch|typedef|uint16_t|uint32_t|"
    "uint64_t|uint8_t|union|unit|unsigned|value_code|value_codes|values|void|volatile|while|window"
)

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
        constants: weights, biases and tables.
        constant_bytes: what these take, but for biases,
        biases: how many of these there are, and
        stack_bytes: what the arrays of a step take, once it is written.
    """

    cell: IntegerCell
    scope: str
    given: Sequence[Given]
    sizes: Mapping[int, str]
    tables: dict[bytes, str] = field(default_factory=dict)
    largest: int = 0
    largest_row: int = 0
    constants: dict[str, str] = field(default_factory=dict)
    constant_bytes: int = 0
    biases: int = 0
    stack_bytes: int = 0
    _head: list[str | Sums] = field(default_factory=list)
    _ahead: dict[str, list[str | Sums]] = field(default_factory=dict)
    _again: dict[str, Sums] = field(default_factory=dict)
    _loops: list[UnitLoop] = field(default_factory=list)
    _arrays: dict[str, str] = field(default_factory=dict)
    _codes: dict[tuple[str, ...], Codes] = field(default_factory=dict)
    _names: dict[str, object] = field(default_factory=dict)
    _sums: dict[str, Number] = field(default_factory=dict)
    _last_use: dict[str, int] = field(default_factory=dict)

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
        self._names |= dict.fromkeys(self.inputs, self)
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
        statements = [*self._arrays.values(), *(["int unit;"] if self._loops else []), *_statements(self._head)]
        for loop in self._loops:
            statements += [*_statements(loop.ahead), f"for (unit = 0; unit < {self.sizes[loop.width]}; unit++) {{"]
            statements += [*(f"    {line}" for line in loop.lines), "}"]
        body = indented(statements)
        return "\n\n".join([f"/* {self.title} */", *self.constants.values(), f"{head}\n{{\n{body}\n}}"])

    def _write_states(self, states: Sequence[Number], made: Sequence[Number]) -> None:
        """Write the states that follow over those before, each as soon as nothing reads these any more."""
        sums = made[0].sums
        alone = len(made) == len(self._codes) == 1 and not self._loops and not made[0].name
        if alone and sums and len(sums.results) == 1:
            # All codes of what was before are made ahead of them, so that a product can end there at once.
            self.stack_bytes -= 2 * len(sums.results) * made[0].width
            del self._arrays[sums.name]
            sums.name = states[0].array
            return
        found = []
        for number, old, state in zip(made, states, self.cell.states, strict=True):
            if number.loop is None:
                self._loop_of(old.width)
                number = self._variable(number, f"next_{state.name}")
            found.append(number)
        for old, new in zip(states, found, strict=True):
            loop = new.loop
            if loop is None or self._last_use.get(old.text, 0) > loop:
                self._loop_of(old.width)
                new, loop = self._here(new), len(self._loops) - 1
            self._loops[loop].lines.append(f"{old.text} = {new.text};")

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
        kernel, bias = (self._unique(f"{self.scope}{name}_{part}", (*what, part)) for part in ("kernel", "bias"))
        label = self._unique(f"{name}_sums", object())
        rows = Rows(product, codes.columns)
        self.largest_row = max(self.largest_row, rows.largest)
        units = self.sizes[width]
        count = f"{len(blocks)} * {units}" if len(blocks) > 1 else units
        weights, biases = rows.definitions(kernel, bias, count, codes.count)
        self._constant(kernel, weights, 2 * rows.weights.size)
        if bias not in self.constants:
            self.constants[bias], self.biases = biases, self.biases + len(product.bias)
        self._arrays[label] = f"int16_t {label}[{count}];"
        self.stack_bytes += 2 * len(product.bias)
        sums = Sums(label, kernel, bias, units, f"{codes.arguments}, {rows.shift}", [None] * len(blocks))
        codes.ahead.append(sums)
        self._ahead[label] = codes.ahead
        return [
            Number(sums.place(block), width, own or name, sums=sums, block=block) for block, own in enumerate(blocks)
        ]

    @override
    def look_up(self, tables: Sequence[Table], indices: Sequence[Number], name: str) -> list[Number]:
        found = []
        for table, index in zip(tables, indices, strict=True):
            label, last, nodes = self._table(table), len(table.values) - 1, nodes_of(table)
            variable = index.name or name if len(tables) > 1 else name
            largest = int(np.abs(table.values.astype(np.int64)).max())
            plain = (table.offset, table.multiple) == (0, 1)
            made = self._result(index, Result(0, last, label), max(largest, ONE)) if nodes is None else None
            if made and plain:
                found.append(made)
                continue
            self._loop_of(index.width)
            function = "look_up" if nodes is None else "between"
            text = made.text if made else f"{function}({label}, {last}, {self._here(index).text})"
            if not plain:
                multiple = f"{table.multiple} * " if table.multiple > 1 else ""
                offset = f" + {table.offset}" if table.offset > 0 else f" - {-table.offset}" if table.offset else ""
                text = f"(int16_t)({multiple}{text}{offset})"
            found.append(self._emit(variable, text, index.width, max(largest, ONE)))
        return found

    @override
    def clip(self, value: Number, low: int, high: int, name: str) -> Number:
        if made := self._result(value, Result(low, high), max(abs(low), high, ONE)):
            return made
        self._loop_of(value.width)
        return self._emit(name, f"(int16_t)clamp({self._here(value).text}, {low}, {high})", value.width)

    @override
    def dot(
        self, terms: Sequence[tuple[Number | np.ndarray | int, Number | np.ndarray]], shift: int, name: str
    ) -> Number:
        width = next(value.width for _, value in terms if isinstance(value, Number))
        self._loop_of(width)
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
        return self._emit(name, f"saturated(round_shift(\n            {total}, {shift}))", width)

    @override
    def shift(self, value: Number, bits: int, offset: int, name: str) -> Number:
        checked_shift(bits, offset)
        self._loop_of(value.width)
        rest = f" + {offset}" if offset > 0 else f" - {-offset}" if offset else ""
        return self._emit(name, f"saturated(round_shift({self._variable(value).text}, {bits}){rest})", value.width)

    @override
    def complement(self, gate: Number) -> Number:
        # Of what is no gate, it can be larger.
        largest = ONE if gate.largest <= ONE else ONE + gate.largest
        self._loop_of(gate.width)
        variable = self._variable(gate)
        return replace(variable, text=f"({ONE} - {variable.text})", name="", largest=largest, array="")

    def _result(self, number: Number, result: Result, largest: int) -> Number | None:
        """Have a product end with what becomes of its sums, if they are that and nothing has read them before."""
        number = self._as_sum(number)
        if not (number.sums and number.name) or number.text in self._sums:
            return None
        number.sums.results[number.block] = result
        return replace(number, name="", largest=largest, array=number.sums.start(number.block))

    def _as_sum(self, number: Number) -> Number:
        """Return a sum as it is: where the product ends with what became of it, it is made a second time."""
        sums = number.sums
        if not (sums and number.name) or sums.results[number.block] is None:
            return number
        if sums.name not in self._again:
            label = self._unique(sums.name, object())
            self._again[sums.name] = again = replace(sums, name=label, results=[None] * len(sums.results))
            self._arrays[label] = f"int16_t {label}[{again.rows(len(sums.results))}];"
            self.stack_bytes += 2 * len(sums.results) * number.width
            self._ahead[label] = self._ahead[sums.name]
            self._ahead[label].insert(self._ahead[label].index(sums) + 1, again)
        again = self._again[sums.name]
        return self._as_sum(replace(number, text=again.place(number.block), sums=again))

    def _table(self, table: Table) -> str:
        """Return the C name of a table's entries, or of its nodes; all cells have the same ones once."""
        nodes = nodes_of(table)
        found = table.entries if nodes is None else nodes
        key = found.tobytes()
        if key not in self.tables:
            what = "table" if nodes is None else "nodes"
            label = self.tables[key] = self._unique(f"{self.scope}{table.name}_{what}", key)
            self._constant(label, array("int16_t", label, [len(found)], found), 2 * len(found))
        return self.tables[key]

    def _factor(self, factor: Number | np.ndarray | int, name: str) -> Number:
        """Return a factor of a dot product; constants have no width."""
        if isinstance(factor, Number):
            return self._variable(factor)
        if isinstance(factor, np.ndarray):
            label = self._unique(f"{self.scope}{name}_factors", factor.tobytes())
            self._constant(label, array("int16_t", label, [self.sizes[len(factor)]], factor), 2 * len(factor))
            return Number(f"{label}[unit]", len(factor), largest=int(np.abs(factor.astype(np.int64)).max()))
        return Number(str(factor), 0, largest=abs(factor))

    def _loop_of(self, width: int) -> None:
        """Go on in a loop over so many units."""
        if not self._loops or self._loops[-1].width != width:
            self._loops.append(UnitLoop(width))

    def _codes_of(self, values: Sequence[Number], width: int, name: str) -> Codes:
        """Return the codes of joined values; those that the step has made wait in arrays, and end the loop."""
        key = tuple(value.text for value in values)
        if key in self._codes:
            return self._codes[key]
        label = self._unique(f"{name}_codes", key) if self._codes else "codes"
        scope = f"{self.scope}{label}_" if self._codes else f"{self.scope or 'cell_'}"
        kept = [value if value.array else self._kept(self._variable(value)) for value in values]
        ahead = self._head
        if not all(value.array for value in values):
            self._loops.append(UnitLoop(width))
            ahead = self._loops[-1].ahead
            self._last_use |= {value.text: len(self._loops) - 1 for value in kept}
        segments = ordered(self._segments(kept, [self._limits(value) for value in values]))
        columns, inputs = f"{scope}columns".upper(), f"{scope}input_columns".upper()
        self._constant(columns, f"#define {columns} ({count(segments, lower=True)})", 0)
        self._constant(inputs, f"#define {inputs} ({count(segments, lower=False)})", 0)
        added = self._unique(f"{label}_added", key) if self._codes else "added"
        codes = Codes(label, added, columns, inputs, segments, ahead)
        if self._read_apart(codes):
            shares = tuple(self._unique(f"{added}_{number}", key) for number in range(1, len(segments) + 1))
            codes = replace(codes, added=" + ".join(shares), shares=shares)
        self._codes[key] = codes
        self._arrays |= {label: codes.array, **{name: f"row_sum {name};" for name in codes.variables}}
        self.stack_bytes += codes.bytes
        ahead += codes.statements
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

    def _constant(self, name: str, text: str, size: int) -> None:
        if name not in self.constants:
            self.constants[name], self.constant_bytes = text, self.constant_bytes + size

    def _variable(self, number: Number, name: str = "") -> Number:
        """Return a number as a variable; a sum or an old state becomes one first."""
        number = self._as_sum(number)
        if number.name:
            if number.text not in self._sums:
                self._loop_of(number.width)
                self._sums[number.text] = self._emit(number.name, number.text, number.width)
            return self._here(self._sums[number.text])
        number = self._here(number)
        return self._emit(name, number.text, number.width) if name and "[" in number.text else number

    def _here(self, number: Number) -> Number:
        """Return a number as the loop at hand can read it."""
        number = self._as_sum(number)
        now = max(len(self._loops) - 1, 0)
        self._last_use[number.text] = now
        return number if number.loop in (None, now) else self._kept(number)

    def _kept(self, number: Number) -> Number:
        """Return a number that waits in an array, and have its loop write it there."""
        if number.loop is None:
            return number
        what = ("kept", number.text)
        label = self._unique(f"kept_{number.text}" if number.text.isidentifier() else "kept", what)
        if label not in self._arrays:
            self._arrays[label] = f"int16_t {label}[{self.sizes[number.width]}];"
            self.stack_bytes += 2 * number.width
            self._loops[number.loop].lines.append(f"{label}[unit] = {number.text};")
        return replace(number, text=f"{label}[unit]", name="", loop=None, array=label)

    def _emit(self, name: str, text: str, width: int, largest: int = WORD) -> Number:
        """Return a new variable of the loop at hand."""
        variable = self._unique(name, object())
        self._loops[-1].lines.append(f"const int16_t {variable} = {text};")
        return Number(variable, width, largest=largest, loop=len(self._loops) - 1)

    def _unique(self, name: str, what: object) -> str:
        """Return a name that C can have, and that is nothing else's in this function than that of ``what``."""
        plain = re.sub(r"[^a-z0-9_]", "_", name.lower())
        if TAKEN.fullmatch(plain) or plain in self.others or not plain[:1].isalpha():
            plain = f"number_{plain}"
        found, number = plain, 1
        while self._names.setdefault(found, what) != what:
            number += 1
            found = f"{plain}_{number}"
        return found


def _statements(ahead: Sequence[str | Sums]) -> list[str]:
    """Return statements, and the calls that make sums."""
    return [line for made in ahead for line in (made.calls() if isinstance(made, Sums) else [made])]


def largest_value(cell: IntegerCell) -> int:
    """Return how large a cell's values can be."""
    state = cell.states[0]
    return round(max(map(abs, state.limits)) / state.scale)
