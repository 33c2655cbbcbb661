"""From trained networks to int8 files: fine-tuning, its simulation, the same bits everywhere, and the report."""

import contextlib

import keras
import numpy as np
import pytest

from rnnexp import datasets
from rnnexp.config import ClassificationConfig, MemoryConfig, RegressionConfig
from rnnexp.datasets.series import Known, Series, windows
from rnnexp.experiment import quantize as conversion
from rnnexp.experiment import run as experiment
from rnnexp.experiment import train as learning
from rnnexp.experiment.train import Snapshot
from rnnexp.formats import about as metadata
from rnnexp.quantization import diagnosis, reference
from rnnexp.quantization.integer_network import layered
from rnnexp.quantization.quantizer import Ranges, quantize
from rnnexp.report import evaluation
from rnnexp.runtimes.tflite import TFLiteModel
from rnnexp.training import model
from rnnexp.training.fine_tuning import fine_tune, float_network, post_training, user_activation
from rnnexp.training.simulation import SimulatedNetwork
from rnnexp.training.trainer import Trainer, make_optimizer

CONFIGS = {
    "series custom": RegressionConfig(activation="custom", epochs=2),
    "series tanh, M aside": RegressionConfig(
        dataset_name="airline-passengers", activation="tanh", data_sigma=3.0, epochs=5
    ),
    "memory relu": MemoryConfig(activation="relu", memory_signal_length=300, memory_n=30, memory_k=-3, epochs=10),
    "memory sigmoid, wide": MemoryConfig(
        activation="sigmoid", hidden_size=24, memory_signal_length=200, memory_n=12, memory_k=-1, epochs=3
    ),
    "iris custom": ClassificationConfig(dataset_name="iris", activation="custom", epochs=20),
}


@pytest.fixture(scope="module", params=CONFIGS, ids=CONFIGS.keys())
def trained(request, tmp_path_factory):
    """Settings, data and a snapshot of a shortly trained network."""
    config = CONFIGS[request.param]
    dataset = datasets.load(config)
    config = experiment.resolve(config, dataset)
    keras.utils.set_random_seed(0)
    network = model.trainable(config, dataset)
    optimizer = make_optimizer("adam", 0.01, clip_norm=1.0, decay_steps=0)
    trainer = Trainer(network, learning.make_loss(dataset), optimizer, batch_size=config.batch_size, seed=0)
    train = learning.unit_scale(dataset, dataset.train)
    trainer.fit(*train, *train, epochs=config.epochs)
    weights = network.get_weights()
    path = tmp_path_factory.mktemp("snapshot") / "model.keras"
    return config, dataset, Snapshot(config.epochs, model.plain(config, dataset, weights), path, weights)


class Silent:
    """A progress bar that shows nothing."""

    def advance(self, epoch):
        assert epoch.number >= 1


@pytest.fixture(scope="module")
def int8(trained):
    config, dataset, snapshot = trained
    return conversion.convert(
        config,
        dataset,
        [snapshot, snapshot],
        metadata.describe(config, dataset),
        fine_tuning_epochs=2,
        progress=lambda _: contextlib.nullcontext(Silent()),
    )


@pytest.mark.parametrize("kernels", ["litert", "reference", "micro"])
def test_every_runtime_gives_the_references_bits_on_every_sample(trained, int8, kernels):
    if kernels == "micro":
        pytest.importorskip("tflite_micro", reason="TensorFlow Lite Micro is not installed")
    _, dataset, _ = trained
    codes = int8.network.input.encode(dataset.evaluation.x)
    logits = reference.run(int8.network, codes)
    outputs = TFLiteModel(int8.paths[-1], kernels=kernels).run_codes(codes)
    if int8.network.softmax:
        probabilities = evaluation.softmax(int8.network.output.decode(logits))
        assert np.abs((outputs + 128.0) / 256 - probabilities).max() < 2 / 256
    else:
        np.testing.assert_array_equal(outputs, logits)


