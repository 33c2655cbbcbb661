"""The page of a run, ``report.html``, written into its folder with the curves of what the run has in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnnexp import files
from rnnexp.datasets import Dataset
from rnnexp.network.architecture import Architecture
from rnnexp.network.sampling import spread
from rnnexp.report import evaluation, metrics
from rnnexp.report.content import Generation, Report
from rnnexp.report.models import KINDS
from rnnexp.report.page.charts import Chart
from rnnexp.report.run_page import curves
from rnnexp.report.run_page.page import page

if TYPE_CHECKING:
    from rnnexp.training.history import History

PAGE = "report.html"
# Of several outputs, so many have a curve of their own.
OUTPUTS = 3


def write(
    folder: Path,
    report: Report,
    architecture: Architecture,
    dataset: Dataset,
    outputs: Mapping[str, np.ndarray],
    history: History,
    state_errors: np.ndarray | None,
) -> None:
    """Write the page.

    Args:
        folder: where it goes.
        report: what the run came to.
        architecture: of the network.
        dataset: the data, with all baselines.
        outputs: kind of model -> ``[n, outputs]`` or ``[n, time, outputs]``, on the evaluation part.
        history: of the training.
        state_errors: of int8 over time, ``[time]``; None without int8.
    """
    charts = [*_losses(history), *_predictions(report, dataset, outputs), *_generation(report.generation, dataset)]
    if state_errors is not None and len(state_errors):
        charts.append(curves.state_errors(state_errors))
    files.write_atomically(folder / PAGE, page(report, architecture, charts).html)


def _losses(history: History) -> Iterator[Chart]:
    if history.epochs:
        yield curves.losses([epoch.loss for epoch in history.epochs], [epoch.val_loss for epoch in history.epochs])


def _predictions(report: Report, dataset: Dataset, outputs: Mapping[str, np.ndarray]) -> Iterator[Chart]:
    """Yield predictions beside the truth, or how much of each time step is right."""
    part = dataset.evaluation
    made = {kind: evaluation.predictions(dataset, outputs[kind]) for kind in reversed(KINDS) if kind in outputs}
    beside = made | dict(dataset.baselines)
    if dataset.task == "classification":
        if dataset.every_step:
            yield curves.step_accuracy({name: metrics.step_accuracy(part.y, each) for name, each in beside.items()})
        return
    target = part.to_units(part.y) if part.target is None else part.target
    names, times = report.data.outputs or [""], dataset.evaluation_times
    best = report.verdict.best_baseline if report.verdict else None
    for number, place in enumerate(spread(len(names), OUTPUTS)):
        yield curves.predictions(
            target[:, place],
            {name: values[:, place] for name, values in beside.items()},
            times,
            units=dataset.units,
            output=names[place],
            number=number,
            aside={name for name in dataset.baselines if name != best},
        )


def _generation(found: Generation | None, dataset: Dataset) -> Iterator[Chart]:
    start = dataset.continuation
    if found is not None and start is not None:
        generated = {kind: found.values[kind] for kind in reversed(KINDS) if kind in found.values}
        yield curves.generation(start.window, start.truth, generated, start.baselines, start.times, units=dataset.units)
