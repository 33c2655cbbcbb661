"""Runs that start from given weights: those that fit the settings, and one message for those that do not."""

import numpy as np
import pytest
from helpers.classic import classic
from helpers.random_networks import layered
from helpers.runs import folders, run, wave, write_series
from helpers.stored_networks import outputs, own, random_weights, saved, share_of_range, state_dict

from rnnexp import cli, datasets
from rnnexp.config import ClassificationConfig, MemoryConfig, RegressionConfig
from rnnexp.console import Console
from rnnexp.errors import UserError
from rnnexp.experiment import build, starting_weights
from rnnexp.experiment import run as experiment
from rnnexp.experiment import train as learning
from rnnexp.formats.about import About
from rnnexp.formats.npz import weights as npz
from rnnexp.network import cells
from rnnexp.preprocessing.input_map import AS_IT_IS
from rnnexp.runtimes.tflite import TFLiteModel


def series(here, **settings):
    write_series(here, "wave", wave())
    given = {"dataset_name": "wave", "activation": "tanh", "hidden_size": 5, "sequence_length": 6, "epochs": 0}
    return classic(**(given | settings), quiet=True, **folders(here))


def classes(here, name="iris", **settings):
    given = {"dataset_name": name, "activation": "tanh", "hidden_size": 5, "epochs": 0}
    return ClassificationConfig(**(given | settings), quiet=True, **folders(here))


def load(config):
    dataset = datasets.load(config)
    return starting_weights.fitting(
        starting_weights.load(config.weights), build.architecture(config, dataset), dataset.name
    )


def of_run(*layers, **options):
    """What a run's ``-weights.npz`` holds of a network of random weights."""
    network = layered(*layers, **options)
    about = About.of(network.architecture, task="", dataset="", input_map=AS_IT_IS, units="")
    return npz.arrays(network, None, about)


def of_pytorch(cell="simple", *, layers=1, both=False, features=1, outputs=1, units=5):
    """The state dict of a PyTorch module with ``nn.RNN``, ``nn.GRU`` or ``nn.LSTM`` and a linear layer."""
    rows, ways, shapes = cells.load(cell).sums * units, ("", "_reverse") if both else ("",), {}
    for layer in range(layers):
        for way in ways:
            shapes[f"rnn.weight_ih_l{layer}{way}"] = (rows, len(ways) * units if layer else features)
            shapes[f"rnn.weight_hh_l{layer}{way}"] = (rows, units)
    shapes |= {"linear.weight": (outputs, len(ways) * units), "linear.bias": (outputs,)}
    return {key: np.full(shape, 0.1, np.float32) for key, shape in shapes.items()}


def test_weights_are_those_of_the_file(here):
    weights = random_weights()
    for name, arrays in (("a.npz", own(weights)), ("b.npz", state_dict(weights))):
        config = series(here, weights=saved(here / name, arrays))
        found = load(config)
        for got, expected in zip(found.weights, weights, strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-6)
        assert found.architecture == build.architecture(config, datasets.load(config))


def test_a_state_dict_does_not_say_from_which_end_layers_read(here):
    path = saved(here / "a.npz", state_dict(random_weights()))
    found = load(series(here, weights=path, go_backwards=True))
    assert len(found.weights) == 5
    assert found.architecture.layers[0].backwards


def test_nor_its_activation_nor_m_nor_whether_probabilities_follow(here):
    path = saved(here / "a.npz", state_dict(random_weights()))
    found = load(series(here, weights=path, activation="custom", custom_max_value=3.0)).architecture
    assert (found.activation, found.max_value, found.softmax) == ("custom", 3.0, False)
    path = saved(here / "b.npz", state_dict(random_weights(outputs=3)))
    found = load(classes(here, weights=path, activation="relu")).architecture
    assert (found.activation, found.softmax) == ("relu", True)


