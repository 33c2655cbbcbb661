"""A table into a series: its columns, in the order of time, on a clock of even steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from rnnexp.datasets import tables
from rnnexp.datasets.series import clock, time_column
from rnnexp.datasets.series.clock import Step
from rnnexp.datasets.series.selection import Selection, choose
from rnnexp.datasets.series.time_column import When
from rnnexp.datasets.series.wide import lengthened
from rnnexp.datasets.tables import Table, numbers
from rnnexp.datasets.tables.table import listed
from rnnexp.errors import UserError

# Squares of these, and sums of many, still fit float32.
LARGEST_VALUE = 1e15
# Of a clock whose steps are mostly missing, no more steps than this, or than so many times the rows there are.
MOST_STEPS, MOST_TIMES_ROWS = 1_000_000, 10
# Offsets that pandas has given new names, and those that name a month or a year by its last day.
OFFSETS = {
    "H": "h",
    "T": "min",
    "S": "s",
    "M": "MS",
    "ME": "MS",
    "Q": "QS",
    "QE": "QS",
    "Y": "YS",
    "YE": "YS",
    "A": "YS",
}


@dataclass(frozen=True)
class Series:
    """Values in time order, one a step.

    Attributes:
        values: ``[n, columns]``, what is predicted first; NaN where there is none.
        names: of the columns.
        targets: how many columns are predicted.
        times: of each step, ``[n]`` datetime64[ns]; None where they are not known.
        step: from one to the next, where times are known.
        rows: the row of the file that each step is from, counted from 1, 0 where there is none; None after means.
        notes: what was understood of the file, where that is not plain.
        continuation: what comes after the values, ``[m]``, where that is known; only for closed-loop generation.
    """

    values: np.ndarray
    names: tuple[str, ...] = ("data",)
    targets: int = 1
    times: np.ndarray | None = None
    step: Step | None = None
    rows: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    continuation: np.ndarray = field(default_factory=lambda: np.empty(0))

    @classmethod
    def of(cls, values: np.ndarray, continuation: np.ndarray | None = None) -> Series:
        """Return a series of one column, ``[n]``, with what comes after it."""
        after = np.empty(0) if continuation is None else continuation
        return cls(np.asarray(values, np.float64)[:, None], continuation=after)

    @property
    def dates(self) -> pd.Series[pd.Timestamp] | None:
        """The times as pandas has them."""
        return None if self.times is None else pd.Series(self.times)


def read(path: Path, selection: Selection | None = None) -> Series:
    """Read a file as a series.

    Raises:
        UserError: if it cannot be read, its columns are not those asked for, or its times are in no order; the message
            says where and what to do.
    """
    return from_table(tables.read(path), selection or Selection())


def from_table(table: Table, selection: Selection) -> Series:
    """Return the series of a table.

    Raises:
        UserError: as ``read``.
    """
    if not table.rows:
        raise UserError(f"{table.path} has a header, {listed(table.names)}, and no row below it")
    if not selection.target or selection.target[0] not in table.names:
        table = lengthened(table)
    when = time_column.find(table, selection.time)
    columns, notes = choose(table, selection, when.names if when else ())
    values = np.stack([table.numbers(column, LARGEST_VALUE) for column in columns], axis=1)
    notes = [*table.notes, *(when.notes if when else ()), *notes]
    for place, column in enumerate(columns):
        found = numbers.suspected_sentinels(values[:, place])
        suspected = [number for number in found if number not in selection.missing]
        if suspected:
            shown = ", ".join(f"{number:g}" for number in suspected)
            notes.append(
                f"{column.name}: {shown} lies far from all others; if it stands for no value, set MISSING to it"
            )
    values = numbers.sentinels(values, selection.missing)
    names = tuple(column.name for column in columns)
    targets = max(len(selection.target), 1)
    if when is None:
        if selection.resample:
            raise UserError(
                f"RESAMPLE is {selection.resample!r}, but {table.path} has no column that says when: set TIME"
            )
        rows = np.arange(1, table.rows + 1)
        values, rows = _without_ends(values, rows)
        return Series(values, names, targets, rows=rows, notes=tuple(notes))
    order, turned = _order(table, when, selection)
    if turned:
        notes.append("The file has the newest row first: it is turned round")
    times, values, rows = when.times[order], values[order], order + 1
    if selection.resample:
        times, values, step = _resampled(table.path, times, values, selection.resample)
        return Series(values, names, targets, times, step, notes=tuple(notes))
    return _on_a_clock(table, when, times, values, rows, Series(values, names, targets, notes=tuple(notes)))


def _order(table: Table, when: When, selection: Selection) -> tuple[np.ndarray, bool]:
    """Return the rows in the order of time, and whether the file has them the other way round.

    Raises:
        UserError: if they are in no order, or times are there more than once, unless means are taken of them.
    """
    order = np.arange(table.rows)
    between = np.diff(when.times.astype(np.int64))
    turned = bool(len(between) and np.all(between <= 0) and np.any(between < 0))
    if turned:
        order, between = order[::-1], -between[::-1]
    if np.any(between < 0):
        place = int(np.argmax(between < 0))
        raise UserError(
            f"{table.where(place + 1, when.names[0])}: {_shown(when.times[place + 1])} comes after "
            f"{_shown(when.times[place])}; {_several_series(table, when) or 'sort the file by date, oldest first'}"
        )
    if np.any(between == 0) and not selection.resample:
        place = int(np.argmax(between == 0))
        first, second = order[place], order[place + 1]
        count = int(np.sum(between == 0))
        raise UserError(
            f"{table.where(max(first, second), when.names[0])}: {_shown(when.times[first])} is there a second time"
            + (f" ({count} times are)" if count > 1 else "")
            + f"; {_several_series(table, when) or _way_out_of_doubles(when.times[first], count)}"
        )
    return order, turned


def _way_out_of_doubles(time: np.datetime64, count: int) -> str:
    resample = 'set RESAMPLE, such as "1h" or "1D", to take the mean of each step, or remove one of the rows'
    if clock.looks_like_summer_time(time) and count < 100:
        return (
            "it looks like the hour that summer time ends with: write times with their offset from UTC "
            f"(2022-10-30T02:00+02:00) or in UTC, or {resample}"
        )
    return resample


def _several_series(table: Table, when: When) -> str:
    """Return the way out, if a column of texts says which of several series a row is of; else nothing."""
    for column in table.of_kind("texts"):
        if column.texts is not None and 1 < len(kinds := sorted(set(column.texts))) <= table.rows / 3:
            pairs = set(zip(column.texts, when.times.tolist(), strict=True))
            if len(pairs) == table.rows:
                return (
                    f"the column {column.name!r} says that there are several series ({listed(kinds, 5)}): keep the "
                    "rows of one, or give each a column"
                )
    return ""


def _shown(time: np.datetime64) -> str:
    """Return a time as short as it can be written."""
    text = str(time.astype("datetime64[ms]")).replace("T", " ")
    return text.removesuffix(".000").removesuffix(" 00:00:00")


def _on_a_clock(
    table: Table, when: When, times: np.ndarray, values: np.ndarray, rows: np.ndarray, known: Series
) -> Series:
    """Return the series with a row for every step, empty where the file has none.

    Raises:
        UserError: if the steps are not even.
    """
    if len(times) < 3:  # too few to tell, and too few to learn from
        return Series(values, known.names, known.targets, times, None, rows, known.notes)
    found = clock.find_step(times)
    if found is None:
        between = np.diff(times.astype(np.int64))
        usual = int(np.median(between))
        place = int(np.argmax(np.abs(between - usual) > clock.JITTER * usual))
        raise UserError(
            f"{table.where(int(rows[place + 1]) - 1, when.names[0])}: the steps of time are not even: from "
            f"{_shown(times[place])} to {_shown(times[place + 1])} it is {pd.Timedelta(int(between[place]))}, mostly "
            f'{pd.Timedelta(usual)}; set RESAMPLE, such as "1h" or "1D", to take the mean of each step, or TIME = '
            '"none" to take the rows as they follow each other'
        )
    step, positions = found
    count = int(positions[-1]) + 1
    if count > max(MOST_TIMES_ROWS * len(times), MOST_STEPS):
        raise UserError(
            f"{table.path} has {len(times):,} rows, but from {_shown(times[0])} to {_shown(times[-1])} there are "
            f"{count:,} steps of {step}: set RESAMPLE to a longer one, or keep the rows of a shorter time"
        )
    full, row = np.full((count, values.shape[1]), np.nan), np.zeros(count, np.int64)
    full[positions], row[positions] = values, rows
    # Where a step is missing, between its neighbours.
    stamps = np.interp(np.arange(count), positions, times.astype(np.int64)).astype(np.int64)
    stamps[positions] = times.astype(np.int64)
    full, row, stamps = _without_ends(full, row, stamps)
    return Series(full, known.names, known.targets, stamps.view("datetime64[ns]"), step, row, known.notes)


def _without_ends(values: np.ndarray, *others: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return rows without those at both ends that have no value at all, which are no gaps."""
    there = np.flatnonzero(np.isfinite(values).any(axis=1))
    kept = slice(there[0], there[-1] + 1) if len(there) else slice(0, 0)
    return values[kept], *(other[kept] for other in others)


