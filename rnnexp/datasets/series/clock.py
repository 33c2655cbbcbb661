"""The clock of a series: the order of its times, the step from one to the next, and where steps are missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

NANOSECONDS = {
    "day": 86_400 * 10**9,
    "hour": 3600 * 10**9,
    "minute": 60 * 10**9,
    "second": 10**9,
    "millisecond": 10**6,
    "microsecond": 10**3,
}
DAY = NANOSECONDS["day"]
MONTHS = {12: "year", 3: "quarter", 1: "month"}
# A step may be longer or shorter than the others by this share: clocks of sensors are not exact.
JITTER = 0.1
# Months have no fewer days.
SHORTEST_MONTH = 27 * DAY
# So many days of work in a row may be missing for holidays; more are a gap.
HOLIDAYS = 7
# Days of the week that are never there are no days of work, if at least this share of the steps goes from one day of
# work to the next.
WORKING_SHARE = 0.7


@dataclass(frozen=True)
class Step:
    """From one value to the next: some months, days of work, or a length of time.

    Attributes:
        months: how many; 0 for other steps.
        weekdays: of days of work, Monday first; empty for other steps.
        nanoseconds: a length of time; 0 for other steps.
        month_end: whether months are named by their last day.
    """

    months: int = 0
    weekdays: tuple[bool, ...] = ()
    nanoseconds: int = 0
    month_end: bool = False

    def __str__(self) -> str:
        if self.months:
            unit = next(unit for unit in MONTHS if self.months % unit == 0)
            return _counted(self.months // unit, MONTHS[unit])
        if self.weekdays:
            return "1 day of work"
        for name, size in NANOSECONDS.items():
            if self.nanoseconds % size == 0:
                return _counted(self.nanoseconds // size, name)
        return f"{self.nanoseconds / 1e9:.6g} seconds"

    def after(self, time: np.datetime64, steps: int) -> np.ndarray:
        """Return the next times, ``[steps]`` datetime64[ns]."""
        count = np.arange(1, steps + 1)
        if self.months:
            start = pd.Timestamp(time)
            found = [start + pd.DateOffset(months=int(number) * self.months) for number in count]
            found = [stamp + pd.offsets.MonthEnd(0) if self.month_end else stamp for stamp in found]
            return np.array([stamp.to_datetime64() for stamp in found], "datetime64[ns]")
        if self.weekdays:
            day = time.astype("datetime64[D]")
            days = np.busday_offset(day, count, roll="backward", weekmask=list(self.weekdays))
            return days.astype("datetime64[ns]") + (time - day.astype("datetime64[ns]"))
        return time + (count * self.nanoseconds).astype("timedelta64[ns]")

    def from_each(self, times: np.ndarray) -> np.ndarray:
        """Return the time of the step after each of times ``[n]`` that follow each other."""
        return np.concatenate([times[1:], self.after(times[-1], 1)])


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def find_step(times: np.ndarray) -> tuple[Step, np.ndarray] | None:
    """Return the step of times that go up, ``[n]``, and the number of each on a clock of such steps; None without one.

    Numbers that are not one after the other are gaps: months that are missing, hours, or more than some days of work.
    """
    if len(times) < 2:
        return None
    stamps = pd.DatetimeIndex(times)
    between = np.diff(times.astype("datetime64[ns]").astype(np.int64))
    same_day = stamps.day.nunique() == 1 and len(np.unique(_clock(times))) == 1
    month_end = bool(stamps.is_month_end.all())
    if (same_day or month_end) and between.min() >= SHORTEST_MONTH:
        return _by_months(stamps, month_end=month_end)
    median = int(np.median(between))
    if np.all(np.abs(between - median) <= JITTER * median):
        return Step(nanoseconds=_exact(between, median)), np.arange(len(times))
    found = _by_days_of_work(times, stamps)
    if found is not None:
        return found
    for step in (median, int(between.min())):
        steps = np.rint(between / step)
        if steps.min() >= 1 and np.all(np.abs(between - steps * step) <= JITTER * step):
            exact = _exact(between[steps == 1], step) if np.any(steps == 1) else step
            return Step(nanoseconds=exact), np.concatenate([[0], np.cumsum(steps)]).astype(np.int64)
    return _by_months(stamps, month_end=False) if between.min() >= SHORTEST_MONTH else None


def _exact(between: np.ndarray, step: int) -> int:
    """Return the step to the unit that all times have: of a clock with jitter, the mean."""
    return step if np.all(between == step) or step >= NANOSECONDS["minute"] else int(np.mean(between))


def _clock(times: np.ndarray) -> np.ndarray:
    return times.astype("datetime64[ns]").astype(np.int64) % DAY


def _by_months(stamps: pd.DatetimeIndex, *, month_end: bool) -> tuple[Step, np.ndarray] | None:
    months = np.asarray(stamps.year * 12 + stamps.month, np.int64)
    between = np.diff(months)
    values, counts = np.unique(between, return_counts=True)
    usual = int(values[counts.argmax()])
    if usual < 1 or between.min() < usual or np.any(between % usual):
        usual = int(np.gcd.reduce(between))
    if usual < 1:
        return None
    return Step(months=usual, month_end=month_end), (months - months[0]) // usual


def _by_days_of_work(times: np.ndarray, stamps: pd.DatetimeIndex) -> tuple[Step, np.ndarray] | None:
    """Return the step of daily values that some days of the week never have; holidays are no gaps."""
    if len(np.unique(_clock(times))) > 1 or len(times) < 10:
        return None
    worked = np.bincount(stamps.day_of_week, minlength=7) > 0
    if not 2 <= worked.sum() <= 6:
        return None
    days = times.astype("datetime64[D]")
    between = np.busday_count(days[:-1], days[1:], weekmask=worked.tolist())
    if np.mean(between == 1) < WORKING_SHARE:
        return None
    steps = np.where(between <= HOLIDAYS + 1, 1, between)
    return Step(weekdays=tuple(map(bool, worked))), np.concatenate([[0], np.cumsum(steps)]).astype(np.int64)


def looks_like_summer_time(time: np.datetime64) -> bool:
    """Tell whether a time that is there twice may be the hour that summer time ends with: a Sunday night in autumn."""
    stamp = pd.Timestamp(time)
    return stamp.day_of_week == 6 and stamp.hour < 4 and stamp.month in (3, 4, 9, 10, 11)
