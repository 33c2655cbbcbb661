"""The charts of a sweep's page: the error over each axis with error bars, and the Pareto front."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from rnnexp.experiment.sweep.definition import Definition
from rnnexp.experiment.sweep.space import Axis, Choices, Range, label, shown
from rnnexp.experiment.sweep.statistics import Statistics, Summary
from rnnexp.experiment.sweep.words import measure
from rnnexp.report.page.charts import Chart, Line
from rnnexp.report.page.texts import Text
from rnnexp.report.run_page import words

# More lines than this have no colours of their own; the others are shown on demand.
MOST_LINES = 7
_BARS = Text(
    "Means over seeds with 95 % intervals. The names above show and hide the combinations.",
    "シードについての平均と 95 % 信頼区間です。上の名前を押すと、組み合わせの表示を切り替えられます。",
)


def charts(definition: Definition, statistics: Statistics) -> list[Chart]:
    """Return the charts; none where nothing has come to anything."""
    known = [summary for summary in statistics.summaries if summary.estimates]
    if not known:
        return []
    best = min(statistics.baselines.items(), key=lambda item: item[1], default=None)
    return [*(_axis(definition, axis, known, best) for axis in definition.axes), *_fronts(definition, known)]


def _axis(definition: Definition, axis: Axis, known: Sequence[Summary], best: tuple[str, float] | None) -> Chart:
    """Return the int8 error over an axis's values, a line for what is the same otherwise."""
    numeric = isinstance(axis, Range) or all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in axis.values
    )
    drawn = any(isinstance(other, Range) for other in definition.axes)
    categories = () if numeric or not isinstance(axis, Choices) else axis.values

    def place(summary: Summary) -> float:
        value = summary.point[axis.name]
        return float(categories.index(value) if categories else value or 0)

    found = sorted(known, key=place)
    # Where values are drawn, hardly two combinations are the same in all others: then each has a place of its own.
    places = np.array([place(summary) for summary in found] if drawn else sorted({place(each) for each in found}))
    at = {
        summary.number: n if drawn else int(np.searchsorted(places, place(summary))) for n, summary in enumerate(found)
    }
    groups: dict[str, list[Summary]] = {}
    for summary in found:
        others = {name: value for name, value in summary.point.items() if name != axis.name}
        groups.setdefault("" if drawn or not others else label(others), []).append(summary)
    lines = []
    for number, (name, group) in enumerate(groups.items()):
        means, bars = np.full((2, len(places)), np.nan)
        for summary in group:
            estimate = summary.estimates["error"]
            means[at[summary.number]], bars[at[summary.number]] = estimate.mean, estimate.half_width or 0.0
        joined = numeric and not drawn
        lines.append(Line(Text.same(name or "int8"), means, bars=bars, joined=joined, hidden=number >= MOST_LINES))
    if best is not None:
        named = Text("best baseline: ", "最良のベースライン: ") + words.named(best[0])
        lines.append(Line(named, np.full(len(places), best[1]), strong=True))
    return Chart(
        name=f"axis-{axis.name}",
        title=Text(f"Error over {axis.name}", f"{axis.name} と誤差"),
        x_label=Text.same(axis.name),
        y_label=measure("error", definition.task),
        places=places,
        lines=lines,
        categories=[Text.same(shown(value)) for value in categories] if not drawn else (),
        labels=[Text.same(label(summary.point)) for summary in found] if drawn else (),
        logarithmic_x=isinstance(axis, Range) and axis.log,
        note=_BARS,
    )


def _fronts(definition: Definition, known: Sequence[Summary]) -> Iterator[Chart]:
    """Return pairs of objectives against each other, with what no other combination is better than in all of them."""
    for first, second in itertools.combinations(definition.objectives, 2):
        found = sorted(known, key=lambda summary: summary.estimates[first].mean)
        values = np.array([summary.estimates[second].mean for summary in found])
        on = np.array([summary.on_front for summary in found])
        yield Chart(
            name=f"pareto-{first}-{second}",
            title=Text("Pareto front", "パレートフロント"),
            x_label=measure(first, definition.task),
            y_label=measure(second, definition.task),
            places=np.array([summary.estimates[first].mean for summary in found]),
            lines=[
                Line(Text("dominated", "パレート最適でないもの"), np.where(on, np.nan, values), joined=False),
                Line(Text("Pareto front", "パレート最適"), np.where(on, values, np.nan), joined=False),
            ],
            labels=[Text.same(label(summary.point)) for summary in found],
        )
