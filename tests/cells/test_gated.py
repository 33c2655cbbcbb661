"""LSTM and GRU, and what all cells have in common, against Keras' own: values, gradients, options, compiled and not."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnexp.cells.gru.layer import GRU
from rnnexp.cells.lstm.layer import LSTM
from rnnexp.cells.lstm_peephole.layer import FastPeepholeLSTM
from rnnexp.cells.simple.layer import SimpleRNN
from rnnexp.layers.activation import keras_activation
from rnnexp.layers.loops import FUSED_UNITS
from rnnexp.layers.lstm import PeepholeLSTM, ProjectedLSTM
from rnnexp.network.activations import ACTIVATIONS

BATCH, STEPS, FEATURES = 4, 6, 3
SIZES = (5, FUSED_UNITS + 3)  # one on either side of the fused product
KINDS = {LSTM: keras.layers.LSTM, GRU: keras.layers.GRU}
# Those that Keras does not have, against their equations, which Keras differentiates.
NOT_OF_KERAS = {FastPeepholeLSTM: PeepholeLSTM}
ALL = {SimpleRNN: keras.layers.SimpleRNN, **KINDS, **NOT_OF_KERAS}
NAMES = ("relu", "tanh", "sigmoid", "custom")


def array(shape, seed, low=-1.0, high=1.0):
    return np.random.default_rng(seed).uniform(low, high, shape).astype(np.float32)


def pair(kind, units=5, activation="tanh", plain=None, **options):
    """Our layer and Keras', with the same weights; those keep custom's pre-activations inside (0, 1)."""
    layers = []
    for layer in (kind, plain or ALL[kind]):
        layers.append(layer(units, activation=keras_activation(activation, 1.0), **options))
        layers[-1].build((BATCH, STEPS, FEATURES))
    weights = [
        array(values.shape, n, -0.6, 0.6) / np.float32(len(values) ** 0.5)
        for n, values in enumerate(layers[0].get_weights())
    ]
    if activation == "custom" and options.get("use_bias", True):
        weights[2] = weights[2] + np.float32(0.4)
    for layer in layers:
        layer.set_weights(weights)
    return layers


def results(layer, x, states=(), **call):
    """Outputs, and the gradients by input, initial states and weights of an uneven sum of all outputs."""
    x, states = tf.constant(x), [tf.constant(state) for state in states]
    with tf.GradientTape() as tape:
        tape.watch([x, *states])
        outputs = keras.tree.flatten(layer(x, initial_state=states or None, **call))
        total = 0.0
        for output in outputs:
            factors = tf.reshape(tf.linspace(-1.0, 1.0, tf.size(output)), tf.shape(output))
            total += tf.reduce_sum(output * factors + output**2)
    variables = [variable.value for variable in layer.trainable_variables]
    return [value.numpy() for value in (*outputs, *tape.gradient(total, [x, *states, *variables]))]


def assert_same(ours, stock, x=None, **call):
    x = array((BATCH, STEPS, FEATURES), 9) if x is None else x
    expected = results(stock, x, **call)
    assert min(np.abs(values).max() for values in expected) > 1e-4  # else there is nothing to compare
    for got, wanted in zip(results(ours, x, **call), expected, strict=True):
        assert got.shape == wanted.shape
        np.testing.assert_allclose(got, wanted, rtol=2e-5, atol=3e-6 * max(1.0, np.abs(wanted).max()))


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("units", SIZES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_equals_keras(kind, name, units, every_step):
    assert_same(*pair(kind, units, name, return_sequences=every_step))


@pytest.mark.parametrize("projection", [0, 3, 7])
@pytest.mark.parametrize("options", [{}, {"use_bias": False}, {"go_backwards": True, "return_sequences": True}])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("kind", "plain"), [(LSTM, ProjectedLSTM), (FastPeepholeLSTM, PeepholeLSTM)])
def test_projections_equal_the_equations(kind, plain, name, options, projection):
    assert_same(*pair(kind, 5, name, plain=plain, projection=projection, **options))


@pytest.mark.parametrize("activation", NAMES)
def test_without_projection_and_peepholes_the_equations_are_keras_own(activation):
    for other in (ProjectedLSTM, PeepholeLSTM):
        ours, stock = (kind(5, activation=keras_activation(activation, 1.0)) for kind in (other, keras.layers.LSTM))
        for layer in (ours, stock):
            layer.build((BATCH, STEPS, FEATURES))
        # Peepholes start closed.
        ours.set_weights([*stock.get_weights(), *ours.get_weights()[3:]])
        x = array((BATCH, STEPS, FEATURES), 9)
        np.testing.assert_allclose(ours(x), stock(x), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("kind", [LSTM, FastPeepholeLSTM])
def test_a_projected_output_is_centred_ahead_of_the_projection(kind):
    """Plain outputs, less what the projection makes of the centre, from states that are centred in all products."""
    plain, centred = (kind(5, projection=3, state_center=center, return_sequences=True) for center in (0.0, 0.25))
    for layer in (plain, centred):
        layer.build((BATCH, STEPS, FEATURES))
    kernel, recurrent, bias, *peepholes, projection = plain.get_weights()
    center = 0.25 * projection.sum(axis=0)
    centred.set_weights([kernel, recurrent, bias + center @ recurrent, *peepholes, projection])
    x = array((BATCH, STEPS, FEATURES), 9)
    np.testing.assert_allclose(centred(x), plain(x) - center, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("units", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_equals_keras_backwards_and_without_bias(kind, units):
    assert_same(*pair(kind, units, go_backwards=True, return_sequences=True))
    assert_same(*pair(kind, units, use_bias=False))


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("units", SIZES)
@pytest.mark.parametrize("kind", ALL)
def test_states_go_in_and_out_with_their_gradients(kind, units, every_step):
    ours, stock = pair(kind, units, return_state=True, return_sequences=every_step)
    states = [array((BATCH, units), 20 + n) for n in range(len(stock.state_size))]
    assert_same(ours, stock, states=states)
    assert len(ours(array((BATCH, STEPS, FEATURES), 9))) == 1 + len(states)


@pytest.mark.parametrize("length", [1, 2])
@pytest.mark.parametrize("kind", ALL)
def test_shortest_sequences(kind, length):
    x = array((BATCH, length, FEATURES), 2)
    ours, stock = pair(kind)
    for got, wanted in zip(results(ours, x), results(stock, x), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=2e-5, atol=3e-6)


@pytest.mark.parametrize("kind", ALL)
def test_layers_and_directions_together_equal_keras(kind):
    """Two bidirectional layers on each other: every weight's gradient."""

    def network(layer):
        return keras.Sequential(
            [
                keras.Input((STEPS, FEATURES)),
                keras.layers.Bidirectional(layer(4, return_sequences=True)),
                keras.layers.Bidirectional(layer(3)),
                keras.layers.Dense(2),
            ]
        )

    ours, stock = network(kind), network(ALL[kind])
    stock.set_weights(ours.get_weights())
    x, y = array((BATCH, STEPS, FEATURES), 1), array((BATCH, 2), 2)
    gradients = []
    for model in (ours, stock):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x) - y) ** 2)
        gradients.append(tape.gradient(loss, [variable.value for variable in model.trainable_variables]))
    assert len(gradients[0]) == (18 if kind in NOT_OF_KERAS else 14)
    for got, wanted in zip(*gradients, strict=True):
        assert np.abs(wanted).max() > 1e-5
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("kind", "units"), list(zip(KINDS, SIZES, strict=True)))
def test_compiled_equals_eager(kind, units):
    layer, _ = pair(kind, units, return_sequences=True)
    x = tf.constant(array((BATCH, STEPS, FEATURES), 9))

    @tf.function(jit_compile=True)
    def compiled(x):
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(layer(x) ** 2)
        return tape.gradient(total, [variable.value for variable in layer.trainable_variables])

    for got, wanted in zip(compiled(x), compiled.python_function(x), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=2e-5, atol=2e-6 * max(1.0, np.abs(wanted).max()))


