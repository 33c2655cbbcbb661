"""The column of a table that says when, found by its name or by what it holds; or several: year, month, day, hour."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from rnnexp.datasets.tables import Column, Table, time_numbers, times
from rnnexp.errors import UserError

# Names of columns of numbers that are times, if the numbers can be.
NAMES = re.compile(
    r"(date|time|datetime|timestamp|year|yr|month|period|quarter|epoch|unix|ts|obs|yyyymm|yyyymmdd|.*(_|\b)(date|time)"
    r"(_|\b).*|年|年月|年月日|日付|日時|時刻|年度)",
    re.IGNORECASE,
)
PARTS = (
    re.compile(r"year|yr|yyyy|年|年度", re.IGNORECASE),
    re.compile(r"month|mon|mo|mm|月", re.IGNORECASE),
    re.compile(r"day|dd|dom|日", re.IGNORECASE),
    re.compile(r"hour|hr|hh|時|時刻", re.IGNORECASE),
    re.compile(r"minute|min|分", re.IGNORECASE),
    re.compile(r"second|sec|秒", re.IGNORECASE),
)
QUARTER = re.compile(r"quarter|qtr|q|四半期", re.IGNORECASE)
CLOCK = re.compile(r"time|hour|hr|clock|時|時刻|時間", re.IGNORECASE)
NONE = "none"


@dataclass(frozen=True)
class When:
    """When each row of a table was.

    Attributes:
        names: of the columns that say so.
        times: ``[n]`` datetime64[ns].
        notes: how they were read, where that is not plain.
    """

    names: tuple[str, ...]
    times: np.ndarray
    notes: tuple[str, ...] = ()


def find(table: Table, wanted: tuple[str, ...]) -> When | None:
    """Return when the rows were; None if nothing says so.

    Args:
        table: the file.
        wanted: names of the columns, if they are not to be found.

    Raises:
        UserError: if a column that is to say so does not, or not in every row.
    """
    if wanted == (NONE,) and NONE not in table.names:
        return None
    if wanted:
        columns = [table.column(name, "TIME") for name in wanted]
        found = _one(columns[0]) if len(columns) == 1 else _several(columns)
        if found is None:
            raise UserError(
                f"{table.path}: {_no_time(columns)}; write times as 2022-12-28 13:00, or set TIME to another"
            )
        return _checked(table, found, columns)
    parts = _parts(table)
    found = _several(parts) if len(parts) > 1 else None
    if found is not None:
        return _checked(table, found, parts)
    dated = table.of_kind("times")
    if dated:
        column = next((column for column in dated if NAMES.fullmatch(column.name)), dated[0])
        found = _clock_of(table, column) or When((column.name,), _values(column), column.notes)
        return _checked(table, found, [column])
    for place, column in enumerate(table.columns):
        numbered = column.kind == "numbers" and (NAMES.fullmatch(column.name) or (not place and _unnamed(column)))
        if numbered and len(table.columns) > 1 and (found := _one(column)) is not None:
            return _checked(table, found, [column])
    return None


def _values(column: Column) -> np.ndarray:
    assert column.times is not None  # what kind "times" means
    return column.times


def _unnamed(column: Column) -> bool:
    return column.name == "column 1"


def _one(column: Column) -> When | None:
    if column.times is not None:
        return When((column.name,), column.times, column.notes)
    found = None if column.numbers is None else time_numbers.of_numbers(column.numbers)
    return None if found is None else When((column.name,), found.values, found.notes)


def _several(columns: list[Column]) -> When | None:
    """Return the times that columns of year, month or quarter, day and so on make, or a date and a time of day."""
    names = tuple(column.name for column in columns)
    if columns[0].times is not None and len(columns) == 2:
        both = _day_and_clock(columns[0], columns[1])
        return None if both is None else When(names, both)
    numbers = []
    for column in columns:
        if column.numbers is None:
            return None
        quarter = QUARTER.fullmatch(column.name)
        numbers.append(3 * column.numbers - 2 if quarter else column.numbers)
    found = time_numbers.of_parts(numbers)
    return None if found is None else When(names, found.values)


def _parts(table: Table) -> list[Column]:
    """Return the columns of year, month, day and so on, as far as they follow on each other."""
    found: list[Column] = []
    for place, pattern in enumerate(PARTS):
        both = re.compile(f"{pattern.pattern}|{QUARTER.pattern}", re.IGNORECASE) if place == 1 else pattern
        column = next((column for column in table.of_kind("numbers") if both.fullmatch(column.name)), None)
        if column is None:
            break
        found.append(column)
        if QUARTER.fullmatch(column.name):
            break
    return found


def _clock_of(table: Table, day: Column) -> When | None:
    """Return the times of a column of dates and one of times of day beside it, if there is one."""
    if np.any(_values(day).astype("datetime64[D]") != _values(day)):
        return None
    for place, column in enumerate(table.columns):
        beside = place and table.columns[place - 1] is day and column.kind == "texts"
        if column is not day and (CLOCK.fullmatch(column.name) or beside):
            both = _day_and_clock(day, column)
            if both is not None:
                return When((day.name, column.name), both, day.notes)
    return None


def _day_and_clock(day: Column, clock: Column) -> np.ndarray | None:
    if clock.texts is not None and clock.kind == "texts":
        return times.of_day_and_clock(_values(day), clock.texts)
    if clock.numbers is None or np.any(clock.numbers % 1 != 0) or clock.numbers.min() < 0 or clock.numbers.max() > 24:
        return None
    return _values(day) + (clock.numbers * 3600).astype("timedelta64[s]")


def _no_time(columns: list[Column]) -> str:
    for column in columns:
        texts = () if column.texts is None else column.texts
        first = next((text for text in texts if text and not times.looks_like(text)), None)
        if first is not None:
            return f"the column {column.name!r}, which TIME names, holds no times: {first!r} is none"
    return f"{', '.join(repr(column.name) for column in columns)}, which TIME names, cannot be read as times"


def _checked(table: Table, when: When, columns: list[Column]) -> When:
    """Return it, if every row has a time."""
    rows = np.flatnonzero(np.isnat(when.times))
    if len(rows):
        row = int(rows[0])
        column = columns[0]
        given = "" if column.texts is None else str(column.texts[row])
        what = (
            f"is not a time: {given!r}" if row in column.bad and given else "is empty" if not given else "is not there"
        )
        more = f" (and {len(rows) - 1} more rows)" if len(rows) > 1 else ""
        raise UserError(
            f"{table.where(row, column.name)}: the time {what}{more}; correct it, or set TIME to another column, or to "
            f'"{NONE}" if the rows follow each other evenly'
        )
    return when
