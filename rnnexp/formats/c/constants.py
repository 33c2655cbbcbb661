"""The constants of a cell's function in C: weights, biases, tables, factors."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rnnexp.formats.c.names import Names
from rnnexp.formats.c.rows import Rows
from rnnexp.formats.c.text import array
from rnnexp.quantization.interpolation import nodes_of
from rnnexp.quantization.tables import Table


@dataclass
class CellConstants:
    """What stands ahead of a function.

    Attributes:
        scope: what their names begin with.
        names: of the function.
        tables: what is there of tables already: entries -> C name.
        definitions: name -> text.
        bytes: what these take, but for biases, and
        biases: how many of these there are.
    """

    scope: str
    names: Names
    tables: dict[bytes, str]
    definitions: dict[str, str] = field(default_factory=dict)
    bytes: int = 0
    biases: int = 0

    def add(self, name: str, text: str, size: int = 0) -> None:
        """Add one that takes so many bytes, if it is new."""
        if name not in self.definitions:
            self.definitions[name], self.bytes = text, self.bytes + size

    def add_rows(self, rows: Rows, kernel: str, bias: str, count: str, columns: str) -> None:
        """Add the weights and biases of rows, by these names; of so many, with so many columns, both C expressions."""
        weights, biases = rows.definitions(kernel, bias, count, columns)
        self.add(kernel, weights, 2 * rows.weights.size)
        if bias not in self.definitions:
            self.definitions[bias], self.biases = biases, self.biases + len(rows.product.bias)

    def table(self, table: Table) -> str:
        """Return the C name of a table's entries, or of its nodes; all cells have the same ones once."""
        nodes = nodes_of(table)
        found = table.entries if nodes is None else nodes
        key = found.tobytes()
        if key not in self.tables:
            what = "table" if nodes is None else "nodes"
            label = self.tables[key] = self.names.unique(f"{self.scope}{table.name}_{what}", key)
            self.add(label, array("int16_t", label, [len(found)], found), 2 * len(found))
        return self.tables[key]

    def factors(self, values: np.ndarray, name: str, size: str) -> str:
        """Return the C name of a factor of each unit; ``size`` is the one of how many there are."""
        label = self.names.unique(f"{self.scope}{name}_factors", values.tobytes())
        self.add(label, array("int16_t", label, [size], values), 2 * len(values))
        return label
