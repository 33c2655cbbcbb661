"""Long short-term memory (Hochreiter & Schmidhuber 1997; with forget gate, Gers et al. 2000), as Keras has it.

With ``g`` for the activation, gates from the sums of input and state, side by side in this order:

    i, f, o = sigmoid(...)      candidate = g(...)
    c[t] = f * c[t - 1] + i * candidate
    h[t] = o * g(c[t])
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from rnnexp.cells.lstm import integers
from rnnexp.layers.cell import Cell
from rnnexp.layers.recurrence import Recurrence, Tensors
from rnnexp.layers.recurrent import Recurrent
from rnnexp.network.activations import Activation


@dataclass(frozen=True)
class LongShortTerm(Recurrence):
    """The arithmetic; kept: h, c, i, f, candidate, o."""

    rule: Activation
    states = 2
    kept = 6
    around = (1,)
    of_input = of_state = (0, 1, 2, 3)

    def forward(self, of_input: Tensors, of_state: Tensors, states: Tensors) -> Tensors:
        """Return the new states, and the gates."""
        i, f, candidate, o = (x + s for x, s in zip(of_input, of_state, strict=True))
        i, f, o, candidate = tf.sigmoid(i), tf.sigmoid(f), tf.sigmoid(o), self.rule.forward(candidate)
        c = f * states[1] + i * candidate
        return o * self.rule.forward(c), c, i, f, candidate, o

    def slopes(self, kept: Tensors, previous: Tensors) -> Tensors:
        """Return what the gradients by c and by the output are multiplied with."""
        _, c, i, f, candidate, o = kept
        activated = self.rule.forward(c)
        by_c = (candidate * i * (1.0 - i), previous[1] * f * (1.0 - f), i * self.rule.slope(candidate), f)
        return *by_c, activated * o * (1.0 - o), o * self.rule.slope(activated)

    def backward(self, by_output: tf.Tensor, around: Tensors, slopes: Tensors) -> tuple[Tensors, Tensors]:
        """Return the gradients by the sums, and by the c before."""
        to_i, to_f, to_candidate, f, to_o, to_c = slopes
        by_c = around[0] + by_output * to_c
        return (by_c * to_i, by_c * to_f, by_c * to_candidate, by_output * to_o), (by_c * f,)


@keras.saving.register_keras_serializable(package="rnnexp")
class LSTM(Recurrent, keras.layers.LSTM):
    """Keras' ``LSTM`` with the fast loops."""

    def recurrence(self, rule: Activation) -> LongShortTerm:
        """Return the arithmetic."""
        return LongShortTerm(rule)


def _start(rule: Activation) -> tuple[tuple[float, ...], float]:
    """Return the initial biases of i, f, candidate, o, and the output that they lead to.

    The forget gate starts open, as Keras has it. Where the candidate does not start at 0, the input gate starts as far
    closed (``sigmoid(-1) = 1 - sigmoid(1)``), so that c does not grow beyond the candidate.
    """
    z, candidate = rule.working_point
    bias = (-1.0 if candidate else 0.0, 1.0, z, 0.0)
    return bias, 0.5 * float(rule.table(np.array(candidate)))


CELL = Cell(
    layer=LSTM,
    plain=keras.layers.LSTM,
    activated=(False, False, True, False),
    start=_start,
    options={"unit_forget_bias": False},  # the bias has it
    integers=integers,
)
