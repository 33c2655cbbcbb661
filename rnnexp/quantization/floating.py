"""The float network in NumPy: where its values lie, and what the integers are compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from rnnexp.quantization.quantizer import Ranges

# Samples run at once, so that long sequences do not fill the memory.
BATCH = 2048


def states(weights: Sequence[np.ndarray], activation: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    """Return the states after every time step, float32 ``[n, time, units]``.

    Args:
        weights: in Keras' order: kernel, recurrent kernel, bias, output kernel, output bias.
        activation: pre-activations -> states.
        x: ``[n, time, features]``.
    """
    found = [state for _, state in _steps(weights, activation, x)]
    return np.stack(found, axis=1).astype(np.float32)


def outputs(weights: Sequence[np.ndarray], activation: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    """Return the outputs before any softmax, float64 ``[n, outputs]``."""
    found = []
    for begin in range(0, len(x), BATCH):
        state = np.empty(0)
        for _, state in _steps(weights, activation, x[begin : begin + BATCH]):  # noqa: B007  (the last one is used)
            pass
        found.append(state @ weights[3] + weights[4])
    return np.concatenate(found)


def ranges(weights: Sequence[np.ndarray], activation: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> Ranges:
    """Return the ranges of inputs, pre-activations and outputs over all samples and time steps of ``x``."""
    out_kernel, out_bias = weights[3:]
    lows: list[tuple[float, float]] = []
    highs: list[tuple[float, float]] = []
    for begin in range(0, len(x), BATCH):
        state = np.empty(0)
        for z, state in _steps(weights, activation, x[begin : begin + BATCH]):  # noqa: B007  (the last one is used)
            lows.append((z.min(), np.inf))
            highs.append((z.max(), -np.inf))
        outputs = state @ out_kernel + out_bias
        lows.append((np.inf, outputs.min()))
        highs.append((-np.inf, outputs.max()))
    low, high = np.min(lows, axis=0), np.max(highs, axis=0)
    return Ranges(
        input=(float(x.min()), float(x.max())),
        pre_activation=(float(low[0]), float(high[0])),
        output=(float(low[1]), float(high[1])),
    )


def _steps(
    weights: Sequence[np.ndarray], activation: Callable[[np.ndarray], np.ndarray], x: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pre-activation and state ``[n, units]`` of every time step."""
    kernel, recurrent, bias = (np.asarray(values, np.float64) for values in weights[:3])
    state = np.zeros((len(x), len(recurrent)))
    # Long sequences, read a column at a time, would be fetched from memory again for every step.
    for inputs in np.ascontiguousarray(x.transpose(1, 0, 2)):
        z = inputs @ kernel + state @ recurrent + bias
        state = activation(z)
        yield z, state
