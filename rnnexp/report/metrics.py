"""How good predictions are, and what they have to beat. Plain NumPy, float64, no other part of the package."""

from __future__ import annotations

import numpy as np


def l1(target: np.ndarray, prediction: np.ndarray) -> float:
    """Return the mean absolute error."""
    return float(np.mean(np.abs(prediction - target)))


def l2(target: np.ndarray, prediction: np.ndarray) -> float:
    """Return the mean squared error."""
    return float(np.mean(np.square(prediction - target)))


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
    """Return the squared correlation of target and output (Jaeger 2001); 0 for a constant output."""
    value = correlation(target, prediction)
    return 0.0 if value is None else value**2


def regression(target: np.ndarray, prediction: np.ndarray) -> dict[str, float]:
    """Return ``l1``, ``l2``, ``rmse`` and, where it exists, ``correlation``."""
    squared = l2(target, prediction)
    result = {"l1": l1(target, prediction), "l2": squared, "rmse": float(np.sqrt(squared))}
    value = correlation(target, prediction)
    return result if value is None else {**result, "correlation": value}


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
    return float(np.mean(probabilities.argmax(axis=-1) == labels))


def sequence_accuracy(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the share of sequences ``[n, time]`` whose labels are the most probable classes at every step."""
    return float(np.mean((probabilities.argmax(axis=-1) == labels).all(axis=1)))


def step_accuracy(labels: np.ndarray, probabilities: np.ndarray) -> list[float]:
    """Return, for each time step, the share of sequences ``[n, time]`` whose label is the most probable class there."""
    return [float(share) for share in (probabilities.argmax(axis=-1) == labels).mean(axis=0)]


def recall(labels: np.ndarray, probabilities: np.ndarray) -> list[float | None]:
    """Return, for each class, the share of its rows that was recognised; None for a class that does not occur."""
    table = confusion(labels, probabilities)
    return [float(row[number] / row.sum()) if row.any() else None for number, row in enumerate(table)]


def balanced_accuracy(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean, over the classes that occur, of the share recognised."""
    return float(np.mean([share for share in recall(labels, probabilities) if share is not None]))


def cross_entropy(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean negative log of the label's probability, in nats, probabilities bounded below at 1e-7."""
    chosen = np.take_along_axis(probabilities, labels[..., None].astype(np.int64), axis=-1)
    return float(-np.mean(np.log(np.clip(chosen.astype(np.float64), 1e-7, 1.0))))


def confusion(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return counts ``[true class, predicted class]``."""
    classes = probabilities.shape[-1]
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (labels, probabilities.argmax(axis=-1)), 1)
    return table
