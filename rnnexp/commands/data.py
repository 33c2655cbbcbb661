"""What is understood of a file or a folder of one's own: the command ``rnnexp data``."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from rnnexp import files
from rnnexp.commands.text import aligned, shown
from rnnexp.config import RegressionConfig
from rnnexp.console import print_lines
from rnnexp.datasets import series
from rnnexp.datasets.overview import ColumnOverview, Gap, SeriesOverview
from rnnexp.datasets.overview.series import Understood, understand
from rnnexp.errors import UserError
from rnnexp.validation import validated

# Of settings, those that decide what is read and how it is divided.
SETTINGS = (
    *("target", "inputs", "time", "resample", "fill", "calendar", "missing", "horizon", "sequence_length"),
    *("normalization", "validation_share", "early_stopping", "seed"),
)
# Of many gaps, the longest.
SHOWN_GAPS = 10


@dataclass
class Options:
    """Show what is understood of a file of your own, before anything is trained on it: columns, time, gaps, windows."""

    file: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="FILE", help="its path, or its name in data/")]
    json: Annotated[tyro.conf.FlagCreatePairsOff[bool], tyro.conf.arg(help="print JSON")] = False
    picture: Annotated[
        Path | None, tyro.conf.arg(metavar="FILE.png", help="draw the data, its gaps and its parts, into this file")
    ] = None


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code.

    Raises:
        UserError: if the file cannot be used as a data set; what was understood of it is printed before.
        SystemExit: after ``--help`` (0), or on a command line that cannot be read (2).
    """
    given = vars(tyro.cli(_options(), prog="rnnexp data", args=arguments))
    file, picture, as_json = given.pop("file"), given.pop("picture"), given.pop("json")
    if picture is not None and picture.suffix.lower() != ".png":
        raise UserError(f"--picture {picture}: the picture is a PNG, so its name must end with .png")
    config = validated(RegressionConfig, {"dataset_name": file, **given}, "the command line")
    found = understand(series.find(file), config)
    overview = found.overview
    if as_json:
        print_lines([json.dumps(dataclasses.asdict(overview), allow_nan=False, ensure_ascii=False)])
    else:
        print_lines(lines(overview))
    if picture is not None and found.series is not None:
        files.write_output(picture, _draw(found))
        if not as_json:
            print_lines(["", f"picture: {picture}"])
    if overview.problem:
        raise UserError(overview.problem)
    return 0


def lines(overview: SeriesOverview) -> Iterator[str]:
    """Put an overview of a series into lines of text."""
    about = [f"{overview.rows:,} rows"]
    if overview.encoding:
        about.append(overview.encoding)
    if overview.separator:
        about.append(f"separated by {overview.separator!r}")
    if not overview.header:
        about.append("no names of columns")
    yield f"{shown(overview.file)}: {', '.join(about)}"
    yield ""
    heading = ("column", "holds", "used as", "smallest", "largest", "missing", "")
    yield from aligned([heading, *map(_row, overview.columns)], right=(3, 4, 5))
    yield ""
    yield from aligned(_facts(overview), right=())
    for note in overview.notes:
        yield shown(f"note: {note}")


def _row(column: ColumnOverview) -> tuple[str, ...]:
    more = list(column.notes)
    if column.different is not None:
        more.insert(0, f"{column.different} different")
    if column.bad:
        more.append(f"{column.bad} cells are no {column.kind}")
    return (
        shown(column.name),
        column.kind,
        column.use,
        *("" if value is None else value if isinstance(value, str) else f"{value:.9g}" for value in _range(column)),
        f"{column.missing:,}" if column.missing else "",
        shown("; ".join(more)),
    )


def _range(column: ColumnOverview) -> tuple[float | str | None, float | str | None]:
    return column.minimum, column.maximum


def _facts(overview: SeriesOverview) -> Iterator[tuple[str, str]]:
    """Say what the columns come to, in pairs of a word and a text."""
    if overview.steps is None:
        return
    clock, cut = overview.clock, overview.windows
    if clock is None:
        yield "time", "the rows follow each other; no column says when they were"
    else:
        step = f", a step is {clock.step}" if clock.step else ""
        yield "time", f"{clock.first} to {clock.last}{step}"
    yield "series", f"{overview.steps:,} time steps"
    yield "gaps", _gaps(overview.gaps)
    if cut is None:
        return
    seasons = ", ".join(f"{period} time steps" for period in cut.seasons)
    yield "seasons", seasons or "none found"
    yield (
        "windows",
        f"of {cut.sequence_length} time steps, {cut.features} features -> {_counted(cut.outputs, 'output')}",
    )
    tested = "" if cut.evaluation_part == "validation part" else f", {cut.evaluation:,} in the {cut.evaluation_part}"
    yield "", f"{cut.train:,} to train on, {cut.validation:,} to validate on{tested}"
    if cut.first_held_out is not None:
        yield "held out", f"from {'' if clock else 'time step '}{cut.first_held_out} on"


def _gaps(gaps: Sequence[Gap]) -> str:
    if not gaps:
        return "none"
    longest = sorted(gaps, key=lambda gap: -gap.steps)[:SHOWN_GAPS]
    places = ", ".join(
        gap.first if gap.steps == 1 else f"{gap.first} to {gap.last} ({gap.steps})"
        for gap in sorted(longest, key=gaps.index)
    )
    more = f", and {len(gaps) - SHOWN_GAPS} shorter ones" if len(gaps) > SHOWN_GAPS else ""
    missing = sum(gap.steps for gap in gaps)
    return f"{_counted(len(gaps), 'gap')}, {_counted(missing, 'time step')} without a value: {places}{more}"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _draw(found: Understood) -> bytes:
    from rnnexp.report import data_plots

    known = found.series
    assert known is not None
    parts = {}
    if found.held_out is not None and found.evaluated is not None:
        parts = {"held out": found.held_out}
        if found.overview.windows and found.overview.windows.evaluation_part == "test part":
            parts["test part"] = found.evaluated
    return data_plots.series(known.names, known.values, known.times, title=Path(found.overview.file).name, parts=parts)


def _options() -> type[Options]:
    """Return the command's options and the settings, with what their model says of them."""
    settings: list[tuple[str, Any, Any]] = [
        (
            name,
            Annotated[setting.annotation, tyro.conf.arg(help=setting.description)],
            dataclasses.field(default=setting.default),
        )
        for name, setting in RegressionConfig.model_fields.items()
        if name in SETTINGS
    ]
    options = dataclasses.make_dataclass("Options", settings, bases=(Options,))
    options.__doc__ = Options.__doc__
    return options