def test_gated_cells_with_any_activation_of_a_run_but_tanh_of_pytorch(here):
    path = saved(here / "a.npz", of_run(("lstm", 5), activation="relu"))
    assert load(series(here, weights=path, cell="lstm", activation="relu")).architecture.activation == "relu"
    path = saved(here / "b.npz", of_pytorch("lstm", layers=2, both=True))
    assert len(load(series(here, weights=path, cell="lstm", num_layers=2, bidirectional=True)).weights) == 14


# ---- what does not fit the settings


def another(name, given, wanted):
    """The message about a setting."""
    return f" is of a network with {name} = {given!r}, but {name} is {wanted!r}: set {name} to {given!r}"


UNITS = "so the network has 16 recurrent units, but HIDDEN_SIZE is 5: set HIDDEN_SIZE to 16"
FEATURES = "so the network takes 2 features a time step, but wave has 1"
OUTPUTS = "so the network has 3 outputs, but wave asks for 1"
PROBABILITIES = " is of a network that gives probabilities, but {} asks for values"
VALUES = " is of a network that gives values, but {} asks for probabilities"
ENCODER_DECODER = (("gru", 5, "encodes"), ("gru", 5))
DECODER = " holds an encoder and a decoder, but {} asks for a network without a decoder"
NO_DECODER = " holds a network without a decoder, but {} asks for an encoder and a decoder"
WRONG = {
    # Of a run.
    "decoder": (of_run(*ENCODER_DECODER, every_step=True), series, {"cell": "gru"}, DECODER.format("wave")),
    "decoder, every step": (
        of_run(*ENCODER_DECODER, features=2, every_step=True),
        classes,
        {"name": "binary-addition", "cell": "gru"},
        DECODER.format("binary-addition"),
    ),
    "no decoder": (of_run(("gru", 5)), classes, {"name": "addition", "cell": "gru"}, NO_DECODER.format("addition")),
    "cell": (own(random_weights()), series, {"cell": "lstm"}, another("CELL", "simple", "lstm")),
    "other cell": (of_run(("lstm", 5)), series, {"cell": "gru"}, another("CELL", "lstm", "gru")),
    "layers": (own(random_weights()), series, {"num_layers": 2}, another("NUM_LAYERS", 1, 2)),
    "more layers": (of_run(("simple", 5), ("simple", 5), ("simple", 5)), series, {}, another("NUM_LAYERS", 3, 1)),
    "direction": (own(random_weights()), series, {"go_backwards": True}, another("GO_BACKWARDS", False, True)),
    "backwards": (of_run(("gru", 5, "backwards")), series, {"cell": "gru"}, another("GO_BACKWARDS", True, False)),
    "one direction": (of_run(("simple", 5)), series, {"bidirectional": True}, another("BIDIRECTIONAL", False, True)),
    "both": (of_run(("simple", 5, "both")), series, {}, another("BIDIRECTIONAL", True, False)),
    "units": (own(random_weights(units=16)), series, {}, f": rnn/recurrent_kernel has the shape (16, 16), {UNITS}"),
    "units, both": (
        of_run(("lstm", 16, "both")),
        series,
        {"cell": "lstm", "bidirectional": True},
        f": rnn/forward/recurrent_kernel has the shape (16, 64), {UNITS}",
    ),
    "projection": (
        of_run(("lstm", 5, {"projection": 3})),
        series,
        {"cell": "lstm"},
        another("PROJECTION", 3, None),
    ),
    "units, projected": (
        of_run(("lstm-peephole", 16, {"projection": 3})),
        series,
        {"cell": "lstm-peephole", "projection": 3},
        f": rnn/kernel has the shape (1, 64), {UNITS}",
    ),
    "rank": (
        of_run(("fastgrnn", 5, {"rank": 2})),
        series,
        {"cell": "fastgrnn"},
        another("RANK", 2, None),
    ),
    "features": (own(random_weights(features=2)), series, {}, f": rnn/kernel has the shape (2, 5), {FEATURES}"),
    "outputs": (own(random_weights(outputs=3)), series, {}, f": output/kernel has the shape (5, 3), {OUTPUTS}"),
    "activation": (own(random_weights(), activation="relu"), series, {}, another("ACTIVATION", "relu", "tanh")),
    "M": (
        own(random_weights(), activation="custom", max_value=2.0),
        series,
        {"activation": "custom", "custom_max_value": 3.0},
        " is of a network with custom_max_value = 2, but here it is 3",
    ),
    "probabilities": (own(random_weights(), softmax=True), series, {}, PROBABILITIES.format("wave")),
    "values": (own(random_weights(outputs=3)), classes, {}, VALUES.format("iris")),
    "values, every step": (
        own(random_weights(features=2)),
        classes,
        {"name": "binary-addition"},
        VALUES.format("binary-addition"),
    ),
    # State dicts.
    "state dict, no decoder": (
        of_pytorch("gru", features=12, outputs=11),
        classes,
        {"name": "addition", "cell": "gru"},
        NO_DECODER.format("addition"),
    ),
    "state dict, cell": (of_pytorch("gru"), series, {}, another("CELL", "gru", "simple")),
    "state dict, other cell": (of_pytorch("lstm"), series, {"cell": "gru"}, another("CELL", "lstm", "gru")),
    "state dict, layers": (of_pytorch(layers=2), series, {}, another("NUM_LAYERS", 2, 1)),
    "state dict, one direction": (
        of_pytorch(),
        series,
        {"bidirectional": True},
        another("BIDIRECTIONAL", False, True),
    ),
    "state dict, both": (of_pytorch(both=True), series, {}, another("BIDIRECTIONAL", True, False)),
    "state dict, units": (
        state_dict(random_weights(units=16)),
        series,
        {},
        f": rnn.weight_hh_l0 has the shape (16, 16), {UNITS}",
    ),
    "state dict, features": (
        state_dict(random_weights(features=2)),
        series,
        {},
        f": rnn.weight_ih_l0 has the shape (5, 2), {FEATURES}",
    ),
    "state dict, outputs": (
        state_dict(random_weights(outputs=3)),
        series,
        {},
        f": linear.weight has the shape (3, 5), {OUTPUTS}",
    ),
    "state dict, activation": (
        of_pytorch("gru"),
        series,
        {"cell": "gru", "activation": "relu"},
        another("ACTIVATION", "tanh", "relu"),
    ),
    # Something else.
    "neither": (
        {"a": np.zeros(3)},
        series,
        {},
        " is neither a -weights.npz of this project, with rnn/kernel, nor the state dict of a PyTorch module with a "
        "recurrent layer, with weight_ih_l0; its keys: a",
    ),
}


