"""Tables with a row a year and a column a month, as weather services have them, into a row a month."""

from __future__ import annotations

import dataclasses
import re

import numpy as np

from rnnexp.datasets.tables import Column, Table

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
YEAR = re.compile(r"year|yr|yyyy|年|年度|column 1", re.IGNORECASE)
VALUE = "value"


def lengthened(table: Table) -> Table:
    """Return a table of year, month and value, if a table has a column for each month; else the table itself."""
    year = next((column for column in table.of_kind("numbers") if YEAR.fullmatch(column.name)), None)
    by_month = [_of_month(table, month) for month in range(12)]
    months = [column for column in by_month if column is not None and column.numbers is not None]
    if year is None or year.numbers is None or len(months) < 12 or any(len(column.bad) for column in months):
        return table
    count = table.rows * 12
    numbers = {
        "year": np.repeat(year.numbers, 12),
        "month": np.tile(np.arange(1.0, 13.0), table.rows),
        VALUE: np.stack([column.numbers for column in months if column.numbers is not None], axis=1).ravel(),
    }
    return dataclasses.replace(
        table,
        columns=tuple(Column(name, "numbers", numbers=values) for name, values in numbers.items()),
        rows=count,
        lines=None if table.lines is None else np.repeat(table.lines, 12),
        notes=(*table.notes, "The file has a row a year and a column a month"),
    )


def _of_month(table: Table, month: int) -> Column | None:
    names = re.compile(rf"{MONTHS[month]}[a-z]*\.?|{month + 1}月|0?{month + 1}", re.IGNORECASE)
    return next((column for column in table.columns if names.fullmatch(column.name)), None)
