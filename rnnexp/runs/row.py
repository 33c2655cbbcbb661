"""A line in the list of runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rnnexp.runs.run import Run

# The metric that a task is judged by.
METRICS = {"regression": "rmse", "memory": "rmse", "classification": "accuracy"}


@dataclass(frozen=True)
class Row:
    """What the list says of a run.

    Attributes:
        run: the name of its folder.
        folder: that.
        date: when it was begun, ``2026-11-21 12:00``.
        state: see ``rnnexp.runs.run``.
        task: what was asked.
        dataset: name or path.
        settings: those that are others than the defaults.
        metric: that the figures are of.
        float32: that of the float32 file.
        int8: that of the int8 file.
        gap: what int8 costs.
        baseline: that of the best baseline.
        problem: what is wrong; empty where nothing is.
        best: the figure that the list is in order of, if it is.
    """

    run: str
    folder: str
    date: str
    state: str
    task: str
    dataset: str
    settings: dict[str, Any]
    metric: str
    float32: float | None
    int8: float | None
    gap: float | None
    baseline: float | None
    problem: str
    best: float | None = None

    @classmethod
    def of(cls, run: Run, best: str = "") -> Row:
        """Return that of a run.

        Args:
            run: it.
            best: dotted name of the figure that the list is in order of, if it is.
        """
        metric = METRICS.get(run.task, "") if run.report else ""
        return cls(
            run.name,
            str(run.folder),
            run.date.isoformat(sep=" ", timespec="minutes"),
            run.state,
            run.task,
            run.dataset,
            run.differing,
            metric,
            run.figure(f"models.float32.metrics.{metric}"),
            run.figure(f"models.int8.metrics.{metric}"),
            run.figure("degradation.gap"),
            run.figure("verdict.best"),
            run.problem,
            run.figure(best) if best else None,
        )
