"""The gated recurrent unit (Cho et al. 2014) in real numbers, as Keras has it with ``reset_after=False``.

z, r = sigmoid(...)      candidate = g(x_h + (r * h[t - 1]) @ recurrent_h + bias_h)
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
    (h,), gates = states, 2 * len(recurrent)
    of_inputs = x @ kernel + bias
    sums = of_inputs[:, :gates] + h @ recurrent[:, :gates]
    z, r = (functions.gate(ranges.see("gates", part)) for part in np.split(sums, 2, axis=1))
    candidate = functions.activation(ranges.see("candidate", of_inputs[:, gates:] + (r * h) @ recurrent[:, gates:]))
    return [z * h + (1.0 - z) * candidate]


CELL = Cell(activated=(False, False, True), step=step)
