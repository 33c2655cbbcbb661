"""The simple recurrent cell (Elman 1990): ``h[t] = activation(x[t] @ kernel + h[t - 1] @ recurrent_kernel + bias)``."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import tensorflow as tf
from typing_extensions import override

from rnnexp.layers.activation import TensorActivation
from rnnexp.layers.cell import CellLayers
from rnnexp.layers.loops import run
from rnnexp.layers.recurrence import Recurrence, Tensors
from rnnexp.layers.recurrent import Recurrent
from rnnexp.layers.weights import Weights


@dataclass(frozen=True)
class Simple(Recurrence):
    """The arithmetic; all that is kept are the states."""

    activation: TensorActivation
    states = kept = 1
    carried = ()
    of_input = of_state = (0,)

    @override
    def forward(self, of_input: Tensors, of_state: Tensors, states: Tensors) -> Tensors:
        return (self.activation.forward(of_input[0] + of_state[0]),)

    @override
    def slopes(self, kept: Tensors, previous: Tensors) -> Tensors:
        return (self.activation.slope(kept[0]),)

    @override
    def backward(self, grad_output: tf.Tensor, carried: Tensors, slopes: Tensors) -> tuple[Tensors, Tensors]:
        return (grad_output * slopes[0],), carried


@keras.saving.register_keras_serializable(package="rnnexp")
class SimpleRNN(Recurrent, keras.layers.SimpleRNN):
    """Keras' ``SimpleRNN`` with the fast loops."""

    @override
    def recurrence(self, activation: TensorActivation) -> Simple:
        return Simple(activation)


def scan(
    sequences: tf.Tensor,
    kernel: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    bias: tf.Tensor,
    activation: TensorActivation,
    *,
    every_step: bool,
    states: tf.Tensor | None = None,
) -> tf.Tensor:
    """Run the cell from ``h = 0``.

    Args:
        sequences: ``x``, ``[time, batch, features]``; time and features static.
        kernel: ``[features, units]``.
        recurrent_kernel: ``[units, units]``.
        bias: ``[units]``.
        activation: forward and slope.
        every_step: return the states of every step, ``[time, batch, units]``, not just the last ``[batch, units]``.
        states: ``[time, batch, units]``, what some other arithmetic makes of the same: then these are returned, and
            only the gradient is that of the formula (a straight-through estimate).
    """
    weights = Weights(kernel, recurrent_kernel, bias)
    known = None if states is None else (states,)
    return run(Simple(activation), sequences, weights, every_step=every_step, known=known)[0]


LAYERS = CellLayers(trained=SimpleRNN, plain=keras.layers.SimpleRNN)
