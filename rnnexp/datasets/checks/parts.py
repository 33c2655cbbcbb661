"""The arrays of a data set's parts: that they are there, of the right types, and fit each other."""

from __future__ import annotations

import numpy as np

from rnnexp.datasets.checks.unfit import UnfitError, a, array, shape
from rnnexp.datasets.dataset import Dataset, Split

PARTS = ("train", "validation", "evaluation")
INPUTS = "float32, or int16 or float16 of large data"


def check(dataset: Dataset) -> None:
    """See that the arrays of all parts fit each other and the answers; what is in them is not looked at.

    Raises:
        UnfitError: naming the first field that does not.
    """
    for name in PARTS:
        if not isinstance(getattr(dataset, name), Split):
            raise UnfitError(f"{name} is {a(getattr(dataset, name))}, expected a Split")
    for name in PARTS:
        _inputs(name, getattr(dataset, name), dataset.train)
    for name in PARTS:
        part: Split = getattr(dataset, name)
        if dataset.task == "classification":
            _labels(name, part, dataset)
        else:
            _targets(name, part, dataset.outputs)


def _inputs(name: str, part: Split, train: Split) -> None:
    field, x = f"{name}.x", part.x
    array(field, x, kinds="fiub", expected=INPUTS)
    if x.ndim != 3:
        way_out = "; where a time step has one feature, x[:, :, None]" if x.ndim == 2 else ""
        raise UnfitError(f"{field} has the shape {list(x.shape)}, expected [sequences, time steps, features]{way_out}")
    if not x.size:
        raise UnfitError(f"{field} has the shape {list(x.shape)}: there is nothing in it")
    if x.shape[1:] != train.x.shape[1:]:
        steps, features = train.x.shape[1:]
        raise UnfitError(
            f"{field} has the shape {list(x.shape)}, expected [n, {steps}, {features}]: the time steps and features of "
            "train.x"
        )
    if x.dtype not in (np.float32, np.int16, np.float16):
        raise UnfitError(f"{field} is an array of {x.dtype}, expected {INPUTS}: x.astype(np.float32)")


def _labels(name: str, part: Split, dataset: Dataset) -> None:
    field, y, rows, steps = f"{name}.y", part.y, len(part.x), part.x.shape[1]
    array(field, y, kinds="iufb", expected="int32 class numbers")
    if y.dtype != np.int32:
        raise UnfitError(f"{field} is an array of {y.dtype}, expected int32 class numbers: y.astype(np.int32)")
    _as_many(field, y, rows)
    if dataset.answers == "once":
        shape(field, y, (rows,), meaning="a class number for each sequence, as answers is 'once'")
    elif dataset.answers == "every step":
        shape(field, y, (rows, steps), meaning="a class number for each time step, as answers is 'every step'")
    elif y.ndim != 2 or not y.shape[1]:
        raise UnfitError(
            f"{field} has the shape {list(y.shape)}, expected [sequences, steps of the answer], as answers is "
            "'after the sequence'"
        )
    else:
        shape(field, y, (rows, *dataset.train.y.shape[1:]), meaning="as many steps in every answer as in train.y")


def _targets(name: str, part: Split, outputs: int) -> None:
    field, y, rows = f"{name}.y", part.y, len(part.x)
    array(field, y, kinds="fiub", expected="float32 targets")
    _as_many(field, y, rows)
    if y.ndim == 1 and outputs == 1:
        raise UnfitError(
            f"{field} has the shape {list(y.shape)}, expected [sequences, outputs] = {[rows, 1]}: y[:, None]"
        )
    shape(field, y, (rows, outputs), meaning=f"[sequences, outputs], and outputs is {outputs}")
    if y.dtype != np.float32:
        raise UnfitError(f"{field} is an array of {y.dtype}, expected float32 targets: y.astype(np.float32)")
    for which in ("offset", "scale"):
        values = getattr(part, which)
        array(f"{name}.{which}", values, kinds="fiu", expected="floats")
        shapes = [(count, wide) for count in (rows, 1) for wide in (1, outputs)]
        shape(f"{name}.{which}", values, *shapes, meaning="for each sequence, or one for all")
    if part.target is not None:
        array(f"{name}.target", part.target, kinds="fiu", expected="floats")
        shape(f"{name}.target", part.target, y.shape, meaning="the same as y, in the data's own units")


def _as_many(field: str, y: np.ndarray, rows: int) -> None:
    if not y.ndim or len(y) != rows:
        raise UnfitError(
            f"{field} has the shape {list(y.shape)}, but there are {rows} sequences in {field.replace('.y', '.x')}: "
            "both must have as many rows"
        )
