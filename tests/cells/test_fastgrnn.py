"""FastGRNN: the fast layer against its equations, which Keras differentiates."""

import numpy as np
import pytest
import tensorflow as tf

from rnnexp.cells.fastgrnn.layer import FastFastGRNN
from rnnexp.cells.fastgrnn.plain import FastGRNN
from rnnexp.layers.activation import keras_activation
from rnnexp.network.activations import ACTIVATIONS

FEATURES = 9


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize(("units", "rank"), [(5, 0), (30, 0), (12, 4)])  # with the fused product, and without
@pytest.mark.parametrize("options", [{}, {"go_backwards": True, "return_sequences": True}])
def test_values_and_gradients(name, units, rank, options):
    x = tf.constant(np.random.default_rng(0).uniform(0.1, 0.5, (4, 6, FEATURES)), tf.float32)
    results, weights = [], []
    for kind in (FastFastGRNN, FastGRNN):
        layer = kind(units, rank=rank, activation=keras_activation(name, 1.0), **options)
        layer.build(x.shape)
        start = np.random.default_rng(1)
        weights = weights or [start.uniform(0.05, 1.0, w.shape) / w.shape[0] for w in layer.get_weights()]
        layer.set_weights(weights)
        with tf.GradientTape() as tape:
            tape.watch(x)
            output = layer(x)
            loss = tf.reduce_sum(output**2)
        results.append([output, *tape.gradient(loss, [x, *(each.value for each in layer.trainable_variables)])])
    for ours, keras in zip(*results, strict=True):
        assert np.abs(keras).max() > 1e-4  # else there is nothing to compare
        np.testing.assert_allclose(ours, keras, rtol=1e-4, atol=1e-6)
