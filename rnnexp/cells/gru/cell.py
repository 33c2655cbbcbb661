"""The gated recurrent unit (Cho et al. 2014) in real numbers, as Keras has it by default: reset after the product.

With ``g`` for the activation, ``x`` and ``s`` for the sums of input and state, each with three blocks side by side:

    z = sigmoid(x_z + s_z)      r = sigmoid(x_r + s_r)      candidate = g(x_h + r * s_h)
    h[t] = z * h[t - 1] + (1 - z) * candidate
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnnexp.network.cells import Cell
from rnnexp.network.functions import Functions
from rnnexp.network.ranges import Ranges


def step(
    weights: Sequence[np.ndarray], functions: Functions, x: np.ndarray, states: Sequence[np.ndarray], ranges: Ranges
) -> list[np.ndarray]:
    """Return the state ``[n, units]`` that follows."""
    kernel, recurrent, bias = weights
    of_inputs = np.split(x @ kernel + bias[0], 3, axis=1)
    of_state = np.split(states[0] @ recurrent + bias[1], 3, axis=1)
    z, r = (functions.gate(ranges.see("gates", of_inputs[n] + of_state[n])) for n in range(2))
    a, b = ranges.see("a", of_inputs[2]), ranges.see("b", of_state[2])
    candidate = functions.activation(ranges.see("candidate", a + r * b))
    return [z * states[0] + (1.0 - z) * candidate]


CELL = Cell(
    activated=(False, False, True),
    step=step,
    start=lambda activation: ((0.0, 0.0, activation.working_point[0]), activation.working_point[1]),
    biases=2,
)
