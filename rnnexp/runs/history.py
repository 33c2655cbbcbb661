"""The epochs of a run, from its ``history.csv``: also of one that goes on, or was killed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FILE = "history.csv"


@dataclass(frozen=True)
class Row:
    """An epoch: its number from 1, the loss of the training and of the validation part."""

    epoch: int
    loss: float
    val_loss: float


def read(folder: Path) -> list[Row]:
    """Return the epochs up to the first row that is none, such as one that is being written; nothing without a file."""
    try:
        text = (folder / FILE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return list(_rows(text[: text.rfind("\n") + 1]))


def _rows(text: str) -> Iterator[Row]:
    try:
        for row in csv.DictReader(text.splitlines()):
            yield Row(int(row["epoch"]), float(row["loss"]), float(row["val_loss"]))
    except (ValueError, KeyError, TypeError, csv.Error):
        return
