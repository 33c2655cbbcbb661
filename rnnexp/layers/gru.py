"""The gated recurrent unit (Cho et al. 2014), as Keras has it by default: reset after the product.

With ``g`` for the activation, ``x`` and ``s`` for the sums of input and state, each with three blocks side by side:

    z = sigmoid(x_z + s_z)      r = sigmoid(x_r + s_r)      candidate = g(x_h + r * s_h)
    h[t] = z * h[t - 1] + (1 - z) * candidate
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import tensorflow as tf

from rnnexp.activations import Activation
from rnnexp.layers.cell import Cell
from rnnexp.layers.recurrence import Recurrence, Tensors
from rnnexp.layers.recurrent import Recurrent


@dataclass(frozen=True)
class Gated(Recurrence):
    """The arithmetic; kept: h, and z, r, candidate, s_h.

    The gradients by the sums are, side by side, those of z, r, s_h, x_h.
    """

    rule: Activation
    states = 1
    kept = (1, 4)
    around = (0,)
    recurrent_bias = True

    def forward(self, of_input: tf.Tensor, of_state: tf.Tensor, states: Tensors, axis: int) -> Tensors:
        """Return the new state, and the gates."""
        (x_z, x_r, x_h), (s_z, s_r, s_h) = (tf.split(sums, 3, axis=axis) for sums in (of_input, of_state))
        z, r = tf.sigmoid(x_z + s_z), tf.sigmoid(x_r + s_r)
        candidate = self.rule.forward(x_h + r * s_h)
        return z * states[0] + (1.0 - z) * candidate, tf.concat([z, r, candidate, s_h], axis=axis)

    def slopes(self, kept: Tensors, previous: Tensors, axis: int) -> Tensors:
        """Return what the gradient by the output is multiplied with."""
        z, r, candidate, s_h = tf.split(kept[1], 4, axis=axis)
        to_z = (previous[0] - candidate) * z * (1.0 - z)
        to_x = (1.0 - z) * self.rule.slope(candidate)
        return to_z, to_x * s_h * r * (1.0 - r), to_x * r, to_x, z

    def backward(self, by_output: tf.Tensor, around: Tensors, slopes: Tensors, axis: int) -> tuple[tf.Tensor, Tensors]:
        """Return the gradients by the sums, and by the output before as far as it passes the gate z."""
        *to_sums, z = slopes
        by_output += around[0]
        return tf.concat([by_output * slope for slope in to_sums], axis=axis), (by_output * z,)

    def of_input(self, by_sums: tf.Tensor, axis: int) -> tf.Tensor:
        """Return those of z, r, x_h."""
        z, r, _, x_h = tf.split(by_sums, 4, axis=axis)
        return tf.concat([z, r, x_h], axis=axis)

    def of_state(self, by_sums: tf.Tensor, axis: int) -> tf.Tensor:
        """Return those of z, r, s_h."""
        z, r, s_h, _ = tf.split(by_sums, 4, axis=axis)
        return tf.concat([z, r, s_h], axis=axis)


@keras.saving.register_keras_serializable(package="rnnexp")
class GRU(Recurrent, keras.layers.GRU):
    """Keras' ``GRU`` with the fast loops; one with ``reset_after=False`` runs as Keras has it."""

    def recurrence(self, rule: Activation) -> Gated | None:
        """Return the arithmetic, if it is the fast one."""
        return Gated(rule) if self.cell.reset_after else None


CELL = Cell(
    layer=GRU,
    plain=keras.layers.GRU,
    activated=(False, False, True),
    start=lambda rule: ((0.0, 0.0, rule.working_point[0]), rule.working_point[1]),
)
