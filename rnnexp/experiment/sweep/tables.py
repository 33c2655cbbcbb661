"""The table of a sweep, in Markdown and for LaTeX: a row for each combination, and one for each baseline."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rnnexp.experiment.sweep.definition import Definition
from rnnexp.experiment.sweep.space import shown
from rnnexp.experiment.sweep.statistics import Estimate, Statistics, Summary
from rnnexp.printable import printable
from rnnexp.report import markup
from rnnexp.report.aligned import aligned

DASH = "–"
_POWER = re.compile("e([+-][0-9]+)")
# Of LaTeX: letters that mean something there, or look like others in its fonts. A bracket or a star at the beginning
# of a row would be an argument of the row before.
LATEX = {letter: f"\\{letter}" for letter in "&%$#_{}"} | {
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "<": "\\textless{}",
    ">": "\\textgreater{}",
    "|": "\\textbar{}",
    "-": "{-}",
    "[": "{[}",
    "*": "{*}",
    DASH: "--",
}


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        values: of the settings that differ, or of a baseline its name, and nothing.
        cells: estimates, one for each of ``headings``; None for none.
        count: of seeds.
        mark: ``best``, ``default``, ``baseline`` or nothing.
    """

    values: tuple[str, ...]
    cells: tuple[Estimate | None, ...]
    count: int
    mark: str = ""


def error_name(task: str) -> str:
    """Return what errors are."""
    return "error rate" if task == "classification" else "RMSE"


def headings(task: str, statistics: Statistics) -> list[str]:
    """Return the names of the columns of estimates: where data differ, combinations have baselines of their own."""
    error = error_name(task)
    own = [] if statistics.baselines else ["best baseline"]
    return [f"float32 {error}", f"int8 {error}", "gap", "flash bytes", "against default", *own]


def rows(definition: Definition, statistics: Statistics) -> list[Row]:
    """Return the rows: combinations, those of which nothing is known yet aside, and baselines."""
    axes = [axis.name for axis in definition.axes]
    found = [
        Row(
            tuple(shown(summary.point.get(name)) for name in axes),
            _cells(summary, own=not statistics.baselines),
            summary.estimates["error"].count if summary.estimates else 0,
            _mark(summary, statistics),
        )
        for summary in statistics.summaries
        if summary.estimates or summary.failures
    ]
    for name, error in statistics.baselines.items():
        values = (name, *[""] * (len(axes) - 1)) if axes else (name,)
        found.append(Row(values, (Estimate(1, error), None, None, None, None), 0, "baseline"))
    return found


def _cells(summary: Summary, *, own: bool) -> tuple[Estimate | None, ...]:
    """Return a combination's cells, with its own best baseline at the end if asked for."""
    measures = (summary.estimates.get(name) for name in ("float32", "error", "gap", "flash"))
    best = min(summary.baselines.values(), default=None)
    return (*measures, summary.difference, *([None if best is None else Estimate(1, best)] if own else []))


def _mark(summary: Summary, statistics: Statistics) -> str:
    marks = []
    if statistics.chosen and summary.number == statistics.chosen.number:
        marks.append("best")
    if summary.number == statistics.default:
        marks.append("default")
    return ", ".join(marks)


def markdown(definition: Definition, statistics: Statistics, ends: Sequence[str]) -> str:
    """Return the table as Markdown, with what is to be said below it."""
    axes = [axis.name for axis in definition.axes] or ["settings"]
    head = [*axes, "seeds", *headings(definition.task, statistics), ""]
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(axes)}{' ---: |' * (len(head) - len(axes) - 1)} --- |"]
    for row in rows(definition, statistics):
        values = row.values or ("as they are",)
        cells = [cell(found, bracket=True, signed=place in (2, 4)) for place, found in enumerate(row.cells)]
        count = "" if row.mark == "baseline" else str(row.count)
        lines.append(f"| {' | '.join([*map(markup.cell, values), count, *cells, row.mark])} |")
    return "\n".join([*lines, "", *ends]) + "\n"


def plain(definition: Definition, statistics: Statistics) -> list[str]:
    """Return the table as lines of text."""
    axes = [axis.name for axis in definition.axes] or ["settings"]
    lines = [[*axes, "seeds", *headings(definition.task, statistics), ""]]
    for row in rows(definition, statistics):
        cells = [cell(found, signed=place in (2, 4)) for place, found in enumerate(row.cells)]
        count = "" if row.mark == "baseline" else str(row.count)
        lines.append([*(row.values or ("as they are",)), count, *cells, row.mark])
    return list(aligned(lines, range(len(axes), len(lines[0]) - 1)))


def latex(definition: Definition, statistics: Statistics) -> str:
    """Return the table for LaTeX, with the rules of the package booktabs."""
    axes = [axis.name for axis in definition.axes] or ["settings"]
    head = [*axes, "seeds", *headings(definition.task, statistics)]
    lines = [
        "% \\usepackage{booktabs}",
        f"\\begin{{tabular}}{{{'l' * len(axes)}{'r' * (len(head) - len(axes))}}}",
        "\\toprule",
        " & ".join(escaped(name) for name in head) + " \\\\",
        "\\midrule",
    ]
    all_rows = rows(definition, statistics)
    for number, row in enumerate(all_rows):
        if row.mark == "baseline" and all_rows[number - 1].mark != "baseline":
            lines.append("\\midrule")
        values = [escaped(value) for value in row.values or ("as they are",)]
        cells = [_latex_cell(found, signed=place in (2, 4)) for place, found in enumerate(row.cells)]
        if "best" in row.mark:
            values = [f"\\textbf{{{value}}}" if value else "" for value in values]
        lines.append(" & ".join([*values, "" if row.mark == "baseline" else str(row.count), *cells]) + " \\\\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"


def cell(found: Estimate | None, *, bracket: bool = False, signed: bool = False) -> str:
    """Return an estimate as text: the mean, half the interval, and in brackets the standard deviation."""
    if found is None:
        return DASH
    mean = number(found.mean, signed=signed)
    if not found.half_width or found.sd is None:
        return mean
    return f"{mean} ± {number(found.half_width)}" + (f" ({number(found.sd)})" if bracket else "")


def _latex_cell(found: Estimate | None, *, signed: bool) -> str:
    if found is None:
        return "--"
    text = cell(found, signed=signed).replace("±", "\\pm")
    powers = _POWER.sub(lambda power: " \\cdot 10^{" + str(int(power[1])) + "}", text)
    return f"${powers}$"


def number(value: float, *, signed: bool = False) -> str:
    """Return a number to four digits, never in powers of ten where that takes more room."""
    if value and not 1e-4 <= abs(value) < 1e6:
        return f"{value:{'+' if signed else ''}.1e}"
    text = f"{value:{'+' if signed else ''}.4g}"
    return f"{value:{'+' if signed else ''}.0f}" if "e" in text else text


def escaped(value: str) -> str:
    """Return a text as LaTeX has it, in one line."""
    return "".join(LATEX.get(letter, letter) for letter in printable(" ".join(value.split())))
