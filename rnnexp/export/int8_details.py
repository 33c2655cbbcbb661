"""What an int8 file says of its integers, so that the network can be read back from it.

The graph has the weights and tables, but joined and sorted as its operators want them, and scales in float32. So the
file says, as JSON in its metadata, which of its buffers hold what, and all single numbers. That takes a kilobyte a cell
at most: buffers with equal content are there once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from rnnexp.export import integers
from rnnexp.export.flatbuffer import Model
from rnnexp.export.int8_graph import by_units, pairs_of, unique, weights_of
from rnnexp.export.reader import read as read_file
from rnnexp.quantization.arithmetic import Table
from rnnexp.quantization.layered import LayeredNetwork
from rnnexp.quantization.network import RADIX, Product


@dataclass
class _Uses:
    """An arithmetic that only notes what a cell's step asks for, as the graph has it."""

    products: list[tuple[Product, int]] = field(default_factory=list)
    tables: list[list[Table]] = field(default_factory=list)

    def multiply(self, product: Product, values: Sequence[Any], blocks: int, name: str) -> list[None]:  # noqa: ARG002
        self.products.append((product, blocks))
        return [None] * blocks

    def look_up(self, tables: Sequence[Table], indices: Sequence[Any], name: str) -> list[None]:  # noqa: ARG002
        self.tables.append(unique(tables))
        return [None] * len(tables)

    def dot(self, terms: Sequence[tuple[Any, Any]], shift: int, name: str) -> None: ...

    def shift(self, value: Any, bits: int, offset: int, name: str) -> None: ...

    def complement(self, gate: Any) -> None: ...


def write(model: Model, network: LayeredNetwork) -> str:
    """Return what a file says of its network; ``model`` has, or gets, the buffers."""
    found = integers.to_arrays(network)
    details: dict[str, Any] = {name: values.item() for name, values in found.items() if not values.ndim}

    def product(name: str, rows: Product, blocks: int) -> None:
        ordered = by_units(rows, blocks)
        contents = weights_of(ordered).tobytes(), ordered.bias.astype("<i8").tobytes()
        details[name] = [*map(model.buffer, contents), blocks, 1 if rows.low is None else 2]

    product("output_layer", network.output_layer, 1)
    for prefix, cell in integers.named_cells(network):
        uses = _Uses()
        cell.step(uses, [None], [None] * len(cell.states))
        own = {name: value for name, value in vars(cell).items() if isinstance(value, Product | Table)}
        names = {id(value): name for name, value in own.items()}
        used = {id(value) for value in (*(rows for rows, _ in uses.products), *chain(*uses.tables))}
        if not used <= names.keys():
            raise ValueError("a cell's step uses a product or a table that is none of its attributes")
        # What the step does not use, or what has another name too, is there by itself.
        left = [(name, value) for name, value in own.items() if id(value) not in used or names[id(value)] != name]
        products = [(names[id(rows)], rows, blocks) for rows, blocks in uses.products]
        products += [(name, value, 1) for name, value in left if isinstance(value, Product)]
        for name, rows, blocks in products:
            product(prefix + name, rows, blocks)
        groups = [("+".join(names[id(table)] for table in tables), tables) for tables in uses.tables]
        groups += [(name, [value]) for name, value in left if isinstance(value, Table)]
        for joined, tables in groups:
            sizes = [len(table.values) for table in tables]
            details[prefix + joined] = [model.buffer(pairs_of(tables).tobytes()), *sizes]
    return json.dumps(details, separators=(",", ":"))


def read(content: bytes, details: dict[str, Any]) -> LayeredNetwork:
    """Return the network that a file says that it has.

    Raises:
        KeyError, IndexError, TypeError, ValueError: if it says something else.
    """
    buffers = read_file(content).buffers

    def numbers(buffer: int, dtype: str) -> np.ndarray:
        return np.frombuffer(content[buffers[buffer].start : buffers[buffer].end], dtype)

    found = {name: np.asarray(value) for name, value in details.items() if not isinstance(value, list)}
    for name, value in details.items():
        if not isinstance(value, list):
            continue
        # Of a table there is no shift; a cell may have a number of that name.
        if f"{name}_shift" in details and f"{name}_multiple" not in details:
            kernel, offsets, blocks, parts = value
            bias = numbers(offsets, "<i8")
            order = np.arange(len(bias)).reshape(-1, blocks).T.reshape(-1)
            both = numbers(kernel, "i1").reshape(len(bias), -1, parts)[order]
            found |= {f"{name}_high": both[..., 0], f"{name}_bias": bias[order]}
            found |= {f"{name}_low": both[..., 1]} if parts == 2 else {}
        else:
            buffer, *sizes = value
            upper, lower = numbers(buffer, "i1").reshape(-1, 2).T.astype(np.int64)
            prefix, _, joined = name.rpartition("/")
            each = np.split(RADIX * upper + lower, np.cumsum(sizes)[:-1])
            for table, values in zip(joined.split("+"), each, strict=True):
                table = f"{prefix}/{table}"
                found[f"{table}_values"] = (values * details[f"{table}_multiple"] + details[f"{table}_offset"]).astype(
                    np.int16
                )
    return integers.from_arrays(found)
