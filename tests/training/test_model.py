"""From the network that trains to the one that is kept."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from rnnexp import datasets
from rnnexp.config import CONFIGS, ClassificationConfig, MemoryConfig, RegressionConfig
from rnnexp.layers.recurrent import Recurrent
from rnnexp.network.cells import CELLS
from rnnexp.training import model as networks

NAMES = ("relu", "tanh", "sigmoid", "custom")


@pytest.fixture(autouse=True)
def seed():
    """The same initial weights whichever tests have run before."""
    keras.utils.set_random_seed(0)


def shaken(network, seed=5):
    """Weights unlike the initial ones, biases included."""
    random = np.random.default_rng(seed)
    return [(values + random.uniform(-0.15, 0.15, values.shape)).astype(np.float32) for values in network.get_weights()]


@pytest.mark.parametrize(("max_value", "sigma"), [(255.0, 255.0), (3.7, 19.0), (1.0, 255.0), (100.0, 1.0)])
@pytest.mark.parametrize("name", NAMES)
def test_fold_is_exact(name, max_value, sigma):
    config = RegressionConfig(
        dataset_name="airline-passengers", activation=name, custom_max_value=max_value, data_sigma=sigma, hidden_size=7
    )
    dataset = datasets.load(config)
    network = networks.trainable(config, dataset)
    network.set_weights(shaken(network))
    kept = networks.plain(config, dataset, network.get_weights())
    x = dataset.evaluation.x
    expected = network(x / np.float32(sigma)).numpy() * sigma
    spread = np.ptp(expected)
    assert spread > 1e-3 * sigma
    np.testing.assert_allclose(kept(x).numpy(), expected, rtol=0, atol=3e-6 * max(spread, sigma))


STRUCTURES = {
    "one layer": {},
    "backwards": {"go_backwards": True, "num_layers": 2},
    "bidirectional": {"bidirectional": True, "num_layers": 2},
}


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("name", ["relu", "tanh", "custom"])
@pytest.mark.parametrize("cell", CELLS)
def test_fold_is_exact_for_every_cell_and_structure(cell, name, structure):
    options = {"dataset_name": "airline-passengers", "custom_max_value": 3.7, "data_sigma": 19.0, "hidden_size": 4}
    config = RegressionConfig(**options, cell=cell, activation=name, sequence_length=8, **STRUCTURES[structure])
    dataset = datasets.load(config)
    network = networks.trainable(config, dataset)
    network.set_weights(shaken(network))
    kept = networks.plain(config, dataset, network.get_weights())
    expected = network(dataset.evaluation.x / np.float32(19.0)).numpy() * 19.0
    assert np.ptp(expected) > 1e-2
    np.testing.assert_allclose(kept(dataset.evaluation.x).numpy(), expected, rtol=0, atol=3e-5)
    assert not any(isinstance(layer, Recurrent) for layer in kept.layers)
    assert len(networks.weight_names(kept)) == len(set(networks.weight_names(kept))) == len(kept.get_weights())


def test_layers_and_directions_are_named():
    config = MemoryConfig(memory_n=5, cell="gru", num_layers=2, bidirectional=True)
    dataset = datasets.load(config)
    kept = networks.plain(config, dataset, networks.trainable(config, dataset).get_weights())
    names = networks.weight_names(kept)
    assert names[0] == "rnn/forward/kernel"
    assert names[10:] == ("rnn_1/backward/recurrent_kernel", "rnn_1/backward/bias", "output/kernel", "output/bias")


def test_reading_backwards_is_reading_the_reversed_sequence():
    outputs = []
    for backwards in (False, True):
        config = MemoryConfig(memory_n=9, hidden_size=4, num_layers=2, go_backwards=backwards)
        dataset = datasets.load(config)
        network = networks.trainable(config, dataset)
        network.set_weights([np.full_like(values, 0.1) * (n + 1) for n, values in enumerate(network.get_weights())])
        x = dataset.evaluation.x[:, ::-1] if backwards else dataset.evaluation.x
        outputs.append(networks.plain(config, dataset, network.get_weights())(x).numpy())
    assert np.ptp(outputs[0]) > 1e-3
    np.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-5, atol=1e-6)


def test_identity_start_is_that_of_le_et_al():
    """relu, recurrent weights the identity, bias 0: in the plain network, where nothing is centred."""
    config = RegressionConfig(dataset_name="airline-passengers", activation="relu", recurrent_initializer="identity")
    dataset = datasets.load(config)
    kernel, recurrent, bias, *_ = networks.plain(
        config, dataset, networks.trainable(config, dataset).get_weights()
    ).get_weights()
    np.testing.assert_array_equal(recurrent, np.eye(10))
    center = networks.input_center(dataset)
    np.testing.assert_allclose(bias, -center * kernel.sum(axis=0) * 255.0, rtol=1e-4, atol=1e-6)


def test_l2_counts_every_weight_but_biases_once():
    config = MemoryConfig(memory_n=5, cell="lstm", bidirectional=True, l2_regularization=0.01)
    dataset = datasets.load(config)
    network = networks.trainable(config, dataset)
    kernels = [values for values in network.get_weights() if values.ndim == 2]
    assert len(kernels) == 5
    expected = 0.01 * sum(float(np.sum(values.astype(np.float64) ** 2)) for values in kernels)
    assert float(sum(network.losses)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("task", ["regression", "classification", "memory"])
@pytest.mark.parametrize("name", NAMES)
def test_unfold_undoes_fold(name, task):
    given = {
        "regression": {"dataset_name": "airline-passengers", "custom_max_value": 3.7, "data_sigma": 19.0},
        "classification": {"dataset_name": "iris"},
        "memory": {"memory_n": 10, "custom_max_value": 0.3},
    }[task]
    config = CONFIGS[task](activation=name, hidden_size=7, **given)
    dataset = datasets.load(config)
    weights = [values.astype(np.float64) for values in shaken(networks.trainable(config, dataset))]
    plain = networks.fold(config, dataset, weights)
    for got, expected in zip(networks.unfold(config, dataset, plain), weights, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("name", ["tanh", "custom"])
@pytest.mark.parametrize("cell", CELLS)
def test_unfold_undoes_fold_for_every_cell_and_structure(cell, name, structure):
    options = {"dataset_name": "airline-passengers", "custom_max_value": 3.7, "data_sigma": 19.0, "hidden_size": 4}
    config = RegressionConfig(**options, cell=cell, activation=name, sequence_length=8, **STRUCTURES[structure])
    dataset = datasets.load(config)
    weights = [values.astype(np.float64) for values in shaken(networks.trainable(config, dataset))]
    plain = networks.fold(config, dataset, weights)
    for got, expected in zip(networks.unfold(config, dataset, plain), weights, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_fold_for_classes(name):
    config = ClassificationConfig(dataset_name="iris", activation=name, hidden_size=6)
    dataset = datasets.load(config)
    network = networks.trainable(config, dataset)
    network.set_weights(shaken(network))
    expected = network(dataset.evaluation.x).numpy()
    np.testing.assert_allclose(expected.sum(axis=1), 1.0, rtol=1e-5)
    kept = networks.plain(config, dataset, network.get_weights())
    np.testing.assert_allclose(kept(dataset.evaluation.x).numpy(), expected, atol=1e-6)


def test_the_state_of_the_custom_activation_is_in_the_users_scale():
    config = RegressionConfig(dataset_name="airline-passengers")
    dataset = datasets.load(config)
    network = networks.trainable(config, dataset)
    kept = networks.plain(config, dataset, network.get_weights())
    states = keras.Model(kept.inputs, kept.get_layer("rnn").output).predict(dataset.evaluation.x, verbose=0)
    assert 25 < states.max() <= 255.0
    assert states.min() >= 0.0


@pytest.mark.parametrize("name", NAMES)
def test_training_starts_around_the_working_point(name):
    """Neither dead nor saturated: every unit moves with the input, for custom inside its range."""
    config = RegressionConfig(dataset_name="SP500", activation=name)
    dataset = datasets.load(config)
    network = networks.trainable(config, dataset)
    states = keras.Model(network.inputs, network.get_layer("rnn").output).predict(
        dataset.train.x[:500] / 255.0, verbose=0
    )
    moving = states.std(axis=0) > 1e-3
    assert moving.mean() >= 0.7
    if name == "custom":
        assert ((states > 0) & (states < 1)).mean() > 0.95


def test_the_kept_model_is_made_of_keras_layers_alone():
    config = MemoryConfig(memory_n=10)
    dataset = datasets.load(config)
    kept = networks.plain(config, dataset, networks.trainable(config, dataset).get_weights())
    assert [type(layer) for layer in kept.layers] == [keras.layers.SimpleRNN, keras.layers.Dense]
    assert kept.input_shape == (None, 10, 1)


def saved(tmp_path, name):
    config = RegressionConfig(dataset_name="airline-passengers", activation=name, hidden_size=4)
    dataset = datasets.load(config)
    kept = networks.plain(config, dataset, shaken(networks.trainable(config, dataset)))
    path = tmp_path / f"{name}.keras"
    kept.save(path)
    return path, dataset.evaluation.x[:5], kept(dataset.evaluation.x[:5]).numpy()


def test_saved_models_load_where_only_keras_is_imported(tmp_path):
    expected = {}
    for name in ("relu", "tanh"):
        path, x, expected[name] = saved(tmp_path, name)
        np.save(tmp_path / "x.npy", x)
        assert path.exists()
    program = """if True:
        import sys, keras, numpy
        x = numpy.load("x.npy")
        for name in ("relu", "tanh"):
            model = keras.saving.load_model(f"{name}.keras")
            numpy.save(f"{name}.npy", model(x).numpy())
        assert not any(module.startswith("rnnexp") for module in sys.modules)
    """
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name, values in expected.items():
        np.testing.assert_allclose(np.load(tmp_path / f"{name}.npy"), values, rtol=1e-6)


def test_a_saved_custom_model_loads(tmp_path):
    path, x, expected = saved(tmp_path, "custom")
    np.testing.assert_allclose(networks.load(path)(x).numpy(), expected, rtol=1e-6)
