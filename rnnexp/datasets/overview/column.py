"""A column of a table, as it was understood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from rnnexp.datasets.tables import Column, Table
from rnnexp.datasets.tables.table import Kind


@dataclass(frozen=True)
class ColumnOverview:
    """A column.

    Attributes:
        name: of the header, or its number.
        kind: what it holds.
        use: what becomes of it: ``time``, ``target``, ``input``; empty if nothing does.
        minimum: the smallest number, or the first time; None of others.
        maximum: the largest, or the last.
        missing: cells without a value.
        bad: cells that are not of the column's kind.
        different: texts that differ; None of others.
        notes: how its cells were understood, where that is not plain.
    """

    name: str
    kind: Kind
    use: str
    minimum: float | str | None
    maximum: float | str | None
    missing: int
    bad: int
    different: int | None
    notes: tuple[str, ...]


def of_table(table: Table, uses: Mapping[str, str]) -> tuple[ColumnOverview, ...]:
    """Return the columns of a table.

    Args:
        table: that was read.
        uses: name -> what becomes of a column.
    """
    return tuple(_columns(table, uses))


def when(time: np.datetime64) -> str:
    """Return a time as ISO 8601 has it, as short as it can be written."""
    text = str(time.astype("datetime64[us]"))
    return text.removesuffix(".000000").removesuffix("T00:00:00")


def _columns(table: Table, uses: Mapping[str, str]) -> Iterator[ColumnOverview]:
    for column in table.columns:
        low, high = _range(column)
        yield ColumnOverview(
            name=column.name,
            kind=column.kind,
            use=uses.get(column.name, ""),
            minimum=low,
            maximum=high,
            missing=column.missing,
            bad=len(column.bad),
            different=len(set(column.texts)) if column.kind == "texts" and column.texts is not None else None,
            notes=column.notes,
        )


def _range(column: Column) -> tuple[float | str | None, float | str | None]:
    if column.numbers is not None:
        numbers = column.numbers[np.isfinite(column.numbers)]
        return (float(numbers.min()), float(numbers.max())) if len(numbers) else (None, None)
    if column.times is not None:
        times = column.times[~np.isnat(column.times)]
        return (when(times.min()), when(times.max())) if len(times) else (None, None)
    return None, None
