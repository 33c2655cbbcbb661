"""A series, as it was understood: its file, its columns, its clock, and what would be learned from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from rnnexp.config import RegressionConfig
from rnnexp.datasets import tables
from rnnexp.datasets.checks import checked
from rnnexp.datasets.dataset import Dataset
from rnnexp.datasets.overview.column import ColumnOverview, of_table, when
from rnnexp.datasets.series import KNOWN, Known, Selection, Series, from_table, gaps, time_column, windows
from rnnexp.datasets.series.files import is_shipped
from rnnexp.datasets.tables import Table
from rnnexp.errors import UserError


@dataclass(frozen=True)
class Gap:
    """Time steps without a value, one after the other.

    Attributes:
        first: the first of them: its time, or its number from 1.
        last: the last of them.
        steps: how many.
    """

    first: str
    last: str
    steps: int


@dataclass(frozen=True)
class Clock:
    """When the values are.

    Attributes:
        columns: that say so.
        first: the first time.
        last: the last one.
        step: from one to the next; empty where there are too few to tell.
    """

    columns: tuple[str, ...]
    first: str
    last: str
    step: str


@dataclass(frozen=True)
class Windows:
    """What a run with these settings would learn from, and be judged by.

    Attributes:
        sequence_length: values that a window has of each column.
        features: of a time step.
        outputs: that are predicted.
        train: windows to learn from.
        validation: to watch while learning.
        evaluation: that the figures are of.
        evaluation_part: its name.
        seasons: lengths of the seasons that were found, in time steps.
        first_held_out: the first time step that training does not see: its time, or its number from 1.
    """

    sequence_length: int
    features: int
    outputs: int
    train: int
    validation: int
    evaluation: int
    evaluation_part: str
    seasons: tuple[int, ...]
    first_held_out: str | None


@dataclass(frozen=True)
class SeriesOverview:
    """What was understood; what could not be is absent, and ``problem`` says why.

    Attributes:
        file: its path.
        kind: ``series``.
        encoding: of a text file.
        separator: of a text file's fields; empty where there is one column.
        header: whether columns have names of their own.
        rows: of the file.
        columns: of the file.
        steps: of the series.
        clock: when they are; None where the file does not say so.
        gaps: steps without a value, before any are filled.
        windows: what would be learned from.
        notes: what a reader must know.
        warnings: what is likely to be a mistake.
        problem: why it cannot be used, and what to do.
    """

    file: str
    kind: str
    encoding: str
    separator: str
    header: bool
    rows: int
    columns: tuple[ColumnOverview, ...]
    steps: int | None = None
    clock: Clock | None = None
    gaps: tuple[Gap, ...] = ()
    windows: Windows | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True)
class Understood:
    """The overview, and what a picture is drawn of.

    Attributes:
        overview: what was understood.
        series: the values; None where there is a problem with them.
        held_out: the first time step that training does not see; None where no windows can be cut.
        evaluated: the first that the figures are of.
    """

    overview: SeriesOverview
    series: Series | None = field(default=None, repr=False)
    held_out: int | None = None
    evaluated: int | None = None


def understand(path: Path, config: RegressionConfig) -> Understood:
    """Read a file as a series, as far as it goes.

    Raises:
        UserError: if the file cannot be read at all.
    """
    table = tables.read(path)
    selection = Selection.of(config)
    try:
        time = time_column.find(table, selection.time)
        series = from_table(table, selection)
    except UserError as error:
        return Understood(replace(_file(table, {}), notes=table.notes, problem=str(error)))
    times = () if time is None else time.names
    targets = dict.fromkeys(series.names[: series.targets], "target")
    uses = dict.fromkeys(series.names, "input") | targets | dict.fromkeys(times, "time")
    overview = replace(
        _file(table, uses),
        steps=len(series.values),
        clock=None if series.times is None else _clock(series.times, times, series),
        gaps=tuple(_gaps(series)),
        notes=series.notes,
    )
    known = KNOWN.get(config.dataset_name) if is_shipped(path) else None
    try:
        dataset = checked(windows(series, config, known or Known(path.name, "as in the file")), "regression")
    except UserError as error:
        return Understood(replace(overview, problem=str(error)), series)
    past = next(iter(dataset.pasts), None)
    overview = replace(overview, windows=_windows(dataset, series), notes=dataset.notes, warnings=dataset.warnings)
    return Understood(overview, series, *((past.first_held_out, int(past.evaluated[0])) if past else ()))


def _file(table: Table, uses: Mapping[str, str]) -> SeriesOverview:
    return SeriesOverview(
        file=str(table.path),
        kind="series",
        encoding=table.encoding,
        separator=table.separator,
        header=table.header,
        rows=table.rows,
        columns=of_table(table, uses),
    )


def _clock(times: np.ndarray, columns: tuple[str, ...], series: Series) -> Clock:
    step = "" if series.step is None else str(series.step)
    return Clock(columns, when(times[0]), when(times[-1]), step)


def _gaps(series: Series) -> Iterator[Gap]:
    for begin, end in gaps.runs(np.isnan(series.values).any(axis=1)):
        yield Gap(_step(series, begin), _step(series, end - 1), end - begin)


def _step(series: Series, number: int) -> str:
    """Return a step's time, or its number from 1 where times are not known."""
    return str(number + 1) if series.times is None else when(series.times[number])


def _windows(dataset: Dataset, series: Series) -> Windows:
    past = next(iter(dataset.pasts), None)
    return Windows(
        sequence_length=dataset.train.x.shape[1],
        features=dataset.train.x.shape[2],
        outputs=dataset.outputs,
        train=len(dataset.train),
        validation=len(dataset.validation),
        evaluation=len(dataset.evaluation),
        evaluation_part=dataset.evaluation_part,
        seasons=past.periods if past else (),
        first_held_out=_step(series, past.first_held_out) if past else None,
    )
