"""Numbers that stand for times: years, 202001, seconds from 1970, and columns of year, month, day and hour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rnnexp.datasets.tables.times import LEAST_SHARE, Times, nanoseconds

# Seconds from 1970 of the years 1971 to 2100, and the same in finer units.
EPOCH_SECONDS = (3.2e7, 4.1e9)
EPOCH_UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
YEARS = (1600, 2200)
# Of year, month, day, hour, minute and second.
LIMITS = (YEARS, (1, 12), (1, 31), (0, 24), (0, 59), (0, 59))
SECONDS = (3600, 60, 1)


def of_numbers(values: np.ndarray) -> Times | None:
    """Return numbers ``[n]`` that stand for times: years, 202001, 20200131, seconds from 1970; None for others."""
    given = values[np.isfinite(values)]
    if not len(given):
        return None
    for form in (_years, _digits, _epoch):
        found = form(values, given)
        if found is not None:
            return Times(found[0], np.flatnonzero(np.isnat(found[0]) & np.isfinite(values)), found[1])
    return None


def of_parts(parts: Sequence[np.ndarray]) -> Times | None:
    """Return times of numbers year, month and so on, down to the second, ``[n]`` each; None where they are none.

    Hour 24 is the next day's 0.
    """
    filled = np.isfinite(np.stack(parts)).all(axis=0)
    for part, (low, high) in zip(parts, LIMITS, strict=False):
        given = part[filled]
        if not len(given) or np.any(given % 1 != 0) or given.min() < low or given.max() > high:
            return None
    first = np.ones_like(parts[0])
    found = _dates(*[*parts, first, first][:3])
    for part, seconds in zip(parts[3:], SECONDS, strict=False):
        found = found + (np.where(filled, part, 0) * seconds).astype("timedelta64[s]")
    found[~filled] = np.datetime64("NaT")
    bad = np.flatnonzero(np.isnat(found) & filled)
    return None if len(bad) > (1 - LEAST_SHARE) * len(found) else Times(found, bad)


def _years(values: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]] | None:
    if not (given.min() >= YEARS[0] and given.max() <= YEARS[1]):
        return None
    if np.all(given % 1 == 0):
        return _dates(np.floor(values), np.ones_like(values), np.ones_like(values)), ()
    months = (given % 1) * 12
    # As 1990.042 for the middle of January, or 1990.0 for its first day, to two or three digits.
    for shift in (0.0, 0.5):
        if np.all(np.abs(months - shift - np.round(months - shift)) <= 0.13):
            month = np.round((values % 1) * 12 - shift)
            return _dates(np.floor(values) + month // 12, month % 12 + 1, np.ones_like(values)), ()
    return None


def _digits(values: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]] | None:
    """Read 202001, 20200131, 2020013123 and so on."""
    counts = {len(str(int(value))) for value in (given.min(), given.max())}
    if np.any(given % 1 != 0) or len(counts) != 1 or (count := counts.pop()) not in (6, 8, 10, 12, 14):
        return None
    parts: list[np.ndarray] = []
    rest = values
    for _ in range((count - 4) // 2):
        parts.insert(0, rest % 100)
        rest = rest // 100
    found = of_parts([rest, *parts])
    return None if found is None else (found.values, ())


def _epoch(values: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]] | None:
    for unit, many in EPOCH_UNITS.items():
        if EPOCH_SECONDS[0] * many <= given.min() and given.max() <= EPOCH_SECONDS[1] * many:
            # To whole microseconds: a double has no more of them.
            micro = np.round(np.where(np.isfinite(values), values, 0) / many * 1e6).astype("int64")
            found = micro.astype("datetime64[us]").astype("datetime64[ns]")
            found[~np.isfinite(values)] = np.datetime64("NaT")
            return found, (f"numbers are taken for {unit} from 1970 on, in UTC",)
    return None


def _dates(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> np.ndarray:
    return nanoseconds(pd.to_datetime(pd.DataFrame({"year": year, "month": month, "day": day}), errors="coerce"))
