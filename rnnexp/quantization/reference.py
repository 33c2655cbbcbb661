"""The integer network in NumPy: the specification for whoever builds it in hardware or in C."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from rnnexp.network.network import batches, repeated, through
from rnnexp.quantization.arithmetic import Numbers
from rnnexp.quantization.cell import IntegerCell
from rnnexp.quantization.network import IntegerNetwork, Layer
from rnnexp.quantization.product import RADIX


def outputs(network: IntegerNetwork, x: np.ndarray) -> np.ndarray:
    """Return what an integer network makes of real inputs, before any softmax, in real numbers."""
    return network.output.decode(run(network, network.input.encode(x)))


def run(network: IntegerNetwork, codes: np.ndarray) -> np.ndarray:
    """Return the output codes, before any softmax.

    Args:
        network: the integers.
        codes: int8 ``[n, time, features]``.

    Returns:
        int8 ``[n, outputs]``, or ``[n, time, outputs]``.
    """
    return np.concatenate(
        [_run(network, part) for part in batches(codes, max(len(layer.scales) for layer in network.layers))]
    )


def states(network: IntegerNetwork, codes: np.ndarray) -> list[np.ndarray]:
    """Return the values of each layer after every step that it takes, int64 ``[n, time, units]``."""
    values, found = codes.astype(np.int64) * RADIX, []
    for layer in network.layers:
        found.append(_run_layer(layer, values))
        values = repeated(found[-1], layer.repeats)
    return found


def context(network: IntegerNetwork, codes: np.ndarray) -> np.ndarray:
    """Return what an encoder-decoder's encoder hands over, int64 ``[n, values]``."""
    return states(network, codes)[len(network.encoder) - 1][:, -1]


def _run(network: IntegerNetwork, codes: np.ndarray) -> np.ndarray:
    values = codes.astype(np.int64) * RADIX
    for number, layer in enumerate(network.layers, 1):
        values = _run_layer(layer, values, last=number == len(network.layers) and not network.every_step)
        values = repeated(values, layer.repeats)
    if not network.every_step:
        values = values[:, -1:]
    values = values.reshape(-1, values.shape[2])
    if network.path_inputs:
        values = np.concatenate([values, RADIX * codes.reshape(len(codes), -1).astype(np.int64)], axis=1)
    sums = network.output_layer.multiply(values)
    found = np.clip(sums + network.output.zero_point, -128, 127).astype(np.int8)
    return found.reshape(len(codes), -1, network.outputs) if network.every_step else found


def _run_layer(layer: Layer, values: np.ndarray, *, last: bool = False) -> np.ndarray:
    """Return the values after every step, int64 ``[n, time, units]``; with ``last``, only the last ones count."""
    directions = [partial(_values, cell) for cell in layer.cells]
    return through(directions, values, backwards=layer.backwards, last=last or bool(layer.repeats))[0]


def _values(cell: IntegerCell, values: np.ndarray) -> list[np.ndarray]:
    """Return a cell's own values for those that come in, ``[n, time, ...]``, after every step."""
    numbers, found = Numbers(), []
    states: Sequence[Any] = [np.zeros((len(values), cell.units), np.int64)] * len(cell.states)
    for inputs in np.ascontiguousarray(values.transpose(1, 0, 2)):
        states = cell.step(numbers, [inputs], states)
        found.append(states[0])
    return [np.stack(found, axis=1)]
