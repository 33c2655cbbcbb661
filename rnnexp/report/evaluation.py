"""How good a model's outputs are on the evaluation part of a data set, and what the baselines come to there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rnnexp.report import metrics
from rnnexp.report.metrics import ClassificationMetrics, DirectionMetrics, Metrics, RegressionMetrics

if TYPE_CHECKING:
    # To read a report takes no data, and pandas takes long to load.
    from rnnexp.datasets import Dataset, Split


def evaluate(dataset: Dataset, outputs: np.ndarray) -> Metrics:
    """Return the metrics of a model's outputs ``[n, outputs]``, or ``[n, time, outputs]``, for the evaluation part."""
    found = predictions(dataset, outputs)
    return _classification(dataset, found) if dataset.task == "classification" else _regression(dataset, found)


def predictions(dataset: Dataset, outputs: np.ndarray) -> np.ndarray:
    """Return what a model's outputs for the evaluation part say: values in own units, or class probabilities."""
    return class_probabilities(outputs) if dataset.task == "classification" else dataset.evaluation.to_units(outputs)


def evaluate_baselines(dataset: Dataset) -> dict[str, Metrics]:
    """Return the metrics of the predictions that any model must beat, by name."""
    if dataset.task == "classification":
        return {name: _classification(dataset, values) for name, values in dataset.baselines.items()}
    found: dict[str, Metrics] = {}
    for name, values in dataset.baselines.items():
        # Persistence does not move at all, so that up and down needs a baseline of its own.
        found[name] = _regression(dataset, values, moves=name != "persistence")
    last = dataset.baselines.get("persistence")
    if last is not None:
        up = metrics.direction_accuracy(last, _target(dataset.evaluation), last + 1.0)
        if up is not None:
            found["always up"] = DirectionMetrics(direction_accuracy=up)
    return found


def loss(part: Split, outputs: np.ndarray) -> float:
    """Return what quantisation is judged by: mean squared error over the target's variance, or 1 - accuracy.

    Args:
        part: the part of the data that was run.
        outputs: predictions ``[n, outputs]``, or probabilities for class numbers.
    """
    if np.issubdtype(part.y.dtype, np.integer):
        return 1.0 - metrics.accuracy(part.y, class_probabilities(outputs))
    # Of each output by itself: they may be of different units.
    errors = np.mean(squared_errors(part, outputs), axis=0)
    variances = np.var(_target(part), axis=0)
    return float(np.mean(errors / np.where(variances > 0, variances, 1.0)))


def robust_loss(part: Split, outputs: np.ndarray) -> float | None:
    """Return the median of squared errors over that of the target's squared deviations from its median.

    It is what a mean cannot see: how a signal is predicted where it is as quiet as it is most of the time, whatever its
    bursts are. For Gaussian errors and targets it is the same as ``loss``.

    Args:
        part: the part of the data that was run.
        outputs: predictions ``[n, outputs]``.

    Returns:
        The mean over outputs, those aside of which most targets are equal; None if there are no others.
    """
    target = _target(part)
    errors, deviations = squared_errors(part, outputs), np.square(target - np.median(target, axis=0))
    medians = np.median(deviations, axis=0)
    varied = medians > 0
    return float(np.mean(np.median(errors, axis=0)[varied] / medians[varied])) if varied.any() else None


def squared_errors(part: Split, outputs: np.ndarray) -> np.ndarray:
    """Return the squared errors of predictions ``[n, outputs]`` in own units."""
    return np.square(part.to_units(outputs) - _target(part))


def row_losses(dataset: Dataset, predictions: np.ndarray) -> np.ndarray:
    """Return for each sequence of the evaluation part the mean squared error, or the share of answers that are wrong.

    Of sequences with different numbers of answers that count, it is a share of how many they have in the mean: then the
    mean of all is the share of all answers.

    Args:
        dataset: the data.
        predictions: own units ``[n, outputs]``, or class probabilities ``[n, classes]`` or ``[n, time, classes]``.
    """
    part = dataset.evaluation
    if dataset.task == "classification":
        counts = part.y >= 0
        wrong = (predictions.argmax(axis=-1) != part.y) & counts
        return wrong.reshape(len(part), -1).sum(axis=1) / (counts.sum() / len(part))
    errors = (predictions - _target(part)) / (1.0 if dataset.error_units is None else dataset.error_units)
    return (errors**2).reshape(len(part), -1).mean(axis=1)


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


