"""Outputs of a model, and baselines, as metrics of a data set."""

import dataclasses

import numpy as np
import pytest
from helpers import tagging
from helpers.classic import classic

from rnnexp import datasets
from rnnexp.config import ClassificationConfig, MemoryConfig
from rnnexp.datasets import Split, series
from rnnexp.datasets.dataset import IGNORED
from rnnexp.report import evaluation, metrics


def test_perfect_outputs_are_perfect_in_the_datas_own_units():
    dataset = datasets.load(classic(dataset_name="airline-passengers"))
    scores = evaluation.evaluate(dataset, dataset.evaluation.y)
    assert scores.rmse == pytest.approx(0, abs=1e-4)
    assert scores.correlation == pytest.approx(1)
    assert scores.direction_accuracy == 1.0


def test_persistence_in_own_units_and_normalised():
    dataset = datasets.load(classic(dataset_name="airline-passengers"))
    values = series.read(series.find("airline-passengers")).values[:, 0]
    steps = np.diff(values)[-48:]
    ranges = np.array([np.ptp(values[t - 20 : t]) for t in range(96, 144)])
    scores = evaluation.evaluate_baselines(dataset)
    assert scores["persistence"].l1 == pytest.approx(np.abs(steps).mean())
    assert scores["persistence"].l2 == pytest.approx((steps**2).mean())
    assert scores["persistence"].rmse_normalized == pytest.approx(np.sqrt(((steps / ranges) ** 2).mean()), rel=1e-6)
    assert scores["persistence"].rmse_to_persistence == 1.0
    assert scores["persistence"].direction_accuracy is None
    assert scores["always up"].direction_accuracy == pytest.approx((steps > 0).mean())
    seasonal = values[-48:] - values[-60:-12]
    assert scores["seasonal naive"].rmse_to_persistence == pytest.approx(
        np.sqrt((seasonal**2).mean() / (steps**2).mean())
    )


def two_targets(scale=1.0):
    """A small and a large column, the second times ``scale``, two steps ahead."""
    noise = np.random.default_rng(0).normal(size=(2, 90)).cumsum(axis=1)
    values = np.column_stack([noise[0], scale * (5000 + 100 * noise[1])])
    known = series.Series(names=("small", "large"), values=values, targets=2)
    return series.windows(
        known, classic(dataset_name="own", sequence_length=5, horizon=2), series.Known("test", "units")
    )


def test_columns_of_several_units_count_alike():
    dataset, other = two_targets(), two_targets(1e6)
    target, last = dataset.evaluation.target, dataset.baselines["persistence"]
    found, rescaled = (evaluation.evaluate_baselines(each)["persistence"] for each in (dataset, other))
    # In its own units each; together they do not depend on these.
    assert found.rmse_by_target == {
        "small": pytest.approx(np.sqrt(np.mean((target - last)[:, [0, 2]] ** 2))),
        "large": pytest.approx(np.sqrt(np.mean((target - last)[:, [1, 3]] ** 2))),
    }
    assert rescaled.rmse_by_target["large"] == pytest.approx(1e6 * found.rmse_by_target["large"])
    for name in ("l1", "l2", "rmse", "correlation", "rmse_to_persistence"):
        assert getattr(rescaled, name) == pytest.approx(getattr(found, name))
    deviations = dataset.error_units[:2]
    expected = np.mean(
        [(error / unit) ** 2 for error, unit in zip(found.rmse_by_target.values(), deviations, strict=True)]
    )
    assert found.rmse == pytest.approx(np.sqrt(expected))
    losses = evaluation.row_losses(dataset, last)
    assert losses.mean() == pytest.approx(found.l2)


def test_units_of_errors_are_deviations_of_the_training_part():
    dataset = two_targets()
    past = dataset.pasts[1]
    assert dataset.error_units[1] == dataset.error_units[3] == np.std(past.values[: past.first_held_out])


def test_of_one_column_errors_are_in_its_units():
    dataset = datasets.load(classic(dataset_name="airline-passengers"))
    assert dataset.error_units is None
    assert evaluation.evaluate(dataset, dataset.evaluation.y).rmse_by_target is None


def test_a_step_that_does_not_move_is_not_a_direction():
    """Also where normalising to float32 and back misses the value by a rounding error."""
    values = np.repeat(np.round(np.random.default_rng(0).uniform(3000, 5000, 60), 2), 2)
    config = classic(dataset_name="own", sequence_length=5, validation_share=0.3)
    dataset = series.windows(series.Series.of(values), config, series.Known("test", "units"))
    steps = np.diff(values)[-len(dataset.evaluation) :]
    assert (steps == 0).sum() > 10
    up = evaluation.evaluate_baselines(dataset)["always up"].direction_accuracy
    assert up == pytest.approx((steps[steps != 0] > 0).mean())


def test_constant_predictions_say_why_there_is_no_correlation():
    dataset = datasets.load(MemoryConfig(memory_signal_length=50, memory_n=5))
    scores = evaluation.evaluate_baselines(dataset)["mean"]
    assert scores.l2 == pytest.approx(np.var(dataset.evaluation.y.astype(np.float64)))
    assert scores.memory_capacity == 0.0
    assert scores.correlation is None
    assert "constant" in scores.absent["correlation"]


