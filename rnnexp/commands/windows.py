"""The windows of a series of the user's own, as a model takes them, and the last one with what comes after it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rnnexp.datasets import series, tables
from rnnexp.datasets.series import Selection, Series, gaps
from rnnexp.datasets.series.windows import first_targets
from rnnexp.errors import UserError
from rnnexp.preprocessing import calendar
from rnnexp.preprocessing.series_columns import SeriesColumns


@dataclasses.dataclass(frozen=True)
class Samples:
    """What is to be run.

    Attributes:
        values: ``[n, time, features]`` in the data's own units, or numbers of words, ``[n, time]``.
        heading: what a sample's number is called: ``sample``, or ``after_row`` for the windows of a series.
        first: the number of the first one.
        numbers: of all of them, where they do not follow each other.
        times: of what is predicted first, where that is known.
        skipped: what is left out of the file, and why.
        texts: what they are made of, where the model takes texts and was given some.
        lengths: real steps of each, which come first; None: all.
        names: of each, in place of a number, where they have some.
    """

    values: np.ndarray
    heading: str = "sample"
    first: int = 1
    texts: Sequence[str] = ()
    numbers: Sequence[int] = ()
    times: Sequence[str] = ()
    skipped: str = ""
    names: Sequence[str] = ()
    lengths: np.ndarray | None = None

    def numbered(self) -> Sequence[int | str]:
        """Return the number, or the name, of each."""
        return self.names or self.numbers or range(self.first, self.first + len(self.values))


@dataclasses.dataclass(frozen=True)
class LastWindow:
    """The end of a series, and the time after it.

    Attributes:
        values: ``[time, targets]`` in the data's own units.
        beside: ``[time + steps, features]``, what else is an input at each of these steps; None if nothing is.
        times: of the steps to come, where that is known.
    """

    values: np.ndarray
    beside: np.ndarray | None
    times: Sequence[str]


def read_windows(path: Path, steps: int, features: int, *, columns: SeriesColumns | None) -> Samples:
    """Return every window of a series without a gap, known by the last row that it has seen.

    Args:
        path: of the file.
        steps: of a window.
        features: of a time step.
        columns: that the model takes, where it says so.

    Raises:
        UserError: if the file cannot be read, or does not fit the model.
    """
    known = columns or SeriesColumns()
    found = _read(path, known, features)
    values = np.concatenate([found.values, _calendar(found, known, path)], axis=1)
    if len(values) < steps:
        raise UserError(f"{path} has {len(values)} values, fewer than the {steps} time steps that the model takes")
    ends = first_targets(values, steps, 0, len(known.targets))
    if not len(ends):
        raise UserError(f"{path} has no {steps} time steps, as the model takes them, without a gap among them")
    left = len(values) - steps + 1 - len(ends)
    rows = np.arange(1, len(values) + 1) if found.rows is None else found.rows
    skipped = ""
    if left:
        first = int(rows[np.flatnonzero(np.isnan(values).any(axis=1))[0] - 1])
        skipped = (
            f"{left} windows of {path} are left out, since values are missing in them, the first after row {first}"
        )
    windows = np.lib.stride_tricks.sliding_window_view(values, steps, axis=0)[ends - steps].transpose(0, 2, 1)
    times: Sequence[str] = ()
    if found.times is not None and found.step is not None:
        times = shown(found.step.from_each(found.times))
        times = [times[end - 1] for end in ends]
    return Samples(
        windows, "after_row", int(rows[ends[0] - 1]), (), [int(rows[end - 1]) for end in ends], times, skipped
    )


def read_last(path: Path, steps: int, features: int, ahead: int, columns: SeriesColumns | None) -> LastWindow:
    """Return the last window of a series, to go on from it.

    Args:
        path: of the file.
        steps: of a window.
        features: of a time step.
        ahead: how many steps are to come.
        columns: that the model takes, where it says so.

    Raises:
        UserError: if the file cannot be read, or does not fit the model, or the model cannot go on so far.
    """
    known = columns or SeriesColumns()
    if known.inputs and ahead > known.horizon:
        raise UserError(
            f"--steps {ahead}: the model takes {', '.join(map(repr, known.inputs))} too, whose future values are not "
            f"known: {known.horizon} at most, or a model of the target alone, with CALENDAR = True for the time"
        )
    found = _read(path, known, features)
    window = found.values[-steps:]
    if len(window) < steps:
        raise UserError(f"{path} has {len(window)} values, fewer than the {steps} time steps that the model takes")
    if np.isnan(window).any():
        row = len(found.values) - steps + int(np.flatnonzero(np.isnan(window).any(axis=1))[-1])
        raise UserError(
            f"{path} has no value at time step {row + 1}, and to go on the model takes the last {steps} without a gap; "
            "fill it in, or train with FILL"
        )
    targets = len(known.targets)
    beside = np.concatenate([window[:, targets:], np.full((ahead, len(known.inputs)), np.nan)])
    _calendar(found, known, path)  # there must be times, if the model takes them
    times: Sequence[str] = ()
    if found.times is not None and found.step is not None:
        after = found.step.after(found.times[-1], ahead + 1)
        times = shown(after[:ahead])
        each = np.concatenate([found.times[len(found.times) - steps + 1 :], after])
        beside = np.concatenate([beside, calendar.features(each, known.calendar)], axis=1)
    return LastWindow(window[:, :targets], beside if beside.shape[1] else None, times)


def shown(times: np.ndarray) -> list[str]:
    """Return times as text: dates alone where no time of day is in them."""
    texts = [str(time).replace("T", " ") for time in times.astype("datetime64[ms]")]
    for end in (".000", ":00", " 00:00"):
        if not all(text.endswith(end) for text in texts):
            break
        texts = [text.removesuffix(end) for text in texts]
    return texts


def _read(path: Path, known: SeriesColumns, features: int) -> Series:
    """Return the columns of a file that a model takes.

    Raises:
        UserError: if they are not there, or the model takes others than it says.
    """
    table = tables.read(path)
    if known.features != features:
        raise UserError(
            f"{path} does not fit: the model takes {features} features a time step, and says of its columns only "
            f"{known.features}; give it samples as .npy, [n, time steps, {features}], or as a .csv with one in each row"
        )
    found = series.from_table(table, Selection.for_model(known, table))
    return dataclasses.replace(found, values=gaps.fill(found.values, known.fill, ()))


def _calendar(found: Series, known: SeriesColumns, path: Path) -> np.ndarray:
    """Return the calendar of the step after each, ``[n, features]``, as far as the model takes it.

    Raises:
        UserError: if it does, and there are no times.
    """
    if not known.calendar:
        return np.empty((len(found.values), 0))
    if found.times is None or found.step is None:
        raise UserError(
            f"{path} has no column that says when, and the model takes {' and '.join(known.calendar)} as input"
        )
    return calendar.features(found.step.from_each(found.times), known.calendar)
