"""Gaps of a series: where there is no value, and short ones filled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnnexp.datasets.series.selection import Fill

# Longer gaps stay as they are, whatever FILL says: what is put there would be invented.
LONGEST_FILLED = 3


def runs(empty: np.ndarray) -> list[tuple[int, int]]:
    """Return begin and end of every run of true values in ``[n]``."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], empty, [False]])))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]


def fill(values: np.ndarray, how: Fill, parts: Sequence[int]) -> np.ndarray:
    """Return values ``[n, columns]`` with gaps of up to ``LONGEST_FILLED`` steps filled.

    Args:
        values: NaN where there is none.
        how: with the value before, or on the line between the values before and after.
        parts: where parts of the series begin: no gap is filled with a value of another part.
    """
    if how == "none":
        return values
    values = values.copy()
    for begin, end in zip([0, *parts], [*parts, len(values)], strict=True):
        for column in range(values.shape[1]):
            part = values[begin:end, column]
            for first, last in runs(np.isnan(part)):
                if first == 0 or last - first > LONGEST_FILLED or (how == "linear" and last == len(part)):
                    continue
                after = part[last] if how == "linear" else part[first - 1]
                part[first:last] = np.linspace(part[first - 1], after, last - first + 2)[1:-1]
    return values


def bridged(values: np.ndarray) -> np.ndarray:
    """Return values ``[n]`` with straight lines over all gaps, for models that must have every value."""
    there = np.flatnonzero(np.isfinite(values))
    return values if len(there) == len(values) else np.interp(np.arange(len(values)), there, values[there])


def describe(values: np.ndarray, before: np.ndarray, how: Fill) -> tuple[list[str], list[str]]:
    """Return notes on gaps that are filled, and warnings of those that are left.

    Args:
        values: ``[n, columns]``, after filling.
        before: the same, before it.
        how: they were filled.
    """
    empty = np.isnan(values).any(axis=1)
    notes, warnings = [], []
    filled = int((np.isnan(before).any(axis=1) & ~empty).sum())
    if filled:
        notes.append(f"{filled} time steps are filled (FILL = {how!r}, gaps of up to {LONGEST_FILLED} steps)")
    if empty.any():
        gaps = runs(empty)
        longest = max(end - begin for begin, end in gaps)
        places = f"in {len(gaps)} gaps, the longest of {longest}" if len(gaps) > 1 else "in one gap"
        short = sum(end - begin <= LONGEST_FILLED for begin, end in gaps) if how == "none" else 0
        hint = f"; FILL would fill {short} of the gaps" if short else ""
        warnings.append(
            f"{int(empty.sum())} of {len(empty)} time steps have no value, {places}: no window goes over one{hint}"
        )
    return notes, warnings
