"""What our recurrent layers have in common: Keras' behaviour, around our loops."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import keras
import tensorflow as tf

from rnnexp.layers.activation import TensorActivation, tensor_activation
from rnnexp.layers.lengths import last, reverse
from rnnexp.layers.loops import Dropout, run
from rnnexp.layers.recurrence import Recurrence
from rnnexp.layers.weights import Weights


class Recurrent(keras.layers.RNN):
    """Goes before one of Keras' recurrent layers among a class's bases.

    What the fast loops do not cover runs as Keras has it.

    With centres it computes with ``x - input_center`` and ``h - state_center`` in all products: the same family of
    networks (``rnnexp.training.unit_scale`` gives the plain bias), but weights and bias no longer pull at the same
    thing, which activations whose outputs are all positive need in order to train. With a projection, the product that
    is centred is that one, so that its outputs are given centred, and 0 is their centre.

    Dropout is that of Gal & Ghahramani (2016), "A theoretically grounded application of dropout in recurrent neural
    networks": of inputs and of states, the same ones at every step and for all gates; what is dropped is at its centre.
    """

    def __init__(self, units: int, *, input_center: Any = 0.0, state_center: float = 0.0, **options: Any) -> None:
        super().__init__(units, **options)
        self.input_center = input_center
        self.state_center = state_center
        self.use_cudnn = False  # else Keras' Bidirectional goes around ``call``

    def get_config(self) -> dict[str, Any]:
        """Return Keras' settings and the centres."""
        centers = {"input_center": self.input_center, "state_center": self.state_center}
        return {**super().get_config(), **centers}

    @abstractmethod
    def recurrence(self, activation: TensorActivation) -> Recurrence | None:
        """Return the layer's arithmetic with an activation, or None if only Keras has it."""

    def call(
        self,
        sequences: tf.Tensor,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,
        lengths: tf.Tensor | None = None,
    ) -> Any:
        """Return the last output ``[batch, outputs]``, or all of them with ``return_sequences``, as Keras does.

        With ``return_state``, also the last states.

        Args:
            sequences: ``[batch, time, features]``.
            initial_state: before the first step; zeros if None.
            mask: as Keras has it.
            training: whether there is dropout.
            lengths: real steps of each sequence, int32 ``[batch]``, before the padding; None: all. Outputs at steps of
                padding, which come last whichever way the layer reads, mean nothing.

        Raises:
            ValueError: if centres or lengths are there together with something that only Keras' own loop can do.
        """
        activation = tensor_activation(self.activation)
        sigmoid = keras.activations.sigmoid
        cell = (
            self.recurrence(activation)
            if activation and getattr(self, "recurrent_activation", sigmoid) is sigmoid
            else None
        )
        if cell is None or mask is not None or self.stateful:
            if self.input_center or self.state_center or lengths is not None:
                raise ValueError(
                    "centres and lengths need one of our activations, sigmoid gates, no mask, and no stateful layer"
                )
            return super().call(sequences, initial_state=initial_state, mask=mask, training=training)
        if lengths is not None and self.return_state:
            raise ValueError("with lengths there are no last states to return")
        if self.go_backwards:
            sequences = tf.reverse(sequences, axis=(1,)) if lengths is None else reverse(sequences, lengths)
        time_first = tf.transpose(sequences, (1, 0, 2)) - self.input_center
        dropout, center = None, self._output_center()
        if training and self.cell.dropout:
            time_first *= self._mask(time_first[0], self.cell.dropout)
        if training and self.cell.recurrent_dropout:
            like = tf.zeros((tf.shape(sequences)[0], self.cell.recurrent_kernel.shape[0]))
            dropout = Dropout(self._mask(like, self.cell.recurrent_dropout), center)
        output, states = run(
            cell,
            time_first,
            self._weights(cell, 0.0 * center if dropout else center),
            every_step=self.return_sequences or lengths is not None,
            initial=None if initial_state is None else tuple(keras.tree.flatten(initial_state)),
            dropout=dropout,
            return_states=self.return_state,
        )
        if self._projection is not None:
            output -= center
        if lengths is not None:
            output = tf.transpose(output, (1, 0, 2))
            return output if self.return_sequences else last(output, lengths)
        output = tf.transpose(output, (1, 0, 2)) if self.return_sequences else output
        return (output, *states) if self.return_state else output

    @property
    def _projection(self) -> tf.Tensor | None:
        """The kernel of a projection, ``[units, outputs]``, if there is one."""
        variable = getattr(self.cell, "projection_kernel", None)
        return None if variable is None else variable.value

    def _output_center(self) -> Any:
        """Return what outputs are centred on: a number, or, where they are projected, ``[1, outputs]``."""
        kernel = self._projection
        if kernel is None:
            return self.state_center
        return self.state_center * tf.reduce_sum(kernel, axis=0, keepdims=True)

    def _weights(self, cell: Recurrence, center: Any) -> Weights:
        """Return the weights for outputs that are not centred."""
        kernel, recurrent_kernel = self._kernels()
        if self._projection is None:
            of_center = center * tf.reduce_sum(recurrent_kernel, axis=0)
        else:
            of_center = (center @ recurrent_kernel)[0]
        return Weights(
            kernel,
            recurrent_kernel,
            *self._biases(cell, -of_center),
            of_units=self._weights_of_units(),
            projection=self._projection,
        )

    def _kernels(self) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the kernel and the recurrent kernel."""
        return self.cell.kernel.value, self.cell.recurrent_kernel.value

    def _weights_of_units(self) -> tf.Tensor | None:
        """Return weights of each unit alone, ``[n, units]``, if there are some."""
        variable = getattr(self.cell, "peepholes", None)
        return None if variable is None else variable.value

    def _biases(self, cell: Recurrence, shift: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Return the two biases, if the cell has two, with that of the state's sum shifted; else the one, and None."""
        if not cell.recurrent_bias:
            return (shift + self.cell.bias.value if self.cell.use_bias else shift), None
        if not self.cell.use_bias:
            return tf.zeros_like(shift), shift
        return self.cell.bias.value[0], self.cell.bias.value[1] + shift

    def _mask(self, like: tf.Tensor, rate: float) -> tf.Tensor:
        """Return zeros, and elsewhere ones scaled up so that the mean stays 1."""
        return keras.random.dropout(tf.ones_like(like), rate, seed=self.cell.seed_generator)
