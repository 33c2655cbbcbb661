"""Closed-loop generation: a model goes on with a series from one window, every prediction fed back as input."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from rnnexp.datasets.dataset import Continuation
from rnnexp.preprocessing.input_map import InputMap
from rnnexp.report import metrics
from rnnexp.report.content import Generation, GenerationErrors

# Beyond this, inputs leave the range of float32.
LARGEST = 1e30
# The errors are reported after these numbers of steps, and after the last one.
HORIZONS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


def generate(
    predict: Callable[[np.ndarray], np.ndarray], input_map: InputMap, window: np.ndarray, steps: int
) -> np.ndarray:
    """Return the next values of a series, ``[steps]``; fewer, where a value is no longer finite or too large.

    Args:
        predict: inputs ``[1, time, 1]`` as the network sees them -> outputs ``[1, 1]``.
        input_map: how values become inputs, and outputs values; each new window by itself.
        window: ``[time]``, the values to start from, in the data's own units.
        steps: how many to generate.
    """
    values = np.concatenate([window, np.empty(steps)])
    for step in range(steps):
        last = values[step : step + len(window)][None, :, None]
        offset, scale = input_map.scaling(last)
        output = predict(((last - offset) / scale).astype(np.float32))
        offset, scale = input_map.target_scaling(last)
        value = float((offset + scale * np.asarray(output, np.float64))[0, 0])
        if not abs(value) <= LARGEST:
            return values[len(window) : len(window) + step]
        values[len(window) + step] = value
    return values[len(window) :]


def compare(continuation: Continuation, generated: Mapping[str, np.ndarray]) -> Generation:
    """Return the report's section: the errors of generated values over the first steps, in the data's own units.

    Args:
        continuation: the truth, and the window before it, whose last value is what persistence goes on with.
        generated: name -> values ``[steps or fewer]``.
    """
    truth = continuation.truth
    horizons = [*(steps for steps in HORIZONS if steps < len(truth)), len(truth)]
    rows = {"persistence": np.full_like(truth, continuation.window[-1]), **generated}
    return Generation(
        steps=len(truth),
        horizons=horizons,
        truth=truth.tolist(),
        errors={name: _errors(truth, values, horizons) for name, values in rows.items()},
        values={name: values.tolist() for name, values in generated.items()},
    )


def _errors(truth: np.ndarray, values: np.ndarray, horizons: list[int]) -> GenerationErrors:
    """Return, over the first steps up to each horizon, the root mean squared and the largest error."""
    reached = [steps for steps in horizons if steps <= len(values)]
    broke_off = f"after {len(values)} steps the values had left the range of float32"
    return GenerationErrors(
        rmse=[metrics.rmse(truth[:steps], values[:steps]) for steps in reached],
        largest=[float(np.abs(truth[:steps] - values[:steps]).max()) for steps in reached],
        absent=broke_off if len(values) < len(truth) else None,
    )
