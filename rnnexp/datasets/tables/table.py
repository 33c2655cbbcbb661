"""A table that was read: its columns, what they hold, and what had to be understood on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from rnnexp.errors import UserError, did_you_mean

# What a column holds: numbers, times, other texts, or nothing at all.
Kind = Literal["numbers", "times", "texts", "nothing"]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: of the header, or ``column 1`` and so on where there is none.
        kind: what it holds.
        texts: ``[n]``, its cells as they are in the file without blanks around them; None where the file has types.
        numbers: ``[n]`` float64, NaN where there is none; only of numbers.
        times: ``[n]`` datetime64[ns], NaT where there is none; only of times.
        bad: the rows whose cells are neither of that kind nor a mark for nothing.
        notes: how its cells were understood, where that is not plain.
    """

    name: str
    kind: Kind
    texts: np.ndarray | None = None
    numbers: np.ndarray | None = None
    times: np.ndarray | None = None
    bad: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    notes: tuple[str, ...] = ()

    @property
    def missing(self) -> int:
        """How many cells have no value, bad ones not counted."""
        if self.numbers is not None:
            return int(np.isnan(self.numbers).sum()) - len(self.bad)
        if self.times is not None:
            return int(np.isnat(self.times).sum()) - len(self.bad)
        return 0 if self.texts is None else int(np.sum(self.texts == ""))


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        path: of the file.
        columns: in their order.
        rows: how many.
        lines: ``[rows]``, the line of each row in a text file; None for other files.
        encoding: of a text file, for people to read.
        separator: of a text file's fields: a character, ``" "`` for any blanks; empty where there is one column.
        header: whether the columns have names of their own.
        notes: what was understood of the file, where that is not plain.
    """

    path: Path
    columns: tuple[Column, ...]
    rows: int
    lines: np.ndarray | None = None
    encoding: str = ""
    separator: str = ""
    header: bool = True
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [column.name for column in self.columns]

    def of_kind(self, kind: Kind) -> list[Column]:
        """Return the columns that hold something."""
        return [column for column in self.columns if column.kind == kind]

    def column(self, name: str, setting: str) -> Column:
        """Return the column of a name.

        Args:
            name: of the column.
            setting: that names it, for the message.

        Raises:
            UserError: if there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise UserError(
            f"{self.path} has no column {name!r}, which {setting} names{did_you_mean(name, self.names)} "
            f"(there are: {listed(self.names)})"
        )

    def where(self, row: int, column: str = "") -> str:
        """Return the place of a row, counted from 0, and of a column in it, for messages."""
        line = "" if self.lines is None else f" (line {self.lines[row]})"
        return f"{self.path}, row {row + 1}{line}" + (f", column {column!r}" if column else "")

    def numbers(self, column: Column, largest: float) -> np.ndarray:
        """Return a column's numbers, NaN where there are none.

        Args:
            column: of this table.
            largest: magnitude that can be used.

        Raises:
            UserError: naming row, line and column of the first cell that is no number, infinite or too large.
        """
        if column.numbers is None:
            what = "holds nothing" if column.kind == "nothing" else f"holds {column.kind}, not numbers"
            first = "" if column.texts is None or not self.rows else f": its first cell is {column.texts[0]!r}"
            raise UserError(f"{self.path}: the column {column.name!r} {what}{first}")
        wrong = np.zeros(self.rows, bool)
        wrong[column.bad] = True
        wrong |= np.abs(column.numbers) > largest
        rows = np.flatnonzero(wrong)
        if len(rows):
            row = int(rows[0])
            number = column.numbers[row]
            given = repr(float(number)) if column.texts is None else repr(column.texts[row])
            if np.isinf(number):
                what = f"is infinite ({given})"
            elif np.isnan(number):
                what = f"is not a number: {given}"
            else:
                what = f"is too large ({given})"
            more = f" (and {len(rows) - 1} more rows)" if len(rows) > 1 else ""
            raise UserError(
                f"{self.where(row, column.name)}: the value {what}{more}; correct it, or leave the cell empty where "
                "there is no value"
            )
        return column.numbers


def listed(names: list[str], most: int = 20) -> str:
    """Return names for a message, in quotation marks; of very many the first."""
    shown = ", ".join(map(repr, names[:most]))
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
