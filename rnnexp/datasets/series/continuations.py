"""Where closed-loop generation starts in a series: before the evaluation part, and at origins spread over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rnnexp.config import RegressionConfig
from rnnexp.datasets.dataset import Continuation
from rnnexp.datasets.series import seasonal
from rnnexp.datasets.series.reading import Series
from rnnexp.errors import UserError
from rnnexp.network.sampling import spread

# Origins that forecasts are judged from, at most.
ORIGINS = 20


def continuation(
    values: np.ndarray,
    beside: np.ndarray,
    series: Series,
    config: RegressionConfig,
    first: int,
    periods: Sequence[int],
) -> Continuation | None:
    """Return the window before a step, and the values from there on that are asked for; None where there is no way on.

    A network of one column goes on by itself, with the calendar, which is known; further inputs are not.

    Args:
        values: ``[n, columns]``.
        beside: features of the calendar, ``[n, features]``.
        series: the series, for what comes after its values.
        config: the settings.
        first: the first step of the evaluation part.
        periods: seasons, in steps.

    Raises:
        UserError: if more steps are asked for than there are values to compare with.
    """
    asked = config.generate_steps
    if values.shape[1] > 1:
        if asked:
            raise UserError(
                f"GENERATE_STEPS is {asked}, but to go on with {', '.join(series.names)} in closed loop takes "
                "future values of all of them: set it to 0, or predict one column from itself"
            )
        return None
    column = np.concatenate([values[:, 0], series.continuation])
    start = next((step for step in range(first, len(values)) if _whole(column, step, config.sequence_length)), None)
    if start is None:
        return None
    known = len(column) - start
    empty = np.flatnonzero(np.isnan(column[start:]))
    known = int(empty[0]) if len(empty) else known
    # By default, so that half of the predictions are made from nothing but predictions.
    steps = min(2 * config.sequence_length, known) if asked is None else asked
    if steps > known:
        raise UserError(
            f"GENERATE_STEPS is {steps}, but {config.data_stem} has only {known} held-out values to compare "
            "with: set it to that or less, or a larger VALIDATION_SHARE"
        )
    if beside.shape[1]:
        steps = min(steps, len(values) - start)
    found = _at(column, beside, config.sequence_length, start, steps, periods)
    return replace(found, times=_times(series, start - config.sequence_length, start + steps))


def origins(
    values: np.ndarray,
    beside: np.ndarray,
    config: RegressionConfig,
    first: int,
    periods: Sequence[int],
    from_first: Continuation,
) -> tuple[Continuation, ...]:
    """Return continuations from many steps of the evaluation part, spread evenly, none over a gap.

    Args:
        values: ``[n, 1]``.
        beside: features of the calendar, ``[n, features]``.
        config: the settings.
        first: the first step of the evaluation part.
        periods: seasons, in steps.
        from_first: the one from the first of them.
    """
    column = values[:, 0]
    # So many steps that half of the part is left to start from.
    steps = min(len(from_first.truth), (len(column) - first) // 2)
    if steps < 1:
        return ()
    missing = np.concatenate([[0], np.cumsum(np.isnan(column))])
    starts = np.arange(max(first, config.sequence_length), len(column) - steps + 1)
    starts = starts[missing[starts + steps] == missing[starts - config.sequence_length]]
    chosen = starts[spread(len(starts), ORIGINS)] if len(starts) > ORIGINS else starts
    return tuple(_at(column, beside, config.sequence_length, int(start), steps, periods) for start in chosen)


def _times(series: Series, begin: int, end: int) -> np.ndarray | None:
    """Return the times of the steps from one on to another, on the same clock after the series' end."""
    if series.times is None or series.step is None:
        return None
    beyond = max(end - len(series.times), 0)
    times = np.concatenate([series.times, series.step.after(series.times[-1], beyond)]) if beyond else series.times
    return times[begin:end]


def _whole(column: np.ndarray, step: int, length: int) -> bool:
    """Tell whether the window before a step, and the step itself, have every value."""
    return bool(np.isfinite(column[step - length : step + 1]).all())


def _at(
    column: np.ndarray, beside: np.ndarray, length: int, start: int, steps: int, periods: Sequence[int]
) -> Continuation:
    # What comes from the step on is cut off, so that no gap is bridged with it.
    before, first = column[:start, None], np.array([start])
    return Continuation(
        window=column[start - length : start],
        truth=column[start : start + steps],
        beside=beside[start - length : start + steps] if beside.shape[1] else None,
        baselines={
            seasonal.name(period, periods): seasonal.ahead(before, first, steps, period)[0, :, 0] for period in periods
        },
    )
