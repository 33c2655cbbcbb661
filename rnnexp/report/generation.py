"""Closed-loop generation: a model goes on with a series from one window, every prediction fed back as input."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from rnnexp.datasets.dataset import Continuation
from rnnexp.preprocessing.input_map import InputMap
from rnnexp.report import metrics
from rnnexp.report.content import Generation, GenerationErrors, GenerationFromOrigins

# Beyond this, inputs leave the range of float32.
LARGEST = 1e30
# The errors are reported after these numbers of steps, and after the last one.
HORIZONS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


def generate(
    predict: Callable[[np.ndarray], np.ndarray],
    input_map: InputMap,
    window: np.ndarray,
    steps: int,
    beside: np.ndarray | None = None,
    targets: int = 1,
) -> np.ndarray:
    """Return the next values of a series, ``[steps]``; fewer, where a value is no longer finite or too large.

    Args:
        predict: inputs ``[1, time, features]`` as the network sees them -> outputs ``[1, outputs]``: the next step's
            targets, or those of several steps.
        input_map: how values become inputs, and outputs values; each new window by itself.
        window: ``[time]``, the values to start from, in the data's own units; of several targets ``[time, targets]``,
            and what is returned is ``[steps, targets]``.
        steps: how many to generate.
        beside: ``[time + steps, features]``, what else is an input at each of these steps.
        targets: columns that are predicted.
    """
    length, values = len(window), window.reshape(len(window), targets)
    while len(values) < length + steps:
        first = len(values) - length
        last = values[None, first:]
        if beside is not None:
            last = np.concatenate([last, beside[None, first : len(values)]], axis=2)
        offset, scale = input_map.scaling(last)
        output = np.asarray(predict(((last - offset) / scale).astype(np.float32)), np.float64)
        offset, scale = input_map.target_scaling(last, output.shape[1])
        found = (offset + scale * output).reshape(-1, targets)
        # None after the first that is not.
        fine = np.logical_and.accumulate((np.abs(found) <= LARGEST).all(axis=1))
        values = np.concatenate([values, found[fine]])
        if not fine.all():
            break
    return values[length : length + steps].reshape(-1, *window.shape[1:])


def compare(
    continuation: Continuation,
    generated: Mapping[str, np.ndarray],
    from_origins: GenerationFromOrigins | None = None,
) -> Generation:
    """Return the report's section: the errors of generated values over the first steps, in the data's own units.

    Args:
        continuation: the truth, and the window before it, whose last value is what persistence goes on with.
        generated: name -> values ``[steps or fewer]``.
        from_origins: how it came out from many origins.
    """
    truth = continuation.truth
    horizons = [*(steps for steps in HORIZONS if steps < len(truth)), len(truth)]
    rows = {**_simple(continuation), **generated}
    return Generation(
        steps=len(truth),
        horizons=horizons,
        truth=truth.tolist(),
        errors={name: _errors(truth, values, horizons) for name, values in rows.items()},
        values={name: values.tolist() for name, values in generated.items()},
        from_origins=from_origins,
    )


def compare_origins(
    origins: Sequence[Continuation], generated: Mapping[str, Sequence[np.ndarray]]
) -> GenerationFromOrigins | None:
    """Return how generation from many origins came out: errors over all of them, in the data's own units.

    Args:
        origins: windows to start from, all with as many values after them.
        generated: name -> values ``[steps or fewer]`` from each.
    """
    if len(origins) < 2:
        return None
    steps = len(origins[0].truth)
    horizons = [*(horizon for horizon in HORIZONS if horizon < steps), steps]
    simple = [_simple(origin) for origin in origins]
    rows = {name: [values[name] for values in simple] for name in simple[0]} | dict(generated)
    truth = np.stack([origin.truth for origin in origins])
    errors = {}
    for name, values in rows.items():
        reached = min(map(len, values))
        together = np.stack([row[:reached] for row in values])
        errors[name] = _errors(truth, together, horizons)
    return GenerationFromOrigins(origins=len(origins), steps=steps, horizons=horizons, errors=errors)


def _simple(continuation: Continuation) -> dict[str, np.ndarray]:
    """Return what persistence and the seasons go on with, ``[steps]`` each."""
    return {"persistence": np.full_like(continuation.truth, continuation.window[-1]), **continuation.baselines}


def _errors(truth: np.ndarray, values: np.ndarray, horizons: list[int]) -> GenerationErrors:
    """Return, over the first steps up to each horizon, the root mean squared and the largest error.

    Truth and values are ``[..., steps]``.
    """
    generated = values.shape[-1]
    reached = [steps for steps in horizons if steps <= generated]
    broke_off = f"after {generated} steps the values had left the range of float32"
    return GenerationErrors(
        rmse=[metrics.rmse(truth[..., :steps], values[..., :steps]) for steps in reached],
        largest=[float(np.abs(truth[..., :steps] - values[..., :steps]).max()) for steps in reached],
        absent=broke_off if generated < truth.shape[-1] else None,
    )