def test_the_majority_class_of_iris():
    dataset = datasets.load(ClassificationConfig(dataset_name="iris"))
    scores = evaluation.evaluate_baselines(dataset)["majority class"]
    assert scores.accuracy == pytest.approx(1 / 3)
    assert scores.cross_entropy == pytest.approx(np.log(3))
    assert np.sum(scores.confusion) == len(dataset.evaluation)
    perfect = evaluation.evaluate(dataset, np.eye(3)[dataset.evaluation.y])
    assert (perfect.accuracy, perfect.balanced_accuracy) == (1.0, 1.0)
    assert perfect.recall == {"setosa": 1.0, "versicolor": 1.0, "virginica": 1.0}
    assert sorted(scores.recall.values()) == [0.0, 0.0, 1.0]
    assert perfect.absent is None


def test_probabilities_by_hand():
    logits = np.log([[[1.0, 3.0], [4.0, 1.0]]])
    np.testing.assert_allclose(evaluation.probabilities(logits), [[[0.25, 0.75], [0.8, 0.2]]])
    # A single one is that of the second of two classes, and never overflows.
    single = np.array([[np.log(3.0)], [0.0], [-1e4], [1e4]])
    np.testing.assert_allclose(evaluation.probabilities(single), [[0.75], [0.5], [0.0], [1.0]])


def test_the_recall_of_a_class_that_does_not_occur_is_absent_with_a_reason():
    iris = datasets.load(ClassificationConfig(dataset_name="iris"))
    some = iris.evaluation.y != 1
    part = datasets.Split(iris.evaluation.x[some], iris.evaluation.y[some])
    dataset = dataclasses.replace(iris, evaluation=part)
    scores = evaluation.evaluate(dataset, np.eye(3)[part.y])
    assert scores.recall == {"setosa": 1.0, "virginica": 1.0}
    assert scores.absent == {"recall.versicolor": "the validation part has no such sequence"}


def of_values(target):
    return Split(np.zeros((len(target), 2, 1), np.float32), target.astype(np.float32))


def test_of_gaussian_errors_the_robust_loss_is_the_loss():
    random = np.random.default_rng(0)
    part = of_values(random.normal(size=(40_000, 2)) * [1.0, 50.0])
    outputs = part.y + 0.1 * random.normal(size=part.y.shape) * [1.0, 50.0]
    assert evaluation.loss(part, outputs) == pytest.approx(0.01, rel=0.05)
    assert evaluation.robust_loss(part, outputs) == pytest.approx(0.01, rel=0.05)


def test_the_robust_loss_sees_the_quiet_part_of_a_signal_with_bursts():
    random = np.random.default_rng(0)
    loud = random.random(5000) < 0.05
    target = random.normal(size=5000) * np.where(loud, 100.0, 1.0)
    part = of_values(target[:, None])
    # As good as nothing where it is quiet.
    outputs = np.where(loud, target, 0.0)[:, None]
    assert evaluation.loss(part, outputs) < 0.003
    assert evaluation.robust_loss(part, outputs) > 0.7


def test_of_targets_that_are_mostly_equal_there_is_no_robust_loss():
    flat = np.zeros((50, 1))
    flat[:10] = 1.0
    assert evaluation.robust_loss(of_values(flat), flat) is None
    # Nor do they count beside others.
    both = np.concatenate([flat, np.arange(50.0)[:, None]], axis=1)
    alone = evaluation.robust_loss(of_values(both[:, 1:]), both[:, 1:] + 1.0)
    assert alone > 0
    assert evaluation.robust_loss(of_values(both), both + 1.0) == alone


def test_labels_that_do_not_count_are_in_no_figure():
    labels = np.array([[0, 1, 1, IGNORED], [1, IGNORED, IGNORED, IGNORED]])
    chosen = np.eye(2)[[[0, 1, 0, 1], [1, 0, 0, 0]]]
    assert metrics.accuracy(labels, chosen) == 3 / 4
    assert metrics.sequence_accuracy(labels, chosen) == 1 / 2
    assert metrics.step_accuracy(labels, chosen) == [1.0, 1.0, 0.0]
    assert metrics.confusion(labels, chosen).tolist() == [[1, 0], [1, 2]]
    assert metrics.recall(labels, chosen) == [1.0, 2 / 3]
    assert metrics.cross_entropy(labels, np.full((2, 4, 2), 0.5)) == pytest.approx(np.log(2))
    part = Split(np.zeros((2, 4, 1), np.float32), labels, lengths=np.array([3, 1]))
    assert evaluation.loss(part, chosen) == 1 / 4


def test_the_mean_over_sequences_is_the_share_of_all_answers():
    made = tagging.dataset(60, 9)
    outputs = np.random.default_rng(0).random((*made.evaluation.y.shape, 3))
    losses = evaluation.row_losses(made, outputs)
    assert len(losses) == len(made.evaluation)
    assert losses.mean() == pytest.approx(1 - metrics.accuracy(made.evaluation.y, outputs))
