"""From trained networks to int8 files: fine-tuning, its simulation, the same bits everywhere, and the report."""

import contextlib
import dataclasses

import keras
import numpy as np
import pytest
from helpers.classic import classic
from helpers.runs import folders, run

from rnnexp import datasets
from rnnexp.config import ClassificationConfig, MemoryConfig, RegressionConfig
from rnnexp.datasets.series import Known, Series, windows
from rnnexp.experiment import build
from rnnexp.experiment.checkpoints import Checkpoints
from rnnexp.experiment.quantize import Calibration, quantize_snapshots, training_gap
from rnnexp.experiment.train import Snapshot, Trained, make_loss
from rnnexp.formats.about import About
from rnnexp.formats.keras.model import from_keras, to_keras
from rnnexp.formats.tflite.metadata import read_about
from rnnexp.network.network import Network
from rnnexp.quantization import diagnosis, reference
from rnnexp.quantization.network import Layer
from rnnexp.report import evaluation
from rnnexp.runtimes.tflite import TFLiteModel
from rnnexp.training.fine_tuning import fine_tune
from rnnexp.training.model import trainable
from rnnexp.training.optimization import Optimization
from rnnexp.training.programs import Programs
from rnnexp.training.simulation import SimulatedNetwork, with_weights
from rnnexp.training.trainer import Trainer

CONFIGS = {
    "series custom": classic(activation="custom", epochs=2),
    "series tanh, M aside": classic(dataset_name="airline-passengers", activation="tanh", data_sigma=3.0, epochs=5),
    "memory relu": MemoryConfig(activation="relu", memory_signal_length=300, memory_n=30, memory_k=-3, epochs=10),
    "memory sigmoid, wide": MemoryConfig(
        activation="sigmoid", hidden_size=24, memory_signal_length=200, memory_n=12, memory_k=-1, epochs=3
    ),
    "iris custom": ClassificationConfig(dataset_name="iris", activation="custom", epochs=20),
}


def train(config, path, batch_size=None):
    """Settings with nothing automatic, data, and what a short training leaves."""
    dataset = datasets.load(config)
    config = build.resolve(config, dataset)
    architecture, unit = build.architecture(config, dataset), build.unit_scale(dataset)
    keras.utils.set_random_seed(0)
    model = trainable(architecture, input_center=unit.input_center)
    batch_size = batch_size or config.batch_size
    optimizer = Optimization("adam", 0.01, batch_size).optimizer(len(dataset.train), config.epochs, decay=False)
    trainer = Trainer(model, make_loss(dataset), optimizer, batch_size=batch_size, seed=0)
    part = unit.scale_inputs(dataset.train.x), unit.scale_targets(dataset.train.y)
    history = trainer.fit(*part, *part, epochs=config.epochs)
    weights = model.get_weights()
    plain = to_keras(
        Network.of(architecture, unit.fold(architecture, [values.astype(np.float64) for values in weights]))
    )
    snapshot = Snapshot(config.epochs, from_keras(architecture, plain), plain, path, weights)
    optimization = Optimization(config.optimizer, config.learning_rate, config.batch_size, config.gradient_clip_norm)
    return config, dataset, Trained([snapshot], history, unit, optimization, Checkpoints(path.parent, ""))


def room(config):
    """How wide the output's codes are, in ranges of the training part's outputs, of a network with small weights."""
    dataset = datasets.load(config)
    architecture = build.architecture(build.resolve(config, dataset), dataset)
    random = np.random.default_rng(0)
    network = Network.of(architecture, [0.01 * random.normal(size=shape) for shape in architecture.shapes.values()])
    codes = Calibration.of(dataset).quantize(network).output
    outputs = network.run(dataset.train.x)
    return 255 * codes.scale / float(np.ptp([*outputs.ravel(), 0.0]))


def test_predictions_that_are_far_off_have_room_to_go_beyond_the_training_part():
    assert room(RegressionConfig(dataset_name="SP500", activation="tanh")) > 2.0
    assert room(classic(dataset_name="SP500", activation="tanh")) < 1.11


def about(config, dataset):
    """What the files of a run say of themselves."""
    return About.of(
        build.architecture(config, dataset),
        task=dataset.task,
        dataset=dataset.name,
        input_map=dataset.input_map,
        units=dataset.units,
        classes=dataset.class_names,
    )


