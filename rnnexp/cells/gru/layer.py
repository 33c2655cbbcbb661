"""The gated recurrent unit (Cho et al. 2014), as Keras has it by default: reset after the product.

With ``g`` for the activation, ``x`` and ``s`` for the sums of input and state, each with three blocks side by side:

    z = sigmoid(x_z + s_z)      r = sigmoid(x_r + s_r)      candidate = g(x_h + r * s_h)
    h[t] = z * h[t - 1] + (1 - z) * candidate
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
class Gated(Recurrence):
    """The arithmetic; kept: h, z, r, candidate, s_h. The gradients by the sums are those by z, r, s_h, x_h."""

    activation: TensorActivation
    states = 1
    kept = 5
    carried = (0,)
    of_input = (0, 1, 3)
    of_state = (0, 1, 2)
    recurrent_bias = True

    @override
    def forward(self, of_input: Tensors, of_state: Tensors, states: Tensors) -> Tensors:
        (x_z, x_r, x_h), (s_z, s_r, s_h) = of_input, of_state
        z, r = tf.sigmoid(x_z + s_z), tf.sigmoid(x_r + s_r)
        candidate = self.activation.forward(x_h + r * s_h)
        return z * states[0] + (1.0 - z) * candidate, z, r, candidate, s_h

    @override
    def slopes(self, kept: Tensors, previous: Tensors) -> Tensors:
        _, z, r, candidate, s_h = kept
        to_x = (1.0 - z) * self.activation.slope(candidate)
        return (previous[0] - candidate) * z * (1.0 - z), to_x * s_h * r * (1.0 - r), to_x * r, to_x, z

    @override
    def backward(self, grad_output: tf.Tensor, carried: Tensors, slopes: Tensors) -> tuple[Tensors, Tensors]:
        *to_sums, z = slopes
        grad_output += carried[0]
        return tuple(grad_output * slope for slope in to_sums), (grad_output * z,)


@keras.saving.register_keras_serializable(package="rnnexp")
class GRU(Recurrent, keras.layers.GRU):
    """Keras' ``GRU`` with the fast loops; one with ``reset_after=False`` runs as Keras has it."""

    @override
    def recurrence(self, activation: TensorActivation) -> Gated | None:
        return Gated(activation) if self.cell.reset_after else None


LAYERS = CellLayers(trained=GRU, plain=keras.layers.GRU)
