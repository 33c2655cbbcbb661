"""Metrics against numbers worked out by hand, and against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as sk

from rnnexp.report import metrics

TARGET = np.array([[1.0], [2.0], [4.0], [5.0]])
PREDICTION = np.array([[2.0], [2.0], [2.0], [6.0]])


def test_regression_by_hand():
    # Errors 1, 0, -2, 1. Deviations of the target -2, -1, 1, 2; of the prediction -1, -1, -1, 3.
    assert metrics.l1(TARGET, PREDICTION) == pytest.approx(1.0)
    assert metrics.l2(TARGET, PREDICTION) == pytest.approx(1.5)
    assert metrics.rmse(TARGET, PREDICTION) == pytest.approx(1.5**0.5)
    assert metrics.correlation(TARGET, PREDICTION) == pytest.approx(8 / (10 * 12) ** 0.5)
    assert metrics.memory_capacity(TARGET, PREDICTION) == pytest.approx(64 / 120)


@pytest.mark.parametrize(("factor", "expected"), [(3.0, 1.0), (-0.5, -1.0)])
def test_correlation_of_a_line(factor, expected):
    assert metrics.correlation(TARGET, factor * TARGET + 1000) == pytest.approx(expected)
    assert metrics.memory_capacity(TARGET, factor * TARGET) == pytest.approx(1.0)


def test_correlation_agrees_with_numpy():
    random = np.random.default_rng(0)
    a = random.normal(size=(300, 1))
    b = 0.3 * a + random.normal(size=(300, 1)) + 1e4
    assert metrics.correlation(a, b) == pytest.approx(np.corrcoef(a[:, 0], b[:, 0])[0, 1], rel=1e-9)


@pytest.mark.parametrize("level", [0.0, 0.1, 1e6 / 3])
def test_a_constant_has_no_correlation(level):
    constant = np.full((4, 1), level)
    assert metrics.correlation(TARGET, constant) is None
    assert metrics.correlation(constant, TARGET) is None
    assert metrics.memory_capacity(TARGET, constant) == 0.0
    assert np.isfinite(metrics.rmse(TARGET, constant))


def test_the_capacity_of_several_outputs_is_their_sum():
    target = np.concatenate([TARGET, TARGET**2, TARGET[::-1]], axis=1)
    prediction = np.concatenate([PREDICTION, 3 * TARGET**2 + 1, np.full((4, 1), 7.0)], axis=1)
    by_output = metrics.memory_by_output(target, prediction)
    # Of n = 4 pairs: 1 - (1 - r^2) 3 / 2; what is exact stays 1, and what is constant 0.
    assert by_output == pytest.approx([1 - (1 - 64 / 120) * 1.5, 1.0, 0.0])
    assert metrics.memory_capacity(target, prediction) == pytest.approx(sum(by_output))


@pytest.mark.parametrize("count", [3, 20, 500])
def test_of_independent_values_the_adjusted_square_is_zero_in_the_mean(count):
    """The plain one is 1 / (n - 1) there, whatever the distributions are."""
    random = np.random.default_rng(count)
    outputs = random.exponential(size=(count, 1)) ** 2
    plain, adjusted = [], []
    for _ in range(4000):
        found = metrics.correlation(random.uniform(size=(count, 1)), outputs)
        plain.append(found**2)
        adjusted.append(metrics.adjusted_square(found, count))
    assert np.mean(plain) == pytest.approx(1 / (count - 1), rel=0.1)
    assert abs(np.mean(adjusted)) < 0.1 / (count - 1)


def test_direction_leaves_out_steps_that_do_not_move():
    last = np.array([[1.0], [1.0], [1.0], [1.0]])
    target = np.array([[2.0], [0.5], [1.0], [3.0]])
    prediction = np.array([[1.1], [1.1], [0.0], [0.9]])
    # Right, wrong, left out, wrong.
    assert metrics.direction_accuracy(last, target, prediction) == pytest.approx(1 / 3)
    assert metrics.direction_accuracy(last, last, prediction) is None


@pytest.fixture
def classified():
    random = np.random.default_rng(1)
    labels = np.array([0] * 30 + [1] * 15 + [2] * 5)
    logits = random.normal(size=(50, 3)) + 1.2 * np.eye(3)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return labels, probabilities


def test_classification_agrees_with_scikit_learn(classified):
    labels, probabilities = classified
    guesses = probabilities.argmax(axis=1)
    assert 0 < metrics.accuracy(labels, probabilities) < 1
    assert metrics.accuracy(labels, probabilities) == pytest.approx(sk.accuracy_score(labels, guesses))
    assert metrics.balanced_accuracy(labels, probabilities) == pytest.approx(
        sk.balanced_accuracy_score(labels, guesses)
    )
    assert metrics.cross_entropy(labels, probabilities) == pytest.approx(sk.log_loss(labels, probabilities))
    np.testing.assert_array_equal(metrics.confusion(labels, probabilities), sk.confusion_matrix(labels, guesses))


def test_recall_agrees_with_scikit_learn(classified):
    labels, probabilities = classified
    expected = sk.recall_score(labels, probabilities.argmax(axis=1), average=None)
    np.testing.assert_allclose(metrics.recall(labels, probabilities), expected)


def test_a_class_that_does_not_occur_counts_for_nothing():
    labels, probabilities = np.array([0, 0, 1]), np.eye(3)[[0, 2, 1]]
    assert metrics.recall(labels, probabilities) == [0.5, 1.0, None]
    assert metrics.balanced_accuracy(labels, probabilities) == pytest.approx((0.5 + 1.0) / 2)
    np.testing.assert_array_equal(metrics.confusion(labels, probabilities), [[1, 0, 1], [0, 1, 0], [0, 0, 0]])


def test_cross_entropy_of_an_impossible_class_is_large_not_infinite():
    assert metrics.cross_entropy(np.array([0]), np.array([[0.0, 1.0]])) == pytest.approx(-np.log(1e-7))
    assert metrics.cross_entropy(np.array([1]), np.array([[0.0, 1.0]])) == 0.0


def test_classes_at_every_step_by_hand():
    labels = np.array([[0, 1, 2], [1, 1, 0]])
    probabilities = np.eye(3)[[[0, 1, 2], [1, 2, 0]]]
    assert metrics.accuracy(labels, probabilities) == pytest.approx(5 / 6)
    assert metrics.sequence_accuracy(labels, probabilities) == 0.5
    assert metrics.step_accuracy(labels, probabilities) == [1.0, 0.5, 1.0]
    assert metrics.confusion(labels, probabilities).tolist() == [[2, 0, 0], [0, 2, 1], [0, 0, 1]]
    halved = 0.5 * probabilities + 0.5 / 3
    assert metrics.cross_entropy(labels, halved) == pytest.approx(-(5 * np.log(2 / 3) + np.log(1 / 6)) / 6)
