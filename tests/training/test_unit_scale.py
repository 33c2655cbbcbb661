"""Between the network that trains and the plain one in the user's numbers."""

import keras
import numpy as np
import pytest
from helpers.classic import classic
from helpers.pairs import with_every_pair
from helpers.random_networks import layered
from helpers.training import shaken, started

from rnnexp import datasets
from rnnexp.config import CONFIGS, ClassificationConfig
from rnnexp.experiment import build
from rnnexp.formats.keras.model import to_keras
from rnnexp.layers.recurrent import Recurrent
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.network.architecture import Architecture
from rnnexp.network.cells import CELLS
from rnnexp.network.network import Network
from rnnexp.training.model import trainable
from rnnexp.training.unit_scale import UnitScale, centered_on

NAMES = ("relu", "tanh", "sigmoid", "custom")
STRUCTURES = {
    "one layer": {},
    "backwards": {"go_backwards": True, "num_layers": 2},
    "bidirectional": {"bidirectional": True, "num_layers": 2},
}
# As ``layered`` takes them; "cell" stands for the one at hand.
LAYERS = {
    "one layer": [("cell", 4)],
    "backwards": [("cell", 4, "backwards"), ("cell", 4)],
    "bidirectional": [("cell", 4, "both"), ("cell", 4, "both")],
    "encoder-decoder": [("cell", 4), ("cell", 4, "encodes"), ("cell", 4)],
    "bidirectional encoder-decoder": [("cell", 4, "both", "encodes"), ("cell", 4)],
    "among others": [("gru", 3, "both"), ("cell", 4), ("lstm", 5, "both")],
    "between encoder and decoder": [("lstm", 3), ("cell", 4, "encodes"), ("simple", 5)],
    "projections": [
        ("lstm", 5, "both", {"projection": 3}),
        ("cell", 4),
        ("lstm-peephole", 4, {"projection": 6}),
        ("lstm-peephole", 4, "both", {"projection": 2}),
    ],
    "low ranks": [("fastgrnn", 8, "both", {"rank": 3}), ("cell", 4), ("fastgrnn", 7, {"rank": 2})],
    "projections, encoder-decoder": [
        ("lstm-peephole", 4, "both", "encodes", {"projection": 3}),
        ("lstm", 5, {"projection": 2}),
    ],
}


@pytest.fixture(autouse=True)
def seed():
    """The same initial weights whichever tests have run before."""
    keras.utils.set_random_seed(0)


def architecture_of(layers, cell, activation):
    """Return an architecture of the layers of a name, with the custom activation at a scale of the user's."""
    cells = [(cell if kind == "cell" else kind, *rest) for kind, *rest in LAYERS[layers]]
    decoder = any("encodes" in rest for rest in cells)
    made = layered(*cells, steps=8, features=2, outputs=3, every_step=decoder, activation=activation)
    scale = 3.7 if activation == "custom" else 1.0
    return Architecture.from_json({**made.architecture.to_json(), "max_value": scale})