def plain_integers(dataset, trained):
    return Calibration.of(dataset).quantize(trained.last.network)


@pytest.fixture(scope="module", params=CONFIGS, ids=CONFIGS.keys())
def trained(request, tmp_path_factory):
    """Settings, data and a shortly trained network."""
    return train(CONFIGS[request.param], tmp_path_factory.mktemp("snapshot") / "model.keras")


@pytest.fixture(scope="module")
def programs(trained):  # noqa: ARG001 (each network has its own)
    """Those of the network's fine-tuning, compiled once."""
    return Programs()


class Silent:
    """A progress bar that shows nothing."""

    def advance(self, epoch):
        assert epoch.number >= 1


@pytest.fixture(scope="module")
def int8(trained, programs):
    config, dataset, found = trained
    first = dataclasses.replace(found.last, path=found.last.path.with_name("epoch-0.keras"))
    made = quantize_snapshots(
        dataclasses.replace(found, snapshots=[first, found.last]),
        dataset,
        about(config, dataset),
        gap_limit=config.gap_limit,
        fine_tuning_epochs=2,
        progress=lambda _: contextlib.nullcontext(Silent()),
        programs=programs,
    )
    assert [path.name for path in made.paths] == ["epoch-0.int8.tflite", "model.int8.tflite"]
    return made


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
    _, dataset, found = trained
    float_outputs = found.last.network.run(dataset.evaluation.x)
    np.testing.assert_allclose(
        evaluation.softmax(float_outputs) if int8.network.softmax else float_outputs,
        np.asarray(found.last.model(dataset.evaluation.x)),
        atol=1e-4 * max(dataset.output_scale, 1.0),
    )
    for network in (int8.plain, int8.network):
        outputs = reference.outputs(network, dataset.evaluation.x)
        lost = evaluation.loss(dataset.evaluation, outputs) - evaluation.loss(dataset.evaluation, float_outputs)
        assert lost <= (1 / len(dataset.evaluation) + 1e-9 if network.softmax else 0.003)


def test_the_simulation_computes_what_the_reference_does(trained):
    _, dataset, found = trained
    network = plain_integers(dataset, found)
    simulated_network = SimulatedNetwork(network, found.last.network.architecture, found.unit)
    simulation = keras.Sequential([keras.Input(dataset.train.x.shape[1:]), simulated_network])
    simulation.set_weights(found.last.trained)
    simulated = np.asarray(simulation(found.unit.scale_inputs(dataset.evaluation.x)), np.float64)
    expected = reference.outputs(network, dataset.evaluation.x)
    if network.softmax:
        np.testing.assert_allclose(simulated, evaluation.softmax(expected), atol=0.02)
        return
    steps = np.abs(simulated * dataset.output_scale - expected) / network.output.scale
    # Inputs on the border between two codes may fall to either side in float32.
    assert steps.max() < 1.5
    assert np.mean(steps > 0.01) < 0.02


def test_fine_tuning_goes_no_further_from_the_float_network_on_what_it_trains_on(trained, programs):
    _, dataset, found = trained
    network, real, x = plain_integers(dataset, found), found.last.network, dataset.train.x
    given = network, real, found.last.trained, found.unit, x, found.optimization
    tuned = fine_tune(*given, epochs=3, programs=programs)
    expected = real.run(x)
    distances = []
    for candidate in (network, tuned.integers):
        outputs = reference.outputs(candidate, x)
        if candidate.softmax:
            probabilities = np.log(evaluation.softmax(outputs))
            distances.append(-np.mean(np.sum(evaluation.softmax(expected) * probabilities, axis=1)))
        else:
            distances.append(np.mean((outputs - expected) ** 2))
    assert distances[1] <= distances[0] * 1.01
    assert 0 <= tuned.history.best_epoch <= 3
    assert tuned.integers.output == network.output
    # Where the activation only cuts off there is none.
    tables = (made.layers[0].cells[0].tables for made in (tuned.integers, network))
    for table, given in zip(*tables, strict=True):
        np.testing.assert_array_equal(table.values, given.values)


