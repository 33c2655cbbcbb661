"""What data sets of series have besides: the series as a whole, what generation starts from, and its columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnexp.datasets.checks.unfit import UnfitError, a, array, shape
from rnnexp.datasets.checks.values import finite
from rnnexp.datasets.dataset import Continuation, Dataset, Past
from rnnexp.preprocessing.series_columns import SeriesColumns


def check(dataset: Dataset) -> None:
    """See that it fits the arrays, as far as it is there.

    Raises:
        UnfitError: naming the first field that does not.
    """
    steps, features = dataset.train.x.shape[1:]
    if dataset.continuation is not None:
        _continuation("continuation", dataset.continuation, steps, features)
    for number, origin in enumerate(dataset.origins):
        _continuation(f"origins[{number}]", origin, steps, features)
    if dataset.evaluation_times is not None:
        array("evaluation_times", dataset.evaluation_times, kinds="M", expected="datetime64")
        shape("evaluation_times", dataset.evaluation_times, (len(dataset.evaluation),), meaning="one for each sequence")
    for number, past in enumerate(dataset.pasts):
        _past(f"pasts[{number}]", past, len(dataset.evaluation))
    if dataset.error_units is not None:
        array("error_units", dataset.error_units, kinds="f", expected="floats")
        shape("error_units", dataset.error_units, (dataset.outputs,), meaning="one for each output")
        finite("error_units", dataset.error_units, ("output",))
        if not (dataset.error_units > 0).all():
            raise UnfitError("error_units has a number that is not greater than 0")
    columns = dataset.columns
    if columns is None:
        return
    if not isinstance(columns, SeriesColumns):
        raise UnfitError(f"columns is {a(columns)}, expected SeriesColumns")
    if (columns.features, columns.outputs) != (features, dataset.outputs):
        raise UnfitError(
            f"columns is of {columns.features} features and {columns.outputs} outputs, but train.x has {features} "
            f"features, and outputs is {dataset.outputs}"
        )


def _continuation(field: str, continuation: Any, steps: int, features: int) -> None:
    if not isinstance(continuation, Continuation):
        raise UnfitError(f"{field} is {a(continuation)}, expected a Continuation")
    for which in ("window", "truth"):
        values = getattr(continuation, which)
        array(f"{field}.{which}", values, kinds="fiu", expected="floats")
        length = steps if which == "window" else len(np.atleast_1d(values))
        shape(f"{field}.{which}", values, (length,), meaning="values of the series in own units, one a step")
        finite(f"{field}.{which}", values, ("value",))
    count = len(continuation.truth)
    if continuation.beside is not None:
        array(f"{field}.beside", continuation.beside, kinds="fiu", expected="floats")
        expected = (steps + count, features - 1)
        shape(f"{field}.beside", continuation.beside, expected, meaning="[time + steps, features but the first]")
        finite(f"{field}.beside", continuation.beside, ("time step", "feature"))
    for name, values in continuation.baselines.items():
        array(f"{field}.baselines[{name!r}]", values, kinds="fiu", expected="floats")
        shape(f"{field}.baselines[{name!r}]", values, (count,), meaning="as many as in truth")
    if continuation.times is not None:
        array(f"{field}.times", continuation.times, kinds="M", expected="datetime64")
        shape(f"{field}.times", continuation.times, (steps + count,), meaning="of each value of window and truth")


def _past(field: str, past: Any, rows: int) -> None:
    if not isinstance(past, Past):
        raise UnfitError(f"{field} is {a(past)}, expected a Past")
    array(f"{field}.values", past.values, kinds="fiu", expected="floats")
    shape(f"{field}.values", past.values, (past.values.size,), meaning="the values of the series, one a step")
    finite(f"{field}.values", past.values, ("value",))
    array(f"{field}.evaluated", past.evaluated, kinds="iu", expected="integers")
    shape(f"{field}.evaluated", past.evaluated, (rows,), meaning="a step for each sequence of the evaluation part")
    if not 0 < past.first_held_out <= past.evaluated.min() <= past.evaluated.max() < len(past.values):
        raise UnfitError(
            f"{field} has {len(past.values)} values, of which first_held_out is number {past.first_held_out}, and "
            f"evaluated are the numbers {past.evaluated.min()} to {past.evaluated.max()}: they must lie in this order"
        )