@pytest.mark.parametrize(("arrays", "kind", "settings", "words"), WRONG.values(), ids=WRONG.keys())
def test_another_network_than_the_settings_describe(here, arrays, kind, settings, words):
    config = kind(here, weights=saved(here / "a.npz", arrays), **settings)
    with pytest.raises(UserError) as caught:
        experiment.run(config)
    path = here / "a.npz"
    assert str(caught.value) == f"WEIGHTS: {path}{words}"
    assert not (here / "out").exists()
    assert not (here / "runs").exists()


def test_the_same_m_is_the_same_network(here):
    path = saved(here / "a.npz", own(random_weights(), activation="custom", max_value=0.1 + 0.2))
    found = load(series(here, weights=path, activation="custom", custom_max_value=0.3))
    assert found.architecture.max_value == 0.3


def test_a_missing_file_is_said_before_the_data_is_looked_at(here):
    config = RegressionConfig(dataset_name="no-such-series", weights=here / "nothing.npz", **folders(here))
    with pytest.raises(UserError, match=r"^WEIGHTS: there is no file .*nothing\.npz$"):
        experiment.run(config)


@pytest.mark.parametrize("path", [False, True])
def test_a_linear_path_that_is_automatic_follows_the_file(here, path):
    options = {"linear_path": True, "steps": 6} if path else {}
    weights = saved(here / "a.npz", of_run(("simple", 5), **options))
    report = run(series(here, weights=weights, linear_path=None)).returned
    assert report.config["linear_path"] is path
    assert "linear_path" in report.automatic
    # What is asked for is not changed.
    with pytest.raises(UserError, match=f"LINEAR_PATH = {path}, but LINEAR_PATH is {not path}: set"):
        experiment.run(series(here, weights=weights, linear_path=not path))


