"""Layers over sequences of different lengths, against Keras' own with masks: values and gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers.pairs import with_every_pair

from rnnexp.layers import cell as cell_layers
from rnnexp.layers.lengths import Bidirectional
from rnnexp.layers.loops import FUSED_UNITS
from rnnexp.network.cells import CELLS

BATCH, STEPS, FEATURES = 6, 7, 3
LENGTHS = np.array([7, 3, 1, 5, 2, 6], np.int32)
REAL = np.arange(STEPS) < LENGTHS[:, None]
SIZES = (5, FUSED_UNITS + 4)
# And whether every step is given: backwards Keras hands on the padding first, and here it always comes last.
WAYS = (("forward", False), ("forward", True), ("backwards", False), ("both", False), ("both", True))


def inputs():
    return tf.constant(np.random.default_rng(0).uniform(-1, 1, (BATCH, STEPS, FEATURES)).astype(np.float32))


def pair(cell, units, *, way="forward", **options):
    """Our layer and Keras', with the same weights."""
    layers = cell_layers.load(cell)
    made = []
    for kind, join in ((layers.trained, Bidirectional), (layers.plain, keras.layers.Bidirectional)):
        layer = kind(units, activation="tanh", go_backwards=way == "backwards", **options)
        if way == "both":
            layer = join(layer, backward_layer=kind(units, activation="tanh", go_backwards=True, **options))
        layer.build((BATCH, STEPS, FEATURES))
        made.append(layer)
    random = np.random.default_rng(1)
    weights = [random.uniform(-0.6, 0.6, values.shape) / len(values) ** 0.5 for values in made[0].get_weights()]
    for layer in made:
        layer.set_weights(weights)
    return made


def results(layer, x, **call):
    """Output, and the gradients by input and weights of an uneven sum of what counts of it."""

    @tf.function(jit_compile=True)
    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            output = layer(x, **call)
            if len(output.shape) == 3:
                output = tf.where(REAL[..., None], output, 0.0)
            factors = tf.reshape(tf.linspace(-1.0, 1.0, tf.size(output)), tf.shape(output))
            total = tf.reduce_sum(output * factors + output**2)
        return output, tape.gradient(total, [x, *(variable.value for variable in layer.trainable_variables)])

    output, gradients = run(x)
    return [output.numpy(), *(gradient.numpy() for gradient in gradients)]


@pytest.mark.parametrize(("cell", "way", "units"), with_every_pair(CELLS, WAYS, SIZES), ids=str)
def test_values_and_gradients_are_those_of_keras_with_a_mask(cell, way, units):
    way, every_step = way
    ours, stock = pair(cell, units, way=way, return_sequences=every_step)
    expected = results(stock, inputs(), mask=tf.constant(REAL))
    assert max(np.abs(gradient).max() for gradient in expected[1:]) > 1e-3
    for got, wanted in zip(results(ours, inputs(), lengths=tf.constant(LENGTHS)), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=2e-5, atol=2e-6 * max(1.0, np.abs(wanted).max()))


@pytest.mark.parametrize("cell", CELLS)
def test_nothing_comes_of_the_padding(cell):
    ours, _ = pair(cell, 5, way="both", return_sequences=True)
    x = inputs().numpy()
    loud = np.where(REAL[..., None], x, 1e4).astype(np.float32)
    for quiet_one, loud_one in zip(
        results(ours, tf.constant(x), lengths=tf.constant(LENGTHS)),
        results(ours, tf.constant(loud), lengths=tf.constant(LENGTHS)),
        strict=True,
    ):
        np.testing.assert_array_equal(quiet_one, loud_one)


@pytest.mark.parametrize("every_step", [False, True])
def test_backwards_the_padding_still_comes_last(every_step):
    forward, _ = pair("lstm", 5, return_sequences=every_step)
    backwards, _ = pair("lstm", 5, way="backwards", return_sequences=every_step)
    x = inputs()
    turned = tf.reverse_sequence(x, LENGTHS, seq_axis=1)
    np.testing.assert_array_equal(
        results(backwards, x, lengths=LENGTHS)[0], results(forward, turned, lengths=LENGTHS)[0]
    )


def test_whole_sequences_are_what_they_are_without_lengths():
    ours, _ = pair("gru", 5, way="both")
    whole = tf.fill([BATCH], STEPS)
    np.testing.assert_allclose(ours(inputs(), lengths=whole), ours(inputs()), rtol=1e-5, atol=1e-6)


def test_what_lengths_do_not_go_with():
    ours, _ = pair("simple", 5, return_state=True)
    with pytest.raises(ValueError, match="last states"):
        ours(inputs(), lengths=LENGTHS)
    stateful = cell_layers.load("simple").trained(5, stateful=True)
    with pytest.raises(ValueError, match="lengths need"):
        stateful(inputs(), lengths=LENGTHS)
