"""The simple cell in real numbers: ``h[t] = g(x[t] @ kernel + h[t - 1] @ recurrent_kernel + bias)``."""

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
    return [functions.activation(ranges.see("sum", x @ kernel + states[0] @ recurrent + bias))]


CELL = Cell(
    activated=(True,),
    step=step,
    start=lambda activation: ((activation.working_point[0],), activation.working_point[1]),
)
