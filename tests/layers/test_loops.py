"""The loops' hand-written gradients of LSTMs with peepholes and projections, against TensorFlow's own in float64."""

from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf

from rnnexp.cells.gru.layer import Gated
from rnnexp.cells.lstm.layer import LongShortTerm
from rnnexp.layers.activation import TENSOR_ACTIVATIONS
from rnnexp.layers.loops import FUSED_UNITS, Dropout, run
from rnnexp.layers.weights import Weights

BATCH, STEPS, FEATURES = 4, 6, 3
SIZES = (5, FUSED_UNITS + 3)  # one on either side of the fused product


@dataclass(frozen=True)
class Setting:
    """Numbers for a cell: its inputs, weights and, perhaps, initial states and recurrent dropout."""

    sequences: tf.Tensor
    weights: Weights
    initial: tuple[tf.Tensor, ...]
    given: bool
    dropout: Dropout | None

    @classmethod
    def of(cls, units, outputs, *, peepholes, projects, given, drops):
        """Return a random one; outputs are those of a projection, or the units."""
        random = np.random.default_rng(units)

        def numbers(*shape):
            return tf.constant(random.uniform(-1, 1, shape))

        weights = Weights(
            numbers(FEATURES, 4 * units),
            numbers(outputs, 4 * units),
            numbers(4 * units),
            of_units=numbers(3, units) if peepholes else None,
            projection=numbers(units, outputs) if projects else None,
        )
        zeros = (tf.zeros((BATCH, width), tf.float64) for width in (outputs, units))
        initial = (numbers(BATCH, outputs), numbers(BATCH, units)) if given else tuple(zeros)
        mask = tf.constant(2.0 * random.integers(0, 2, (BATCH, outputs)))
        return cls(
            numbers(STEPS, BATCH, FEATURES),
            weights,
            initial,
            given,
            Dropout(mask, numbers(1, outputs)) if drops else None,
        )

    def results(self, values):
        """Return outputs and states of ``values()``, and their gradients by all there is."""
        by = [self.sequences, *self.weights.there.values(), *(self.initial if self.given else ())]
        with tf.GradientTape() as tape:
            tape.watch(by)
            made = values()
            total = 0.0
            for each in made:
                factors = tf.reshape(tf.linspace(tf.constant(-1.0, each.dtype), 1.0, tf.size(each)), tf.shape(each))
                total += tf.reduce_sum(each * factors + each**2)
        return [*made, *tape.gradient(total, by)]


def by_equations(setting, function, *, every_step):
    """The equations of Gers and Schmidhuber 2000, and of Sak et al. 2014."""
    weights, (h, c), found = setting.weights, setting.initial, []
    p_i, p_f, p_o = (0.0, 0.0, 0.0) if weights.of_units is None else tf.unstack(weights.of_units)
    for x in tf.unstack(setting.sequences):
        entering = setting.dropout(h) if setting.dropout else h
        sums = x @ weights.kernel + entering @ weights.recurrent_kernel + weights.bias
        i, f, candidate, o = tf.split(sums, 4, axis=1)
        c = tf.sigmoid(f + p_f * c) * c + tf.sigmoid(i + p_i * c) * function(candidate)
        h = tf.sigmoid(o + p_o * c) * function(c)
        h = h if weights.projection is None else h @ weights.projection
        found.append(h)
    return (tf.stack(found) if every_step else h), h, c


@pytest.mark.parametrize("drops", [False, True])
@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("outputs", [0, 3, FUSED_UNITS + 9])
@pytest.mark.parametrize("peepholes", [False, True])
@pytest.mark.parametrize("units", SIZES)
def test_gradients_of_lstms_are_those_of_their_equations(units, peepholes, outputs, every_step, given, drops):
    setting = Setting.of(units, outputs or units, peepholes=peepholes, projects=bool(outputs), given=given, drops=drops)

    def ours():
        output, states = run(
            LongShortTerm(TENSOR_ACTIVATIONS["tanh"]),
            setting.sequences,
            setting.weights,
            every_step=every_step,
            initial=setting.initial if given else None,
            dropout=setting.dropout,
            return_states=given,
        )
        return (output, *states)

    def expected():
        output, *states = by_equations(setting, tf.tanh, every_step=every_step)
        return (output, *states) if given else (output,)

    for got, wanted in zip(setting.results(ours), setting.results(expected), strict=True):
        assert np.abs(wanted).max() > 1e-3  # else there is nothing to compare
        np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-9 * np.abs(wanted).max())


@pytest.mark.parametrize("name", ["relu", "sigmoid", "custom"])
def test_gradients_with_every_activation(name):
    setting = Setting.of(5, 3, peepholes=True, projects=True, given=False, drops=False)
    activation = TENSOR_ACTIVATIONS[name]

    @tf.custom_gradient
    def function(z):
        output = activation.forward(z)
        return output, lambda upstream: upstream * activation.slope(output)

    got = setting.results(
        lambda: run(LongShortTerm(activation), setting.sequences, setting.weights, every_step=True)[:1]
    )
    wanted = setting.results(lambda: by_equations(setting, function, every_step=True)[:1])
    for mine, theirs in zip(got, wanted, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9 * np.abs(theirs).max())


def test_other_cells_have_no_weights_of_units_alone():
    with pytest.raises(TypeError, match="Gated has no weights of units alone"):
        Gated(TENSOR_ACTIVATIONS["tanh"]).reading((1.0, 2.0, 3.0))
