"""Seasons of a series: from the dates of its values, or from how they repeat."""

from __future__ import annotations

import numpy as np
import pandas as pd

DAY_SECONDS = 86_400
# Days between values -> values in a year.
YEARS = {7: 52, 30: 12, 91: 4}
# Dates are regular where at least this share of the steps between them is, but for a tenth, as long as the others:
# of trading days, a fifth of the steps are weekends.
REGULAR_SHARE, TOLERANCE = 0.75, 0.1
WEEKDAYS = 5
# What repeats has at least this autocorrelation, after so many values at least, and is there so many times.
LEAST_CORRELATION = 0.3
SHORTEST = 3
REPEATED = 3
# What is left of a trend is rounding errors alone up to this share of the values.
ROUNDING = 1e-9


def periods(dates: pd.Series[pd.Timestamp] | None, known: np.ndarray) -> tuple[int, ...]:
    """Return the lengths of the seasons that a series may have, in values, the shortest first.

    Hour of the day and day of the week, or the time of the year, where there are dates at regular distances; else the
    length after which the known part, without its trend, repeats itself.

    Args:
        dates: of all values; None where there are none.
        known: the part of the values that may be looked at, ``[n]``.
    """
    by_date = () if dates is None else _calendar(dates)
    found = tuple(period for period in by_date if REPEATED * period <= len(known))
    return found or repeats(known)


def _calendar(dates: pd.Series[pd.Timestamp]) -> tuple[int, ...]:
    """Return the seasons that dates at regular distances have."""
    seconds = dates.diff().dt.total_seconds().to_numpy()[1:]
    step = float(np.median(seconds))
    if step <= 0 or np.mean(np.abs(seconds - step) <= TOLERANCE * step) < REGULAR_SHARE:
        return ()
    days = step / DAY_SECONDS
    for length, values in YEARS.items():
        if abs(days - length) <= TOLERANCE * length:
            return (values,)
    if days == 1:
        return (WEEKDAYS if (dates.dt.day_of_week < WEEKDAYS).all() else 7,)
    in_a_day = DAY_SECONDS / step
    return (int(in_a_day), 7 * int(in_a_day)) if in_a_day >= 2 and in_a_day.is_integer() else ()


def repeats(values: np.ndarray) -> tuple[int, ...]:
    """Return the lag of the highest peak of the autocorrelation, if it is high; else nothing.

    The trend is taken off as a parabola, and peaks count from where the autocorrelation first falls to 0: before that,
    it is as high only because the values change slowly.
    """
    if len(values) < REPEATED * SHORTEST:
        return ()
    time = np.linspace(-1.0, 1.0, len(values))
    rest = values - np.polyval(np.polyfit(time, values, 2), time)
    if np.abs(rest).max() <= ROUNDING * np.abs(values).max():
        return ()
    correlation = autocorrelation(rest, len(values) // REPEATED)
    inner = correlation[1:-1]
    peaks = 1 + np.flatnonzero((inner > correlation[:-2]) & (inner >= correlation[2:]))
    fallen = np.flatnonzero(correlation <= 0)
    peaks = peaks[(peaks >= max([SHORTEST, *fallen[:1]])) & (correlation[peaks] >= LEAST_CORRELATION)]
    return (int(peaks[correlation[peaks].argmax()]),) if peaks.size and fallen.size else ()


def autocorrelation(values: np.ndarray, lags: int) -> np.ndarray:
    """Return the autocorrelation of values that are not all the same, at the lags 0 to ``lags``.

    By way of the power spectrum (the Wiener-Khinchin theorem), since a sum for each lag takes long.
    """
    centered = values - values.mean()
    # To about 1, whatever the unit: squares of tiny numbers are 0. A power of two changes no other digit.
    centered = np.ldexp(centered, -np.frexp(np.abs(centered).max())[1])
    spectrum = np.fft.rfft(centered, 2 * len(values))
    return np.fft.irfft(np.abs(spectrum) ** 2)[: lags + 1] / (centered @ centered)
