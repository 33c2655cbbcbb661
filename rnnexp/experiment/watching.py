"""What can be watched of a training while it goes on: ``history.csv``, and events for TensorBoard."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rnnexp import files
from rnnexp.report.content import Report
from rnnexp.report.models import KINDS

if TYPE_CHECKING:
    from rnnexp.training.history import Epoch

COLUMNS = ("epoch", "loss", "val_loss", "seconds")
EVENTS = "tensorboard"


class HistoryFile:
    """``history.csv``, a row an epoch, which grows with the training: whoever reads it finds whole rows.

    Args:
        folder: of the run.
        epochs: that are done already.
    """

    def __init__(self, folder: Path, epochs: Sequence[Epoch] = ()) -> None:
        self._path = folder / "history.csv"
        self._file: TextIO | None = None
        self.replace(epochs)

    def add(self, epoch: Epoch) -> None:
        """Add a row."""
        if self._file is None:
            # By lines: a row is written at once, so that a process that is killed leaves all of it or nothing.
            self._file = self._path.open("a", encoding="utf-8", newline="", buffering=1)
        self._file.write(_rows([epoch]))

    def replace(self, epochs: Sequence[Epoch]) -> None:
        """Write all rows."""
        if self._file is not None:
            self._file.close()
            self._file = None
        files.write_atomically(self._path, ",".join(COLUMNS) + "\n" + _rows(epochs))


def _rows(epochs: Sequence[Epoch]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for epoch in epochs:
        writer.writerow([epoch.number, repr(epoch.loss), repr(epoch.val_loss), f"{epoch.seconds:.4f}"])
    return text.getvalue()


class EventLog:
    """Scalars for TensorBoard: of every epoch, and what the run came to.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        import tensorflow as tf

        self._writer = tf.summary.create_file_writer(str(folder / EVENTS))

    def add(self, epoch: Epoch) -> None:
        """Write the losses, the learning rate and the length of the gradient, before it is clipped."""
        scalars = {"loss": epoch.loss, "val_loss": epoch.val_loss}
        more = {"learning_rate": epoch.learning_rate, "gradient_norm": epoch.gradient_norm}
        self._write(scalars | {name: value for name, value in more.items() if value is not None}, epoch.number)

    def conclude(self, report: Report) -> None:
        """Write the figures of the exported models, and what int8 costs, at the epoch that was kept."""
        scalars: dict[str, float] = {}
        for kind in KINDS:
            model = report.models.exported.get(kind)
            if model:
                numbers = {name: value for name, value in model.metrics if isinstance(value, float)}
                scalars |= {f"final/{kind}/{name}": value for name, value in numbers.items()}
        if report.degradation:
            scalars["final/gap"] = report.degradation.gap
        self._write(scalars, report.training.best_epoch)

    def _write(self, scalars: dict[str, float], step: int) -> None:
        import tensorflow as tf

        with self._writer.as_default():
            for name, value in scalars.items():
                tf.summary.scalar(name, value, step=step)
        self._writer.flush()
