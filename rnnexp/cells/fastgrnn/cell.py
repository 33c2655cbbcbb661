"""FastGRNN (Kusupati et al. 2018, "FastGRNN: A Fast, Accurate, Stable and Tiny Kilobyte Sized Gated Recurrent Neural
Network", arXiv:1901.02358) in real numbers: gate and candidate share the sums of inputs and state.

    a = x @ W + h[t - 1] @ U
    z = sigmoid(a + b_z)        candidate = g(a + b_h)
    h[t] = (zeta * (1 - z) + nu) * candidate + z * h[t - 1]

``zeta`` and ``nu`` are two numbers between 0 and 1, sigmoids of what is trained. Each of ``W`` and ``U`` can be the
product of two kernels of a low rank. Where ``g`` has a scale, so have the sums: gates are of them divided by it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnnexp.cells.fastgrnn.weights import FastWeights
from rnnexp.network.activations import Activation, sigmoid
from rnnexp.network.cells import Cell
from rnnexp.network.functions import Functions
from rnnexp.network.ranges import Ranges

# Where training starts: the paper's zeta and nu ahead of the sigmoid, and a gate that keeps most of the state; with the
# 1 of the authors' program, what was early in a sequence is learned slowly (docs/cells.md).
ZETA, NU, GATE_BIAS = 1.0, -4.0, 3.0


def step(
    weights: Sequence[np.ndarray], functions: Functions, x: np.ndarray, states: Sequence[np.ndarray], ranges: Ranges
) -> list[np.ndarray]:
    """Return the state ``[n, units]`` that follows."""
    parts, (h,) = FastWeights.of(weights), states
    sums = 0.0
    for name, values, (first, *second) in (("of_inputs", x, parts.kernel), ("of_state", h, parts.recurrent)):
        made = values @ first
        sums += ranges.see(name, made) @ second[0] if second else made
    z = functions.gate(ranges.see("gate", sums + parts.gate_bias))
    candidate = functions.activation(ranges.see("candidate", sums + parts.bias))
    return [ranges.see("state", (parts.zeta * (1.0 - z) + parts.nu) * candidate + z * h)]


def start(activation: Activation) -> tuple[tuple[float, ...], float]:
    """Return the initial bias of the candidate, and the output at which a unit comes to rest with it."""
    bias, candidate = activation.working_point
    z, zeta, nu = sigmoid(np.array([GATE_BIAS, ZETA, NU]))
    return (bias,), float((zeta + nu / (1.0 - z)) * candidate)


CELL = Cell(activated=(True,), step=step, start=start, shared=True, factors=True)
