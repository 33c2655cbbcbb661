"""The pictures of a run, drawn into its folder: each function returns the names of the files that it has drawn."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnnexp.datasets import Dataset
from rnnexp.report import evaluation, metrics, plots
from rnnexp.report.content import Generation

if TYPE_CHECKING:
    from rnnexp.training.history import History


def draw_models(folder: Path, name: str, dataset: Dataset, outputs: Mapping[str, np.ndarray]) -> list[str]:
    """Draw predictions beside the truth, or what classes were taken for.

    Args:
        folder: where the pictures go.
        name: of the run.
        dataset: the data.
        outputs: kind of model -> ``[n, outputs]`` or ``[n, time, outputs]``, on the evaluation part.
    """
    part, title = dataset.evaluation, f"{name}: {dataset.evaluation_part}"
    if dataset.task != "classification":
        shown = {kind: part.to_units(values) for kind, values in outputs.items()} | dict(dataset.baselines)
        plots.predictions(folder / "predictions.png", part.to_units(part.y), shown, units=dataset.units, title=title)
        return ["predictions.png"]
    probabilities = {kind: evaluation.class_probabilities(values) for kind, values in outputs.items()}
    kind = next(iter(outputs))
    counts = metrics.confusion(part.y, probabilities[kind])
    plots.confusion(folder / "confusion.png", counts, dataset.class_names, f"{title}, {kind}")
    if not dataset.every_step:
        return ["confusion.png"]
    shares = {
        row: metrics.step_accuracy(part.y, values) for row, values in (probabilities | dict(dataset.baselines)).items()
    }
    plots.step_accuracy(folder / "step_accuracy.png", shares, title)
    return ["confusion.png", "step_accuracy.png"]


def draw_state_errors(folder: Path, name: str, shares: np.ndarray) -> list[str]:
    """Draw how far the int8 states are from the float ones, ``[time]``, as a share of full scale."""
    plots.state_error(folder / "state_error.png", shares, f"{name}: int8 hidden state against float, same weights")
    return ["state_error.png"]


def draw_generation(folder: Path, name: str, dataset: Dataset, generation: Generation | None) -> list[str]:
    """Draw how the models went on with the series, if they did."""
    if generation is None or dataset.continuation is None:
        return []
    generated = {kind: np.array(values) for kind, values in generation.values.items()}
    window, truth = dataset.continuation.window, dataset.continuation.truth
    title = f"{name}: {generation.steps} steps in closed loop"
    plots.generation(folder / "generation.png", window, truth, generated, units=dataset.units, title=title)
    return ["generation.png"]


def draw_losses(folder: Path, name: str, history: History) -> list[str]:
    """Draw the loss curves, if any epoch was run."""
    if not history.epochs:
        return []
    losses = [epoch.loss for epoch in history.epochs], [epoch.val_loss for epoch in history.epochs]
    plots.losses(folder / "loss.png", *losses, title=name)
    return ["loss.png"]
