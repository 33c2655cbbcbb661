"""The choice among ways of normalising a series: by how well a linear model predicts with each, in int8."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rnnexp.datasets.support.normalization import Kind, Kinds, column, grown
from rnnexp.datasets.support.ridge import ridge
from rnnexp.preprocessing.input_map import Columns
from rnnexp.preprocessing.numeric_maps import ColumnMap, Difference
from rnnexp.quantization.headroom import Headroom, expected_error, input_limits
from rnnexp.quantization.scales import affine, widened

# What targets, and further inputs, are tried with.
TARGETS: tuple[Kind, ...] = ("difference", "window-difference", "window")
INPUTS: tuple[Kind, ...] = ("train", "difference")
# What says the same in changes from step to step, of which each has more codes: tried where 8 bits are too few.
IN_CHANGES: dict[Kind, Kind] = {"difference": "change", "window-difference": "window-change", "window": "window-change"}
# Each fold learns from the windows up to a share of them, and predicts the next windows.
FOLDS = (0.4, 0.55, 0.7, 0.85)
FOLD = 0.15
# The first way is taken unless another has an error less by this share: smaller differences are chance.
ADVANTAGE = 0.03
# Rounding to 8 bits may add this share to the mean squared error, 0.5 % of its root, before changes are tried.
LOST_SHARE = 0.01
# Windows that are looked at, at most: the last ones.
MOST_WINDOWS = 4096
# A season is worth a naive forecast of its own where it has less than this of the error of the last value.
SEASON_SHARE = 0.75


def choose(windows: np.ndarray, targets: np.ndarray, *, columns: int, predicted: int) -> Kinds:
    """Return how the columns of a series are best normalised, of those ways that are tried.

    Nothing but windows of the training part is looked at. On rolling folds of them a ridge regression learns, and
    predicts from codes of 8 bits in codes of 8 bits, as the int8 model will: what the range of the training part does
    not hold is cut off. Each fold's mean squared error counts as a share of that of the last value. Where rounding
    makes the best way worse than it is without, changes from step to step are tried in its place.

    Args:
        windows: of the training part, in time order, ``[n, time, features]``: columns, then what needs no choice.
        targets: what comes after them, ``[n, outputs]``.
        columns: how many columns there are.
        predicted: how many of them are predicted, the first ones.
    """
    windows, targets = windows[-MOST_WINDOWS:], targets[-MOST_WINDOWS:]
    folds = list(_folds(len(windows)))
    inputs = INPUTS if columns > predicted else INPUTS[:1]
    tried = [Kinds(kind, other) for kind, other in itertools.product(TARGETS, inputs)]

    def errors(kinds: Kinds) -> Errors:
        each = [_errors(kinds, windows, targets, fold, columns, predicted) for fold in folds]
        return Errors(sum(found.exact for found in each), sum(found.rounded for found in each))

    first, *others = tried
    best, least = first, errors(first)
    wanted = (1 - ADVANTAGE) * least.rounded
    for kinds in others:
        if (found := errors(kinds)).rounded < wanted:
            best, least, wanted = kinds, found, found.rounded
    if least.rounded > (1 + LOST_SHARE) * least.exact:
        for kinds in [Kinds(IN_CHANGES[best.targets], other) for other in (*inputs, "change")]:
            if (found := errors(kinds)).rounded < least.rounded:
                best, least = kinds, found
    return best if columns > predicted else Kinds(best.targets, best.targets)


def season(windows: np.ndarray, targets: np.ndarray, periods: tuple[int, ...]) -> int | None:
    """Return the season whose repetition is a much better forecast of one column than its last value, if there is one.

    Args:
        windows: of the training part, ``[n, time, features]``, the column first.
        targets: ``[n, outputs]``.
        periods: the seasons that it may have, in time steps.
    """

    def error(period: int | None) -> float:
        naive, _ = Difference(to=1.0, range=1.0, season=period).target_scaling(windows, targets.shape[1])
        return float(np.sqrt(np.mean((targets - naive) ** 2)))

    known = [period for period in periods if period < windows.shape[1]]
    best = min(known, key=error, default=None)
    return best if best is not None and error(best) < SEASON_SHARE * error(None) else None


def _folds(count: int) -> Iterator[tuple[int, int]]:
    """Return how many windows each fold learns from, and where those that it predicts end."""
    for share in FOLDS:
        begin, end = int(share * count), min(int((share + FOLD) * count) + 1, count)
        if begin >= 2 and end > begin:
            yield begin, end


@dataclass(frozen=True)
class Errors:
    """Mean squared errors of predictions, as shares of the last value's.

    Attributes:
        exact: in real numbers.
        rounded: in codes.
    """

    exact: float
    rounded: float


def _errors(
    kinds: Kinds, windows: np.ndarray, targets: np.ndarray, fold: tuple[int, int], columns: int, predicted: int
) -> Errors:
    """Return the errors of a fold's predictions."""
    begin, end = fold
    known = windows[:begin]
    beside = kinds.from_last and windows.shape[2] > 1
    ways: list[Kind] = [kinds.targets] * predicted + [kinds.inputs] * (columns - predicted)
    ways += ["train"] * (windows.shape[2] - columns)
    maps: list[ColumnMap] = [
        column(kind, known[:, :, place], known[:, :, place], 1.0, beside_differences=beside)
        for place, kind in enumerate(ways)
    ]
    input_map = Columns(columns=tuple(maps), targets=predicted)
    offset, scale = input_map.scaling(windows[:end])
    target_offset, target_scale = input_map.target_scaling(windows[:end], targets.shape[1])
    x, y = (windows[:end] - offset) / scale, (targets[:end] - target_offset) / target_scale

    def flat(x: np.ndarray) -> np.ndarray:
        return x.reshape(len(x), -1)

    model = ridge(flat(x[:begin]), y[:begin])

    def predict(x: np.ndarray) -> np.ndarray:
        return model.predict(flat(x))

    seen = x[:begin] if (larger := grown(x[:begin], input_map)) is None else np.concatenate([x[:begin], larger])
    limits, learned = (float(seen.min()), float(seen.max())), predict(seen)
    off = expected_error(predict(x[:begin]) - y[:begin])
    if kinds.from_last:
        limits = input_limits(limits, predict, x[:begin], off)
    inputs = affine(limits, "input")
    made_limits = float(learned.min()), float(learned.max())
    room = Headroom(float(off.min()), grown=larger is not None)
    outputs = affine(widened(made_limits, room.margin(made_limits)), "output")
    wanted = targets[begin:end]
    last = np.tile(windows[begin:end, -1, :predicted], targets.shape[1] // predicted)
    scale = np.broadcast_to(target_scale, (end, targets.shape[1]))[begin:]
    offset = np.broadcast_to(target_offset, (end, targets.shape[1]))[begin:]

    def error(made: np.ndarray) -> float:
        return float(np.mean((wanted - offset - scale * made) ** 2))

    exact = error(predict(x[begin:]))
    rounded = error(outputs.decode(outputs.encode(predict(inputs.decode(inputs.encode(x[begin:]))))))
    persistence = float(np.mean((wanted - last) ** 2))
    if persistence > 0:
        return Errors(exact / persistence, rounded / persistence)
    return Errors(float(exact > 0), float(rounded > 0))
