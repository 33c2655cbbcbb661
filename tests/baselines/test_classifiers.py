"""Logistic regression and nearest neighbours on cases made by hand."""

import numpy as np
import pytest

from rnnexp.baselines.logistic_regression import logistic_regression
from rnnexp.baselines.neighbours import nearest, nearest_warped, warped_distances


def test_logistic_regression_separates_what_is_separable():
    random = np.random.default_rng(0)
    labels = np.arange(90) % 3
    x = np.eye(3)[labels] * [4, 40, 400] + random.normal(size=(90, 3)) * [0.5, 5, 50]
    probabilities = logistic_regression(x[:60], labels[:60], x[60:], 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), labels[60:])


def test_a_class_that_was_not_there_is_never_predicted():
    probabilities = logistic_regression(np.array([[0.0], [1.0]]), np.array([0, 2]), np.array([[0.2], [0.9]]), 4)
    np.testing.assert_array_equal(probabilities[:, [1, 3]], 0)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), [0, 2])


def test_the_nearest_by_euclid():
    x = np.array([[0.0, 0.0], [3.0, 4.0], [10.0, 0.0]])
    np.testing.assert_array_equal(nearest(x, np.array([5, 6, 7]), np.array([[2.9, 3.0], [6.6, 0.0]])), [6, 7])


def test_warping_finds_a_shifted_pattern_where_euclid_does_not():
    time = np.arange(40.0)

    def bump(at, height):
        return height * np.exp(-((time - at) ** 2) / 8)

    x = np.stack([bump(10, 1.0), bump(10, -1.0), 0 * time])[:, :, None]
    asked = np.stack([bump(28, 1.0), bump(25, -1.0)])[:, :, None]
    labels = np.array([0, 1, 2])
    np.testing.assert_array_equal(nearest_warped(x, labels, asked), [0, 1])
    np.testing.assert_array_equal(nearest(x[:, :, 0], labels, asked[:, :, 0]), [2, 2])


@pytest.mark.parametrize(("steps", "others_steps"), [(1, 1), (5, 5), (7, 3), (2, 9)])
def test_warped_distances_are_those_of_the_recursion(steps, others_steps):
    random = np.random.default_rng(steps)
    sequence, others = random.normal(size=(steps, 2)), random.normal(size=(6, others_steps, 2))
    for found, other in zip(warped_distances(sequence, others), others, strict=True):
        table = np.full((steps + 1, others_steps + 1), np.inf)
        table[0, 0] = 0
        for i, j in np.ndindex(steps, others_steps):
            before = min(table[i, j], table[i + 1, j], table[i, j + 1])
            table[i + 1, j + 1] = np.sum((sequence[i] - other[j]) ** 2) + before
        assert found == pytest.approx(table[-1, -1])


def test_warping_does_not_see_the_padding():
    random = np.random.default_rng(0)
    lengths, asked_lengths = np.array([4, 9, 1, 6, 7]), np.array([9, 2, 5])
    others, asked = random.normal(size=(5, 9, 2)), random.normal(size=(3, 9, 2))
    for sequence, end in zip(asked, asked_lengths, strict=True):
        alone = [
            warped_distances(sequence[:end], other[None, :own])[0] for other, own in zip(others, lengths, strict=True)
        ]
        np.testing.assert_allclose(warped_distances(sequence[:end], others, lengths), alone)
    expected = nearest_warped(others, np.arange(5), asked, lengths, asked_lengths)
    for values, own in ((others, lengths), (asked, asked_lengths)):
        values[np.arange(9) >= own[:, None]] = 1e3
    np.testing.assert_array_equal(nearest_warped(others, np.arange(5), asked, lengths, asked_lengths), expected)