def _regression(dataset: Dataset, prediction: np.ndarray, *, moves: bool = True) -> RegressionMetrics:
    """Return the metrics of predictions in own units: in these units, and normalised to about 1.

    Args:
        dataset: the data.
        prediction: ``[n, outputs]``.
        moves: whether they say anything on the direction.
    """
    part = dataset.evaluation
    target, persistence = _target(part), dataset.baselines.get("persistence")
    unit_target = part.y.astype(np.float64) / dataset.output_scale
    unit_prediction = part.from_units(prediction) / dataset.output_scale
    # Of several units nothing can be added up but what is the same share of each.
    offset, unit = (0.0, 1.0) if dataset.error_units is None else (target.mean(axis=0), dataset.error_units)
    alike, alike_prediction = (target - offset) / unit, (prediction - offset) / unit
    rmse = metrics.rmse(alike, alike_prediction)
    reference = 0.0 if persistence is None else metrics.rmse(alike, (persistence - offset) / unit)
    correlations = {
        "correlation": metrics.correlation(alike, alike_prediction),
        "correlation_normalized": metrics.correlation(unit_target, unit_prediction),
    }
    several, memory = target.shape[1] > 1, dataset.task == "memory"
    constant = [name for name, value in correlations.items() if value is None]
    return RegressionMetrics(
        l1=metrics.l1(alike, alike_prediction),
        l2=metrics.l2(alike, alike_prediction),
        rmse=rmse,
        l1_normalized=metrics.l1(unit_target, unit_prediction),
        l2_normalized=metrics.l2(unit_target, unit_prediction),
        rmse_normalized=metrics.rmse(unit_target, unit_prediction),
        **correlations,
        memory_capacity=metrics.memory_capacity(alike, alike_prediction) if memory else None,
        memory_by_output=metrics.memory_by_output(alike, alike_prediction) if memory and several else None,
        rmse_to_persistence=rmse / reference if reference > 0 else None,
        direction_accuracy=metrics.direction_accuracy(persistence, target, prediction)
        if persistence is not None and moves
        else None,
        rmse_by_output=[metrics.rmse(*columns) for columns in zip(target.T, prediction.T, strict=True)]
        if several
        else None,
        rmse_by_target=_by_target(dataset, target, prediction),
        absent=dict.fromkeys(constant, "the predictions or the targets are constant") if constant else None,
    )


def _by_target(dataset: Dataset, target: np.ndarray, prediction: np.ndarray) -> dict[str, float] | None:
    """Return the RMSE of each of several columns, over all steps ahead, in its own units; None of one column."""
    names = dataset.columns.targets if dataset.columns is not None else ()
    if len(names) < 2:
        return None
    return {
        name: metrics.rmse(target[:, place :: len(names)], prediction[:, place :: len(names)])
        for place, name in enumerate(names)
    }


def _classification(dataset: Dataset, probabilities: np.ndarray) -> ClassificationMetrics:
    labels = dataset.evaluation.y
    recall = dict(zip(dataset.class_names, metrics.recall(labels, probabilities), strict=True))
    reason = f"the {dataset.evaluation_part} has no such sequence"
    absent = {f"recall.{name}": reason for name, share in recall.items() if share is None}
    return ClassificationMetrics(
        accuracy=metrics.accuracy(labels, probabilities),
        balanced_accuracy=metrics.balanced_accuracy(labels, probabilities),
        cross_entropy=metrics.cross_entropy(labels, probabilities),
        recall={name: share for name, share in recall.items() if share is not None},
        confusion=metrics.confusion(labels, probabilities).tolist(),
        sequence_accuracy=metrics.sequence_accuracy(labels, probabilities) if dataset.every_step else None,
        step_accuracy=metrics.step_accuracy(labels, probabilities) if dataset.every_step else None,
        absent=absent or None,
    )