def test_the_file_says_how_its_inputs_are_made_and_nothing_of_this_machine(trained, int8):
    _, dataset, _ = trained
    content = int8.paths[-1].read_bytes()
    said = read_about(content)
    assert (said.input_map, said.dataset) == (dataset.input_map, dataset.name)
    for trace in (str(int8.paths[-1].parent), "/home", "/root", "/tmp", "site-packages"):
        assert trace.encode() not in content
    assert len(content) <= 9 * 1024 or int8.network.layers[0].cells[0].units > 10


def test_a_network_that_loses_nothing_plainly_is_left_alone(trained, programs):
    config, dataset, found = trained
    for limit in (1e9, 1e-12):
        shown = []
        made = quantize_snapshots(
            found,
            dataset,
            about(config, dataset),
            gap_limit=limit,
            fine_tuning_epochs=1,
            progress=lambda epochs, shown=shown: shown.append(epochs) or contextlib.nullcontext(Silent()),
            programs=programs,
        )
        needed = made.plain_training_gap > limit / 3
        assert needed == (shown == [1])
        if made.history is None:
            assert made.network is made.plain
            assert made.real is found.last.network
        else:
            tuned_gap = training_gap(made.network, found.last.network, dataset.train)
            assert tuned_gap < made.plain_training_gap


def test_what_is_cut_off_is_counted_and_named(trained):
    _, dataset, found = trained
    network, real = plain_integers(dataset, found), found.last.network
    inside = diagnosis.Comparison(network, real, dataset.train.x)
    assert max(inside.saturation().values()) == 0
    outside = diagnosis.Comparison(network, real, 10 * dataset.train.x + 10)
    assert outside.saturation()["input"] > 0.5
    assert "input" in outside.explain(lambda outputs: float(np.mean(outputs**2)))
    assert inside.state_error().shape == (dataset.train.x.shape[1],)
    assert inside.state_error().max() < 0.2


def test_a_run_whose_int8_model_loses_too_much_says_so_and_why(tmp_path, capsys):
    config = classic(
        normalization="train",
        activation="relu",
        epochs=5,
        qat_epochs=0,
        **folders(tmp_path),
    )
    report = run(config).returned
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


def coarse(product):
    """A product whose weights have so few integers that there is something to repair: from -127 to 127, not 8128."""
    return dataclasses.replace(product, scale=64 * product.scale, shift=product.shift - 6)


def test_fine_tuning_repairs_a_coarse_network(tmp_path):
    config = MemoryConfig(activation="custom", memory_signal_length=400, memory_n=20, memory_k=-2, epochs=60)
    _, dataset, found = train(config, tmp_path / "model.keras", batch_size=16)
    x, real = dataset.train.x, found.last.network
    expected, fine = real.run(x), plain_integers(dataset, found)
    (cell,) = fine.layers[0].cells
    layers = (Layer((dataclasses.replace(cell, sums=coarse(cell.sums)),)),)
    given = with_weights(dataclasses.replace(fine, layers=layers, output_layer=coarse(fine.output_layer)), real)
    tuned = fine_tune(given, real, found.last.trained, found.unit, x, found.optimization, epochs=100)
    before, after = (np.mean((reference.outputs(made, x) - expected) ** 2) for made in (given, tuned.integers))
    assert tuned.history.best_epoch > 0
    assert after < 0.7 * before
    # It is not so coarse that anything is better.
    assert 0 < np.mean((reference.outputs(fine, x) - expected) ** 2) < before


def test_a_report_has_what_it_takes_to_make_the_inputs():
    series = np.round(50 + np.arange(80) * 0.4 + 9 * np.sin(np.arange(80) / 3), 2)
    for normalization in ("window", "train"):
        config = classic(normalization=normalization, sequence_length=5, data_sigma=7.0)
        dataset = windows(Series.of(series), config, Known("made up", "1"))
        made = dataset.input_map.to_json()
        raw = np.lib.stride_tricks.sliding_window_view(series, 5)[:-1][-len(dataset.evaluation) :]
        low = raw.min(axis=1, keepdims=True) if made["kind"] == "window" else made["minimum"]
        span = np.ptp(raw, axis=1, keepdims=True) if made["kind"] == "window" else made["range"]
        np.testing.assert_allclose((raw - low) / span * made["to"], dataset.evaluation.x[:, :, 0], rtol=1e-5, atol=1e-5)
