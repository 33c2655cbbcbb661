"""Adding bit by bit: the data, and runs with an answer at every step from end to end."""

import csv
import io

import keras
import numpy as np
import pytest
from helpers.left import kept_network
from helpers.runs import folders, run

from rnnexp import datasets
from rnnexp.commands import run as prediction
from rnnexp.config import ClassificationConfig
from rnnexp.datasets import binary_addition
from rnnexp.errors import UserError
from rnnexp.experiment import build, starting_weights
from rnnexp.experiment.quantize import Calibration
from rnnexp.formats.keras.model import to_keras
from rnnexp.formats.npz import arrays, reader
from rnnexp.network import cells
from rnnexp.network.network import Network
from rnnexp.quantization import reference
from rnnexp.report import evaluation
from rnnexp.runtimes.tflite import TFLiteModel, TFLiteStepModel
from rnnexp.training.model import trainable

try:
    import tflite_micro  # noqa: F401
except ImportError:
    KERNELS = ("litert", "reference")
else:
    KERNELS = ("litert", "reference", "micro")

SETTINGS = {"dataset_name": "binary-addition", "activation": "tanh", "hidden_size": 16, "batch_size": 32}


def config(**settings):
    return ClassificationConfig(**{**SETTINGS, "quiet": True, **settings})


def numbers(bits):
    """The numbers that bits ``[n, time, ...]`` stand for, least significant first."""
    return np.tensordot(bits.astype(int), 2 ** np.arange(bits.shape[1]), axes=(1, 0))


def pairs(part):
    return {tuple(sorted(pair)) for pair in numbers(part.x).tolist()}


def test_the_targets_are_the_bits_of_the_sums():
    dataset = datasets.load(config())
    assert dataset.train.x.shape == (10_000, 9, 2)
    assert dataset.train.y.shape == (10_000, 9)
    assert dataset.evaluation.y.shape == (2_000, 9)
    assert dataset.every_step
    for part in (dataset.train, dataset.validation):
        np.testing.assert_array_equal(numbers(part.y), numbers(part.x).sum(axis=1))
        assert numbers(part.x).max() == 255
    # By hand: 3 + 6 = 9.
    np.testing.assert_array_equal(
        binary_addition.bits(np.array([3, 6, 9]), 4), [[1, 1, 0, 0], [0, 1, 1, 0], [1, 0, 0, 1]]
    )


def test_no_pair_is_in_two_parts_in_either_order():
    plain, dataset = datasets.load(config()), datasets.load(config(early_stopping=1))
    parts = [pairs(part) for part in (dataset.train, dataset.validation, dataset.evaluation)]
    assert [len(part) for part in parts] == [10_000, 2_000, 2_000]
    assert len(set.union(*parts)) == 14_000
    assert plain.evaluation is plain.validation
    assert (plain.evaluation_part, dataset.evaluation_part) == ("validation part", "test part")
    # The larger number comes first as often as second.
    first, second = numbers(dataset.train.x).T
    assert np.mean(first > second) == pytest.approx(np.mean(first < second), abs=0.03)
    assert pairs(datasets.load(config(seed=1)).train) != parts[0]


def test_baselines_are_of_bits():
    dataset = datasets.load(config())
    scores = evaluation.evaluate_baselines(dataset)
    assert scores["majority class"].accuracy == pytest.approx(
        max(dataset.evaluation.y.mean(), 1 - dataset.evaluation.y.mean())
    )
    without = scores["sum without carry"]
    # There is no carry into the first bit, and one or none into the last, which is nothing else.
    assert without.step_accuracy[0] == 1.0
    assert without.step_accuracy[8] == pytest.approx(1 - dataset.evaluation.y[:, 8].mean())
    assert without.accuracy == pytest.approx(np.mean(without.step_accuracy))
    first, second = numbers(dataset.evaluation.x).T
    assert without.sequence_accuracy == pytest.approx(np.mean(first & second == 0))