@pytest.mark.parametrize("units", SIZES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ALL)
def test_centres_are_a_shift_of_the_bias(kind, name, units):
    plain, _ = pair(kind, units, name, return_sequences=True)
    centred = kind(
        units,
        activation=keras_activation(name, 1.0),
        return_sequences=True,
        input_center=0.3,
        state_center=0.5,
    )
    centred.build((BATCH, STEPS, FEATURES))
    kernel, recurrent, bias, *others = plain.get_weights()
    of_input, of_state = 0.3 * kernel.sum(axis=0), 0.5 * recurrent.sum(axis=0)
    # A GRU has the state's bias beside the input's.
    shifted = bias + np.stack([of_input, of_state]) if bias.ndim == 2 else bias + of_input + of_state
    centred.set_weights([kernel, recurrent, shifted, *others])
    x = array((BATCH, STEPS, FEATURES), 9)
    np.testing.assert_allclose(centred(x), plain(x), rtol=1e-5, atol=1e-6)


# ---- dropout


def drop(layer, monkeypatch, input_mask, state_mask):
    """Have a layer draw these masks."""
    if type(layer) in ALL:
        monkeypatch.setattr(
            type(layer), "_mask", lambda _, like, __: input_mask if like.shape[-1] == FEATURES else state_mask
        )
        return
    # With recurrent dropout, Keras' gated cells draw a mask for each gate; here they are the same.
    gates = getattr(layer.cell, "dropout_mask_count", None)
    for name, mask in (("get_dropout_mask", input_mask), ("get_recurrent_dropout_mask", state_mask)):
        monkeypatch.setattr(type(layer.cell), name, lambda *_, mask=mask: [mask] * gates if gates else mask)


