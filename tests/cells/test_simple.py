"""The recurrent layer against Keras' own: values, gradients, options, compiled and not."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnexp.cells.simple.layer import SimpleRNN
from rnnexp.layers.activation import ScaledSqrt, keras_activation
from rnnexp.layers.loops import FUSED_UNITS
from rnnexp.network.activations import ACTIVATIONS

BATCH, STEPS, FEATURES = 4, 7, 3
SIZES = (5, 40)  # one on either side of FUSED_UNITS
NAMES = ("relu", "tanh", "sigmoid", "custom")


def activation_of(name):
    return keras_activation(name, 1.0) if name in ACTIVATIONS else name


def pair(units, name, **options):
    """Our layer and Keras', with the same weights; those keep custom's pre-activations inside (0, 1)."""
    ours = SimpleRNN(units, activation=activation_of(name), **options)
    stock = keras.layers.SimpleRNN(units, activation=activation_of(name), **options)
    random = np.random.default_rng(units)
    weights = [
        random.uniform(-0.4, 0.4, (FEATURES, units)) / FEATURES,
        random.uniform(-0.8, 0.8, (units, units)) / units,
        random.uniform(0.45, 0.55, units) if name == "custom" else random.uniform(-0.5, 0.5, units),
    ]
    weights = weights if options.get("use_bias", True) else weights[:2]
    for layer in (ours, stock):
        layer.build((BATCH, STEPS, FEATURES))
        layer.set_weights([values.astype(np.float32) for values in weights])
    return ours, stock


def inputs(low=-1.0, high=1.0):
    return tf.constant(np.random.default_rng(0).uniform(low, high, (BATCH, STEPS, FEATURES)).astype(np.float32))


def results(layer, x, *, compiled=False, **call):
    """Output, and the gradients by input and weights of an uneven sum of the output."""

    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            output = layer(x, **call)
            factors = tf.reshape(tf.linspace(-1.0, 1.0, tf.size(output)), tf.shape(output))
            total = tf.reduce_sum(output * factors + output**2)
        return output, tape.gradient(total, [x, *(variable.value for variable in layer.trainable_variables)])

    output, gradients = tf.function(run, jit_compile=True)(x) if compiled else run(x)
    return [output.numpy(), *(gradient.numpy() for gradient in gradients)]


def assert_same(ours, stock, x, **call):
    expected = results(stock, x, **call)
    assert max(np.abs(gradient).max() for gradient in expected[1:]) > 1e-3  # else there is nothing to compare
    for got, wanted in zip(results(ours, x, **call), expected, strict=True):
        assert got.shape == wanted.shape
        np.testing.assert_allclose(got, wanted, rtol=2e-5, atol=2e-6 * max(1.0, np.abs(wanted).max()))


def test_the_sizes_are_on_both_sides_of_the_fused_path():
    assert SIZES[0] <= FUSED_UNITS < SIZES[1]


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("units", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_equals_keras(name, units, every_step):
    ours, stock = pair(units, name, return_sequences=every_step)
    assert_same(ours, stock, inputs())


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("units", SIZES)
def test_equals_keras_backwards(units, every_step):
    assert_same(*pair(units, "tanh", return_sequences=every_step, go_backwards=True), inputs())


@pytest.mark.parametrize(("units", "name"), [(5, "relu"), (40, "tanh")])
def test_equals_keras_without_bias(units, name):
    ours, stock = pair(units, name, use_bias=False)
    assert len(ours.trainable_variables) == 2
    assert_same(ours, stock, inputs())


def test_a_mask_is_obeyed():
    mask = tf.constant([[True] * 7, [True] * 3 + [False] * 4, [False] + [True] * 6, [True] * 6 + [False]])
    ours, stock = pair(5, "tanh")
    assert_same(ours, stock, inputs(), mask=mask)
    assert not np.allclose(ours(inputs(), mask=mask), ours(inputs()))


@pytest.mark.parametrize("units", SIZES)
def test_an_activation_that_is_not_ours_runs_as_keras_has_it(units):
    assert_same(*pair(units, "softplus"), inputs())


def test_custom_at_another_scale_runs_as_keras_has_it():
    ours = SimpleRNN(5, activation=ScaledSqrt(4.0))
    stock = keras.layers.SimpleRNN(5, activation=ScaledSqrt(4.0))
    for layer in (ours, stock):
        layer.build((BATCH, STEPS, FEATURES))
        layer.set_weights(pair(5, "custom")[0].get_weights())
    assert_same(ours, stock, inputs())


def test_an_initial_state_is_taken():
    state = tf.constant(np.random.default_rng(1).uniform(-1, 1, (BATCH, 5)).astype(np.float32))
    ours, stock = pair(5, "tanh")
    assert_same(ours, stock, inputs(), initial_state=state)
    assert not np.allclose(ours(inputs(), initial_state=state), ours(inputs()))


def test_the_state_is_returned_where_asked_for():
    ours, stock = pair(5, "tanh", return_state=True, return_sequences=True)
    for got, wanted in zip(ours(inputs()), stock(inputs()), strict=True):
        assert got.shape == wanted.shape
        np.testing.assert_allclose(got, wanted, rtol=1e-5)


def test_dropout_is_applied_in_training_only():
    ours, stock = pair(5, "tanh", dropout=0.5, seed=3)
    np.testing.assert_allclose(ours(inputs(), training=False), stock(inputs(), training=False), rtol=1e-5)
    assert not np.allclose(ours(inputs(), training=True), ours(inputs(), training=False))


@pytest.mark.parametrize("units", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_compiled_equals_eager(name, units):
    ours, _ = pair(units, name, return_sequences=True)
    for eager, compiled in zip(results(ours, inputs()), results(ours, inputs(), compiled=True), strict=True):
        np.testing.assert_allclose(compiled, eager, rtol=2e-5, atol=2e-6 * max(1.0, np.abs(eager).max()))


@pytest.mark.parametrize("units", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_gradients_against_finite_differences(name, units):
    """The layer's gradients against differences of the same recurrence, written out in NumPy at float64."""
    layer, _ = pair(units, name, return_sequences=True)
    x = inputs()
    _, *gradients = results(layer, x)
    arrays = [np.asarray(x, np.float64), *(values.astype(np.float64) for values in layer.get_weights())]
    factors = np.linspace(-1, 1, BATCH * STEPS * units).reshape(BATCH, STEPS, units)

    def total():
        x, kernel, recurrent, bias = arrays
        state, states = np.zeros((BATCH, units)), []
        for t in range(STEPS):
            state = ACTIVATIONS[name].table(x[:, t] @ kernel + state @ recurrent + bias)
            states.append(state)
        output = np.stack(states, axis=1)
        return np.sum(output * factors + output**2)

    random, step, checked = np.random.default_rng(3), 1e-6, 0
    for values, gradient in zip(arrays, gradients, strict=True):
        for index in random.choice(values.size, 6, replace=values.size < 6):
            place = np.unravel_index(index, values.shape)
            kept = values[place]
            values[place] = kept + step
            above = total()
            values[place] = kept - step
            below = total()
            values[place] = kept
            np.testing.assert_allclose(gradient[place], (above - below) / (2 * step), rtol=2e-3, atol=2e-4)
            checked += 1
    assert checked == 24


@pytest.mark.parametrize("units", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_centres_are_a_shift_of_the_bias(name, units):
    plain, _ = pair(units, name, return_sequences=True)
    centred = SimpleRNN(
        units, activation=activation_of(name), return_sequences=True, input_center=0.3, state_center=0.5
    )
    centred.build((BATCH, STEPS, FEATURES))
    kernel, recurrent, bias = plain.get_weights()
    centred.set_weights([kernel, recurrent, bias + 0.3 * kernel.sum(axis=0) + 0.5 * recurrent.sum(axis=0)])
    np.testing.assert_allclose(centred(inputs()), plain(inputs()), rtol=1e-5, atol=1e-6)


def test_centres_with_what_only_keras_can_do_are_refused():
    layer = SimpleRNN(5, activation="softplus", state_center=0.5)
    with pytest.raises(ValueError, match="centres and lengths need one of our activations"):
        layer(inputs())


def test_settings_survive_saving():
    layer = SimpleRNN(5, activation=ScaledSqrt(1.0), input_center=0.3, state_center=0.5)
    again = SimpleRNN.from_config(layer.get_config())
    assert (again.input_center, again.state_center, again.units) == (0.3, 0.5, 5)
    assert isinstance(again.activation, ScaledSqrt)
