"""A cell's step as a C function: the operations of integer cells for one unit, in a loop over all of them.

Whatever a step multiplies with weights is known before it: what comes in, and the cell's own values. Their codes are
made first, so that the loop can write every unit's new states over the old ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from typing_extensions import override

from rnnexp.formats.c.text import array, code_type
from rnnexp.quantization.arithmetic import Arithmetic, checked_shift
from rnnexp.quantization.cell import IntegerCell
from rnnexp.quantization.product import CODE_UNIT, Product, split
from rnnexp.quantization.scales import Affine
from rnnexp.quantization.tables import ONE, Table

# The largest number that a word can be.
WORD = 2**15
# What names of products, tables and results must not be in C: its own words, and those of the templates.
TAKEN = re.compile(
    "accumulator|auto|break|case|char|clamp|clear|code|codes|const|continue|copy|count|default|do|double|else|empty|"
    "enum|extern|float|for|goto|if|inline|input|input_codes|inputs|int|int16_t|int32_t|int64_t|int8_t|long|look_up|main|"
    "multiply|output|output_bias|output_kernel|output_layer|register|restrict|return|round_shift|saturated|short|"
    "signed|sizeof|slide|state|static|struct|switch|typedef|uint16_t|uint32_t|uint64_t|uint8_t|union|unit|unsigned|"
    "value_codes|values|void|volatile|while|window"
)


@dataclass(frozen=True)
class Number:
    """A number of the unit at hand.

    Attributes:
        text: the C expression.
        name: of the variable that a product's sum becomes where it is not looked up; of all else empty.
        largest: how large it can be, as far as that is known, and ``ONE`` at least.
    """

    text: str
    name: str = ""
    largest: int = WORD


@dataclass
class CellFunction(Arithmetic):
    """Writes ``rnnexp.quantization.arithmetic.Arithmetic`` as C.

    Attributes:
        cell: what to write.
        scope: what its names begin with.
        limits: how large the values that come in can be, ``[inputs]``.
        codes: what these are codes of, where they are inputs and no values.
        sizes: C names for the number of inputs and units.
        largest: a bound on all sums, known once the cell is written.
        constants: weights, biases and tables.
        lines: of the loop.
    """

    cell: IntegerCell
    scope: str
    limits: np.ndarray
    codes: Affine | None
    sizes: tuple[str, str]
    largest: int = 0
    constants: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    _names: dict[str, object] = field(default_factory=dict)
    _sums: dict[str, Number] = field(default_factory=dict)

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
    def others(self) -> list[str]:
        """The names of the states besides the values."""
        return [state.name for state in self.cell.states[1:]]

    @property
    def count(self) -> str:
        """The C name for how many numbers a row of weights is for."""
        return f"{self.scope.upper()}INPUTS"

    def write(self) -> str:
        """Return the constants and the function."""
        inputs, units = self.sizes
        states = [Number("values[unit]"), *(Number(f"{name}[unit]") for name in self.others)]
        made = self.cell.step(self, [Number("inputs")], states)
        found = zip(made, self.cell.states, strict=True)
        names = [self._variable(number, f"next_{state.name}") for number, state in found]
        self.lines += [f"{state.text} = {name};" for state, name in zip(states, names, strict=True)]
        given = [f"int16_t {name}[{units}]" for name in ("values", *self.others)]
        given.append(f"const {code_type(self.codes) if self.codes else 'int16_t'} inputs[{inputs}]")
        head = f"static void {self.name}({{}})"
        head = head.format(", ".join(given)) if len(given) == 2 else head.format("\n    " + ",\n    ".join(given))
        loop = "\n".join(f"        {line}" for line in self.lines)
        return "\n\n".join(
            [
                f"/* {self.title} */",
                f"#define {self.count} ({inputs} + {units})",
                *self.constants.values(),
                f"{head}\n"
                "{\n"
                f"    const int count = 2 * {self.count};\n"
                f"    int16_t codes[2 * {self.count}];\n"
                "    int unit;\n"
                f"    {'input' if self.codes else 'value'}_codes(inputs, {inputs}, codes);\n"
                f"    value_codes(values, {units}, codes + 2 * {inputs});\n"
                f"    for (unit = 0; unit < {units}; unit++) {{\n"
                f"{loop}\n"
                "    }\n"
                "}",
            ]
        )

    @override
    def multiply(self, product: Product, values: Sequence[Number], blocks: int, name: str) -> list[Number]:
        """Return the sums; see ``Arithmetic``.

        Raises:
            ValueError: if other values are multiplied than those that a step begins with.
        """
        if [value.text for value in values] != ["inputs", "values[unit]"]:
            raise ValueError(f"the product {name!r} is not of what comes in and the cell's own values")
        own = np.full(self.cell.units, largest_value(self.cell))
        self.largest = max(self.largest, largest_sum(product, np.concatenate([self.limits, own])))
        kernel, bias = (self._unique(f"{self.scope}{name}_{part}", (id(product), part)) for part in ("kernel", "bias"))
        several = blocks > 1
        sizes: list[str | int] = [blocks, self.sizes[1]] if several else [self.sizes[1]]
        shape = (blocks, self.cell.units) if several else (self.cell.units,)
        weights = interleaved(product)
        self.constants[kernel] = array("int8_t", kernel, [*sizes, f"2 * {self.count}"], weights.reshape(*shape, -1))
        self.constants[bias] = array(bias_type(product), bias, sizes, product.bias.reshape(shape))
        labels = [block.name for block in self.cell.blocks if block.product is product]
        labels = labels if len(labels) == blocks else [""] * blocks
        rows = [f"[{block}][unit]" if several else "[unit]" for block in range(blocks)]
        return [
            Number(f"multiply(\n            {kernel}{row}, {bias}{row}, codes, count, {product.shift})", label or name)
            for row, label in zip(rows, labels, strict=True)
        ]

    @override
    def look_up(self, tables: Sequence[Table], indices: Sequence[Number], name: str) -> list[Number]:
        found = []
        for table, index in zip(tables, indices, strict=True):
            label = self._unique(f"{self.scope}{table.name}_table", id(table))
            size = len(table.values)
            self.constants[label] = array("int16_t", label, [size], table.values)
            variable = index.name or name if len(tables) > 1 else name
            largest = int(np.abs(table.values.astype(np.int64)).max())
            found.append(self._emit(variable, f"look_up({label}, {size - 1}, {index.text})", max(largest, ONE)))
        return found

    @override
    def dot(self, terms: Sequence[tuple[Number | int, Number]], shift: int, name: str) -> Number:
        factors = [factor.largest if isinstance(factor, Number) else abs(factor) for factor, _ in terms]
        self.largest = max(self.largest, sum(factors) * WORD + (1 << (checked_shift(shift) - 1)))
        products = [
            f"(accumulator){self._variable(factor) if isinstance(factor, Number) else factor} * {self._variable(value)}"
            for factor, value in terms
        ]
        return self._emit(name, f"saturated(round_shift(\n            {' + '.join(products)}, {shift}))")

    @override
    def shift(self, value: Number, bits: int, offset: int, name: str) -> Number:
        checked_shift(bits, offset)
        rest = f" + {offset}" if offset > 0 else f" - {-offset}" if offset else ""
        return self._emit(name, f"saturated(round_shift({self._variable(value)}, {bits}){rest})")

    @override
    def complement(self, gate: Number) -> Number:
        # Of what is no gate, it can be larger.
        return Number(f"({ONE} - {self._variable(gate)})", largest=ONE if gate.largest <= ONE else ONE + gate.largest)

    def _variable(self, number: Number, name: str = "") -> str:
        """Return a number's text; a sum, which is only now saturated, or an old state becomes a variable first."""
        if number.name:
            if number.text not in self._sums:
                self._sums[number.text] = self._emit(number.name, f"saturated({number.text})")
            return self._sums[number.text].text
        return self._emit(name, number.text).text if name and "[" in number.text else number.text

    def _emit(self, name: str, text: str, largest: int = WORD) -> Number:
        """Return a new variable."""
        variable = self._unique(name, len(self.lines))
        self.lines.append(f"const int16_t {variable} = {text};")
        return Number(variable, largest=largest)

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


