"""Recordings from a table: rows are time steps, columns features; further columns say which recording a row is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnnexp.datasets import tables
from rnnexp.datasets.recordings.recording import LARGEST_VALUE, Columns, Recording
from rnnexp.datasets.tables import Column, Table
from rnnexp.errors import UserError

# Names of columns that are plain, in lower case.
LABEL = ("label", "class", "activity", "gesture", "target", "category")
RECORDING = ("recording", "recording_id", "recordingid", "rec", "session", "session_id", "sequence", "sequence_id",
             "series_id", "sample_id", "trial", "trial_id", "file", "filename", "id")  # fmt: skip
GROUP = ("subject", "subject_id", "subjectid", "person", "person_id", "user", "user_id", "userid", "participant",
         "participant_id", "group", "group_id", "device", "device_id")  # fmt: skip
TIME = ("time", "timestamp", "date", "datetime", "t", "seconds", "sec", "ms", "time_ms", "time_s", "millis", "index",
        "step", "frame", "sample", "counter", "unnamed: 0")  # fmt: skip


@dataclass(frozen=True)
class Roles:
    """What each column of a table is.

    Attributes:
        features: what a network reads.
        label: the class or the number of a row, if there is such a column.
        recording: what rows of a recording share, if there is such a column.
        others: what else is known, by name: the person, the session.
        clock: steps or times, which begin anew with every recording; not read by a network.
    """

    features: tuple[Column, ...]
    label: Column | None
    recording: Column | None
    others: tuple[Column, ...]
    clock: Column | None


def roles(table: Table, columns: Columns) -> Roles:
    """Return what the columns of a table are: as the user says, else by their names.

    Raises:
        UserError: if a column that the user names is not there, or there is none to read.
    """

    def one(name: str | None, setting: str, plain: Sequence[str], *, pattern: bool = False) -> Column | None:
        if name is not None and not (pattern and name not in table.names):
            return table.column(name, setting)
        found = {column.name.lower().replace(" ", "_"): column for column in table.columns} if table.header else {}
        return next((found[known] for known in plain if known in found), None)

    label = one(columns.label, columns.label_setting, LABEL, pattern=True)
    recording = one(columns.recording, "RECORDING", RECORDING)
    clock = one(None, "", TIME) or next(iter(table.of_kind("times")), None)
    named = {column.name.lower().replace(" ", "_"): column for column in table.columns if table.header}
    others = [column for name, column in named.items() if name in (*GROUP, *RECORDING) or column.name == columns.group]
    taken = {column.name for column in (label, recording, clock, *others) if column}
    if columns.inputs and (table.header or columns.features is None):
        features = tuple(table.column(name, columns.asked_by) for name in columns.inputs)
    else:
        features = tuple(
            column
            for column in table.columns
            if column.name not in taken and (column.kind == "numbers" or len(column.bad))
        )
    if not features:
        raise UserError(
            f"{table.path} has no column of numbers that a network could read (its columns: "
            f"{', '.join(map(repr, table.names))}); name them in INPUTS"
        )
    others = [column for column in others if column not in (label, recording) and column not in features]
    return Roles(features, label, recording, tuple(others), clock)


@dataclass(frozen=True)
class Block:
    """The rows of a recording.

    Attributes:
        rows: their numbers, in order.
        source: the recording that they are a piece of, where there is a column for it and the class changes in it.
    """

    rows: np.ndarray
    source: str = ""


def blocks(table: Table, columns: Columns, part: Roles) -> list[Block]:
    """Return the rows of each recording of a table, in order.

    Where there is a column for it, rows that have the same in it; else what is between blank lines, lines that repeat
    the header, or where the clock begins anew; else so many rows as the user says a recording has. What changes its
    class, or person, on the way is divided there.

    Raises:
        UserError: if there is no row, or the rows are no multiple of what the user says.
    """
    rows = np.arange(table.rows)
    repeated = _repeated_header(table)
    empty = np.all([_is_empty(column) for column in part.features], axis=0)
    kept = rows[~repeated & ~empty]
    if not len(kept):
        raise UserError(f"{table.path} has no row of numbers")
    keys = [column for column in (None if columns.numbers else part.label, *part.others) if column is not None]
    if part.recording is not None:
        found = []
        names, first, places, counts = np.unique(
            texts(part.recording)[kept], return_index=True, return_inverse=True, return_counts=True
        )
        of_each = np.split(kept[np.argsort(places, kind="stable")], np.cumsum(counts)[:-1])
        for number in np.argsort(first):
            name, own = names[number], of_each[number]
            pieces = np.split(own, np.flatnonzero(_changes(keys, own)))
            found += [Block(piece, str(name) if len(pieces) > 1 else "") for piece in pieces]
        return found
    begins = _changes(keys, kept)
    # Rows that were left out on the way, or blank lines.
    begins[1:] |= np.diff(kept) > 1
    if table.lines is not None:
        begins[1:] |= np.diff(table.lines[kept]) > np.diff(kept)
    if not begins.any() and part.clock is not None:
        begins[1:] = _backwards(part.clock, kept)
    pieces = np.split(kept, np.flatnonzero(begins))
    if columns.rows:
        odd = next((piece for piece in pieces if len(piece) % (columns.rows or 1)), None)
        if odd is not None:
            raise UserError(
                f"{table.where(int(odd[0]))}: RECORDING_ROWS is {columns.rows}, and {len(odd)} rows follow each other "
                "from there on, which is no multiple of it"
            )
        pieces = [some for piece in pieces for some in np.split(piece, len(piece) // columns.rows)]
    return [Block(piece) for piece in pieces]


def _changes(keys: Sequence[Column], rows: np.ndarray) -> np.ndarray:
    """Tell for each of some rows whether any column has something else there than in the row before."""
    changed = np.zeros(len(rows), bool)
    for column in keys:
        values = texts(column)[rows]
        changed[1:] |= values[1:] != values[:-1]
    return changed


def values(table: Table, features: Sequence[Column], rows: np.ndarray) -> np.ndarray:
    """Return the numbers of some rows ``[time, features]``, NaN where there is none.

    Raises:
        UserError: naming the first cell that is no number.
    """
    for column in features:
        bad = np.intersect1d(column.bad, rows)
        if len(bad):
            given = "" if column.texts is None else f": {column.texts[bad[0]]!r}"
            raise UserError(
                f"{table.where(int(bad[0]), column.name)}: the value is not a number{given}; correct it, or leave the "
                "cell empty where there is no value"
            )
        large = rows[np.abs(_raw(column)[rows]) > LARGEST_VALUE]
        if len(large):
            raise UserError(f"{table.where(int(large[0]), column.name)}: the value is infinite or too large to be used")
    return np.stack([_raw(column)[rows] for column in features], axis=1)


def texts(column: Column) -> np.ndarray:
    """Return the cells of a column as text."""
    if column.texts is not None:
        return np.asarray(column.texts)
    found = column.numbers if column.numbers is not None else column.times
    whole = column.numbers is not None and bool(np.all(column.numbers == np.rint(column.numbers)))
    return (
        np.array([str(int(value)) if whole else str(value) for value in found], dtype=object)
        if found is not None
        else np.array([], dtype=object)
    )


def read(path: Path, columns: Columns) -> tuple[Table, Roles]:
    """Return a table of recordings and what its columns are.

    Raises:
        UserError: if it cannot be read.
    """
    table = tables.read(path)
    return table, roles(table, columns)


def recordings(table: Table, part: Roles, columns: Columns, name: str) -> list[Recording]:
    """Return the recordings of a table.

    Args:
        table: the table.
        part: what its columns are.
        columns: what the user says of them.
        name: of the file, for people and patterns.

    Raises:
        UserError: if a value is no number, or a recording has several labels.
    """
    found = []
    pieces = blocks(table, columns, part)
    for number, block in enumerate(pieces, 1):
        rows = block.rows
        known = {column.name: str(texts(column)[rows[0]]) for column in (part.recording, *part.others) if column}
        label = ""
        if part.label is not None:
            own = texts(part.label)[rows]
            label = str(own[0])
            if (own != own[0]).any():
                row = int(rows[np.argmax(own != own[0])])
                raise UserError(
                    f"{table.where(row, part.label.name)}: the label is {str(own[own != own[0]][0])!r}, and the "
                    f"recording began with {label!r}: a recording has one label"
                )
            if not label:
                raise UserError(f"{table.where(int(rows[0]), part.label.name)}: there is no label")
        own_name = known.get(part.recording.name, "") if part.recording else f"{number}" if len(pieces) > 1 else ""
        if block.source:
            own_name = f"{own_name}, row {rows[0] + 1}"
        source = f"{name} {block.source}" if block.source else ""
        taken = values(table, part.features, rows)
        found.append(Recording(taken, f"{name} {own_name}".strip(), label, known, source=source))
    return found


def _raw(column: Column) -> np.ndarray:
    if column.numbers is None:
        raise UserError(f"the column {column.name!r} holds {column.kind}, not numbers: it cannot be one of INPUTS")
    return column.numbers


def _is_empty(column: Column) -> np.ndarray:
    """Tell for each row whether there is nothing in a column, and nothing that should have been a number either."""
    empty = np.isnan(_raw(column))
    empty[column.bad] = False
    return empty


def _repeated_header(table: Table) -> np.ndarray:
    """Tell for each row whether it repeats the header, as files do that were put together from several."""
    same = [
        np.array([text == column.name for text in column.texts]) for column in table.columns if column.texts is not None
    ]
    return np.all(same, axis=0) if table.header and same else np.zeros(table.rows, bool)


def _backwards(clock: Column, rows: np.ndarray) -> np.ndarray:
    steps = clock.numbers if clock.numbers is not None else clock.times
    if steps is None:
        return np.zeros(len(rows) - 1, bool)
    return np.diff(steps[rows].astype(np.float64)) < 0
