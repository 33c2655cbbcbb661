"""Losses that Keras does not have."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf


class WeightedCrossEntropy(keras.losses.Loss):
    """Cross-entropy of class numbers, each sample's times the weight of its class, mean over the batch.

    Args:
        weights: ``[classes]``.
    """

    def __init__(self, weights: np.ndarray) -> None:
        super().__init__(name="weighted_cross_entropy")
        self.weights = np.asarray(weights, np.float32)

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """Return the loss of each class number ``[...]``, for probabilities ``[..., classes or 1]``.

        A single probability is that of the second of two classes.
        """
        if y_pred.shape[-1] == 1:
            y_pred = tf.concat([1.0 - y_pred, y_pred], axis=-1)
        each = keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
        return each * tf.gather(tf.constant(self.weights), tf.cast(y_true, tf.int32))


def balanced_weights(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return class weights ``[classes]`` with which all classes that occur count alike, and the mean label 1.

    Negative labels, which are of steps that count nowhere, are left out.
    """
    known = labels[labels >= 0]
    counts = np.bincount(known, minlength=classes)
    occurring = counts > 0
    return np.where(occurring, known.size / (occurring.sum() * np.maximum(counts, 1)), 0.0)