def largest_value(cell: IntegerCell) -> int:
    """Return how large a cell's values can be."""
    state = cell.states[0]
    return round(max(map(abs, state.limits)) / state.scale)


def largest_sum(product: Product, limits: np.ndarray) -> int:
    """Return a bound on a product's sums, rounding included, for values up to ``limits``."""
    sums = np.abs(product.high.astype(np.int64)) @ (CODE_UNIT * limits) + np.abs(product.bias)
    upper = np.maximum(np.abs(split(limits)[0]), np.abs(split(-limits)[0]))
    sums = sums + np.abs(product.low.astype(np.int64)) @ (CODE_UNIT * upper)
    return int(sums.max()) + (1 << (product.shift - 1))


def bias_type(product: Product) -> str:
    """Return the C type of a product's biases: with very many inputs, the zero point's share can leave int32."""
    return "int32_t" if np.abs(product.bias).max() < 2**31 else "int64_t"


def bias_bytes(product: Product) -> int:
    """Return the size of a product's biases in C."""
    return len(product.bias) * (4 if bias_type(product) == "int32_t" else 8)


def interleaved(product: Product) -> np.ndarray:
    """Return the weights ``[rows, 2 * inputs]``, both parts of each side by side."""
    return np.stack([product.high, product.low], axis=2).reshape(len(product.high), -1)
