"""Sequences of different lengths as tensors ``[batch, time, ...]``, padded at their end.

Steps of padding are computed like others, but nothing comes of them: the states that count, and all that have a
gradient, are those of real steps.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


def reverse(values: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """Return sequences from their last real step to their first, and then the padding."""
    return tf.reverse_sequence(values, lengths, seq_axis=1, batch_axis=0)


def last(values: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """Return the values ``[batch, ...]`` at the last real step."""
    # As a sum, since XLA makes a loop over the batch of the gradient of a gather.
    there = tf.one_hot(lengths - 1, values.shape[1], on_value=True, off_value=False, dtype=tf.bool)
    return tf.reduce_sum(tf.where(there[..., None], values, tf.zeros_like(values)), axis=1)


class Bidirectional(keras.layers.Bidirectional):
    """Keras' ``Bidirectional`` of our layers, which may be called with lengths."""

    def call(
        self,
        sequences: tf.Tensor,
        initial_state: Any = None,
        mask: Any = None,
        training: bool | None = None,
        lengths: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Return the joined values of both directions: at every step, or after the last one of each.

        Args:
            sequences: ``[batch, time, features]``.
            initial_state: as Keras has it.
            mask: as Keras has it.
            training: whether there is dropout.
            lengths: real steps of each sequence, int32 ``[batch]``; None: all.
        """
        if lengths is None:
            return super().call(sequences, initial_state=initial_state, mask=mask, training=training)
        forward, backward = (
            layer(sequences, training=training, lengths=lengths) for layer in (self.forward_layer, self.backward_layer)
        )
        return tf.concat([forward, reverse(backward, lengths) if self.return_sequences else backward], axis=-1)
