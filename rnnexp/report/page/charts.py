"""Curves of a page, which its script draws, zooms and reads at the cursor; a table has their main figures too."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnexp.report.page.table import Cell, Table
from rnnexp.report.page.texts import Text
from rnnexp.report.thinning import extremes

# Numbers of a chart, about, at most; of more, neighbours are thinned out to their smallest and largest.
MOST_NUMBERS = 20_000
# Digits of the range of a line, beyond which none can be seen.
DIGITS = 5


@dataclass(frozen=True)
class Line:
    """A curve of a chart.

    Attributes:
        name: in the legend.
        values: ``[n]``, NaN where there is none.
        strong: whether it is what the others are compared with.
        hidden: whether it is shown on demand.
        bars: ``[n]``, half the length of an error bar at each value, 0 or NaN where there is none; None for no bars.
        joined: whether a line goes through the values; else each stands by itself.
    """

    name: Text
    values: np.ndarray
    strong: bool = False
    hidden: bool = False
    bars: np.ndarray | None = None
    joined: bool = True


@dataclass(frozen=True)
class Chart:
    """Curves over the same places.

    Attributes:
        name: of the element, one word, no other's on the page.
        title: what it shows.
        x_label: of the axis along.
        y_label: of the axis up.
        places: of all values, ``[n]``, none before another: numbers, or times as datetime64.
        lines: the curves.
        categories: names of the places, which are then 0, 1, ...; none for numbers and times.
        labels: what each place is called where it is read; none for its number, time or category.
        logarithmic: whether the axis up is, as far as all values are positive.
        logarithmic_x: whether the axis along is; all places are positive then.
        limits: what the axis up shows at most, though values may go beyond.
        band: from where to where the chart is shaded, and why.
        note: what is to be known of it.
    """

    name: str
    title: Text
    x_label: Text
    y_label: Text
    places: np.ndarray
    lines: Sequence[Line]
    categories: Sequence[Text] = ()
    labels: Sequence[Text] = ()
    logarithmic: bool = False
    logarithmic_x: bool = False
    limits: tuple[float, float] | None = None
    band: tuple[int, int, Text] | None = None
    note: Text | None = None

    @property
    def html(self) -> str:
        """The chart as HTML: what the script draws, and a table of it."""
        shown = self._shown()
        notes = [self.note] if self.note else []
        if len(shown) < len(self.places):
            notes.append(
                Text(
                    f"{len(shown):,} of {len(self.places):,} points: of each group of neighbours, the smallest and "
                    "largest values.",
                    f"{len(self.places):,} 点のうち {len(shown):,} 点を表示しています "
                    "(隣り合う点のまとまりごとの最小値と最大値)。",
                )
            )
        described = "".join(f'<p class="note">{note.html}</p>' for note in notes)
        # Within a script, nothing but its end is markup.
        content = json.dumps(self._content(shown), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
        needed = Text("The curves need JavaScript.", "グラフの表示には JavaScript が必要です。")
        return (
            f'<figure class="chart" id="{self.name}"><figcaption id="{self.name}-title">{self.title.html}</figcaption>'
            f'{described}<div class="plot" role="application" tabindex="0" aria-labelledby="{self.name}-title" '
            f'aria-describedby="chart-keys"><noscript>{needed.html}</noscript></div>'
            f'<script type="application/json">{content}</script>'
            f"<details><summary>{Text('In figures', '数値で見る').html}</summary>{self._table().html}</details>"
            "</figure>"
        )

    @property
    def _times(self) -> bool:
        return bool(np.issubdtype(self.places.dtype, np.datetime64))

    def _shown(self) -> np.ndarray:
        if self.categories or self.labels:
            return np.arange(len(self.places))
        together = np.stack([np.asarray(line.values, np.float64) for line in self.lines], axis=1)
        return extremes(together, MOST_NUMBERS // len(self.lines))

    def _content(self, shown: np.ndarray) -> dict[str, Any]:
        """Return the chart as the script takes it."""
        places = self.places.astype("datetime64[ms]").astype(np.int64) if self._times else self.places
        if self.logarithmic_x:
            places = np.log10(places)
        positive = all(bool(np.all(line.values[np.isfinite(line.values)] > 0)) for line in self.lines)
        logarithmic = self.logarithmic and positive
        found: dict[str, Any] = {
            "x": {
                "label": self.x_label.to_json(),
                "time": self._times,
                "log": self.logarithmic_x,
                "names": [name.to_json() for name in self.categories],
                "labels": [name.to_json() for name in self.labels],
            },
            "y": {"label": self.y_label.to_json(), "log": logarithmic, "limits": self.limits},
            "at": places[shown].tolist(),
            "lines": [self._line(line, shown, logarithmic) for line in self.lines],
        }
        if self.band:
            begin, end, name = self.band
            found["band"] = {"from": places[begin].item(), "to": places[end].item(), "name": name.to_json()}
        return found

    def _line(self, line: Line, shown: np.ndarray, logarithmic: bool) -> dict[str, Any]:
        """Return a line as the script takes it."""
        found: dict[str, Any] = {
            "name": line.name.to_json(),
            "strong": line.strong,
            "hidden": line.hidden,
            "joined": line.joined,
            "values": list(_short(np.asarray(line.values, np.float64)[shown], logarithmic)),
        }
        if line.bars is not None:
            found["bars"] = list(_short(np.asarray(line.bars, np.float64)[shown], logarithmic=True))
        return found

    def _table(self) -> Table:
        """Return each line's first, last, smallest and largest value, and where these are."""
        rows = []
        for line in self.lines:
            there = np.flatnonzero(np.isfinite(line.values))
            if not len(there):
                continue
            values = line.values[there]
            where = {
                "first": there[0],
                "last": there[-1],
                "smallest": there[values.argmin()],
                "largest": there[values.argmax()],
            }
            cells = [
                Cell(
                    Text.same(f"{line.values[place]:.5g} (") + self._named(int(place)) + Text.same(")"),
                    float(line.values[place]),
                )
                for place in where.values()
            ]
            rows.append([Cell(line.name), *cells])
        headings = [
            Text.same(""),
            Text("first", "最初"),
            Text("last", "最後"),
            Text("smallest", "最小"),
            Text("largest", "最大"),
        ]
        where_they_are = Text(f" (in brackets: {self.x_label.en})", f" (括弧内: {self.x_label.ja})")
        return Table(self.title + where_they_are, headings, rows)

    def _named(self, place: int) -> Text:
        """Return where a value is, in words."""
        names = self.labels or self.categories
        return names[place] if names else Text.same(self._number(place))

    def _number(self, place: int) -> str:
        """Return a number or a time of the axis along."""
        found = self.places[place]
        if not self._times:
            return f"{found:g}" if isinstance(found, np.floating) else str(found)
        whole_days = bool(np.all(self.places == self.places.astype("datetime64[D]")))
        return str(found.astype("datetime64[D]" if whole_days else "datetime64[s]")).replace("T", " ")


def _short(values: np.ndarray, logarithmic: bool) -> Iterator[float | None]:
    """Return numbers with as many digits as can be seen; None where there is none."""
    finite = values[np.isfinite(values)]
    width = float(np.ptp(finite)) if len(finite) else 0.0
    places = DIGITS - math.floor(math.log10(width)) if width > 0 else None
    for value in values.tolist():
        if not math.isfinite(value):
            yield None
        elif logarithmic or places is None:
            yield float(f"{value:.{DIGITS + 1}g}")
        else:
            yield round(value, places)
