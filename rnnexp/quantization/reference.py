"""The integer network's arithmetic in NumPy: the specification for whoever builds it in hardware or in C."""

from __future__ import annotations

import numpy as np

from rnnexp.quantization.product import CODE_UNIT, RADIX, IntegerNetwork, Product, split


def run(network: IntegerNetwork, codes: np.ndarray) -> np.ndarray:
    """Return the output codes, before any softmax.

    Args:
        network: the integers.
        codes: int8 ``[n, time, features]``.

    Returns:
        int8 ``[n, outputs]``.
    """
    state = initial_state(network, len(codes))
    for time in range(codes.shape[1]):
        state = step(network, codes[:, time], state)
    return output(network, state)


def states(network: IntegerNetwork, codes: np.ndarray) -> np.ndarray:
    """Return the state's values after every time step, int64 ``[n, time, units]``."""
    state, found = initial_state(network, len(codes)), []
    for time in range(codes.shape[1]):
        state = step(network, codes[:, time], state)
        found.append(state)
    return np.stack(found, axis=1)


def initial_state(network: IntegerNetwork, samples: int) -> np.ndarray:
    """Return the state before the first time step: zero."""
    return np.zeros((samples, network.hidden_size), np.int64)


def step(network: IntegerNetwork, inputs: np.ndarray, state: np.ndarray) -> np.ndarray:
    """Return the state ``[n, units]`` that follows on input codes ``[n, features]`` and a state."""
    values = np.concatenate([inputs.astype(np.int64) * RADIX, state], axis=1)
    index = np.clip(multiply(network.cell, values), 0, len(network.table) - 1)
    return network.table.astype(np.int64)[index]


def output(network: IntegerNetwork, state: np.ndarray) -> np.ndarray:
    """Return the int8 output codes ``[n, outputs]`` for the last state."""
    codes = multiply(network.output_layer, state) + network.output.zero_point
    return np.clip(codes, -128, 127).astype(np.int8)


def multiply(product: Product, values: np.ndarray) -> np.ndarray:
    """Return the rounded product ``[n, units]`` of values ``[n, inputs]`` and the weights."""
    total = _exact(CODE_UNIT * values, product.high) + product.bias
    if product.low is not None:
        upper, _ = split(values)
        total += _exact(CODE_UNIT * upper, product.low)
    return np.clip(round_shift(total, product.shift), -(2**15), 2**15 - 1)


def _exact(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return ``values @ weights.T``. float64 holds these sums exactly, and has a much faster product than int64."""
    return (values.astype(np.float64) @ weights.T.astype(np.float64)).astype(np.int64)


def round_shift(values: np.ndarray, bits: int) -> np.ndarray:
    """Return ``values / 2**bits``, ``bits`` at least 1, rounded to nearest."""
    return (values + (1 << (bits - 1))) >> bits