def test_a_single_output_is_the_probability_of_one():
    dataset = datasets.load(config())
    truth = dataset.evaluation.y[..., None].astype(np.float64)
    perfect = evaluation.evaluate(dataset, truth)
    assert (perfect.accuracy, perfect.sequence_accuracy, perfect.cross_entropy) == (1, 1, 0)
    assert perfect.recall == {"0": 1.0, "1": 1.0}
    one_wrong = truth.copy()
    one_wrong[0, 3] = 1 - one_wrong[0, 3]
    scores = evaluation.evaluate(dataset, one_wrong)
    assert scores.accuracy == pytest.approx(1 - 1 / 18_000)
    assert scores.sequence_accuracy == pytest.approx(1 - 1 / 2_000)
    assert scores.step_accuracy == pytest.approx([1, 1, 1, 1 - 1 / 2_000, 1, 1, 1, 1, 1])
    assert evaluation.loss(dataset.evaluation, one_wrong) == pytest.approx(1 / 18_000)
    assert evaluation.evaluate(dataset, np.full((2_000, 9, 1), 0.25)).cross_entropy == pytest.approx(
        -np.mean(np.log(np.where(dataset.evaluation.y, 0.25, 0.75)))
    )


def test_sixteen_units_have_321_weights():
    network = trainable(build.architecture(config(), datasets.load(config())))
    assert network.count_params() == 321
    assert network.get_layer("rnn").count_params() == 304
    assert network.get_layer("output").count_params() == 17
    assert network.output_shape == (None, 9, 1)


@pytest.mark.parametrize("cell", cells.CELLS)
def test_the_plain_network_gives_what_the_trained_one_gives_at_every_step(cell):
    given = config(cell=cell, num_layers=2, bidirectional=True, activation="custom", hidden_size=3)
    dataset = datasets.load(given)
    architecture, unit = build.architecture(given, dataset), build.unit_scale(dataset)
    keras.utils.set_random_seed(0)
    trained = trainable(architecture, input_center=unit.input_center)
    plain = to_keras(Network.of(architecture, unit.fold(architecture, trained.get_weights())))
    x = dataset.evaluation.x[:50]
    outputs = np.asarray(plain(x))
    assert outputs.shape == (50, 9, 1)
    assert np.ptp(outputs) > 0.01
    np.testing.assert_allclose(outputs, np.asarray(trained(x)), atol=1e-4)  # sqrt is steep at 0


def test_fewer_steps_and_no_going_backwards():
    assert datasets.load(config(max_sequence_length=4)).train.y.shape == (10_000, 4)
    with pytest.raises(UserError, match="GO_BACKWARDS is for one answer a sequence"):
        datasets.load(config(go_backwards=True))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("binary-addition")
    return run(config(epochs=2, class_weights="balanced", learning_rate=0.01, **folders(path)))


def test_two_epochs_add_pairs_never_seen(finished):
    report = finished.report
    assert finished.code == 0
    assert report["models"]["float32"]["metrics"]["accuracy"] == 1.0
    assert report["models"]["float32"]["metrics"]["sequence_accuracy"] == 1.0
    assert report["models"]["float32"]["keras_difference"] < 1e-5
    assert report["progress"][0]["float32"]["accuracy"] < 0.7
    assert report["data"]["every_step"] is True
    text = (finished.folder / "report.md").read_text()
    assert "| class | steps |" in text
    for name in ("confusion", "step_accuracy", "loss"):
        assert (finished.folder / f"{name}.png").stat().st_size > 5_000
        assert f"({name}.png)" in text


def test_the_model_of_one_time_step_gives_the_same(finished):
    dataset = datasets.load(finished.config)
    some = dataset.evaluation.x[:20]
    whole = TFLiteModel(finished.model).predict(some)
    assert whole.shape == (20, 9, 1)
    step = TFLiteStepModel(finished.config.output_dir / f"{finished.config.stem}-step-float32.tflite")
    np.testing.assert_allclose(step.run_codes(some)[0], whole, atol=1e-6)
    np.testing.assert_array_equal(whole[..., 0] > 0.5, dataset.evaluation.y[:20] == 1)


