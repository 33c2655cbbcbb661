"""Functions as tables of few entries and the lines between them: a choice for chips with little flash.

The entries at all places are still there, as the integers on these lines: whatever runs the network looks them up, and
gets the same bits. C alone keeps every ``SPACING``-th of them, and finds the others itself:

    entry[p] = node[i] + floor(((node[i + 1] - node[i]) * j + SPACING / 2) / SPACING)       i, j = divmod(p, SPACING)
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np

from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.tables import LARGEST_WORD, Table

Tables: TypeAlias = Literal["full", "interpolated"]
# Places from one node to the next. Of a sigmoid with its usual places, 1/128 apart, entries are off by 6 of 2**14 at
# most, where rounding a sum to its place costs 16.
SPACING = 16

PartT = TypeVar("PartT")


def interpolated(network: IntegerNetwork) -> IntegerNetwork:
    """Return a network whose functions have lines between every ``SPACING``-th entry, where that costs little.

    Functions with a steep place keep all their entries: where the lines would be off by more than the rounding of a sum
    to its place costs.
    """

    def changed(part: PartT) -> PartT:
        named: list[tuple[str, Any]] = [(field.name, getattr(part, field.name)) for field in fields(part)]  # type: ignore[arg-type]
        made = {name: with_lines(found) for name, found in named if isinstance(found, Table)}
        return replace(part, **made)  # type: ignore[type-var]

    return replace(
        network,
        front=tuple(map(changed, network.front)),
        layers=tuple(replace(layer, cells=tuple(map(changed, layer.cells))) for layer in network.layers),
        back=tuple(map(changed, network.back)),
    )


def tables_of(network: IntegerNetwork) -> tuple[list[str], list[str]]:
    """Return the names of the functions that have such lines, and of those that do not."""
    parts: list[Any] = [*network.front, *(cell for layer in network.layers for cell in layer.cells), *network.back]
    tables = [found for part in parts for found in vars(part).values() if isinstance(found, Table)]
    smaller = {table.name for table in tables if nodes_of(table) is not None}
    return sorted(smaller), sorted({table.name for table in tables} - smaller)


def nodes_of(table: Table) -> np.ndarray | None:
    """Return the nodes that a table's entries are on the lines between, int64; None if there are none.

    They are entries as a table holds them: without its offset, and in its multiples. The last one is beyond the table.
    """
    entries = table.entries
    if len(entries) % SPACING or len(entries) < 2 * SPACING:
        return None
    nodes = _nodes(entries)
    return nodes if np.array_equal(_between(nodes), entries) and np.abs(nodes).max() <= LARGEST_WORD else None


def with_lines(table: Table) -> Table:
    """Return a table with lines between every ``SPACING``-th entry; the same one if others would be far off."""
    entries = table.entries
    if len(entries) % SPACING or len(entries) < 2 * SPACING:
        return table
    made = _between(_nodes(entries))
    if np.abs(made - entries).max() > np.abs(np.diff(entries)).max() / 2:
        return table
    return replace(table, values=(made * table.multiple + table.offset).astype(np.int16))


def _nodes(entries: np.ndarray) -> np.ndarray:
    """Return every ``SPACING``-th entry, and one more, with which the last entry is what it was: gates close."""
    nodes = entries[::SPACING]
    rise = round(int(entries[-1] - nodes[-1]) * SPACING / (SPACING - 1))
    return np.append(nodes, nodes[-1] + rise)


def _between(nodes: np.ndarray) -> np.ndarray:
    at, behind = np.divmod(np.arange((len(nodes) - 1) * SPACING), SPACING)
    return nodes[at] + ((nodes[at + 1] - nodes[at]) * behind + SPACING // 2) // SPACING
