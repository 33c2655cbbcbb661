"""The network that trains, and what is kept of it."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from helpers.classic import classic
from helpers.random_networks import layered
from helpers.training import shaken, started

from rnnexp.config import MemoryConfig
from rnnexp.formats.keras.model import load
from rnnexp.layers import cell as cell_layers
from rnnexp.network import cells
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.training.model import Regularization, trainable

NAMES = ("relu", "tanh", "sigmoid", "custom")


@pytest.fixture(autouse=True)
def seed():
    """The same initial weights whichever tests have run before."""
    keras.utils.set_random_seed(0)


def test_layers_and_directions_are_named():
    setting = started(MemoryConfig(memory_n=5, cell="gru", num_layers=2, bidirectional=True))
    names = tuple(setting.architecture.shapes)
    assert names[0] == "rnn/forward/kernel"
    assert names[10:] == ("rnn_1/backward/recurrent_kernel", "rnn_1/backward/bias", "output/kernel", "output/bias")
    for model in (setting.model, setting.kept()):
        assert [layer.name for layer in model.layers if layer.name not in ("center", "output")] == ["rnn", "rnn_1"]
        assert [tuple(weight.shape) for weight in model.weights] == list(setting.architecture.shapes.values())


def test_layers_may_be_of_different_cells_each_with_its_own_start():
    architecture = layered(("gru", 3, "both"), ("lstm", 4), ("simple", 5), features=2, activation="custom").architecture
    model = trainable(architecture, input_center=0.3)
    first, second, third, center, _ = model.layers
    starts = {name: cells.load(name).start(ACTIVATIONS["custom"]) for name in cells.CELLS}
    for layer, name in (
        (first.forward_layer, "gru"),
        (first.backward_layer, "gru"),
        (second, "lstm"),
        (third, "simple"),
    ):
        assert type(layer) is cell_layers.load(name).trained
        assert layer.state_center == starts[name][1]
        bias = layer.get_weights()[2]
        first_bias = bias[0] if bias.ndim == 2 else bias
        np.testing.assert_allclose(first_bias, np.repeat(starts[name][0], layer.units), rtol=1e-6)
    # What comes into a layer is centred on where the layer before it starts.
    centers = [first.forward_layer.input_center, second.input_center, third.input_center]
    assert centers == [0.3, starts["gru"][1], starts["lstm"][1]]
    assert first.backward_layer.input_center == 0.3
    assert center.offset == -starts["simple"][1]


def test_reading_backwards_is_reading_the_reversed_sequence():
    outputs = []
    for backwards in (False, True):
        setting = started(MemoryConfig(memory_n=9, hidden_size=4, num_layers=2, go_backwards=backwards))
        model = setting.model
        model.set_weights([np.full_like(values, 0.1) * (n + 1) for n, values in enumerate(model.get_weights())])
        x = setting.dataset.evaluation.x[:, ::-1] if backwards else setting.dataset.evaluation.x
        outputs.append(setting.kept()(x).numpy())
    assert np.ptp(outputs[0]) > 1e-3
    np.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-5, atol=1e-6)


def test_identity_start_is_that_of_le_et_al():
    """relu, recurrent weights the identity, bias 0: in the plain network, where nothing is centred."""
    config = classic(dataset_name="airline-passengers", activation="relu", recurrent_initializer="identity")
    setting = started(config)
    kernel, recurrent, bias, *_ = setting.kept().get_weights()
    np.testing.assert_array_equal(recurrent, np.eye(10))
    center = setting.unit.input_center
    np.testing.assert_allclose(bias, -center * kernel.sum(axis=0) * 255.0, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({"cell": "lstm"}, 5),
        ({"cell": "lstm-peephole", "projection": 4}, 9),
        ({"cell": "fastgrnn"}, 5),
        ({"cell": "fastgrnn", "rank": 3}, 7),
    ],
    ids=str,
)
def test_l2_counts_every_weight_but_biases_once(settings, count):
    model = started(MemoryConfig(memory_n=5, bidirectional=True, l2_regularization=0.01, **settings)).model
    # Peepholes start at 0, where they would count for nothing.
    model.set_weights([values + 0.1 for values in model.get_weights()])
    kernels = [values for values in model.get_weights() if values.ndim == 2]
    assert len(kernels) == count
    expected = 0.01 * sum(float(np.sum(values.astype(np.float64) ** 2)) for values in kernels)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


def test_dropout_is_of_every_recurrent_layer_and_only_where_asked_for():
    architecture = layered(("gru", 3, "both"), ("lstm", 4)).architecture
    for regularization, expected in ((Regularization(0.2, 0.3), (0.2, 0.3)), (None, (0.0, 0.0))):
        first, second, *_ = trainable(architecture, regularization=regularization).layers
        for layer in (first.forward_layer, first.backward_layer, second):
            assert (layer.dropout, layer.recurrent_dropout) == expected
    assert trainable(architecture).losses == []


def test_the_state_of_the_custom_activation_is_in_the_users_scale():
    setting = started(classic(dataset_name="airline-passengers"))
    kept = setting.kept()
    x = setting.dataset.evaluation.x
    states = keras.Model(kept.inputs, kept.get_layer("rnn").output).predict(x, verbose=0)
    assert 25 < states.max() <= 255.0
    assert states.min() >= 0.0


@pytest.mark.parametrize("name", NAMES)
def test_training_starts_around_the_working_point(name):
    """Neither dead nor saturated: every unit moves with the input, for custom inside its range."""
    setting = started(classic(dataset_name="SP500", activation=name))
    model = setting.model
    states = keras.Model(model.inputs, model.get_layer("rnn").output).predict(
        setting.dataset.train.x[:500] / 255.0, verbose=0
    )
    moving = states.std(axis=0) > 1e-3
    assert moving.mean() >= 0.7
    if name == "custom":
        assert ((states > 0) & (states < 1)).mean() > 0.95


def test_the_kept_model_is_made_of_keras_layers_alone():
    kept = started(MemoryConfig(memory_n=10)).kept()
    assert [type(layer) for layer in kept.layers] == [keras.layers.SimpleRNN, keras.layers.Dense]
    assert kept.input_shape == (None, 10, 1)


def saved(tmp_path, name):
    setting = started(classic(dataset_name="airline-passengers", activation=name, hidden_size=4))
    kept = setting.kept(shaken(setting.model))
    path = tmp_path / f"{name}.keras"
    kept.save(path)
    x = setting.dataset.evaluation.x[:5]
    return path, x, kept(x).numpy()


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
    np.testing.assert_allclose(load(path)(x).numpy(), expected, rtol=1e-6)
