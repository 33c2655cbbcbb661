"""Runs in words: a list of them, one by itself, and several beside each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rnnexp.experiment.folder import REPORT
from rnnexp.report import gates
from rnnexp.report import text as words
from rnnexp.report.aligned import aligned, shown
from rnnexp.report.file import read_report
from rnnexp.runs import history
from rnnexp.runs.cleaning import Verdict
from rnnexp.runs.comparison import Comparison
from rnnexp.runs.row import Row
from rnnexp.runs.run import Run

# Of names of folders, which have to be there whole, to be copied.
WIDEST = 90


def table(rows: Sequence[Row], best: str = "") -> Iterator[str]:
    """Put a list of runs into lines.

    Args:
        rows: the runs.
        best: the figure that they are in order of, if they are.
    """
    figures = [best] if best else []
    cells = [["run", "date", "data set", *figures, "figure", "float32", "int8", "gap", "best baseline", "settings"]]
    for row in rows:
        told = [text for text in (settings(row.settings), row.problem) if text]
        cells.append(
            [
                shown(row.run),
                row.date,
                shown(row.dataset),
                *([words.number(row.best)] if best else []),
                row.metric or row.state,
                words.number(row.float32),
                words.number(row.int8),
                "-" if row.gap is None else f"{row.gap:+.2g}",
                words.number(row.baseline),
                shown("; ".join(told)),
            ]
        )
    yield from aligned(cells, right={3, 5, 6, 7, 8} if best else {4, 5, 6, 7}, widest=WIDEST)


def summary(rows: Sequence[Row], best: str, without: int) -> Iterator[str]:
    """Say how many runs there are, of which kinds, and what is to be known of their order."""
    states = Counter(row.state for row in rows)
    yield f"{_counted(len(rows), 'run')}: {', '.join(f'{count} {state}' for state, count in states.items())}"
    if without:
        yield f"{_counted(without, 'run')} without {best} left out"
    names = {row.dataset for row in rows}
    if best and len(names) > 1:
        yield f"these are of {len(names)} data sets: --where dataset_name=NAME compares like with like"


def settings(values: Mapping[str, Any]) -> str:
    """Return settings in a line."""
    return " ".join(f"{name}={_value(value)}" for name, value in values.items())


def show(run: Run) -> Iterator[str]:
    """Put a run into lines.

    Raises:
        UserError: if its report is damaged.
    """
    yield f"{run.folder}: {run.state}"
    if run.problem:
        yield run.problem
    if run.resumable:
        yield f"it can go on: --resume {run.folder}"
    yield ""
    differing = run.differing
    facts = [("begun", f"{run.date:%Y-%m-%d %H:%M:%S}")]
    if run.task:
        facts += [("task", run.task), ("data set", run.dataset), ("stem", run.stem)]
        facts.append(("settings", settings(differing) or "the defaults"))
    automatic = {name: run.settings[name] for name in run.settings if name in run.automatic}
    if automatic:
        facts.append(("automatic", settings(automatic)))
    yield from aligned([(name, shown(text)) for name, text in facts], right=())
    yield ""
    if run.report:
        yield from _results(run)
    else:
        rows = history.read(run.folder)
        if rows:
            yield f"epoch {rows[-1].epoch}: loss {rows[-1].loss:.4g}, validation {rows[-1].val_loss:.4g}"
            yield ""
    there = sorted(path for path in run.folder.rglob("*") if path.is_file() and path.name[0] != ".")
    yield from aligned(
        [(f"{path.stat().st_size:,}", shown(str(path.relative_to(run.folder)))) for path in there], right=0
    )


def _results(run: Run) -> Iterator[str]:
    report = read_report(run.folder / REPORT)
    yield from words.verdict(report)
    headings, rows = words.table(report)
    unit = words.units(report)
    yield f"{report.data.evaluation_part}{unit and f', {unit}'}"
    yield from aligned([headings, *rows], right=range(1, len(headings)))
    cost = report.degradation
    if cost:
        yield f"int8 against float32: gap {cost.gap:+.2g}, that is, {cost.gap_means}"
    yield from gates.describe(report.gates or [])
    yield f"{words.epochs(report.training)}, {report.training.total_seconds:.1f} s in all"
    yield ""


def compare(compared: Comparison) -> Iterator[str]:
    """Put runs beside each other into lines: a column each."""
    runs = compared.runs
    yield from aligned(
        [(f"[{number}]", shown(str(run.folder)), run.problem) for number, run in enumerate(runs, 1)],
        right=(),
        widest=WIDEST,
    )
    yield ""
    heading = [f"[{number}]" for number in range(1, len(runs) + 1)]
    if compared.settings:
        rows = [[name, *(shown(_value(value)) for value in row)] for name, row in compared.settings.items()]
        yield from aligned([["settings that differ", *heading], *rows], right=range(1, len(heading) + 1), widest=WIDEST)
    else:
        yield "no settings differ"
    yield ""
    rows = []
    for name, row in compared.figures.items():
        best = compared.best.get(name)
        marks = ["*" if value is not None and value == best else " " for value in row]
        rows.append([name, *(f"{words.number(value)}{mark}" for value, mark in zip(row, marks, strict=True))])
    if rows:
        columns = [f"{number} " for number in heading]
        yield from aligned([["figures", *columns], *rows], right=range(1, len(heading) + 1), widest=WIDEST)
    if compared.best:
        yield "* the best of these"


def clean(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Say which folders are safe to delete, and which are to stay."""
    for verdict in verdicts:
        run, what = verdict.run, f"kept, since {verdict.kept}" if verdict.kept else "can be deleted"
        yield shown(f"{run.folder}: {run.state}, {verdict.bytes:,} bytes: {what}")
        if run.problem:
            yield shown(f"  {run.problem}")


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(_value, value)) or "none"
    return "none" if value is None else str(value)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