@pytest.mark.parametrize("kind", ["float32", "int8"])
def test_samples_of_ones_own_get_a_row_for_every_step(finished, tmp_path, capsys, kind):
    samples = tmp_path / "sums.npy"
    np.save(samples, binary_addition.bits(np.array([[200, 100], [1, 255]]), 9))
    assert (
        prediction.main([str(finished.config.output_dir / f"{finished.config.stem}-{kind}.tflite"), str(samples)]) == 0
    )
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["sample"], row["time_step"]) for row in rows] == [
        (str(n), str(t)) for n in (1, 2) for t in range(1, 10)
    ]
    assert numbers(np.array([int(row["class"]) for row in rows]).reshape(2, 9)).tolist() == [300, 256]
    for row in rows:
        assert float(row["0"]) + float(row["1"]) == pytest.approx(1)


def test_the_weights_say_that_every_step_answers_and_can_be_trained_on(finished):
    path = finished.config.output_dir / f"{finished.config.stem}-weights.npz"
    found = arrays.read(path)
    assert bool(found["every_step"])
    assert not found["softmax"]
    architecture = reader.load(path).architecture
    assert architecture.every_step
    # A single output at every step is a sigmoid's, whatever the key ``softmax`` says.
    assert architecture.softmax
    dataset = datasets.load(config())
    start = starting_weights.fitting(starting_weights.load(path), build.architecture(config(), dataset), dataset.name)
    names = ("rnn/kernel", "rnn/recurrent_kernel", "rnn/bias", "output/kernel", "output/bias")
    for ours, name in zip(start.weights, names, strict=True):
        np.testing.assert_array_equal(ours, found[name])


def test_the_int8_model_adds_as_well(finished):
    report, cost = finished.report, finished.report["degradation"]
    assert report["models"]["int8"]["metrics"]["accuracy"] == 1.0
    assert report["models"]["int8"]["metrics"]["sequence_accuracy"] == 1.0
    assert (cost["gap"], cost["sequences_lost"], cost["fine_tuned"]) == (0, 0, False)
    assert 0 < cost["state_error"] < 0.05
    tensors = {tensor["name"]: tensor for tensor in report["quantization"]}
    assert tensors["logits"]["shape"] == [1, 9, 1]
    assert tensors["logits"]["saturated_share"] == tensors["state"]["saturated_share"] == 0
    assert tensors["sigmoid_table"]["shape"] == [256]
    assert (finished.folder / "state_error.png").stat().st_size > 5_000
    text = (finished.folder / "report.md").read_text()
    assert "accuracy lost (of whole sequences +0)" in text


VARIANTS = {
    "preset": {},
    "relu": {"activation": "relu"},
    "sigmoid": {"activation": "sigmoid"},
    "128 units": {"hidden_size": 128},
    "gru": {"cell": "gru"},
    "lstm, 2 layers": {"cell": "lstm", "num_layers": 2},
    "bidirectional": {"bidirectional": True},
    "custom, dropout": {"activation": "custom", "dropout": 0.5},
}


@pytest.fixture(
    scope="module",
    params=[name if name == "preset" else pytest.param(name, marks=pytest.mark.slow) for name in VARIANTS],
)
def variant(request, tmp_path_factory):
    if request.param == "preset":
        return request.getfixturevalue("finished")
    path = tmp_path_factory.mktemp("variant")
    return run(config(epochs=2, learning_rate=0.01, **VARIANTS[request.param], **folders(path)))


def test_every_runtime_has_the_references_bits_at_every_step(variant):
    given, dataset = variant.config, datasets.load(variant.config)
    network = Calibration.of(dataset).quantize(kept_network(variant, dataset))
    some = network.input.encode(dataset.evaluation.x[:200])
    expected = network.sigmoid[reference.run(network, some).astype(int) + 128]
    assert expected.shape == (200, 9, 1)
    assert len(np.unique(expected)) > 4
    for kernels in KERNELS:
        whole = TFLiteModel(given.output_dir / f"{given.stem}-int8.tflite", kernels=kernels)
        assert (whole.run_codes(some) == expected).all()
        if given.forward:
            step = TFLiteStepModel(given.output_dir / f"{given.stem}-step-int8.tflite", kernels=kernels)
            assert (step.run_codes(some)[0] == expected).all()
    scores = variant.report["models"]
    assert abs(variant.report["degradation"]["gap"]) <= 0.005
    assert abs(variant.report["degradation"]["sequences_lost"]) <= 0.005
    assert scores["int8"]["metrics"]["accuracy"] > variant.report["baselines"]["sum without carry"]["accuracy"]