def test_int8_is_as_good_as_float32(trained, int8):
    config, dataset, snapshot = trained
    float_outputs = float_network(config, dataset, snapshot.weights).run(dataset.evaluation.x)
    np.testing.assert_allclose(
        evaluation.softmax(float_outputs) if int8.network.softmax else float_outputs,
        np.asarray(snapshot.model(dataset.evaluation.x)),
        atol=1e-4 * max(dataset.output_scale, 1.0),
    )
    for network in (int8.plain, int8.network):
        outputs = network.output.decode(reference.run(network, network.input.encode(dataset.evaluation.x)))
        lost = evaluation.loss(dataset.evaluation, outputs) - evaluation.loss(dataset.evaluation, float_outputs)
        assert lost <= (1 / len(dataset.evaluation) + 1e-9 if network.softmax else 0.003)


def test_the_simulation_computes_what_the_reference_does(trained):
    config, dataset, snapshot = trained
    network = post_training(config, dataset, snapshot.weights)
    simulation = keras.Sequential([keras.Input(dataset.train.x.shape[1:]), SimulatedNetwork(network, config, dataset)])
    simulation.set_weights(snapshot.trained)
    x, _ = learning.unit_scale(dataset, dataset.evaluation)
    simulated = np.asarray(simulation(x), np.float64)
    expected = network.output.decode(reference.run(network, network.input.encode(dataset.evaluation.x)))
    if network.softmax:
        np.testing.assert_allclose(simulated, evaluation.softmax(expected), atol=0.02)
        return
    steps = np.abs(simulated * dataset.output_scale - expected) / network.output.scale
    # Inputs on the border between two codes may fall to either side in float32.
    assert steps.max() < 1.5
    assert np.mean(steps > 0.01) < 0.02


def test_fine_tuning_goes_no_further_from_the_float_network_on_what_it_trains_on(trained):
    config, dataset, snapshot = trained
    network = post_training(config, dataset, snapshot.weights)
    tuned = fine_tune(network, config, dataset, snapshot.trained, epochs=3)
    expected = float_network(config, dataset, snapshot.weights).run(dataset.train.x)
    distances = []
    for candidate in (network, tuned.network):
        outputs = candidate.output.decode(reference.run(candidate, candidate.input.encode(dataset.train.x)))
        if candidate.softmax:
            probabilities = np.log(evaluation.softmax(outputs))
            distances.append(-np.mean(np.sum(evaluation.softmax(expected) * probabilities, axis=1)))
        else:
            distances.append(np.mean((outputs - expected) ** 2))
    assert distances[1] <= distances[0] * 1.01
    assert 0 <= tuned.history.best_epoch <= 3
    assert tuned.network.output == network.output
    np.testing.assert_array_equal(tuned.network.table, network.table)


def test_the_file_says_how_its_inputs_are_made_and_nothing_of_this_machine(trained, int8):
    _, dataset, _ = trained
    content = int8.paths[-1].read_bytes()
    about = metadata.read(content)
    assert (about["input_map"], about["dataset"]) == (dict(dataset.input_map), dataset.name)
    for trace in (str(int8.paths[-1].parent), "/home", "/root", "/tmp", "site-packages"):
        assert trace.encode() not in content
    assert len(content) <= 9 * 1024 or int8.network.hidden_size > 10


def test_a_network_that_loses_nothing_plainly_is_left_alone(trained):
    config, dataset, snapshot = trained
    for limit in (1e9, 1e-12):
        settings = config.model_copy(update={"gap_limit": limit})
        shown = []
        made = conversion.convert(
            settings,
            dataset,
            [snapshot],
            metadata.describe(settings, dataset),
            fine_tuning_epochs=1,
            progress=lambda epochs, shown=shown: shown.append(epochs) or contextlib.nullcontext(Silent()),
        )
        needed = made.plain_training_gap > limit / 3
        assert needed == (shown == [1])
        if made.history is None:
            assert made.network is made.plain
        else:
            tuned_gap = conversion.training_gap(
                made.network, float_network(settings, dataset, snapshot.weights), dataset
            )
            assert tuned_gap < made.plain_training_gap