def assert_unfolds(unit, architecture, trained):
    weights = [values.astype(np.float64) for values in trained]
    folded = unit.fold(architecture, weights)
    assert [values.shape for values in folded] == list(architecture.shapes.values())
    for got, expected in zip(unit.unfold(architecture, folded), weights, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(("max_value", "sigma"), [(255.0, 255.0), (3.7, 19.0), (1.0, 255.0), (100.0, 1.0)])
@pytest.mark.parametrize("name", NAMES)
def test_fold_is_exact(name, max_value, sigma):
    config = classic(
        dataset_name="airline-passengers", activation=name, custom_max_value=max_value, data_sigma=sigma, hidden_size=7
    )
    setting = started(config)
    setting.model.set_weights(shaken(setting.model))
    x = setting.dataset.evaluation.x
    expected = setting.model(x / np.float32(sigma)).numpy() * sigma
    spread = np.ptp(expected)
    assert spread > 1e-3 * sigma
    error = np.abs(setting.kept()(x).numpy() - expected) / max(spread, sigma)
    assert np.quantile(error, 0.95) <= 3e-6
    # The square root is steep at 0: a last bit of float32 there, another one on other processors, is some more.
    assert error.max() <= (1e-5 if name == "custom" else 3e-6)


@pytest.mark.parametrize(("cell", "structure", "name"), with_every_pair(CELLS, STRUCTURES, ["relu", "tanh", "custom"]))
def test_fold_is_exact_for_every_cell_and_structure(cell, name, structure):
    options = {"dataset_name": "airline-passengers", "custom_max_value": 3.7, "data_sigma": 19.0, "hidden_size": 4}
    config = classic(**options, cell=cell, activation=name, sequence_length=8, **STRUCTURES[structure])
    setting = started(config)
    setting.model.set_weights(shaken(setting.model))
    x = setting.dataset.evaluation.x
    expected = setting.model(x / np.float32(19.0)).numpy() * 19.0
    assert np.ptp(expected) > 1e-2
    kept = setting.kept()
    np.testing.assert_allclose(kept(x).numpy(), expected, rtol=0, atol=3e-5)
    assert not any(isinstance(layer, Recurrent) for layer in kept.layers)
    assert len(setting.architecture.shapes) == len(kept.get_weights())


@pytest.mark.parametrize(("cell", "layers", "name"), with_every_pair(CELLS, LAYERS, ["tanh", "custom"]))
def test_fold_is_exact_for_all_layers(cell, name, layers):
    architecture = architecture_of(layers, cell, name)
    unit = UnitScale(inputs=19.0, outputs=7.0, input_center=0.321)
    model = trainable(architecture, input_center=unit.input_center)
    model.set_weights(shaken(model))
    x = np.random.default_rng(0).uniform(0, 19, (50, 8, 2)).astype(np.float32)
    expected = model(unit.scale_inputs(x)).numpy() * 7.0
    assert np.ptp(expected) > 1e-2
    plain = unit.fold(architecture, [values.astype(np.float64) for values in model.get_weights()])
    assert [values.shape for values in model.get_weights()] == list(architecture.shapes.values())
    kept = to_keras(Network.of(architecture, plain))
    np.testing.assert_allclose(kept(x).numpy(), expected, rtol=0, atol=3e-5)


@pytest.mark.parametrize("task", ["regression", "classification", "memory"])
@pytest.mark.parametrize("name", NAMES)
def test_unfold_undoes_fold(name, task):
    given = {
        "regression": {"dataset_name": "airline-passengers", "custom_max_value": 3.7, "data_sigma": 19.0},
        "classification": {"dataset_name": "iris"},
        "memory": {"memory_n": 10, "custom_max_value": 0.3},
    }[task]
    setting = started(CONFIGS[task](activation=name, hidden_size=7, **given))
    assert_unfolds(setting.unit, setting.architecture, shaken(setting.model))


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_unfold_undoes_fold_for_every_cell_and_structure(cell, name, layers):
    architecture = architecture_of(layers, cell, name)
    random = np.random.default_rng(5)
    weights = [random.uniform(-1.0, 1.0, shape) for shape in architecture.shapes.values()]
    assert_unfolds(UnitScale(inputs=19.0, outputs=7.0, input_center=0.321), architecture, weights)


@pytest.mark.parametrize("name", NAMES)
def test_fold_for_classes(name):
    setting = started(ClassificationConfig(dataset_name="iris", activation=name, hidden_size=6))
    setting.model.set_weights(shaken(setting.model))
    x = setting.dataset.evaluation.x
    expected = setting.model(x).numpy()
    np.testing.assert_allclose(expected.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(setting.kept()(x).numpy(), expected, atol=1e-6)


def test_the_scale_of_a_data_set():
    dataset = datasets.load(classic(dataset_name="airline-passengers", data_sigma=19.0))
    unit = build.unit_scale(dataset)
    assert (unit.inputs, unit.outputs) == (dataset.input_scale, dataset.output_scale) == (19.0, 19.0)
    assert unit.input_center == pytest.approx(dataset.train.x.mean() / 19.0, abs=5e-4)
    assert unit.input_center == round(unit.input_center, 3)


def test_the_centre_is_the_mean_at_unit_scale_to_three_digits():
    x = np.array([[1.0, 2.0], [3.0, 4.5]], np.float32)
    assert centered_on(x, 10.0) == 0.263
    assert centered_on((x * 100).astype(np.int16), 1000.0) == 0.263


def test_what_is_stored_in_less_than_float32_and_class_numbers_stay_as_they_are():
    unit = UnitScale(inputs=4.0, outputs=2.0)
    real = np.array([1.0, 2.0], np.float32)
    assert unit.scale_inputs(real).tolist() == [0.25, 0.5]
    assert unit.scale_targets(real).tolist() == [0.5, 1.0]
    assert {unit.scale_inputs(real).dtype, unit.scale_targets(real).dtype} == {np.dtype(np.float32)}
    for kind in (np.int16, np.float16):
        stored = real.astype(kind)
        assert unit.scale_inputs(stored) is stored
    classes = np.array([1, 2], np.int32)
    assert unit.scale_targets(classes) is classes