def test_the_script_says_it_in_one_line(here, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.run_script("memory", {"__file__": "run_memory.py", "WEIGHTS": "nothing.npz"}, [])
    assert caught.value.code == 2
    assert capsys.readouterr().err == "run_memory.py: error: WEIGHTS: there is no file nothing.npz\n"
    assert list(here.iterdir()) == []


def test_weights_that_overflow_are_refused_before_any_training(here):
    weights = [1e30 * values for values in random_weights()]
    config = series(here, weights=saved(here / "a.npz", state_dict(weights)), activation="relu", epochs=1)
    with pytest.raises(UserError, match=r"WEIGHTS: .*a\.npz: the weights are too large"):
        experiment.run(config)
    assert list((here / "out").iterdir()) == []


# ---- runs


def exported(finished, kind):
    return TFLiteModel(finished.config.output_dir / f"{finished.config.stem}-{kind}.tflite")


def test_no_epochs_exports_the_given_network(here):
    weights = random_weights()
    path = saved(here / "a.npz", state_dict(weights, dtype=np.float64))
    finished = run(series(here, weights=path, activation="custom", data_sigma=2.0, custom_max_value=1.5))
    x = datasets.load(finished.config).evaluation.x
    expected = outputs(weights, x, activation="custom", max_value=1.5)
    assert share_of_range(exported(finished, "float32").predict(x), expected) < 1e-5
    assert share_of_range(exported(finished, "int8").predict(x), expected) < 0.02
    report = finished.report
    assert report["config"]["weights"] == str(path)
    assert [step["epoch"] for step in report["progress"]] == [0]
    training = report["training"]
    assert (training["epochs_run"], training["best_epoch"], training["ended"]) == (0, 0, "complete")
    assert (training["loss"], training["val_loss"], training["steps_per_second"]) == (None, None, 0.0)
    assert (finished.folder / "history.csv").read_text() == "epoch,loss,val_loss,seconds\n"
    left = {path.name for path in finished.folder.iterdir()}
    assert {"model.keras", "predictions.png", "report.md", "report.json"} <= left
    assert not {"loss.png", "epoch-1.keras"} & left
    assert f"starting from the weights in {path}" in (finished.folder / "log.txt").read_text()
    assert (
        "None: the weights are those that training would have started from"
        in (finished.folder / "report.md").read_text()
    )


def trained(config, folder):
    """What training alone comes to, without any export: the snapshots, first and last, and the history."""
    dataset = datasets.load(config)
    config, architecture = build.resolve(config, dataset), build.architecture(config, dataset)
    folder.mkdir()
    with Console(folder / "log.txt", quiet=True) as console:
        start = load(config) if config.weights else None
        found = learning.train(config, dataset, architecture, build.unit_scale(dataset), folder, console, start)
    return found.snapshots, found.history


def test_classes(here):
    weights = random_weights(outputs=3)
    config = ClassificationConfig(
        dataset_name="iris",
        activation="tanh",
        hidden_size=5,
        epochs=0,
        weights=saved(here / "a.npz", own(weights, softmax=True)),
    )
    (snapshot,), history = trained(config, here / "run")
    x = datasets.load(config).evaluation.x
    powers = np.exp(outputs(weights, x))
    assert share_of_range(snapshot.model(x).numpy(), powers / powers.sum(axis=1, keepdims=True)) < 1e-5
    assert history.epochs == []


def test_training_goes_on_from_them(here):
    """The second training begins where the first has ended, and gets better."""
    m = {"custom_max_value": 1.5}
    config = MemoryConfig(memory_signal_length=300, memory_n=8, memory_k=-1, epochs=8, activation="custom", **m)
    first, history = trained(config, here / "first")
    learned = first[-1].model.get_weights()
    path = saved(here / "a.npz", own(learned, activation="custom", max_value=1.5))
    again = config.model_copy(update={"weights": path})
    second, continued = trained(again, here / "second")
    assert [snapshot.epoch for snapshot in second] == [0, 1, 8]
    for got, expected in zip(second[0].model.get_weights(), learned, strict=True):
        np.testing.assert_array_equal(got, expected)
    assert continued.epochs[0].loss < history.epochs[0].loss / 2
    assert continued.epochs[-1].val_loss < history.epochs[-1].val_loss


def test_no_epochs_and_no_weights_keep_the_initial_network(here):
    (snapshot,), history = trained(series(here, early_stopping=2), here / "run")
    assert (snapshot.epoch, snapshot.path.name, history.best_epoch, history.ended) == (0, "model.keras", 0, "complete")
    assert snapshot.model(np.random.default_rng(0).random((9, 6, 1))).numpy().std() > 0
    assert (here / "run" / "history.csv").read_text() == "epoch,loss,val_loss,seconds\n"


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize(
    ("cells_of", "options"),
    [
        ([("simple", 4)], {"activation": "custom"}),
        ([("gru", 4)], {"linear_path": True, "features": 2, "activation": "relu"}),
        ([("lstm", 3, "both"), ("lstm", 3, "both")], {"outputs": 3, "softmax": True}),
        ([("gru", 4)], {"every_step": True, "softmax": True}),
        ([("lstm", 3, "encodes"), ("lstm", 3)], {"every_step": True, "outputs": 4, "softmax": True}),
        ([("simple", 4, "backwards")], {"activation": "sigmoid"}),
        ([("lstm", 4, "both", {"projection": 3})], {}),
        ([("lstm-peephole", 4)], {"activation": "custom"}),
        ([("fastgrnn", 4)], {"activation": "custom"}),
        ([("fastgrnn", 9, "both", {"rank": 3}), ("fastgrnn", 9, "both", {"rank": 3})], {}),
        ([("lstm-peephole", 4, {"projection": 3}), ("lstm-peephole", 4, {"projection": 3})], {"outputs": 2}),
    ],
)
def test_a_runs_own_keras_model_is_read(tmp_path, cells_of, options, suffix):
    from rnnexp.formats.keras.model import to_keras

    network = layered(*cells_of, steps=5, **options)
    to_keras(network).save(tmp_path / f"model{suffix}")
    found = starting_weights.load(tmp_path / f"model{suffix}").network
    assert found.architecture.shapes == network.architecture.shapes
    given, wanted = (architecture.architecture for architecture in (found, network))
    assert (given.layers, given.activation, given.max_value, given.softmax, given.linear_path) == (
        *(wanted.layers, wanted.activation, wanted.max_value, wanted.softmax, wanted.linear_path),
    )
    for one, other in zip(found.weights, network.weights, strict=True):
        np.testing.assert_array_equal(one.astype(np.float32), other.astype(np.float32))


def test_a_keras_file_that_no_setting_makes_is_refused(tmp_path):
    import keras
    from keras import layers

    for name, parts, message in (
        ("unlike", [layers.LSTM(4, return_sequences=True), layers.GRU(4)], "not all alike"),
        ("odd", [layers.GRU(4, reset_after=False)], "of other kinds"),
        ("elu", [layers.SimpleRNN(4, activation="elu")], "the activation elu, which there is no ACTIVATION for"),
        ("head", [layers.GRU(4), layers.Dense(3, activation="relu")], "not all alike"),
        ("attention", [layers.GRU(4, return_sequences=True), layers.LayerNormalization()], "LayerNormalization"),
    ):
        path = tmp_path / f"{name}.keras"
        keras.Sequential([keras.Input((5, 1)), *parts, layers.Dense(1)]).save(path)
        with pytest.raises(UserError, match=message):
            starting_weights.load(path)
