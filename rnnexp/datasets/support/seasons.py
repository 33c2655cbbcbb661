"""Seasons of a series: from the dates of its values, or from how they repeat."""

from __future__ import annotations

import numpy as np
import pandas as pd

DAY_SECONDS = 86_400
# Days between values -> values in a year.
YEARS = {7: 52, 30: 12, 91: 4}
# Of one season, days between values may differ by this share.
SPREAD = 0.1
WEEKDAYS = 5
# What repeats has at least this autocorrelation, after so many values at least, and is there so many times.
LEAST_CORRELATION = 0.3
SHORTEST = 3
REPEATED = 3


def periods(dates: pd.Series | None, known: np.ndarray) -> tuple[int, ...]:
    """Return the lengths of the seasons that a series may have, in values, the shortest first.

    Hour of the day and day of the week, or the time of the year, where there are dates at regular distances; else the
    length after which the known part, without its trend, repeats itself.

    Args:
        dates: of all values; None where there are none.
        known: the part of the values that may be looked at, ``[n]``.
    """
    found = _calendar(dates) if dates is not None else ()
    if not found:
        repeated = autocorrelated(known)
        found = (repeated,) if repeated else ()
    return tuple(period for period in found if REPEATED * period <= len(known))


def _calendar(dates: pd.Series) -> tuple[int, ...]:
    """Return the seasons that dates at regular distances have."""
    seconds = dates.diff().dt.total_seconds().to_numpy()[1:]
    step = float(np.median(seconds))
    if step <= 0:
        return ()
    days = step / DAY_SECONDS
    for length, values in YEARS.items():
        if abs(days - length) <= SPREAD * length:
            return (values,)
    if days == 1:
        return (WEEKDAYS if (dates.dt.dayofweek < WEEKDAYS).all() else 7,)
    in_a_day = DAY_SECONDS / step
    return (int(in_a_day), 7 * int(in_a_day)) if in_a_day >= 2 and in_a_day == int(in_a_day) else ()


def autocorrelated(values: np.ndarray) -> int | None:
    """Return the lag of the highest peak of the autocorrelation of values without their linear trend, if it is high."""
    count = len(values)
    if count < REPEATED * SHORTEST:
        return None
    time = np.arange(count)
    rest = values - np.polyval(np.polyfit(time, values, 1), time)
    correlation = autocorrelation(rest, count // REPEATED)
    inner = correlation[1:-1]
    peaks = 1 + np.flatnonzero((inner > correlation[:-2]) & (inner >= correlation[2:]))
    peaks = [lag for lag in peaks if lag >= SHORTEST and correlation[lag] >= LEAST_CORRELATION]
    return int(max(peaks, key=lambda lag: correlation[lag])) if peaks else None


def autocorrelation(values: np.ndarray, lags: int) -> np.ndarray:
    """Return the autocorrelation at the lags 0 to ``lags``; zeros for a constant series."""
    centered = values - values.mean()
    power = float(centered @ centered)
    if power == 0:
        return np.zeros(lags + 1)
    return np.array([float(centered[lag:] @ centered[: len(centered) - lag]) for lag in range(lags + 1)]) / power


def is_seasonal(values: np.ndarray, period: int) -> bool:
    """Tell whether changes of a series repeat after a period, by the 90 % test of the M4 competition.

    Makridakis, Spiliotis and Assimakopoulos 2020, "The M4 Competition: 100,000 time series and 61 forecasting methods".
    """
    correlation = autocorrelation(np.diff(values), period)
    limit = 1.645 * np.sqrt((1 + 2 * np.sum(correlation[1:-1] ** 2)) / len(values))
    return bool(abs(correlation[-1]) > limit)
