"""Samples of the user's own in NumPy's files: numbers ``[n, time, features]``, or words ``[n, time]``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rnnexp import numpy_files
from rnnexp.commands.windows import Samples, read_windows
from rnnexp.errors import UserError
from rnnexp.formats.npz import arrays
from rnnexp.preprocessing.series_columns import SeriesColumns


def read_array(path: Path) -> np.ndarray:
    """Return the numbers in a .npy file as float64.

    Raises:
        UserError: if it holds something else.
    """
    try:
        values = numpy_files.load(path)
    except numpy_files.UnreadableError as error:
        raise UserError(f"{path} cannot be read as .npy: {error}") from None
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "iufb":
        raise UserError(f"{path} does not hold an array of numbers")
    return values.astype(np.float64)


def read_npy(path: Path, steps: int, features: int, *, columns: SeriesColumns | None = None) -> Samples:
    """Return the samples of a .npy file, or all windows of the series that it is.

    Args:
        path: of the file.
        steps: of a sample.
        features: of a time step; 0: words.
        columns: that a model of series takes, where it says so.

    Raises:
        UserError: if it does not fit the model.
    """
    values = read_array(path)
    if values.ndim == 1 and features == 1:
        return read_windows(path, steps, features, columns=columns)
    given, wanted = list(values.shape), [steps, *([features] if features else [])]
    if values.ndim == 2 and features == 1:
        values = values[..., None]
    if list(values.shape[1:]) != wanted:
        without = f", or [n, {steps}], or a series" if features == 1 else ""
        words = "" if features else " words"
        raise UserError(
            f"{path} has the shape {given}; the model takes [n, {', '.join(map(str, wanted))}]{words}{without}"
        )
    return Samples(values)


def read_npz(path: Path, steps: int, features: int) -> Samples:
    """Return the samples of a .npz file, of any number of steps up to ``steps``, and their lengths if it has them.

    Args:
        path: of the file.
        steps: of the model.
        features: of a time step; 0: words.

    Raises:
        UserError: if it does not fit the model.
    """
    found = arrays.read(path)
    if set(found) not in ({"x"}, {"x", "lengths"}):
        raise UserError(f"{path} holds {arrays.listed(found)}; expected x, the samples, and lengths, their real steps")
    x, lengths = found["x"], found.get("lengths")
    wanted, what = ([features], "numbers") if features else ([], "words")
    if x.dtype.kind not in "iufb" or list(x.shape[2:]) != wanted or x.ndim < 2 or not 0 < x.shape[1] <= steps:
        each = "".join(f", {count}" for count in wanted)
        raise UserError(
            f"{path}: x is {x.dtype} of shape {list(x.shape)}; the model takes {what} [n, up to {steps}{each}]"
        )
    if lengths is None:
        return Samples(x.astype(np.float64))
    if lengths.shape != x.shape[:1] or lengths.dtype.kind not in "iu":
        raise UserError(f"{path}: lengths is {lengths.dtype} of shape {list(lengths.shape)}, not {len(x)} integers")
    bad = np.flatnonzero((lengths < 1) | (lengths > x.shape[1]))
    if len(bad):
        raise UserError(f"{path}: lengths[{bad[0]}] is {lengths[bad[0]]}; expected 1 to {x.shape[1]}, the steps of x")
    return Samples(x.astype(np.float64), lengths=lengths.astype(np.int64))
