"""FastGRNN (Kusupati et al. 2018) as Keras layers.

    z = sigmoid(a + gate_bias)      candidate = g(a + bias)
    h[t] = (zeta * (1 - z) + nu) * candidate + z * h[t - 1]

The sums have the candidate's bias; the gate reads them and what its own differs by. Kernels of a low rank are
multiplied once for all steps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import keras
import tensorflow as tf
from typing_extensions import override

from rnnexp.cells.fastgrnn.plain import FastGRNN
from rnnexp.layers.activation import TensorActivation
from rnnexp.layers.cell import CellLayers
from rnnexp.layers.recurrence import Recurrence, Tensors
from rnnexp.layers.recurrent import Recurrent


@dataclass(frozen=True)
class SharedSums(Recurrence):
    """The arithmetic; kept: h, z, candidate. Behind the gradient by the sums is that by h.

    Of units are: what the gate's bias differs by, zeta, nu.
    """

    activation: TensorActivation
    of_units: Tensors = ()
    states = 1
    kept = 3
    carried = (0,)
    of_input = of_state = (0,)
    further = 1

    @override
    def reading(self, of_units: Tensors) -> SharedSums:
        return replace(self, of_units=of_units)

    @override
    def forward(self, of_input: Tensors, of_state: Tensors, states: Tensors) -> Tensors:
        differs, zeta, nu = self.of_units
        sums = of_input[0] + of_state[0]
        z, candidate = tf.sigmoid(sums + differs), self.activation.forward(sums)
        return (zeta * (1.0 - z) + nu) * candidate + z * states[0], z, candidate

    @override
    def slopes(self, kept: Tensors, previous: Tensors) -> Tensors:
        _, zeta, nu = self.of_units
        _, z, candidate = kept
        of_gate = self._of_gate(kept, previous)
        return of_gate + (zeta * (1.0 - z) + nu) * self.activation.slope(candidate), z

    def _of_gate(self, kept: Tensors, previous: Tensors) -> tf.Tensor:
        """Return the slope of h by the gate's sum."""
        _, z, candidate = kept
        return (previous[0] - self.of_units[1] * candidate) * z * (1.0 - z)

    @override
    def backward(self, grad_output: tf.Tensor, carried: Tensors, slopes: Tensors) -> tuple[Tensors, Tensors]:
        to_sums, z = slopes
        grad_output += carried[0]
        return (grad_output * to_sums, grad_output), (grad_output * z,)

    @override
    def by_weights_of_units(self, gradients: Tensors, kept: Tensors, previous: Tensors) -> Tensors:
        (_, grad_h), (_, z, candidate) = gradients, kept
        by_nu = grad_h * candidate
        return grad_h * self._of_gate(kept, previous), by_nu * (1.0 - z), by_nu


@keras.saving.register_keras_serializable(package="rnnexp")
class FastFastGRNN(Recurrent, FastGRNN):
    """The layer with the fast loops, which trains."""

    @override
    def recurrence(self, activation: TensorActivation) -> SharedSums:
        return SharedSums(activation)

    @override
    def _kernels(self) -> tuple[tf.Tensor, tf.Tensor]:
        return tuple(map(tf.convert_to_tensor, self.cell.whole_kernels()))

    @override
    def _weights_of_units(self) -> tf.Tensor:
        differs = self.cell.gate_bias.value - self.cell.bias.value
        zeta, nu = tf.unstack(tf.sigmoid(self.cell.mix.value))
        return tf.stack([differs, zeta * tf.ones_like(differs), nu * tf.ones_like(differs)])


LAYERS = CellLayers(trained=FastFastGRNN, plain=FastGRNN)
