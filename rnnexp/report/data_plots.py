"""Pictures of data as it was read, as PNG."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rnnexp.report.plots import literal
from rnnexp.report.thinning import extremes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# More points than this cannot be told apart: of each group of neighbours the smallest and the largest are drawn.
SHOWN_POINTS = 4000
# Columns, or classes, and recordings of each, that a picture has room for.
SHOWN_ROWS, SHOWN_RECORDINGS = 8, 5
# For names in Japanese, Chinese or Korean, whichever of these is there.
FONTS = (
    *("Noto Sans CJK JP", "Noto Sans JP", "IPAexGothic", "IPAGothic", "TakaoGothic", "Hiragino Sans", "Yu Gothic"),
    *("MS Gothic", "Noto Sans CJK SC", "Noto Sans CJK KR", "WenQuanYi Zen Hei", "Microsoft YaHei", "Malgun Gothic"),
)


def series(
    names: Sequence[str],
    values: np.ndarray,
    times: np.ndarray | None,
    *,
    title: str,
    parts: Mapping[str, int],
) -> bytes:
    """Draw a series, a row a column, with its gaps shaded and a line where each part begins.

    Args:
        names: of the columns.
        values: ``[n, columns]``, NaN where there is none.
        times: ``[n]`` datetime64, or None.
        title: of the picture.
        parts: name -> number of its first step.
    """
    steps = np.arange(len(values)) if times is None else times
    figure, rows = _figure(min(len(names), SHOWN_ROWS))
    for column, axes in enumerate(rows):
        here = values[:, column]
        shown = extremes(here, SHOWN_POINTS)
        axes.plot(steps[shown], here[shown], linewidth=0.9, color="black")
        edges = np.flatnonzero(np.diff(np.concatenate([[False], np.isnan(here), [False]])))
        for begin, end in edges.reshape(-1, 2):
            # From the last value before to the first after it.
            axes.axvspan(steps[begin - 1], steps[min(end, len(steps) - 1)], color="tab:red", alpha=0.25, linewidth=0)
        for (name, first), colour in zip(parts.items(), ("tab:orange", "tab:blue"), strict=False):
            axes.axvline(steps[first], color=colour, linestyle="--", linewidth=1.0, label=f"{name} from here")
        axes.set_ylabel(literal(names[column]))
        axes.grid(alpha=0.3)
    if parts:
        rows[0].legend(loc="upper left")
    more = f", {len(names) - SHOWN_ROWS} more columns" if len(names) > SHOWN_ROWS else ""
    rows[0].set_title(f"{literal(title)}{more}")
    rows[-1].set_xlabel("row" if times is None else "time")
    return _png(figure)


def recordings(examples: Mapping[str, Sequence[np.ndarray]], *, title: str) -> bytes:
    """Draw some recordings of each class, a row a class, one after the other, with all features in one place.

    Of several features, each is drawn to its own range, since their units need not be the same.

    Args:
        examples: class -> recordings ``[time, features]``.
        title: of the picture.
    """
    shown = [(name, found[:SHOWN_RECORDINGS]) for name, found in list(examples.items())[:SHOWN_ROWS]]
    together = np.concatenate([values for _, found in shown for values in found])
    several = together.shape[1] > 1
    low = np.nanmin(together, axis=0) if several else np.zeros(1)
    width = np.nanmax(together, axis=0) - low if several else np.ones(1)
    figure, rows = _figure(len(shown))
    for (name, found), axes in zip(shown, rows, strict=True):
        begin = 0
        for values in found:
            for feature in range(values.shape[1]):
                here = (values[:, feature] - low[feature]) / (width[feature] or 1.0)
                steps = extremes(here, SHOWN_POINTS)
                axes.plot(begin + steps, here[steps], linewidth=0.8, color=f"C{feature % 10}")
            begin += len(values)
            axes.axvline(begin, color="grey", linewidth=0.8)
        axes.set_ylabel(literal(name))
        axes.set_xlim(0, begin)
        axes.grid(alpha=0.3)
    more = f", {len(examples) - SHOWN_ROWS} more classes" if len(examples) > SHOWN_ROWS else ""
    ranges = ", each feature to its own range" if several else ""
    rows[0].set_title(f"{literal(title)}{ranges}{more}")
    rows[-1].set_xlabel("samples, one recording after the other")
    return _png(figure)


def _figure(rows: int) -> tuple[Figure, list[Axes]]:
    # The object interface: no window system, no global state.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 2.0 + 1.8 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(rows, squeeze=False, sharex=True)[:, 0])


def _png(figure: Figure) -> bytes:
    from matplotlib.font_manager import get_font_names
    from matplotlib.text import Text

    there = set(get_font_names())
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        for text in figure.findobj(Text):
            text.set_fontfamily(["DejaVu Sans", *(name for name in FONTS if name in there)])
        figure.savefig(content, format="png", dpi=110)
    return content.getvalue()
