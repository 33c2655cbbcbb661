"""How good predictions are, and what they have to beat: formulas in NumPy and float64, and the parts of a report.

Labels below 0 are of steps that count nowhere.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Tag

from rnnexp.report.part import Part, closest


class RegressionMetrics(Part):
    """How good predicted values are: errors in the data's own units, and of values normalised to about 1.

    Where columns of several units are predicted, the errors of all together are in standard deviations of each column's
    training part, and ``rmse_by_output`` and ``rmse_by_target`` alone in its own units.

    Attributes:
        l1: mean absolute error.
        l2: mean squared error.
        rmse: its root.
        correlation: Pearson's.
        memory_capacity: of the memory task the squared correlation, or of several delays their sum.
        memory_by_output: what is summed up, delay by delay, without the share of chance.
        rmse_to_persistence: the RMSE over that of persistence, for a series.
        direction_accuracy: the share of ups and downs predicted, for a series.
        rmse_by_output: of each output, where there are several.
        rmse_by_target: column -> over all steps ahead, where several are predicted.
        absent: metric -> why there is none.
    """

    l1: float
    l2: float
    rmse: float
    correlation: float | None = None
    l1_normalized: float
    l2_normalized: float
    rmse_normalized: float
    correlation_normalized: float | None = None
    memory_capacity: float | None = None
    memory_by_output: list[float] | None = None
    rmse_to_persistence: float | None = None
    direction_accuracy: float | None = None
    rmse_by_output: list[float] | None = None
    rmse_by_target: dict[str, float] | None = None
    absent: dict[str, str] | None = None


class ClassificationMetrics(Part):
    """How good predicted classes are.

    Attributes:
        accuracy: the share that is right.
        balanced_accuracy: the mean of ``recall``.
        cross_entropy: in nats.
        recall: class -> the share of it that is recognised.
        confusion: counts, by true class and then by predicted class.
        sequence_accuracy: the share of sequences with no wrong step, where there is an answer at every step.
        step_accuracy: the share that is right at each step.
        absent: metric -> why there is none.
    """

    accuracy: float
    balanced_accuracy: float
    cross_entropy: float
    recall: dict[str, float]
    confusion: list[list[int]]
    sequence_accuracy: float | None = None
    step_accuracy: list[float] | None = None
    absent: dict[str, str] | None = None


class DirectionMetrics(Part):
    """How good a baseline is that predicts no value, but only whether the next one is higher or lower."""

    direction_accuracy: float


Metrics = Annotated[
    Annotated[DirectionMetrics, Tag("DirectionMetrics")]
    | Annotated[RegressionMetrics, Tag("RegressionMetrics")]
    | Annotated[ClassificationMetrics, Tag("ClassificationMetrics")],
    closest(DirectionMetrics, RegressionMetrics, ClassificationMetrics),
]


def numbers(metrics: Metrics) -> dict[str, float]:
    """Return the metrics that are single numbers, by name."""
    return {name: value for name, value in metrics.model_dump().items() if isinstance(value, int | float)}


def l1(target: np.ndarray, prediction: np.ndarray) -> float:
    """Return the mean absolute error."""
    return float(np.mean(np.abs(prediction - target)))


def l2(target: np.ndarray, prediction: np.ndarray) -> float:
    """Return the mean squared error."""
    return float(np.mean(np.square(prediction - target)))


def rmse(target: np.ndarray, prediction: np.ndarray) -> float:
    """Return the root of the mean squared error."""
    return float(np.sqrt(l2(target, prediction)))


def correlation(target: np.ndarray, prediction: np.ndarray) -> float | None:
    """Return Pearson's correlation; None where one side is constant, so that there is none."""
    a, b = np.ravel(target) - np.mean(target), np.ravel(prediction) - np.mean(prediction)
    norms = float(np.linalg.norm(a) * np.linalg.norm(b))
    size = float(np.abs(target).max() * np.abs(prediction).max() * a.size)
    # Below rounding, what is left of a constant is noise.
    if norms <= 1e-14 * size:
        return None
    return float(np.clip(np.dot(a, b) / norms, -1.0, 1.0))


