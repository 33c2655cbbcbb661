"""How windows of a series become what a network sees: the input map of their columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from rnnexp.preprocessing.input_map import AsItIs, Columns, InputMap, TrainingRange, WindowRange

Kind = Literal["window", "train", "none"]


@dataclass(frozen=True)
class Normalization:
    """The input map of a series, and what follows from it.

    Attributes:
        input_map: of windows ``[n, time, features]``.
        size: inputs and targets divided by this are about 1 at most.
        text: for people to read.
    """

    input_map: InputMap
    size: float
    text: str


def of_series(
    kind: Kind, known: np.ndarray, windows: np.ndarray, *, targets: int, calendar: int, to: float
) -> Normalization:
    """Return the normalisation that the training part gives.

    Args:
        kind: by each window's own range, by the training part's, or none.
        known: the training part, ``[n, columns]``, NaN where there is none.
        windows: its windows, ``[n, time, columns]``.
        targets: how many columns are predicted, the first ones.
        calendar: how many features from -1 to 1 come after the columns.
        to: where ranges end.
    """
    size = to if kind != "none" else float(np.nanmax(np.abs(known))) or 1.0
    columns = [_column(kind, known[:, place], windows[:, :, place], to) for place in range(known.shape[1])]
    if len(columns) == 1 and not calendar:
        return Normalization(columns[0], size, _text(kind, to, one=True))
    # Sine and cosine have their range, whatever part of a year the training part is.
    cycles: list[AsItIs | TrainingRange | WindowRange] = [TrainingRange(to=size, minimum=-1.0, range=2.0)] * calendar
    return Normalization(Columns(columns=(*columns, *cycles), targets=targets), size, _text(kind, to, one=False))


def _column(kind: Kind, known: np.ndarray, windows: np.ndarray, to: float) -> AsItIs | TrainingRange | WindowRange:
    """Return the map of a column: of its values ``[n]``, and its windows ``[n, time]``, in the training part."""
    if kind == "window":
        typical = float(np.median(np.ptp(windows, axis=1)))
        # A flat window has no range of its own: it gets the training part's typical one.
        return WindowRange(to=to, flat_range=typical if typical > 0 else _range(known))
    if kind == "train":
        return TrainingRange(to=to, minimum=float(np.nanmin(known)), range=_range(known))
    return AsItIs()


def _range(known: np.ndarray) -> float:
    return float(np.nanmax(known) - np.nanmin(known)) or 1.0


def _text(kind: Kind, to: float, *, one: bool) -> str:
    what = "" if one else ", every column by itself"
    return {
        "window": f"each window by its own minimum and maximum to [0, {to:g}]{what}",
        "train": f"all by the training part's minimum and maximum to [0, {to:g}]{what}",
        "none": "none: the values as they are",
    }[kind]
