"""Long short-term memory with peepholes (Gers and Schmidhuber 2000) in real numbers: each gate reads its own unit's c.

With ``p_i``, ``p_f``, ``p_o`` for the weights of the peepholes, a number of each unit:

    i, f = sigmoid(... + p_i * c[t - 1]), sigmoid(... + p_f * c[t - 1])      candidate = g(...)
    c[t] = f * c[t - 1] + i * candidate
    o    = sigmoid(... + p_o * c[t])
    h[t] = o * g(c[t])
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnnexp.cells.lstm.cell import projected, start
from rnnexp.network.cells import Cell
from rnnexp.network.functions import Functions
from rnnexp.network.ranges import Ranges


def step(
    weights: Sequence[np.ndarray], functions: Functions, x: np.ndarray, states: Sequence[np.ndarray], ranges: Ranges
) -> list[np.ndarray]:
    """Return the output and ``c``, ``[n, units]`` each, that follow."""
    kernel, recurrent, bias, (p_i, p_f, p_o), *projection = weights
    h, c = states
    i, f, candidate, o = np.split(x @ kernel + h @ recurrent + bias, 4, axis=1)
    for sums in (i, f, o):
        ranges.see("sums", sums)
    i, f = (functions.gate(ranges.see("gates", z + p * c)) for z, p in ((i, p_i), (f, p_f)))
    c = ranges.see("c", f * c + i * functions.activation(ranges.see("candidate", candidate)))
    o = functions.gate(ranges.see("gates", o + p_o * c))
    return [projected(o * functions.activation(c), projection, ranges), c]


CELL = Cell(
    activated=(False, False, True, False),
    step=step,
    start=start,
    states=("state", "cell_state"),
    peepholes=3,
    projects=True,
)
