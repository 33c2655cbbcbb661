"""The judgement on a network: whether it is better than the best of the baselines, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from rnnexp.report import evaluation
from rnnexp.report.part import Part

if TYPE_CHECKING:
    # To read a report takes no data, and pandas takes long to load.
    from rnnexp.datasets import Dataset
    from rnnexp.report.content import Training

# Differences are told from chance at 95 %: so many standard errors.
STANDARD_ERRORS = 1.96
# A validation loss beyond so many times the training loss: errors at least 1.4 times as large where it has not seen
# the answers.
OVERFITTED = 2.0
# Outputs with less than this share of the targets' deviation are as good as constant.
CONSTANT_SHARE = 0.01

Judgement = Literal["better", "worse", "as good"]


class Standing(Part):
    """How a model stands to the best baseline.

    Attributes:
        judgement: ``as good`` where the evaluation part cannot tell the two apart.
        ratio: of values: the model's RMSE over the baseline's; absent if that is 0.
        points: of classes: the model's accuracy less the baseline's, in points.
        resolution: the difference from which on the two can be told apart, as ``ratio`` less 1, or in points.
    """

    judgement: Judgement
    ratio: float | None = None
    points: float | None = None
    resolution: float | None = None


class Finding(Part):
    """Something that makes a network less than it seems.

    Attributes:
        kind: ``overfitted``, ``few sequences`` or ``constant``.
        text: what was found, in a sentence.
    """

    kind: str
    text: str


class Verdict(Part):
    """The judgement on a network.

    Attributes:
        best_baseline: the name of the best one: of the least RMSE, or the highest accuracy, on the evaluation part.
        best: that RMSE or accuracy.
        models: kind -> how it stands to that.
        findings: what is to be known of the network besides.
    """

    best_baseline: str
    best: float
    models: dict[str, Standing]
    findings: list[Finding]


def judge(dataset: Dataset, outputs: Mapping[str, np.ndarray], training: Training, weights: int) -> Verdict | None:
    """Return the verdict on a network; None where no baseline predicts what it does.

    Args:
        dataset: the data, with all baselines.
        outputs: kind of model -> of its file for the evaluation part.
        training: how it went.
        weights: how many numbers the network has learned.
    """
    losses = {
        name: evaluation.row_losses(dataset, values)
        for name, values in dataset.baselines.items()
        if name not in dataset.floors
    }
    if not losses:
        return None
    best = min(losses, key=lambda name: float(losses[name].mean()))
    models = {
        kind: compare(
            evaluation.row_losses(dataset, evaluation.predictions(dataset, made)),
            losses[best],
            classes=dataset.task == "classification",
            overlap=dataset.outputs - 1,
        )
        for kind, made in outputs.items()
    }
    mean = float(losses[best].mean())
    return Verdict(
        best_baseline=best,
        best=1.0 - mean if dataset.task == "classification" else mean**0.5,
        models=models,
        findings=list(_findings(dataset, outputs, training, weights)),
    )


def compare(model: np.ndarray, baseline: np.ndarray, *, classes: bool, overlap: int = 0) -> Standing:
    """Return how a model stands to a baseline by the paired differences of their losses.

    The test is Diebold and Mariano's (1995, "Comparing predictive accuracy"), with the variance as it would be if both
    were as good, so that few rows tell little; of rows that overlap, with Bartlett's weights (Newey and West 1987). For
    one class a sequence it is McNemar's (1947), with Edwards' correction (1948).

    Args:
        model: squared errors, or shares that are wrong, ``[n]``.
        baseline: the same.
        classes: whether these are shares.
        overlap: of values: how many rows after a row predict some of its values again.
    """
    count, difference = len(model), model - baseline
    variance = float(difference @ difference)
    for lag in range(1, min(overlap, count - 1) + 1) if not classes else ():
        variance += 2 * (1 - lag / (overlap + 1)) * float(difference[lag:] @ difference[:-lag])
    least = STANDARD_ERRORS * max(variance, 0.0) ** 0.5 / count + (1 / count if classes else 0.0)
    mean, before = float(difference.mean()), float(baseline.mean())
    judgement: Judgement = "as good" if abs(mean) <= least else "worse" if mean > 0 else "better"
    if classes:
        return Standing(judgement=judgement, points=-100 * mean, resolution=100 * least)
    if before <= 0:
        return Standing(judgement=judgement)
    return Standing(
        judgement=judgement,
        ratio=(float(model.mean()) / before) ** 0.5,
        resolution=(1 + least / before) ** 0.5 - 1,
    )


def _findings(
    dataset: Dataset, outputs: Mapping[str, np.ndarray], training: Training, weights: int
) -> Iterator[Finding]:
    loss, val_loss = training.loss, training.val_loss
    if loss is not None and val_loss is not None and val_loss > OVERFITTED * loss:
        text = f"the validation loss, {val_loss:.3g}, is more than {OVERFITTED:g} times the training loss, {loss:.3g}"
        yield Finding(kind="overfitted", text=f"overfitted: {text}")
    labels = dataset.train.y
    answers = int(np.count_nonzero(labels >= 0)) if dataset.task == "classification" else labels.size
    if answers < weights:
        what = "answer" if answers == 1 else "answers"
        text = f"too few to learn from: {answers:,} {what} in the training part, for {weights:,} weights"
        yield Finding(kind="few sequences", text=text)
    constant = [kind for kind, made in outputs.items() if _constant(dataset, made)]
    if constant:
        text = f"constant: nearly the same answer whatever is asked ({' and '.join(constant)})"
        yield Finding(kind="constant", text=text)


def _constant(dataset: Dataset, outputs: np.ndarray) -> bool:
    """Tell whether outputs, as they come from the network, are all but the same, though the targets are not."""
    target = dataset.evaluation.y
    if dataset.task != "classification":
        return float(outputs.std(axis=0).max()) < CONSTANT_SHARE * float(target.std(axis=0).max())
    counts = target >= 0
    chosen = evaluation.class_probabilities(outputs).argmax(axis=-1)[counts]
    return bool(np.ptp(chosen) == 0 and np.ptp(target[counts]) > 0)
