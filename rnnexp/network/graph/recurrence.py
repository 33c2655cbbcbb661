"""Recurrent cells of foreign networks in real numbers: a step each, with any activation and gate function.

Weights are in Keras' order of gates: i, f, c, o of an LSTM, z, r, h of a GRU. A bias is there always.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from rnnexp.network.activations import Function, sigmoid

CellName = Literal["simple", "lstm", "lstm-peephole", "gru", "gru-reset-before", "fastgrnn"]
States = list[np.ndarray]
Step = Callable[[Sequence[np.ndarray], Function, Function, np.ndarray, Sequence[np.ndarray]], States]


def simple(
    weights: Sequence[np.ndarray],
    activation: Function,
    gate: Function,  # noqa: ARG001
    x: np.ndarray,
    states: Sequence[np.ndarray],
) -> States:
    """``h = g(x W + h U + b)``."""
    kernel, recurrent, bias = weights
    return [activation(x @ kernel + states[0] @ recurrent + bias)]


def lstm(
    weights: Sequence[np.ndarray],
    activation: Function,
    gate: Function,
    x: np.ndarray,
    states: Sequence[np.ndarray],
    limit: float = np.inf,
) -> States:
    """Long short-term memory (Hochreiter & Schmidhuber 1997); with peephole weights ``[3, units]`` of i, f, o, those of
    Gers & Schmidhuber (2000). The cell state stays within ``limit`` of 0.
    """
    kernel, recurrent, bias, *more = weights
    h, c = states
    i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4, axis=1)
    peepholes = more[0] if more else np.zeros((3, c.shape[1]))
    c = gate(f + peepholes[1] * c) * c + gate(i + peepholes[0] * c) * activation(g)
    c = np.clip(c, -limit, limit)
    h = gate(o + peepholes[2] * c) * activation(c)
    return [h, c]


def gru(
    weights: Sequence[np.ndarray], activation: Function, gate: Function, x: np.ndarray, states: Sequence[np.ndarray]
) -> States:
    """Gated recurrent unit (Cho et al. 2014) that resets after the product; bias ``[2, 3 * units]``."""
    kernel, recurrent, bias = weights
    h = states[0]
    of_inputs, of_state = np.split(x @ kernel + bias[0], 3, axis=1), np.split(h @ recurrent + bias[1], 3, axis=1)
    z, r = (gate(of_inputs[n] + of_state[n]) for n in range(2))
    return [z * h + (1.0 - z) * activation(of_inputs[2] + r * of_state[2])]


def gru_reset_before(
    weights: Sequence[np.ndarray], activation: Function, gate: Function, x: np.ndarray, states: Sequence[np.ndarray]
) -> States:
    """The same that resets before the product; bias ``[3 * units]``."""
    kernel, recurrent, bias = weights
    h, units = states[0], states[0].shape[1]
    sums = x @ kernel + bias
    z, r = np.split(gate(sums[:, : 2 * units] + h @ recurrent[:, : 2 * units]), 2, axis=1)
    return [z * h + (1.0 - z) * activation(sums[:, 2 * units :] + (r * h) @ recurrent[:, 2 * units :])]


def fastgrnn(
    weights: Sequence[np.ndarray], activation: Function, gate: Function, x: np.ndarray, states: Sequence[np.ndarray]
) -> States:
    """FastGRNN (Kusupati et al. 2018): bias and gate bias ``[units]``; zeta and nu ahead of the sigmoid, ``[2]``."""
    kernel, recurrent, bias, gate_bias, mix = whole(weights)
    (h,), (zeta, nu) = states, sigmoid(mix)
    sums = x @ kernel + h @ recurrent
    z = gate(sums + gate_bias)
    return [(zeta * (1.0 - z) + nu) * activation(sums + bias) + z * h]


def whole(weights: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the weights of a FastGRNN with one kernel in the place of two: the second ones are behind all others."""
    kernel, recurrent, bias, gate_bias, mix, *factors = weights
    second = iter(factors)
    kernels = [first @ next(second) if first.shape[1] < len(bias) else first for first in (kernel, recurrent)]
    return [*kernels, bias, gate_bias, mix]


def reading(
    weights: Sequence[np.ndarray], kernel: np.ndarray, offset: np.ndarray, rows: slice = slice(None)
) -> tuple[np.ndarray, ...]:
    """Return the weights of a cell with another kernel, whose inputs in some rows were larger by an offset."""
    before, recurrent, bias, *more = weights
    share = offset @ before[rows]
    if share.shape != bias.shape[-1:]:
        # Of two kernels.
        share = share @ more[2]
    if bias.ndim == 2:
        # The first one is of the inputs.
        return kernel, recurrent, np.stack([bias[0] + share, bias[1]]), *more
    if len(more) > 1:
        # FastGRNN's gate has a bias of its own.
        more[0] = more[0] + share
    return kernel, recurrent, bias + share, *more


STEPS: dict[CellName, Step] = {
    "simple": simple,
    "lstm": lstm,
    "lstm-peephole": lstm,
    "gru": gru,
    "gru-reset-before": gru_reset_before,
    "fastgrnn": fastgrnn,
}