def test_what_is_cut_off_is_counted_and_named(trained):
    config, dataset, snapshot = trained
    network = post_training(config, dataset, snapshot.weights)
    network, real = layered(network), float_network(config, dataset, snapshot.weights)
    inside = diagnosis.Comparison(network, real, dataset.train.x)
    assert max(inside.saturation().values()) == 0
    outside = diagnosis.Comparison(network, real, 10 * dataset.train.x + 10)
    assert outside.saturation()["input"] > 0.5
    assert "input" in outside.explain(lambda outputs: float(np.mean(outputs**2)))
    assert inside.state_error().shape == (dataset.train.x.shape[1],)
    assert inside.state_error().max() < 0.2


def test_a_run_whose_int8_model_loses_too_much_says_so_and_why(tmp_path, capsys):
    config = RegressionConfig(
        normalization="train",
        activation="relu",
        epochs=5,
        qat_epochs=0,
        output_dir=tmp_path / "out",
        runs_dir=tmp_path / "runs",
    )
    report = experiment.run(config)
    cost = report.degradation
    assert report.exit_code == 0
    assert cost.gap == pytest.approx(cost.plain_gap, rel=1e-4)
    assert cost.gap > cost.limit == 0.003
    # On the training part there is nothing to see of that, so fine-tuning could not have mended it.
    assert cost.plain_training_gap < 0.003
    assert not cost.fine_tuned
    assert "input are cut off" in cost.diagnosis
    assert {"input", "output"} <= set(cost.saturated)
    shares = {tensor.name: tensor.saturated_share for tensor in report.quantization}
    # The last fifth of the index lies almost wholly above what came before.
    assert 0.5 < shares["input"] <= 1
    assert "int8 loses" in capsys.readouterr().err
    assert (config.output_dir / "SP500-relu-int8.tflite").stat().st_size <= 9 * 1024
    (text,) = config.runs_dir.glob("*/report.md")
    assert cost.diagnosis in text.read_text()


def test_fine_tuning_repairs_a_coarse_network():
    config = MemoryConfig(activation="custom", memory_signal_length=400, memory_n=20, memory_k=-2, epochs=60)
    dataset = datasets.load(config)
    config = experiment.resolve(config, dataset)
    keras.utils.set_random_seed(0)
    network = model.trainable(config, dataset)
    optimizer = make_optimizer("adam", 0.01, clip_norm=1.0, decay_steps=0)
    train = learning.unit_scale(dataset, dataset.train)
    trainer = Trainer(network, learning.make_loss(dataset), optimizer, batch_size=16, seed=0)
    trainer.fit(*train, *train, epochs=60)
    trained = network.get_weights()
    weights = [values.astype(np.float64) for values in model.plain(config, dataset, trained).get_weights()]
    activation = user_activation(config)
    x, real = dataset.train.x, float_network(config, dataset, weights)
    seen = real.ranges()
    expected = real.run(x, seen)
    limits = expected.min(), expected.max()
    # Weights of one int8 each: coarse enough for something to repair.
    coarse = quantize(
        weights, activation, Ranges((x.min(), x.max()), seen[0][0]["sum"], limits), sequence_length=20, parts=1
    )
    tuned = fine_tune(coarse, config, dataset, trained, epochs=100)
    before, after = (
        np.mean((made.output.decode(reference.run(made, made.input.encode(dataset.train.x))) - expected) ** 2)
        for made in (coarse, tuned.network)
    )
    assert tuned.history.best_epoch > 0
    assert after < 0.7 * before


def test_a_report_has_what_it_takes_to_make_the_inputs():
    series = np.round(50 + np.arange(80) * 0.4 + 9 * np.sin(np.arange(80) / 3), 2)
    for normalization in ("window", "train"):
        config = RegressionConfig(normalization=normalization, sequence_length=5, data_sigma=7.0)
        dataset = windows(Series(series, monthly=False), config, Known("made up", "1"))
        made = dataset.input_map
        raw = np.lib.stride_tricks.sliding_window_view(series, 5)[:-1][-len(dataset.evaluation) :]
        low = raw.min(axis=1, keepdims=True) if made["kind"] == "window" else made["minimum"]
        span = np.ptp(raw, axis=1, keepdims=True) if made["kind"] == "window" else made["range"]
        np.testing.assert_allclose((raw - low) / span * made["to"], dataset.evaluation.x[:, :, 0], rtol=1e-5, atol=1e-5)
