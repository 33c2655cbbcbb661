"""The numbers in a data set's arrays: that they can be used, are numbers of known classes, and not constant."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rnnexp.datasets.checks.parts import PARTS
from rnnexp.datasets.checks.unfit import UnfitError
from rnnexp.datasets.dataset import IGNORED, Dataset, Split
from rnnexp.network.sampling import spread

# Squares of these, and sums of many, still fit float32.
LARGEST = 1e15
# Of a file that is not in the memory, about so much is read, spread over all rows.
MOST_BYTES = 2**23
CHUNK_BYTES = 2**24
# Of what own units come to: float32's rounding is a thousandth of this.
ROUNDING = 1e-4
# Inputs and targets divided by their scales are about 1 at most; what is this far from it trains badly.
FAR = 100.0


def check(dataset: Dataset) -> list[str]:
    """See that all numbers can be used, and return what a reader of the results must know of them.

    Arrays in memory are looked at as a whole; of larger ones than ``MOST_BYTES`` that are memory-mapped, rows spread
    evenly.

    Raises:
        UnfitError: naming the field, and where in it.
    """
    classes = dataset.task == "classification"
    notes: list[str] = []
    named = [(name, getattr(dataset, name)) for name in PARTS]
    for number, (name, part) in enumerate(named):
        if any(part is before for _, before in named[:number]):
            continue
        largest = finite(f"{name}.x", part.x, ("sequence", "time step", "feature"))
        if part is dataset.train:
            notes += _far("x", largest, "input_scale", dataset.input_scale)
        if classes:
            _labels(f"{name}.y", part.y, dataset)
            continue
        largest = _targets(name, part)
        if part is dataset.train:
            notes += _far("y", largest, "output_scale", dataset.output_scale)
    return [*notes, *(_classes(dataset) if classes else _constant(dataset))]


def finite(field: str, values: np.ndarray, dimensions: tuple[str, ...], largest: float = LARGEST) -> float:
    """See that an array holds nothing but numbers that can be used, and return the largest of them without its sign.

    Args:
        field: its name.
        values: the array.
        dimensions: what they are called, for the message.
        largest: how far from 0 a number may be.

    Raises:
        UnfitError: if not, with the first that is none.
    """
    found = 0.0
    for rows, some in _looked_at(values):
        # Of anything with a NaN in it, both are NaN.
        lowest, highest = float(some.min()), float(some.max())
        if -largest <= lowest and highest <= largest:
            found = max(found, -lowest, highest)
            continue
        place = np.argwhere(~(np.abs(some) <= largest))[0]
        numbers = [int(rows[place[0]]), *map(int, place[1:])]
        where = ", ".join(f"{what} {number + 1}" for what, number in zip(dimensions, numbers, strict=False))
        value = float(some[tuple(place)])
        what = f"{value:g}" if np.isfinite(value) else "no number" if np.isnan(value) else "infinity"
        raise UnfitError(
            f"{field} has {what} ({where}): mend it, or leave the sequence out, when loading; "
            f"numbers lie within +-{largest:g}"
        )
    return found


def _looked_at(values: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield row numbers, and these rows of an array, so that all of it, or enough, is seen."""
    if not values.size:
        return
    row_bytes = max(values[0].nbytes, 1)
    if isinstance(values, np.memmap) and values.nbytes > MOST_BYTES:
        rows = spread(len(values), max(MOST_BYTES // row_bytes, 1))
        yield rows, values[rows]
        return
    step = max(CHUNK_BYTES // row_bytes, 1)
    for begin in range(0, len(values), step):
        some = values[begin : begin + step]
        yield np.arange(begin, begin + len(some)), some


def _labels(field: str, y: np.ndarray, dataset: Dataset) -> None:
    lowest, highest, classes = int(y.min()), int(y.max()), len(dataset.class_names)
    first = IGNORED if dataset.answers == "every step" else 0
    if lowest >= first and highest < classes:
        return
    row = int(np.argwhere((y < first) | (y >= classes))[0][0])
    found = highest if highest >= classes else lowest
    from_1 = "; they seem to begin at 1: subtract 1" if (lowest, highest) == (1, classes) else ""
    ignored = "" if first == 0 else f", or {IGNORED} at steps that do not count"
    raise UnfitError(
        f"{field} has the class number {found} (sequence {row + 1} is the first with one like it), but of the "
        f"{classes} class_names the numbers are 0 to {classes - 1}{ignored}{from_1}"
    )


def _targets(name: str, part: Split) -> float:
    largest = finite(f"{name}.y", part.y, ("sequence", "output"))
    for which in ("offset", "scale"):
        finite(f"{name}.{which}", getattr(part, which), ("sequence", "output"), largest=np.inf)
    if not (part.scale > 0).all():
        row = int(np.argwhere(~(part.scale > 0))[0][0])
        raise UnfitError(
            f"{name}.scale has {part.scale[row].min():g} (sequence {row + 1}), expected positive numbers: what has no "
            "range of its own needs one, such as 1"
        )
    if part.target is None:
        return largest
    finite(f"{name}.target", part.target, ("sequence", "output"), largest=np.inf)
    units = part.to_units(part.y)
    room = ROUNDING * (np.abs(part.offset) + np.abs(part.scale * part.y)) + np.finfo(np.float32).tiny
    off = np.argwhere(np.abs(units - part.target) > room)
    if len(off):
        place = tuple(off[0])
        raise UnfitError(
            f"{name}.target has {part.target[place]:g} (sequence {place[0] + 1}), where offset + scale * y is "
            f"{units[place]:g}: both are the target in the data's own units"
        )
    return largest


def _classes(dataset: Dataset) -> Iterator[str]:
    """Say which classes cannot be learned.

    Raises:
        UnfitError: if there is only one, or none.
    """
    numbers = dataset.train.y[dataset.train.y >= 0]
    if not numbers.size:
        raise UnfitError(f"train.y has nothing but {IGNORED}, which counts nowhere: there is nothing to learn")
    counts = np.bincount(numbers, minlength=len(dataset.class_names))
    present = np.flatnonzero(counts)
    if len(present) == 1 and counts.sum() > 1:
        raise UnfitError(
            f"train.y is constant: all its class numbers are {present[0]} ({dataset.class_names[present[0]]}), and "
            "there is nothing to tell apart; the split may have been made before the classes were mixed"
        )
    absent = [name for name, count in zip(dataset.class_names, counts, strict=True) if not count]
    if absent:
        yield (
            f"The training part has no sequence of {len(absent)} of the {len(counts)} classes, which cannot be "
            f"learned: {', '.join(absent)}."
        )


def _constant(dataset: Dataset) -> Iterator[str]:
    """Say which outputs are the same for all sequences.

    Raises:
        UnfitError: if all are.
    """
    if len(dataset.train) == 1:
        return
    # Of windows normalised by themselves, y alone can be constant where the data is a straight line.
    target = dataset.train.to_units(dataset.train.y) if dataset.train.target is None else dataset.train.target
    constant = np.flatnonzero(np.ptp(target, axis=0) == 0)
    if len(constant) == target.shape[1]:
        raise UnfitError(
            f"train.y is constant: the target is {target[0, 0]:g} in all {len(target)} sequences of the training part, "
            "and there is nothing to learn; choose other data, or another target"
        )
    if len(constant):
        numbers = ", ".join(str(number + 1) for number in constant)
        yield f"In the training part these outputs are constant, and there is nothing to learn of them: {numbers}."


def _far(name: str, largest: float, field: str, scale: float) -> Iterator[str]:
    """Say whether numbers are far from the scale that the network trains at."""
    if largest and not 1 / FAR <= largest / scale <= FAR:
        yield (
            f"train.{name} reaches {largest:g}, but {field} is {scale:g}: training is at its best where their ratio is "
            "about 1."
        )
