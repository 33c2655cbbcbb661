"""The page of a sweep: one HTML file that needs nothing else, with tables that sort and charts that are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from rnnexp.experiment.sweep import tables, words
from rnnexp.experiment.sweep.charts import charts
from rnnexp.experiment.sweep.combination import Combination
from rnnexp.experiment.sweep.definition import Definition
from rnnexp.experiment.sweep.outcome import Failure, Outcome, error_of
from rnnexp.experiment.sweep.places import RUNS
from rnnexp.experiment.sweep.space import shown
from rnnexp.experiment.sweep.statistics import Statistics
from rnnexp.report.page.page import Page
from rnnexp.report.page.table import Cell, Table
from rnnexp.report.page.texts import Text
from rnnexp.report.run_page.words import named
from rnnexp.validation import constant

# What the settings of all trials begin with, where the page names them.
MAIN = ("dataset_name", "epochs", "cell", "hidden_size")


def page(
    name: str,
    definition: Definition,
    statistics: Statistics,
    combinations: Sequence[Combination],
    ends: Sequence[Text],
    runs: Mapping[tuple[int, int], str],
    files: Sequence[str],
) -> Page:
    """Return the page.

    Args:
        name: of the sweep.
        definition: of the sweep.
        statistics: of its trials.
        combinations: with what each seed came to.
        ends: what is to be said of all of it, in sentences.
        runs: combination and seed -> the name of the run's folder, of those that have one.
        files: names of the files beside the page.
    """
    made = Page(Text.same(name))
    axes = [axis.name for axis in definition.axes]
    fixed = ", ".join(
        f"{constant(setting)} = {value}"
        for setting, value in definition.settings.items()
        if setting in MAIN and setting not in axes
    )
    seeds = ", ".join(map(str, definition.seeds))
    made.lead(
        Text(
            f"{definition.combinations} combinations, seeds {seeds}; {definition.task}: {fixed}.",
            f"{definition.combinations} 通りの組み合わせ、シード {seeds}。{definition.task}: {fixed}。",
        )
    )
    made.heading("results", Text("Results", "結果"))
    made.add(_table(definition, statistics, runs))
    made.notes(ends)
    drawn = charts(definition, statistics)
    if drawn:
        made.heading("charts", Text("Charts", "グラフ"))
    for chart in drawn:
        made.add(chart)
    made.heading("trials", Text("Trials", "試行"))
    made.folded(Text("Every trial", "すべての試行"), [_trials(definition, combinations, runs)])
    made.heading("files", Text("Files", "ファイル"))
    made.add(
        Table(
            Text("Files beside this page", "このページと同じフォルダーのファイル"),
            [Text("file", "ファイル")],
            [[Cell(Text.same(file), link=quote(file))] for file in files],
        )
    )
    return made


def _table(definition: Definition, statistics: Statistics, runs: Mapping[tuple[int, int], str]) -> Table:
    """Return the table of combinations and baselines; the best one leads to its run."""
    axes = [axis.name for axis in definition.axes] or ["settings"]
    head = [*axes, "seeds", *tables.headings(definition.task, statistics)]
    best = statistics.chosen
    link = _link(runs, best.number, best.seed) if best else None
    rows, strong = [], set()
    for number, row in enumerate(tables.rows(definition, statistics)):
        baseline = row.mark == "baseline"
        values = [Text.same(value) for value in row.values] or [Text("as they are", "そのまま")]
        if baseline:
            values[0] = named(row.values[0])
        cells = [Cell(value, _number(value.en)) for value in values]
        cells.append(Cell(Text.same("")) if baseline else Cell.number(row.count, str(row.count)))
        for place, found in enumerate(row.cells):
            text = tables.cell(found, bracket=True, signed=place in (2, 4))
            cells.append(Cell.number(None, "-") if found is None else Cell.number(found.mean, text))
        if "best" in row.mark:
            strong.add(number)
        cells.append(Cell(words.mark(row.mark), link=link if "best" in row.mark else None))
        rows.append(cells)
    caption = Text("Means, ± half the 95 % interval, (standard deviation)", "平均、± 95 % 信頼区間の半幅、(標準偏差)")
    headings = [*map(words.heading, head), Text("mark", "印")]
    return Table(caption, headings, rows, frozenset(strong), filtered=True)


def _trials(definition: Definition, combinations: Sequence[Combination], runs: Mapping[tuple[int, int], str]) -> Table:
    """Return the table of all trials; those that have left their files lead to these."""
    axes = [axis.name for axis in definition.axes]
    error = words.error(definition.task)
    headings = [
        *map(words.heading, ("combination", *axes, "seed", "status")),
        Text.same("float32 ") + error,
        Text.same("int8 ") + error,
        words.heading("gap"),
        Text("seconds", "秒"),
    ]
    rows = []
    for combination in combinations:
        for seed, found in combination.results.items():
            cells = [Cell.number(combination.number, str(combination.number))]
            cells += [Cell(Text.same(shown(value)), _number(shown(value))) for value in combination.point.values()]
            cells.append(Cell.number(seed, str(seed)))
            rows.append([*cells, *_came_to(definition.task, found, _link(runs, combination.number, seed))])
    return Table(Text("Trials", "試行"), headings, rows, filtered=True)


def _came_to(task: str, found: Outcome | Failure, link: str | None) -> list[Cell]:
    if isinstance(found, Failure):
        said = words.status("pruned" if found.pruned else "failed") + Text.same(f": {found.message}")
        return [Cell(said), *[Cell.number(None, "-")] * 4]
    figures = [error_of(task, found.float32), error_of(task, found.int8)]
    return [
        Cell(words.status("done"), link=link),
        *(Cell.number(value, tables.number(value)) for value in figures),
        Cell.number(found.gap, tables.number(found.gap, signed=True)),
        Cell.number(found.seconds, f"{found.seconds:.1f}"),
    ]


def _link(runs: Mapping[tuple[int, int], str], combination: int, seed: int) -> str | None:
    """Return where the page of a trial's run is; None where it has left none."""
    run = runs.get((combination, seed))
    return f"{RUNS}/{quote(run)}/report.html" if run else None


def _number(text: str) -> float | None:
    """Return what a value sorts by, if it is a number."""
    try:
        return float(text)
    except ValueError:
        return None
