"""What was understood of data, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rnnexp.datasets.overview import ClassOverview, ColumnOverview, Gap, RecordingsOverview, SeriesOverview
from rnnexp.report.aligned import aligned, shown

# Of many gaps, the longest; of many groups and names, the first.
SHOWN_GAPS, SHOWN_GROUPS = 10, 12


def lines(overview: SeriesOverview | RecordingsOverview) -> Iterator[str]:
    """Put an overview into lines of text."""
    yield from _series(overview) if isinstance(overview, SeriesOverview) else _recordings(overview)
    for note in overview.notes:
        yield shown(f"note: {note}")
    for warning in overview.warnings:
        yield shown(f"WARNING: {warning}")


def _series(overview: SeriesOverview) -> Iterator[str]:
    about = [_counted(overview.rows, "row")]
    if overview.encoding:
        about.append(overview.encoding)
    if overview.separator:
        about.append(f"separated by {overview.separator!r}")
    if not overview.header:
        about.append("no names of columns")
    yield f"{shown(overview.file)}: {', '.join(about)}"
    yield ""
    heading = ("column", "holds", "used as", "smallest", "largest", "missing", "")
    yield from aligned([heading, *map(_column, overview.columns)], right=(3, 4, 5))
    yield ""
    yield from aligned(_series_facts(overview), right=())


def _column(column: ColumnOverview) -> tuple[str, ...]:
    more = list(column.notes)
    if column.different is not None:
        more.insert(0, f"{column.different} different")
    if column.bad:
        more.append(f"{_counted(column.bad, 'cell')} of another kind")
    return (
        shown(column.name),
        column.kind,
        column.use,
        *(_number(value) for value in (column.minimum, column.maximum)),
        f"{column.missing:,}" if column.missing else "",
        shown("; ".join(more)),
    )


def _series_facts(overview: SeriesOverview) -> Iterator[tuple[str, str]]:
    """Say what the columns come to, in pairs of a word and a text."""
    if overview.steps is None:
        return
    clock, cut = overview.clock, overview.windows
    if clock is None:
        yield "time", "the rows follow each other; no column says when they were"
    else:
        step = f", a step is {clock.step}" if clock.step else ""
        yield "time", f"{clock.first} to {clock.last}{step}"
    yield "series", _counted(overview.steps, "time step")
    yield "gaps", _gaps(overview.gaps)
    if cut is None:
        return
    yield "seasons", ", ".join(f"{period} time steps" for period in cut.seasons) or "none found"
    shape = f"{_counted(cut.features, 'feature')} -> {_counted(cut.outputs, 'output')}"
    yield "windows", f"of {_counted(cut.sequence_length, 'time step')}, {shape}"
    yield "", _parts(cut.train, cut.validation, cut.evaluation, cut.evaluation_part)
    if cut.first_held_out is not None:
        yield "held out", f"from {'' if clock else 'time step '}{cut.first_held_out} on"


def _gaps(gaps: Sequence[Gap]) -> str:
    if not gaps:
        return "none"
    longest = sorted(range(len(gaps)), key=lambda number: -gaps[number].steps)[:SHOWN_GAPS]
    places = ", ".join(
        gap.first if gap.steps == 1 else f"{gap.first} to {gap.last} ({gap.steps})"
        for gap in (gaps[number] for number in sorted(longest))
    )
    more = f", and {len(gaps) - SHOWN_GAPS} no longer ones" if len(gaps) > SHOWN_GAPS else ""
    missing = sum(gap.steps for gap in gaps)
    return f"{_counted(len(gaps), 'gap')}, {_counted(missing, 'time step')} without a value: {places}{more}"


def _recordings(overview: RecordingsOverview) -> Iterator[str]:
    yield f"{shown(overview.file)}: {_counted(overview.recordings, 'recording')}, {overview.form}"
    yield ""
    if overview.classes:
        last = "test" if overview.sequences and overview.sequences.evaluation_part == "test part" else ""
        heading = ("class", "recordings", "train", "validation", last)
        rows = [_class(entry, tested=bool(last)) for entry in overview.classes]
        width = len(heading) if overview.sequences else 2
        yield from aligned([row[:width] for row in (heading, *rows)], right=(1, 2, 3, 4))
        yield ""
    yield from aligned(_recordings_facts(overview), right=())


def _class(entry: ClassOverview, *, tested: bool) -> tuple[str, ...]:
    counts = (entry.train, entry.validation, entry.evaluation if tested else None)
    return (shown(entry.name), f"{entry.recordings:,}", *("" if count is None else f"{count:,}" for count in counts))


def _recordings_facts(overview: RecordingsOverview) -> Iterator[tuple[str, str]]:
    """Say what the recordings come to, in pairs of a word and a text."""
    names = f": {', '.join(overview.feature_names[:SHOWN_GROUPS])}" if overview.feature_names else ""
    yield "features", shown(f"{overview.features}{names}")
    low, middle, high = (f"{size:,.9g}" for size in vars(overview.lengths).values())
    rate = f", {overview.sample_rate:,} a second" if overview.sample_rate else ""
    yield "lengths", (f"{low} samples{rate}" if low == high else f"{low} to {high} samples, median {middle}{rate}")
    if overview.target:
        low, middle, high = (f"{value:.6g}" for value in vars(overview.target).values())
        yield "target", f"{low} to {high}, median {middle}"
    if overview.missing:
        yield "missing", _counted(overview.missing, "value")
    for name, count in overview.columns.items():
        yield "column", shown(f"{name}: {count} different")
    if overview.groups:
        shown_groups = [f"{name} ({count})" for name, count in list(overview.groups.items())[:SHOWN_GROUPS]]
        more = f" and {len(overview.groups) - SHOWN_GROUPS} more" if len(overview.groups) > SHOWN_GROUPS else ""
        yield "groups", shown(f"{len(overview.groups)}: {', '.join(shown_groups)}{more}")
    cut = overview.sequences
    if cut is None:
        return
    together = f" ({cut.samples_per_step} samples each)" if cut.samples_per_step > 1 else ""
    shape = f"{_counted(cut.features, 'feature')} -> {_counted(cut.outputs, 'output')}"
    yield "sequences", f"of {_counted(cut.steps, 'time step')}{together}, {shape}"
    yield "", _parts(cut.train, cut.validation, cut.evaluation, cut.evaluation_part)


def _parts(train: int, validation: int, evaluation: int, evaluation_part: str) -> str:
    tested = "" if evaluation_part == "validation part" else f", {evaluation:,} in the {evaluation_part}"
    return f"{train:,} to train on, {validation:,} to validate on{tested}"


def _number(value: float | str | None) -> str:
    return "" if value is None else value if isinstance(value, str) else f"{value:.9g}"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
