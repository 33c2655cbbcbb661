"""Which columns of a table are the series: what is predicted, what is seen beside it, and when it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rnnexp.config import RegressionConfig
from rnnexp.datasets.tables import Column, Table
from rnnexp.datasets.tables.table import listed
from rnnexp.errors import UserError
from rnnexp.preprocessing.series_columns import COLUMN, SeriesColumns

Fill = Literal["none", "linear", "previous"]


@dataclass(frozen=True)
class Selection:
    """How the rows of a table become a series; what is empty is found.

    Attributes:
        target: columns to predict.
        inputs: further columns to predict from.
        time: the column that says when, or several: year, month and so on; ``("none",)`` for rows that follow each
            other whatever their times are.
        resample: the step to take means over, as pandas writes it: ``1h``, ``D``, ``MS``.
        missing: numbers that stand for no value.
    """

    target: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    time: tuple[str, ...] = ()
    resample: str | None = None
    missing: tuple[float, ...] = ()

    @classmethod
    def of(cls, config: RegressionConfig) -> Selection:
        """Return what the settings ask for."""
        return cls(config.target, config.inputs, config.time, config.resample, config.missing)

    @classmethod
    def for_model(cls, columns: SeriesColumns, table: Table) -> Selection:
        """Return what a model takes of a table: its columns by name, but a single one whatever its name is there."""
        single = columns.targets if len(columns.targets) == 1 and not columns.inputs else ()
        target = columns.targets if not single or single[0] in table.names else ()
        time = tuple(name for name in columns.time if name in table.names or name == "none")
        return cls(target, columns.inputs, time, columns.resample, columns.missing)


def choose(table: Table, selection: Selection, taken: Sequence[str]) -> tuple[list[Column], list[str]]:
    """Return the columns of a series, targets first, and notes on those that are left out.

    Args:
        table: the file.
        selection: what is asked for.
        taken: names of the columns that say when.

    Raises:
        UserError: if a name is not there, is there twice, or it takes a name to know which.
    """
    names = (*selection.target, *selection.inputs)
    for name in names:
        setting = "TARGET" if name in selection.target else "INPUTS"
        if name in taken:
            raise UserError(
                f"{table.path}: {setting} names {name!r}, which is the time: CALENDAR = True has it as input"
            )
        if names.count(name) > 1:
            raise UserError(f"TARGET and INPUTS name {name!r} more than once: every column once")
    inputs = [table.column(name, "INPUTS") for name in selection.inputs]
    targets = [table.column(name, "TARGET") for name in selection.target] or [_only(table, taken, selection.inputs)]
    columns = [*targets, *inputs]
    used = {*taken, *(column.name for column in columns)}
    left = [column.name for column in table.columns if column.name not in used]
    notes = [f"{column.name}: {', '.join(column.notes)}" for column in columns if column.notes]
    if left:
        numeric = any(
            column.kind == "numbers" and not _counts(column) for column in table.columns if column.name in left
        )
        hint = "; INPUTS takes further columns" if numeric and not selection.inputs else ""
        count = "" if len(left) == 1 else f", {len(left)} columns"
        notes.append(f"Not used of the file{count}: {listed(left)}{hint}")
    return columns, notes


def _only(table: Table, taken: Sequence[str], inputs: Sequence[str]) -> Column:
    """Return the column to predict, where no setting names it: ``data``, or the only one with numbers."""
    numeric = [column for column in table.of_kind("numbers") if column.name not in (*taken, *inputs)]
    if COLUMN in table.names:
        return table.column(COLUMN, "TARGET")
    if len(numeric) > 1:
        numeric = [column for column in numeric if not _counts(column)] or numeric
    if len(numeric) == 1:
        return numeric[0]
    if numeric:
        raise UserError(
            f"{table.path} has several columns of numbers: {listed([column.name for column in numeric])}; set TARGET "
            "to the one to predict (and INPUTS to others that help)"
        )
    held = ", ".join(f"{column.name!r} holds {column.kind}" for column in table.columns[:20])
    first = next((column for column in table.of_kind("texts")), None)
    example = (
        "" if first is None or first.texts is None else f"; the first cell of {first.name!r} is {first.texts[0]!r}"
    )
    raise UserError(f"{table.path} has no column of numbers to predict: {held}{example}")


def _counts(column: Column) -> bool:
    """Tell whether a column only numbers the rows."""
    return column.numbers is not None and len(column.numbers) > 2 and bool(np.all(np.diff(column.numbers) == 1))
