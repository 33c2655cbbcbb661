"""Runs beside each other: the settings in which they differ, their figures, and their curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnexp.errors import UserError
from rnnexp.report import figures, plots
from rnnexp.report.defaults import NOT_TOLD
from rnnexp.runs import history
from rnnexp.runs.run import Run

# Figures that are compared: of the models, for each kind of task what there is, what int8 costs, and of the training.
METRICS = (
    *("rmse", "l1", "correlation", "rmse_to_persistence", "direction_accuracy", "memory_capacity"),
    *("accuracy", "balanced_accuracy", "sequence_accuracy", "cross_entropy"),
)
FIGURES = (
    *(f"models.{kind}.metrics.{metric}" for metric in METRICS for kind in ("float32", "int8")),
    *("verdict.best", "verdict.models.int8.ratio", "verdict.models.int8.points"),
    *("degradation.gap", "degradation.robust_gap", "degradation.state_error"),
    *("models.int8.bytes", "models.int8.latency_us", "exports.constant_bytes", "exports.state_bytes"),
    *("training.epochs_run", "training.best_epoch", "training.loss", "training.val_loss", "training.total_seconds"),
)
# Settings that change no figure.
UNTOLD = NOT_TOLD - {"dataset_name"}
PICTURES = (".svg", ".png", ".pdf")


@dataclass(frozen=True)
class Comparison:
    """Runs beside each other.

    Attributes:
        runs: in the order in which they were named.
        settings: name -> value in each run, of those that differ; None where a run does not say.
        figures: dotted name -> of each run, of those that any has.
    """

    runs: Sequence[Run]
    settings: dict[str, list[Any]]
    figures: dict[str, list[float | None]]

    @classmethod
    def of(cls, runs: Sequence[Run]) -> Comparison:
        """Compare runs."""
        names = dict.fromkeys(name for run in runs for name in ("dataset_name", *run.settings))
        values = {name: [run.settings.get(name) for run in runs] for name in names if name not in UNTOLD}
        found = {name: [run.figure(name) for run in runs] for name in FIGURES}
        return cls(
            runs,
            {name: row for name, row in values.items() if any(value != row[0] for value in row)},
            {name: row for name, row in found.items() if any(value is not None for value in row)},
        )

    @property
    def best(self) -> dict[str, float]:
        """Name -> the best of those figures that one run has better than another, where the data set is the same."""
        if "dataset_name" in self.settings:
            return {}
        best = {}
        for name, row in self.figures.items():
            there = [value for value in row if value is not None]
            if len(set(there)) > 1 and not name.startswith(("training.epochs", "training.best", "verdict.best")):
                best[name] = max(there) if figures.HIGHER_IS_BETTER.search(name) else min(there)
        return best

    def draw(self, path: Path) -> list[str]:
        """Draw the curves of all runs into one picture; return the names of those that have none.

        Raises:
            UserError: if the file's name has another ending than those of pictures, or no run has a curve.
        """
        if path.suffix.lower() not in PICTURES:
            raise UserError(f"--picture is {str(path)!r}: its name has to end with one of {', '.join(PICTURES)}")
        epochs = {run.name: history.read(run.folder) for run in self.runs}
        curves = {
            name: ([row.epoch for row in rows], [row.loss for row in rows], [row.val_loss for row in rows])
            for name, rows in epochs.items()
            if rows
        }
        if not curves:
            raise UserError("--picture: none of the runs has a history.csv with epochs")
        plots.curves(path, curves)
        return [name for name in epochs if name not in curves]
