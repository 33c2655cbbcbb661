"""Long short-term memory (Hochreiter & Schmidhuber 1997; with forget gate, Gers et al. 2000), as Keras has it.

With ``g`` for the activation, gates from the sums of input and state, side by side in this order:

    i, f, o = sigmoid(...)      candidate = g(...)
    c[t] = f * c[t - 1] + i * candidate
    h[t] = o * g(c[t])

With peepholes (Gers & Schmidhuber 2000), ``p_i * c[t - 1]``, ``p_f * c[t - 1]`` and ``p_o * c[t]`` are added to the
gates' sums. With a projection (Sak et al. 2014), ``h[t]`` is that, times a kernel without a bias.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import keras
import tensorflow as tf
from typing_extensions import override

from rnnexp.layers.activation import TensorActivation
from rnnexp.layers.cell import CellLayers
from rnnexp.layers.lstm import ProjectedLSTM
from rnnexp.layers.recurrence import Recurrence, Tensors
from rnnexp.layers.recurrent import Recurrent


@dataclass(frozen=True)
class LongShortTerm(Recurrence):
    """The arithmetic; kept: h, c, i, f, candidate, o.

    What gates read of ``c`` is a factor of what goes back by ``c`` anyway: the loop back is the same with peepholes.
    """

    activation: TensorActivation
    peepholes: Tensors = ()
    states = 2
    kept = 6
    carried = (1,)
    of_input = of_state = (0, 1, 2, 3)

    @override
    def reading(self, of_units: Tensors) -> LongShortTerm:
        return replace(self, peepholes=of_units)

    @override
    def forward(self, of_input: Tensors, of_state: Tensors, states: Tensors) -> Tensors:
        i, f, candidate, o = (x + s for x, s in zip(of_input, of_state, strict=True))
        if self.peepholes:
            i, f = i + self.peepholes[0] * states[1], f + self.peepholes[1] * states[1]
        i, f, candidate = tf.sigmoid(i), tf.sigmoid(f), self.activation.forward(candidate)
        c = f * states[1] + i * candidate
        o = tf.sigmoid(o + self.peepholes[2] * c if self.peepholes else o)
        return o * self.activation.forward(c), c, i, f, candidate, o

    @override
    def slopes(self, kept: Tensors, previous: Tensors) -> Tensors:
        _, c, i, f, candidate, o = kept
        activated = self.activation.forward(c)
        to_i, to_f = candidate * i * (1.0 - i), previous[1] * f * (1.0 - f)
        to_candidate = i * self.activation.slope(candidate)
        to_o, to_c, by_c = activated * o * (1.0 - o), o * self.activation.slope(activated), f
        if self.peepholes:
            to_c += to_o * self.peepholes[2]
            by_c += to_i * self.peepholes[0] + to_f * self.peepholes[1]
        return to_i, to_f, to_candidate, by_c, to_o, to_c

    @override
    def backward(self, grad_output: tf.Tensor, carried: Tensors, slopes: Tensors) -> tuple[Tensors, Tensors]:
        to_i, to_f, to_candidate, by_c, to_o, to_c = slopes
        grad_c = carried[0] + grad_output * to_c
        return (grad_c * to_i, grad_c * to_f, grad_c * to_candidate, grad_output * to_o), (grad_c * by_c,)

    @override
    def by_weights_of_units(self, gradients: Tensors, kept: Tensors, previous: Tensors) -> Tensors:
        grad_i, grad_f, _, grad_o = gradients
        return grad_i * previous[1], grad_f * previous[1], grad_o * kept[1]


@keras.saving.register_keras_serializable(package="rnnexp")
class LSTM(Recurrent, ProjectedLSTM):
    """Keras' ``LSTM``, with a projection or without, with the fast loops."""

    @override
    def recurrence(self, activation: TensorActivation) -> LongShortTerm:
        return LongShortTerm(activation)


# The initial bias opens the forget gate.
LAYERS = CellLayers(trained=LSTM, plain=keras.layers.LSTM, projected=ProjectedLSTM, options={"unit_forget_bias": False})
