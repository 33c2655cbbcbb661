"""How good a model's outputs are on the evaluation part of a data set, and what the baselines come to there."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnexp.datasets import Dataset, Split
from rnnexp.report import metrics

Metrics = dict[str, Any]


def evaluate(dataset: Dataset, outputs: np.ndarray) -> Metrics:
    """Return the metrics of a model's outputs ``[n, outputs]``, or ``[n, time, outputs]``, for the evaluation part."""
    if dataset.task == "classification":
        return _classification(dataset, class_probabilities(outputs))
    return _regression(dataset, dataset.evaluation.to_units(outputs))


def evaluate_baselines(dataset: Dataset) -> dict[str, Metrics]:
    """Return the metrics of the predictions that any model must beat, by name."""
    if dataset.task == "classification":
        return {name: _classification(dataset, values) for name, values in dataset.baselines.items()}
    result = {name: _regression(dataset, values) for name, values in dataset.baselines.items()}
    last = dataset.baselines.get("persistence")
    if last is not None:
        # Persistence does not move at all, so that up and down needs a baseline of its own.
        result["persistence"].pop("direction_accuracy", None)
        up = metrics.direction_accuracy(last, _target(dataset.evaluation), last + 1.0)
        if up is not None:
            result["always up"] = {"direction_accuracy": up}
    return result


def loss(part: Split, outputs: np.ndarray) -> float:
    """Return what quantisation is judged by: mean squared error over the target's variance, or 1 - accuracy.

    Args:
        part: the part of the data that was run.
        outputs: predictions ``[n, outputs]``, or probabilities for class numbers.
    """
    if np.issubdtype(part.y.dtype, np.integer):
        return 1.0 - metrics.accuracy(part.y, class_probabilities(outputs))
    target = _target(part)
    return metrics.l2(target, part.to_units(outputs)) / (float(np.var(target)) or 1.0)


def class_probabilities(outputs: np.ndarray) -> np.ndarray:
    """Return the probabilities ``[..., classes]`` that a model's outputs stand for.

    A single one is that of the second of two classes.
    """
    return np.concatenate([1 - outputs, outputs], axis=-1) if outputs.shape[-1] == 1 else outputs


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Return what follows the output layer of a classifier: softmax, or of a single logit the sigmoid."""
    if logits.shape[-1] > 1:
        return softmax(logits)
    return softmax(np.concatenate([np.zeros_like(logits), logits], axis=-1))[..., 1:]


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the probabilities for logits ``[..., classes]``."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _target(part: Split) -> np.ndarray:
    return part.to_units(part.y) if part.target is None else part.target


def _regression(dataset: Dataset, prediction: np.ndarray) -> Metrics:
    """Return the metrics of predictions in own units: in these units, and normalised to about 1."""
    target, part = _target(dataset.evaluation), dataset.evaluation
    result: Metrics = metrics.regression(target, prediction)
    normalized = metrics.regression(
        part.y.astype(np.float64) / dataset.output_scale,
        part.from_units(prediction) / dataset.output_scale,
    )
    result |= {f"{name}_normalized": value for name, value in normalized.items()}
    if dataset.task == "memory":
        result["memory_capacity"] = metrics.memory_capacity(target, prediction)
    persistence = dataset.baselines.get("persistence")
    if persistence is not None:
        reference = np.sqrt(metrics.l2(target, persistence))
        if reference > 0:
            result["rmse_to_persistence"] = result["rmse"] / float(reference)
        direction = metrics.direction_accuracy(persistence, target, prediction)
        if direction is not None:
            result["direction_accuracy"] = direction
    absent = [name for name in ("correlation", "correlation_normalized") if name not in result]
    if absent:
        result["absent"] = dict.fromkeys(absent, "the predictions or the targets are constant")
    return result


def _classification(dataset: Dataset, probabilities: np.ndarray) -> Metrics:
    labels = dataset.evaluation.y
    recall = dict(zip(dataset.class_names, metrics.recall(labels, probabilities), strict=True))
    result: Metrics = {
        "accuracy": metrics.accuracy(labels, probabilities),
        "balanced_accuracy": metrics.balanced_accuracy(labels, probabilities),
        "cross_entropy": metrics.cross_entropy(labels, probabilities),
        "recall": {name: share for name, share in recall.items() if share is not None},
        "confusion": metrics.confusion(labels, probabilities).tolist(),
    }
    if dataset.every_step:
        result["sequence_accuracy"] = metrics.sequence_accuracy(labels, probabilities)
        result["step_accuracy"] = metrics.step_accuracy(labels, probabilities)
    absent = [name for name, share in recall.items() if share is None]
    if absent:
        result["absent"] = {f"recall.{name}": f"the {dataset.evaluation_part} has no such sequence" for name in absent}
    return result
