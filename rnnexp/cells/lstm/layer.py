"""Long short-term memory (Hochreiter & Schmidhuber 1997; with forget gate, Gers et al. 2000), as Keras has it.

With ``g`` for the activation, gates from the sums of input and state, side by side in this order:

    i, f, o = sigmoid(...)      candidate = g(...)
    c[t] = f * c[t - 1] + i * candidate
    h[t] = o * g(c[t])
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import tensorflow as tf
from typing_extensions import override

from rnnexp.layers.activation import TensorActivation
from rnnexp.layers.cell import CellLayers
from rnnexp.layers.recurrence import Recurrence, Tensors
from rnnexp.layers.recurrent import Recurrent


@dataclass(frozen=True)
class LongShortTerm(Recurrence):
    """The arithmetic; kept: h, c, i, f, candidate, o."""

    activation: TensorActivation
    states = 2
    kept = 6
    carried = (1,)
    of_input = of_state = (0, 1, 2, 3)

    @override
    def forward(self, of_input: Tensors, of_state: Tensors, states: Tensors) -> Tensors:
        i, f, candidate, o = (x + s for x, s in zip(of_input, of_state, strict=True))
        i, f, o, candidate = tf.sigmoid(i), tf.sigmoid(f), tf.sigmoid(o), self.activation.forward(candidate)
        c = f * states[1] + i * candidate
        return o * self.activation.forward(c), c, i, f, candidate, o

    @override
    def slopes(self, kept: Tensors, previous: Tensors) -> Tensors:
        _, c, i, f, candidate, o = kept
        activated = self.activation.forward(c)
        grad_c = (candidate * i * (1.0 - i), previous[1] * f * (1.0 - f), i * self.activation.slope(candidate), f)
        return *grad_c, activated * o * (1.0 - o), o * self.activation.slope(activated)

    @override
    def backward(self, grad_output: tf.Tensor, carried: Tensors, slopes: Tensors) -> tuple[Tensors, Tensors]:
        to_i, to_f, to_candidate, f, to_o, to_c = slopes
        grad_c = carried[0] + grad_output * to_c
        return (grad_c * to_i, grad_c * to_f, grad_c * to_candidate, grad_output * to_o), (grad_c * f,)


@keras.saving.register_keras_serializable(package="rnnexp")
class LSTM(Recurrent, keras.layers.LSTM):
    """Keras' ``LSTM`` with the fast loops."""

    @override
    def recurrence(self, activation: TensorActivation) -> LongShortTerm:
        return LongShortTerm(activation)


# The initial bias opens the forget gate.
LAYERS = CellLayers(trained=LSTM, plain=keras.layers.LSTM, options={"unit_forget_bias": False})
