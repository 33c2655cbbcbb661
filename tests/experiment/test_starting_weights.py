"""Runs that start from given weights: those that fit the settings, and one message for those that do not."""

import numpy as np
import pytest
from helpers.runs import folders, run, wave, write_series
from helpers.stored_networks import outputs, own, random_weights, saved, share_of_range, state_dict

from rnnexp import cli, datasets
from rnnexp.config import ClassificationConfig, MemoryConfig, RegressionConfig
from rnnexp.console import Console
from rnnexp.errors import UserError
from rnnexp.experiment import run as experiment
from rnnexp.experiment import starting_weights
from rnnexp.experiment import train as learning
from rnnexp.runtimes.tflite import TFLiteModel


def series(here, **settings):
    write_series(here, "wave", wave())
    given = {"dataset_name": "wave", "activation": "tanh", "hidden_size": 5, "sequence_length": 6, "epochs": 0}
    return RegressionConfig(**(given | settings), quiet=True, **folders(here))


def load(config):
    return starting_weights.load(config, datasets.load(config))


def test_none_is_none(here):
    assert load(series(here)) is None


def test_weights_are_those_of_the_file(here):
    weights = random_weights()
    for name, arrays in (("a.npz", own(weights)), ("b.npz", state_dict(weights))):
        found = load(series(here, weights=saved(here / name, arrays)))
        for got, expected in zip(found, weights, strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_a_state_dict_does_not_say_from_which_end_layers_read(here):
    path = saved(here / "a.npz", state_dict(random_weights()))
    assert len(load(series(here, weights=path, go_backwards=True))) == 5


# ---- what does not fit the settings


def gru():
    """A state dict of ``nn.GRU``."""
    shapes = {"weight_ih_l0": (15, 1), "weight_hh_l0": (15, 5), "linear.weight": (1, 5), "linear.bias": (1,)}
    return {key: np.full(shape, 0.1, np.float32) for key, shape in shapes.items()}


@pytest.mark.parametrize(
    ("arrays", "settings", "words"),
    [
        (
            state_dict(random_weights(units=16)),
            {},
            "rnn.weight_hh_l0 has the shape (16, 16), so the network has 16 recurrent units, but HIDDEN_SIZE is 5: "
            "set HIDDEN_SIZE to 16",
        ),
        (
            state_dict(random_weights(features=2)),
            {},
            "rnn.weight_ih_l0 has the shape (5, 2), so the network takes 2 features a time step, but wave has 1",
        ),
        (
            state_dict(random_weights(outputs=3)),
            {},
            "linear.weight has the shape (3, 5), so the network has 3 outputs, but wave asks for 1",
        ),
        (own(random_weights(), activation="relu"), {}, "ACTIVATION is 'tanh': set ACTIVATION to 'relu'"),
        (
            own(random_weights(), activation="custom", max_value=2.0),
            {"activation": "custom", "custom_max_value": 3.0},
            "of a network with custom_max_value = 2, but here it is 3",
        ),
        (own(random_weights(), softmax=True), {}, "a network that gives probabilities, but regression asks for values"),
        ({"a": np.zeros(3)}, {}, "neither a -weights.npz"),
        (own(random_weights()), {"cell": "lstm"}, "with CELL = 'simple', but CELL is 'lstm': set CELL to 'simple'"),
        (own(random_weights()), {"num_layers": 2}, "NUM_LAYERS = 1, but NUM_LAYERS is 2: set NUM_LAYERS to 1"),
        (own(random_weights()), {"go_backwards": True}, "of a network with GO_BACKWARDS = False, but"),
        (state_dict(random_weights()), {"bidirectional": True}, "of a network with BIDIRECTIONAL = False, but"),
        (gru(), {"cell": "gru", "activation": "relu"}, "ACTIVATION = 'tanh', but ACTIVATION is 'relu'"),
    ],
)
def test_another_network_than_the_settings_describe(here, arrays, settings, words):
    config = series(here, weights=saved(here / "a.npz", arrays), **settings)
    with pytest.raises(UserError) as caught:
        experiment.run(config)
    assert str(caught.value).startswith(f"WEIGHTS: {here / 'a.npz'}")
    assert words in str(caught.value)
    assert not (here / "out").exists()
    assert not (here / "runs").exists()


def test_the_same_m_is_the_same_network(here):
    path = saved(here / "a.npz", own(random_weights(), activation="custom", max_value=0.1 + 0.2))
    assert load(series(here, weights=path, activation="custom", custom_max_value=0.3)) is not None


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
    config = experiment.resolve(config, dataset)
    folder.mkdir()
    with Console(folder / "log.txt", quiet=True) as console:
        snapshots, history = learning.train(config, dataset, folder, console, starting_weights.load(config, dataset))
    return snapshots, history


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
