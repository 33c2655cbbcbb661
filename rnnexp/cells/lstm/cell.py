"""Long short-term memory (Hochreiter & Schmidhuber 1997; with forget gate, Gers et al. 2000) in real numbers.

With ``g`` for the activation, gates from the sums of input and state, side by side in this order, as Keras has them:

    i, f, o = sigmoid(...)      candidate = g(...)
    c[t] = f * c[t - 1] + i * candidate
    h[t] = o * g(c[t])

With a projection (Sak et al. 2014), ``h[t]`` is that, times a kernel without a bias.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnnexp.network.activations import Activation
from rnnexp.network.cells import Cell
from rnnexp.network.functions import Functions
from rnnexp.network.ranges import Ranges


def step(
    weights: Sequence[np.ndarray], functions: Functions, x: np.ndarray, states: Sequence[np.ndarray], ranges: Ranges
) -> list[np.ndarray]:
    """Return the output and ``c``, ``[n, units]`` each, that follow."""
    kernel, recurrent, bias, *projection = weights
    i, f, candidate, o = np.split(x @ kernel + states[0] @ recurrent + bias, 4, axis=1)
    i, f, o = (functions.gate(ranges.see("gates", z)) for z in (i, f, o))
    c = ranges.see("c", f * states[1] + i * functions.activation(ranges.see("candidate", candidate)))
    return [projected(o * functions.activation(c), projection, ranges), c]


def projected(values: np.ndarray, projection: Sequence[np.ndarray], ranges: Ranges) -> np.ndarray:
    """Return what a projection, if there is one, makes of the values of the units."""
    return ranges.see("projected", values @ projection[0]) if projection else values


def start(activation: Activation) -> tuple[tuple[float, ...], float]:
    """Return the initial biases of i, f, candidate, o, and the output that they lead to.

    The forget gate starts open, as Keras has it. Where the candidate does not start at 0, the input gate starts as far
    closed (``sigmoid(-1) = 1 - sigmoid(1)``), so that c does not grow beyond the candidate.
    """
    z, candidate = activation.working_point
    bias = (-1.0 if candidate else 0.0, 1.0, z, 0.0)
    return bias, 0.5 * float(activation.table(np.array(candidate)))


CELL = Cell(
    activated=(False, False, True, False), step=step, start=start, states=("state", "cell_state"), projects=True
)
