"""How windows of a series become what a network sees: the input map of their columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from rnnexp.preprocessing.input_map import Columns, InputMap
from rnnexp.preprocessing.numeric_maps import (
    AsItIs,
    Change,
    ColumnMap,
    Difference,
    TrainingRange,
    WindowChange,
    WindowDifference,
    WindowRange,
    changes,
)

Kind = Literal["window", "train", "difference", "window-difference", "change", "window-change", "none"]
# Those whose targets are differences from the last value.
FROM_LAST: tuple[Kind, ...] = ("difference", "window-difference", "change", "window-change")

# Of differences, what int8 has room for besides those of the training part.
LEAST_GROWTH, MOST_GROWTH = 1.25, 3.0


@dataclass(frozen=True)
class Kinds:
    """How columns are normalised.

    Attributes:
        targets: those that are predicted.
        inputs: those that come along.
        season: of differences: the time steps after which targets repeat, if their change since then is to be learned.
    """

    targets: Kind
    inputs: Kind
    season: int | None = None

    @property
    def from_last(self) -> bool:
        """Whether targets are differences, of which 0 stands for a naive forecast."""
        return self.targets in FROM_LAST

    def __str__(self) -> str:
        """Return it in a word or two."""
        season = f", season {self.season}" if self.season else ""
        return self.targets + season + (f", inputs {self.inputs}" if self.inputs != self.targets else "")


@dataclass(frozen=True)
class Normalization:
    """The input map of a series, and what follows from it.

    Attributes:
        input_map: of windows ``[n, time, features]``.
        size: inputs divided by this are about 1 at most.
        text: for people to read.
    """

    input_map: InputMap
    size: float
    text: str


def of_series(
    kinds: Kinds, known: np.ndarray, windows: np.ndarray, *, targets: int, calendar: int, to: float
) -> Normalization:
    """Return the normalisation that the training part gives.

    Args:
        kinds: of the columns.
        known: the training part, ``[n, columns]``, NaN where there is none.
        windows: its windows, ``[n, time, columns]``.
        targets: how many columns are predicted, the first ones.
        calendar: how many features from -1 to 1 come after the columns.
        to: where ranges end.
    """
    as_they_are = {kinds.targets, kinds.inputs} == {"none"}
    size = (float(np.nanmax(np.abs(known))) or 1.0) if as_they_are else to
    one = known.shape[1] == 1 and not calendar
    columns = [
        column(
            kinds.targets if place < targets else kinds.inputs,
            known[:, place],
            windows[:, :, place],
            to,
            beside_differences=kinds.from_last and not one,
        )
        for place in range(known.shape[1])
    ]
    if kinds.season is not None:
        columns[:targets] = [each.model_copy(update={"season": kinds.season}) for each in columns[:targets]]
    text = _text(kinds, to, one=one)
    if one:
        return Normalization(columns[0], size, text)
    # Sine and cosine have their range, whatever part of a year the training part is.
    cycle = (0.0, 1.0) if kinds.from_last else (-1.0, 2.0)
    cycles: list[ColumnMap] = [TrainingRange(to=size, minimum=cycle[0], range=cycle[1])] * calendar
    return Normalization(Columns(columns=(*columns, *cycles), targets=targets), size, text)


def column(
    kind: Kind, known: np.ndarray, windows: np.ndarray, to: float, *, beside_differences: bool = False
) -> ColumnMap:
    """Return the map of a column.

    Args:
        kind: how it is normalised.
        known: its values in the training part, ``[n]``.
        windows: its windows there, ``[n, time]``.
        to: where ranges end.
        beside_differences: whether it is one of several, of which some are differences. Then the largest that is
            expected of each becomes ``to``, or ``-to``: int8 has one scale for all of them, and what is small beside
            others would have but a few codes.
    """
    if kind == "train":
        low, width = float(np.nanmin(known)), _range(known)
        # Differences have both signs: beside them, so has this.
        low, width = (low + width / 2, width / 2) if beside_differences else (low, width)
        return TrainingRange(to=to, minimum=low, range=width)
    if kind == "none":
        return AsItIs()
    steps = np.abs(changes(windows[:, :, None])[:, :, 0])
    if kind in ("difference", "change"):
        sizes = steps if kind == "change" else np.abs(windows - windows[:, -1:])
        typical = 2 * float(np.sqrt(np.mean(sizes**2)))
        expected = (_growth(sizes) * float(sizes.max()) if beside_differences else typical) or 1.0
        return Change(to=to, range=expected) if kind == "change" else Difference(to=to, range=expected)
    if kind == "window-change":
        typical = float(np.median(steps.max(axis=1)))
        return WindowChange(to=to, flat_range=typical if typical > 0 else _range(known))
    typical = float(np.median(np.ptp(windows, axis=1)))
    # A flat window has no range of its own: it gets the training part's typical one.
    flat_range = typical if typical > 0 else _range(known)
    if kind == "window":
        return WindowRange(to=to, flat_range=flat_range)
    return WindowDifference(to=to, flat_range=flat_range)


def grown(x: np.ndarray, input_map: InputMap) -> np.ndarray | None:
    """Return windows of the training part as they may come, for int8 to cover: with larger differences.

    A series whose differences grow goes on to. They are expected to grow by as much again as from the first half of
    the training part to the whole of it.

    Args:
        x: the windows, as the network sees them, ``[n, time, features]``, in time order.
        input_map: how they were made.

    Returns:
        The same shape; None where nothing is a difference.
    """
    columns = input_map.columns if isinstance(input_map, Columns) else (input_map,)
    places = [place for place, each in enumerate(columns) if isinstance(each, Difference | Change)]
    if not places:
        return None
    larger = x.copy()
    for place in places:
        larger[:, :, place] *= _growth(np.abs(x[:, :, place]))
    return larger


def _growth(sizes: np.ndarray) -> float:
    """Return by how much the sizes of differences ``[n, time]`` are expected to grow."""
    largest = sizes.max(axis=1)
    before = float(largest[: (len(sizes) + 1) // 2].max())
    growth = float(largest.max()) / before if before > 0 else MOST_GROWTH
    return min(max(growth, LEAST_GROWTH), MOST_GROWTH)


def _range(known: np.ndarray) -> float:
    return float(np.nanmax(known) - np.nanmin(known)) or 1.0


def _text(kinds: Kinds, to: float, *, one: bool) -> str:
    largest = "twice their root mean square in" if one else "the largest that are expected after"
    texts = {
        "window": f"each window by its own minimum and maximum to [0, {to:g}]",
        "train": f"all by the training part's minimum and maximum to [{-to if kinds.from_last else 0:g}, {to:g}]",
        "difference": f"differences from the window's last value, {to:g} for {largest} the training part",
        "window-difference": f"differences from the window's last value, {to:g} for the window's own range",
        "change": f"changes from each time step to the next, {to:g} for {largest} the training part",
        "window-change": f"changes from each time step to the next, {to:g} for the window's own largest one",
        "none": "none: the values as they are",
    }
    text = texts[kinds.targets]
    if kinds.season:
        text += f"; predicted is the change since the last season, {kinds.season} steps, beyond that of the last value"
    if one:
        return text
    text += "" if kinds.targets == "none" else ", every column by itself"
    return text if kinds.inputs == kinds.targets else f"{text}; further inputs: {texts[kinds.inputs]}"