def memory_capacity(target: np.ndarray, prediction: np.ndarray) -> float:
    """Return the memory capacity (Jaeger 2001): the squared correlation of target and output, or the sum of several.

    Chance has a share in a squared correlation: 1 / (n - 1) of n independent values in the mean, which of many delays
    adds up. Of several outputs each is adjusted for it by Ezekiel's formula (see ``adjusted_square``).

    Args:
        target: ``[n, outputs]``.
        prediction: the same; a constant output has a squared correlation of 0, and no chance in it.
    """
    if target.shape[1] == 1:
        return (correlation(target, prediction) or 0.0) ** 2
    return float(sum(memory_by_output(target, prediction)))


def memory_by_output(target: np.ndarray, prediction: np.ndarray) -> list[float]:
    """Return the adjusted squared correlation of each output of ``[n, outputs]``."""
    found = [correlation(*columns) for columns in zip(target.T, prediction.T, strict=True)]
    return [0.0 if value is None else adjusted_square(value, len(target)) for value in found]


def adjusted_square(correlation: float, count: int) -> float:
    """Return the square of a correlation of ``count`` pairs without the share that chance has in it.

    ``1 - (1 - r^2) (n - 1) / (n - 2)`` (Ezekiel 1930, "Methods of correlation analysis", for one predictor). Of pairs
    in which one side's values are exchangeable and independent of the other side, the mean of ``r^2`` is exactly
    ``1 / (n - 1)`` (Pitman 1937), and that of this exactly 0; 1 stays 1.
    """
    return 1.0 - (1.0 - correlation**2) * (count - 1) / (count - 2) if count > 2 else correlation**2


def direction_accuracy(last: np.ndarray, target: np.ndarray, prediction: np.ndarray) -> float | None:
    """Return the share of steps whose direction, up or down from ``last``, was predicted.

    Steps on which the target does not move are left out; None if there are no others.
    """
    moved = target != last
    if not moved.any():
        return None
    return float(np.mean(((prediction > last) == (target > last))[moved]))


def accuracy(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the share of labels that are the most probable class."""
    return float(np.mean((probabilities.argmax(axis=-1) == labels)[labels >= 0]))


def sequence_accuracy(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the share of sequences ``[n, time]`` whose labels are the most probable classes at every step."""
    return float(np.mean(((probabilities.argmax(axis=-1) == labels) | (labels < 0)).all(axis=1)))


def step_accuracy(labels: np.ndarray, probabilities: np.ndarray) -> list[float]:
    """Return, for each time step, the share of sequences ``[n, time]`` whose label is the most probable class there.

    Steps at which no label counts are left out: of padding, those after the longest sequence.
    """
    right, counts = probabilities.argmax(axis=-1) == labels, labels >= 0
    return [float(right[counted, step].mean()) for step, counted in enumerate(counts.T) if counted.any()]


def recall(labels: np.ndarray, probabilities: np.ndarray) -> list[float | None]:
    """Return, for each class, the share of its rows that was recognised; None for a class that does not occur."""
    table = confusion(labels, probabilities)
    return [float(row[number] / row.sum()) if row.any() else None for number, row in enumerate(table)]


def balanced_accuracy(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean, over the classes that occur, of the share recognised."""
    return float(np.mean([share for share in recall(labels, probabilities) if share is not None]))


def cross_entropy(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean negative log of the label's probability, in nats, probabilities bounded below at 1e-7."""
    counts = labels >= 0
    chosen = np.take_along_axis(probabilities[counts], labels[counts][..., None].astype(np.int64), axis=-1)
    return float(-np.mean(np.log(np.clip(chosen.astype(np.float64), 1e-7, 1.0))))


def confusion(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return counts ``[true class, predicted class]``."""
    classes = probabilities.shape[-1]
    table = np.zeros((classes, classes), np.int64)
    counts = labels >= 0
    np.add.at(table, (labels[counts], probabilities.argmax(axis=-1)[counts]), 1)
    return table