@pytest.mark.parametrize("units", SIZES)
@pytest.mark.parametrize("kind", ALL)
def test_dropout_equals_keras_with_the_same_masks(kind, units, monkeypatch):
    ours, stock = pair(kind, units, dropout=0.5, recurrent_dropout=0.5, return_sequences=True)
    random = np.random.default_rng(4)
    masks = [2.0 * random.integers(0, 2, (BATCH, width)).astype(np.float32) for width in (FEATURES, units)]
    for layer in (ours, stock):
        drop(layer, monkeypatch, *map(tf.constant, masks))
    assert_same(ours, stock, training=True)
    x = array((BATCH, STEPS, FEATURES), 9)
    assert not np.allclose(ours(x, training=True), ours(x))


@pytest.mark.parametrize("kind", ALL)
def test_dropout_draws_anew_for_every_batch_and_keeps_the_mean(kind):
    layer, _ = pair(kind, dropout=0.25, recurrent_dropout=0.25)
    x = array((BATCH, STEPS, FEATURES), 9)
    draw = tf.function(lambda: layer(x, training=True), jit_compile=kind is LSTM)
    draws = np.stack([draw() for _ in range(3)])
    assert np.ptp(draws, axis=0).max() > 1e-3
    mask = layer._mask(tf.zeros((200, 50)), 0.25).numpy()
    assert set(np.unique(mask)) == {0.0, np.float32(1 / 0.75)}
    assert mask.mean() == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("kind", ALL)
def test_what_is_dropped_is_at_its_centre(kind, monkeypatch):
    """With everything dropped, a centred layer computes as if every input and state were its centre."""
    layer = kind(5, input_center=0.3, state_center=0.2, dropout=0.5, recurrent_dropout=0.5, use_bias=False)
    drop(layer, monkeypatch, tf.zeros((BATCH, FEATURES)), tf.zeros((BATCH, 5)))
    x = array((BATCH, STEPS, FEATURES), 9)
    layer.build(x.shape)
    # No sum is ever anything but 0: every gate is 1/2, every candidate 0.
    np.testing.assert_array_equal(layer(x, training=True), np.zeros((BATCH, 5)))


# ---- what the fast loops do not cover


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (GRU, {"reset_after": False}),
        (GRU, {"recurrent_activation": "hard_sigmoid"}),
        (LSTM, {"recurrent_activation": "hard_sigmoid"}),
    ],
)
def test_another_arithmetic_runs_as_keras_has_it(kind, options):
    assert_same(*pair(kind, **options))
    with pytest.raises(ValueError, match="centres and lengths need one of our activations, sigmoid gates"):
        kind(5, state_center=0.5, **options)(array((BATCH, STEPS, FEATURES), 9))


@pytest.mark.parametrize("kind", KINDS)
def test_a_mask_is_obeyed(kind):
    mask = np.array([[True] * 6, [True] * 3 + [False] * 3, [False] + [True] * 5, [True] * 5 + [False]])
    assert_same(*pair(kind), mask=tf.constant(mask))


@pytest.mark.parametrize("kind", KINDS)
def test_settings_survive_saving(kind):
    layer = kind(5, activation=keras_activation("custom", 1.0), input_center=0.3, state_center=0.5, dropout=0.1)
    again = kind.from_config(layer.get_config())
    assert (again.input_center, again.state_center, again.units, again.dropout) == (0.3, 0.5, 5, 0.1)


def test_every_activation_is_tested():
    assert set(NAMES) == set(ACTIVATIONS)