def _resampled(path: Path, times: np.ndarray, values: np.ndarray, text: str) -> tuple[np.ndarray, np.ndarray, Step]:
    """Return times, means ``[n, columns]`` and the step, NaN where a step has no value.

    Raises:
        UserError: if the step cannot be read, or leaves too few values.
    """
    number = text.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-")
    unit = text[len(number) :]
    offset_text = number + OFFSETS.get(unit, unit)
    try:
        offset = pd.tseries.frequencies.to_offset(offset_text)
        rough = pd.Timestamp("2001-01-01") + offset - pd.Timestamp("2001-01-01")
    except (ValueError, AttributeError, TypeError):
        raise UserError(
            f'RESAMPLE is {text!r}, which is no step of time: "1h", "15min", "1D", "W" and "MS" are some'
        ) from None
    count = int((times[-1] - times[0]) / rough.to_timedelta64()) + 1 if len(times) else 0
    if rough <= pd.Timedelta(0) or count > max(MOST_TIMES_ROWS * len(times), MOST_STEPS):
        raise UserError(
            f"RESAMPLE is {text!r}, which makes {count:,} steps of the {len(times):,} rows of {path}: too fine"
        )
    means = pd.DataFrame(values, index=pd.DatetimeIndex(times)).resample(offset_text).mean()
    if not np.isfinite(means.to_numpy()).any(axis=1).mean() > 0.5:
        raise UserError(
            f"RESAMPLE is {text!r}, and most of its {len(means):,} steps have no row of {path}: set a longer one"
        )
    stamps = means.index.to_numpy().astype("datetime64[ns]")
    found = clock.find_step(stamps) if len(stamps) > 2 else None
    return stamps, means.to_numpy(), found[0] if found else Step(nanoseconds=int(rough.value))
