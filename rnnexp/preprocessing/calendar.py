"""Time as input: where in the day, the week and the year a time step is, as sine and cosine."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

Cycle = Literal["hour", "weekday", "month"]
CYCLES: tuple[Cycle, ...] = ("hour", "weekday", "month")
DAY, WEEK, YEAR = 24.0, 7.0, 12.0


def features(times: np.ndarray, cycles: tuple[Cycle, ...]) -> np.ndarray:
    """Return sine and cosine of each cycle, ``[n, 2 * cycles]``, all from -1 to 1.

    Args:
        times: ``[n]`` datetime64.
        cycles: of which; hours count with their minutes.
    """
    columns = []
    for cycle in cycles:
        angle = 2 * np.pi * _turns(pd.DatetimeIndex(times), cycle)
        columns += [np.sin(angle), np.cos(angle)]
    return np.stack(columns, axis=1) if columns else np.empty((len(times), 0))


def varying(times: np.ndarray) -> tuple[Cycle, ...]:
    """Return the cycles that differ among times ``[n]``, and so say anything: not the hour of daily values."""
    index = pd.DatetimeIndex(times)
    return tuple(cycle for cycle in CYCLES if len(np.unique(_turns(index, cycle))) > 1 and _matters(index, cycle))


def _turns(times: pd.DatetimeIndex, cycle: Cycle) -> np.ndarray:
    """Return how far into the cycle times are, from 0 to 1."""
    if cycle == "hour":
        return np.asarray(times.hour + times.minute / 60 + times.second / 3600, np.float64) / DAY
    if cycle == "weekday":
        return np.asarray(times.day_of_week, np.float64) / WEEK
    return np.asarray(times.month - 1, np.float64) / YEAR


def _matters(times: pd.DatetimeIndex, cycle: Cycle) -> bool:
    """Tell whether a cycle goes on from step to step: days of the week of the first days of months mean nothing."""
    step = (times[1:] - times[:-1]).to_series().median()
    return cycle != "weekday" or bool(step < pd.Timedelta(days=WEEK))
