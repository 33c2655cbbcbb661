"""The figures of a sweep, as SVG and PDF: each axis with error bars, and of several objectives the Pareto front."""

from __future__ import annotations

import io
import itertools
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from rnnexp.experiment.sweep.definition import Definition
from rnnexp.experiment.sweep.space import Axis, Choices, Range, label, shown
from rnnexp.experiment.sweep.statistics import Statistics, Summary
from rnnexp.experiment.sweep.tables import error_name
from rnnexp.report.plots import FONTS, literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# More lines than this cannot be told apart; the others are grey.
MOST_LINES = 7
KINDS = ("svg", "pdf")
# Colours that can be told apart by most people with colour blindness (Okabe and Ito 2008).
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
AXIS_LABELS = {"gap": "int8 gap", "flash": "flash, bytes"}

Picture = dict[str, bytes]


def draw(definition: Definition, statistics: Statistics) -> dict[str, Picture]:
    """Return name -> kind of file -> content."""
    known = [summary for summary in statistics.summaries if summary.estimates]
    if not known:
        return {}
    best = min(statistics.baselines.items(), key=lambda item: item[1], default=None)
    found = {
        f"axis-{axis.name}": _saved(partial(_draw_axis, definition, axis, known, best)) for axis in definition.axes
    }
    pairs = itertools.combinations(definition.objectives, 2)
    for first, second in pairs:
        name = f"pareto-{first}-{second}" if len(definition.objectives) > 2 else "pareto"
        found[name] = _saved(partial(_draw_front, definition, (first, second), known))
    return found


def _saved(draw: Callable[[Axes], object]) -> Picture:
    from matplotlib import font_manager, rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    there = set(font_manager.get_font_names())
    settings: Any = {
        "font.family": [font for font in FONTS if font in there],
        "svg.hashsalt": "rnnexp",
        "svg.fonttype": "none",
    }
    found = {}
    with rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure = Figure(figsize=(6.4, 4.0), layout="constrained")
        FigureCanvasAgg(figure)
        draw(figure.add_subplot())
        for kind in KINDS:
            content = io.BytesIO()
            # Without dates: the same results are the same files.
            figure.savefig(content, format=kind, metadata={"Date" if kind == "svg" else "CreationDate": None})
            found[kind] = content.getvalue()
    return found


def _draw_axis(
    definition: Definition, axis: Axis, known: Sequence[Summary], best: tuple[str, float] | None, axes: Axes
) -> None:
    """Draw the int8 error over an axis's values: a line for what is the same otherwise, bars for 95 % intervals."""
    groups: dict[str, list[Summary]] = {}
    ranges = any(isinstance(other, Range) for other in definition.axes if other is not axis)
    for summary in known:
        others = {name: value for name, value in summary.point.items() if name != axis.name}
        groups.setdefault("" if ranges else label(others) if others else "", []).append(summary)
    numeric = isinstance(axis, Range) or all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in axis.values
    )
    places = {} if numeric or not isinstance(axis, Choices) else {value: n for n, value in enumerate(axis.values)}
    spread = 0.5 / max(len(groups), 1)
    for number, (name, group) in enumerate(groups.items()):
        told = number < MOST_LINES
        shift = 0.0 if numeric else (number - (len(groups) - 1) / 2) * spread
        points = [
            (
                (places[summary.point[axis.name]] + shift) if places else float(summary.point[axis.name] or 0),
                summary.estimates["error"],
            )
            for summary in group
        ]
        points.sort(key=lambda point: point[0])
        axes.errorbar(
            [x for x, _ in points],
            [estimate.mean for _, estimate in points],
            yerr=[estimate.half_width or 0.0 for _, estimate in points],
            label=literal(name or "int8") if told else None,
            color=COLORS[number] if told else "0.7",
            marker="o",
            markersize=4,
            capsize=3,
            linewidth=0 if isinstance(axis, Range) or places else 1,
            elinewidth=1,
            zorder=2 if told else 1,
        )
    if best is not None:
        axes.axhline(best[1], color="0.4", linestyle=":", label=f"best baseline: {literal(best[0])}")
    if places:
        axes.set_xticks(list(places.values()), [literal(shown(value)) for value in places])
        axes.set_xlim(-0.6, len(places) - 0.4)
    elif isinstance(axis, Range) and axis.log:
        axes.set_xscale("log")
    axes.set(xlabel=axis.name, ylabel=f"int8 {error_name(definition.task)}, validation part")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)


def _draw_front(definition: Definition, names: tuple[str, str], known: Sequence[Summary], axes: Axes) -> None:
    """Draw two objectives against each other, and the Pareto front of all objectives."""
    pairs = {on: [item for item in known if item.on_front == on] for on in (False, True)}
    for on, items in pairs.items():
        axes.plot(
            [item.estimates[names[0]].mean for item in items],
            [item.estimates[names[1]].mean for item in items],
            marker="o",
            linestyle="",
            color=COLORS[1] if on else "0.6",
            label="Pareto front" if on else "dominated",
            markersize=6 if on else 4,
        )
    for item in pairs[True][:MOST_LINES]:
        place = (item.estimates[names[0]].mean, item.estimates[names[1]].mean)
        axes.annotate(literal(label(item.point)), place, fontsize=6, xytext=(4, 4), textcoords="offset points")
    errors = {"error": f"int8 {error_name(definition.task)}", "float32": f"float32 {error_name(definition.task)}"}
    x_label, y_label = ({**errors, **AXIS_LABELS}[name] for name in names)
    axes.set(xlabel=x_label, ylabel=y_label)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
