"""Products row by row in C: weights as they lie there, and what their sums come to; see ``templates/rows/rows.c``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnnexp.formats.c.text import array, filled
from rnnexp.quantization.product import CODE_UNIT, RADIX, Product, split

# What is stored of a weight, so that its last bits are a number that is not negative.
OFFSET = RADIX // 2
# Sums count 1/16 of those of ``Product``, and so do biases.
FINER = RADIX // CODE_UNIT
# Bits of that.
FINER_BITS = FINER.bit_length() - 1
# The codes of a value on 32 bits, and of an input that has no lower part.
VALUE_BYTES, INPUT_BYTES = 6, 4


@dataclass(frozen=True)
class Columns:
    """Neighbouring columns of a product.

    Attributes:
        start: the first one.
        limits: how large the values can be that meet them, ``[columns]``.
        lower: whether these have a lower part.
    """

    start: int
    limits: np.ndarray
    lower: bool = True

    @property
    def count(self) -> int:
        """How many there are in C, where they are in pairs."""
        return len(self.limits) + len(self.limits) % 2

    @property
    def code_bytes(self) -> int:
        """What codes of the values take, at most."""
        return self.count * (VALUE_BYTES if self.lower else INPUT_BYTES)


@dataclass(frozen=True)
class Rows:
    """The constants of a product.

    Attributes:
        product: the integers.
        columns: in the order in which they are in C, those with lower parts first.
    """

    product: Product
    columns: Sequence[Columns]

    @property
    def weights(self) -> np.ndarray:
        """The weights as they are stored, int64 ``[rows, columns]``."""
        if not ((self.product.low >= -OFFSET) & (self.product.low < OFFSET)).all():
            raise ValueError("a weight's lower part is out of range")
        found = []
        for columns in self.columns:
            own = self.product.codes[:, columns.start : columns.start + len(columns.limits)] + OFFSET
            found.append(np.pad(own, [(0, 0), (0, columns.count - own.shape[1])]))
        return np.concatenate(found, axis=1)

    @property
    def bias(self) -> np.ndarray:
        """The biases, int64 ``[rows]``: half of what is shifted off is in them, and what makes good for rounding down.

        Sums are multiples of ``FINER``: what is less makes no difference.
        """
        return FINER * self.product.bias + (1 << (self.shift - 1)) + FINER - 1

    @property
    def shift(self) -> int:
        """By how many bits sums are shifted right."""
        return self.product.shift + FINER_BITS

    @property
    def largest(self) -> int:
        """A bound on all sums, in whatever order they are added up."""
        limits = np.concatenate([np.pad(columns.limits, (0, len(columns.limits) % 2)) for columns in self.columns])
        upper = np.maximum(np.abs(split(limits)[0]), np.abs(split(-limits)[0]))
        weights = np.abs(self.weights)
        sums = np.abs(self.bias) + weights @ limits + (RADIX - 1) * OFFSET * weights.shape[1]
        return int(sums.max()) + OFFSET * RADIX * int(upper.sum())

    def definitions(self, kernel: str, bias: str, rows: str, columns: str) -> tuple[str, str]:
        """Return the arrays in C, with the names of them and of their sizes."""
        return (
            array("int16_t", kernel, [rows, columns], self.weights, "ALIGNED "),
            array("row_sum", bias, [rows], self.bias),
        )


def readers(product: Product, columns: Sequence[Columns], blocks: int) -> list[tuple[int, int, tuple[int, int]]]:
    """Return which blocks of rows read which columns: a product may have blocks whose other weights are all 0.

    Returns:
        The first block, how many follow on each other that read the same, and the first of their columns and the last,
        excluded.
    """
    found: list[tuple[int, int, tuple[int, int]]] = []
    for block, weights in enumerate(np.split(product.codes, blocks)):
        parts = [weights[:, own.start : own.start + len(own.limits)] for own in columns]
        read = [number for number, part in enumerate(parts) if part.any()] or [0, len(columns) - 1]
        span = (read[0], read[-1] + 1)
        if found and found[-1][2] == span:
            found[-1] = (found[-1][0], found[-1][1] + 1, span)
        else:
            found.append((block, 1, span))
    return found if len(found) > 1 else [(0, blocks, (0, len(columns)))]


@dataclass(frozen=True)
class Result:
    """What becomes of a sum.

    Attributes:
        low: the lower one of its limits, and
        high: the upper one.
        table: the C name of the table in which it is a place; of none, 0.
    """

    low: int
    high: int
    table: str = "0"


SATURATED = Result(-(2**15), 2**15 - 1)


@dataclass
class Sums:
    """The sums of a product's blocks of units in a cell's step.

    Attributes:
        name: of the array in C.
        kernel: the C name of the weights, and
        bias: of the biases.
        units: the C name of how many there are of each block.
        codes: what follows on these in a call: the numbers of columns, the codes, what they add, the shift.
        results: what becomes of the sums of each block; of None, they saturate.
    """

    name: str
    kernel: str
    bias: str
    units: str
    codes: str
    results: list[Result | None]

    def place(self, block: int, unit: str = "unit") -> str:
        """Return the C expression for a unit's sum."""
        return f"{self.name}[{self.rows(block)} + {unit}]" if block else f"{self.name}[{unit}]"

    def start(self, block: int) -> str:
        """Return the C expression for where a block begins."""
        return f"{self.name} + {self.rows(block)}" if block else self.name

    def rows(self, blocks: int) -> str:
        """Return the C expression for how many rows some blocks have."""
        return self.units if blocks == 1 else f"{blocks} * {self.units}"

    def calls(self) -> list[str]:
        """Return the statements: one for all blocks that follow on each other and have the same results."""
        found, first = [], 0
        for block in range(1, len(self.results) + 1):
            result = self.results[first] or SATURATED
            if block < len(self.results) and self.results[block] == self.results[first]:
                continue
            row, ahead = (self.rows(first), f" + {self.rows(first)}") if first else ("0", "")
            found.append(
                f"multiply_rows(\n    {self.kernel}[{row}], {self.bias}{ahead}, {self.rows(block - first)}, "
                f"{self.codes},\n    {result.table}, {result.low}, {result.high}, {self.start(first)});"
            )
            first = block
        return found


def functions(row_sum: str, bits: int | None, values: Mapping[str, object]) -> str:
    """Return what multiplies weights with values, row by row, in the quickest way that a machine has.

    Args:
        row_sum: the C type of sums.
        bits: of input codes; None where there are none.
        values: what the templates need besides.
    """
    wide = row_sum != "int32_t"
    values = {**values, "smlad": "__smlald" if wide else "__smlad"}
    values = {**values, "dsp_place": filled("rows/place.c" if wide else "rows/place-dsp.c", values)}
    values["mve"] = "" if wide else filled("rows/mve.c", values)
    variants = {}
    for name in ("dsp", "words", "plain"):
        # Codes of 8 bits are one number each, but for what takes two at once.
        kind = "" if bits == 8 and name != "dsp" else f"{name}-"
        inputs = filled(f"rows/inputs-{kind}{bits}.c", values) if bits else ""
        variants[name] = filled(f"rows/{name}.c", {**values, "inputs": inputs})
    return filled("rows/rows.c", {**values, **variants, "words_fit": int(not wide)})
