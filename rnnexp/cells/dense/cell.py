"""A dense layer at every step in real numbers: ``h[t] = g(x[t] @ kernel + bias)``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnnexp.network.cells import Cell
from rnnexp.network.functions import Functions
from rnnexp.network.ranges import Ranges


def step(
    weights: Sequence[np.ndarray],
    functions: Functions,
    x: np.ndarray,
    states: Sequence[np.ndarray],  # noqa: ARG001
    ranges: Ranges,
) -> list[np.ndarray]:
    """Return the values ``[n, units]`` that follow."""
    kernel, bias = weights
    return [functions.activation(ranges.see("sum", x @ kernel + bias))]


CELL = Cell(activated=(True,), step=step, recurrent=False)
