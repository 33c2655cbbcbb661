"""Training beside a linear path: it starts at a linear model, which stays, and the recurrent layers add to it."""

import keras
import numpy as np
import pytest
from helpers.random_networks import inputs, integers, layered
from helpers.training import shaken
from sklearn.linear_model import RidgeCV

from rnnexp.datasets.support.ridge import STRENGTHS, LinearModel, ridge
from rnnexp.formats.keras.model import to_keras
from rnnexp.network.cells import CELLS
from rnnexp.network.network import Network
from rnnexp.quantization import reference
from rnnexp.training.fine_tuning import fine_tune, is_supported
from rnnexp.training.model import Regularization, trainable
from rnnexp.training.optimization import Optimization
from rnnexp.training.simulation import SimulatedNetwork, with_weights
from rnnexp.training.trainer import Trainer
from rnnexp.training.unit_scale import UnitScale

UNIT = UnitScale(inputs=19.0, outputs=7.0, input_center=0.321)


@pytest.fixture(autouse=True)
def seed():
    """The same initial weights whichever tests have run before."""
    keras.utils.set_random_seed(0)


def architecture_of(*cells, activation="custom", **options):
    return layered(
        *cells, steps=8, features=2, outputs=3, activation=activation, linear_path=True, **options
    ).architecture


def data(samples=60):
    random = np.random.default_rng(0)
    x = random.uniform(0, 19, (samples, 8, 2)).astype(np.float32)
    y = x.reshape(samples, -1) @ random.normal(size=(16, 3)) + 5 * np.abs(x[:, -1, :1] - 9.5) + 11
    return x, y.astype(np.float32)


def test_ridge_is_that_of_scikit_learn():
    x, y = data()
    flat = x.reshape(60, -1).astype(float) / 19
    found, other = ridge(flat, y), RidgeCV(STRENGTHS).fit(flat, y)
    assert (found.kernel.shape, found.bias.shape) == ((16, 3), (3,))
    np.testing.assert_allclose(found.predict(flat), other.predict(flat), rtol=1e-6)
    one = ridge(flat, y[:, :1])
    assert (one.kernel.shape, one.bias.shape) == ((16, 1), (1,))


@pytest.mark.parametrize(
    "cells", [[("simple", 4)], [("lstm", 3), ("gru", 4, "both")], [("gru", 4, "backwards")]], ids=str
)
def test_training_starts_at_the_linear_model_alone(cells):
    architecture, (x, y) = architecture_of(*cells), data()
    flat = UNIT.scale_inputs(x).reshape(len(x), -1).astype(float)
    linear = ridge(flat, UNIT.scale_targets(y))
    model = trainable(architecture, input_center=UNIT.input_center, linear_start=linear)
    expected = linear.predict(flat)
    np.testing.assert_allclose(model(UNIT.scale_inputs(x)).numpy(), expected, rtol=0, atol=1e-5)
    folded = Network.of(architecture, UNIT.fold(architecture, [w.astype(np.float64) for w in model.get_weights()]))
    np.testing.assert_allclose(folded.run(x), expected * 7.0, rtol=0, atol=1e-4)
    # In the user's own numbers the same as ridge there.
    np.testing.assert_allclose(folded.linear_kernel, linear.kernel * 7 / 19, rtol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("activation", ["tanh", "custom"])
def test_fold_is_exact_and_unfold_undoes_it(cell, activation):
    architecture, (x, _) = architecture_of((cell, 4), (cell, 3), activation=activation), data()
    model = trainable(architecture, input_center=UNIT.input_center)
    model.set_weights(shaken(model))
    expected = model(UNIT.scale_inputs(x)).numpy() * 7.0
    trained = [values.astype(np.float64) for values in model.get_weights()]
    assert [values.shape for values in trained] == list(architecture.shapes.values())
    plain = UNIT.fold(architecture, trained)
    np.testing.assert_allclose(to_keras(Network.of(architecture, plain))(x).numpy(), expected, rtol=0, atol=3e-5)
    for got, weight in zip(UNIT.unfold(architecture, plain), trained, strict=True):
        np.testing.assert_allclose(got, weight, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("moves", [False, True])
def test_the_path_stays_unless_it_is_to_train_and_the_layers_learn(moves):
    architecture, (x, y) = architecture_of(("simple", 6), activation="tanh"), data()
    x, y = UNIT.scale_inputs(x), UNIT.scale_targets(y)
    flat = x.reshape(len(x), -1).astype(float)
    linear = ridge(flat, y)
    model = trainable(
        architecture, regularization=Regularization(l2=1e-4), linear_start=linear, train_linear_path=moves
    )
    before = model.get_weights()
    optimizer = Optimization("adam", 0.02, batch_size=20).optimizer(len(x), 300, decay=True)
    trainer = Trainer(model, keras.losses.MeanSquaredError(), optimizer, batch_size=20, seed=0)
    history = trainer.fit(x, y, x, y, epochs=300)
    changed = [not np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True)]
    assert changed == [True, True, True, moves, True, True]
    assert history.epochs[-1].val_loss < 0.9 * np.mean((linear.predict(flat) - y) ** 2)


def test_the_penalty_is_not_of_the_path():
    architecture = architecture_of(("simple", 4))
    large = LinearModel(np.full((16, 3), 100.0), np.zeros(3))
    model = trainable(architecture, regularization=Regularization(l2=0.5), linear_start=large)
    kernels = model.get_weights()[:2]
    assert float(sum(model.losses)) == pytest.approx(0.5 * sum(float((values**2).sum()) for values in kernels))


def test_fine_tuning_computes_what_the_integers_do():
    network = layered(("simple", 5), steps=8, features=2, outputs=3, linear_path=True)
    x = (inputs(64, 8, 2) + 0.4).astype(np.float32)
    plain, codes = integers(network, x)
    assert is_supported(plain)
    trained = [values.astype(np.float32) for values in UNIT.unfold(network.architecture, network.weights)]
    model = keras.Sequential([keras.Input((8, 2)), SimulatedNetwork(plain, network.architecture, UNIT)])
    model.set_weights(trained)
    simulated = model(UNIT.scale_inputs(x)).numpy() * UNIT.outputs
    # Inputs that go through unit scale in float32 may be on the other side of half a code, now and then.
    near = np.abs(simulated - reference.outputs(plain, x)) < 0.5 * plain.output.scale
    assert near.mean() > 0.97
    again = with_weights(plain, network)
    assert (again.output_layer.codes == plain.output_layer.codes).all()
    assert (again.output_layer.bias == plain.output_layer.bias).all()
    tuned = fine_tune(plain, network, trained, UNIT, x, Optimization("adam", 0.5, batch_size=16), epochs=2)
    assert tuned.integers.path_inputs == 16
    moved = with_weights(plain, tuned.network)
    assert (reference.run(tuned.integers, codes) == reference.run(moved, codes)).all()
