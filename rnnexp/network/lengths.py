"""Sequences of different lengths in one array: which of its steps are real, and how they are moved.

Arrays of sequences are as long as the longest of them. Inside the project padding is at their end. The exported models
take it where ``PADDING`` says, ``end`` or ``begin``: that is only where the numbers are, not what is computed of them.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

# Where exported models have the padding; empty where all sequences are as long as the model's.
Padding = Literal["", "end", "begin"]


def clamped(lengths: np.ndarray, steps: int) -> np.ndarray:
    """Return lengths as all runtimes take them: one below 1 is 1, and one beyond the array is all of it."""
    return np.clip(np.asarray(lengths, np.int64), 1, steps).astype(np.int32)


def real(lengths: np.ndarray, steps: int) -> np.ndarray:
    """Tell which steps are no padding, bool ``[n, steps]``."""
    return np.arange(steps) < clamped(lengths, steps)[:, None]


def without_padding(values: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
    """Return all real steps of sequences, ``[steps, ...]``; without lengths, the sequences as they are."""
    return values if lengths is None else values[real(lengths, values.shape[1])]


def reverse(values: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
    """Return sequences ``[n, time, ...]`` from their last real step to their first, and then the padding."""
    if lengths is None:
        return values[:, ::-1]
    steps = values.shape[1]
    places = np.where(real(lengths, steps), clamped(lengths, steps)[:, None] - 1 - np.arange(steps), np.arange(steps))
    return _picked(values, places)


def placed(values: np.ndarray, lengths: np.ndarray | None, padding: Padding) -> np.ndarray:
    """Return sequences ``[n, time, ...]``, padded at their end, as exported models take them."""
    return values if lengths is None or padding != "begin" else _rolled(values, lengths, 1)


def at_the_start(values: np.ndarray, lengths: np.ndarray | None, padding: Padding) -> np.ndarray:
    """Return sequences as exported models take them, padded at their end: the reverse of ``placed``."""
    return values if lengths is None or padding != "begin" else _rolled(values, lengths, -1)


def _rolled(values: np.ndarray, lengths: np.ndarray, way: int) -> np.ndarray:
    steps = values.shape[1]
    shift = way * (steps - clamped(lengths, steps)[:, None])
    return _picked(values, (np.arange(steps) - shift) % steps)


def _picked(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    return np.take_along_axis(values, places.reshape(*places.shape, *[1] * (values.ndim - 2)), axis=1)
