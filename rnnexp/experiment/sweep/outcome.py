"""What a trial came to, in plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import TypeAdapter

Figures = dict[str, float]


@dataclass(frozen=True)
class Outcome:
    """What a trial came to.

    Attributes:
        float32: metric -> of the float32 file.
        int8: metric -> of the int8 file.
        gap: what int8 loses, as the report of a run has it.
        state_error: likewise.
        fine_tuned: whether the int8 network was.
        flash_bytes: of the int8 network's numbers in C.
        state_bytes: of memory, in C.
        weights: how many numbers the network has learned.
        epochs_run: of the training.
        best_epoch: whose weights were kept.
        loss: after that epoch, of the training part; None if no epoch was run.
        val_loss: the same of what watched the training.
        digest: SHA-256 of all weights and integers: two networks of the same digest are the same.
        part: the name of the part of the data that figures are of.
        data: which data it was, for ``Study.baselines``.
        seconds: that it took.
        run: the name of the folder with all its files; empty where they were not kept.
        processor: the model of the one that computed it: another one may round differently.
    """

    float32: Figures
    int8: Figures
    gap: float
    state_error: float
    fine_tuned: bool
    flash_bytes: int
    state_bytes: int
    weights: int
    epochs_run: int
    best_epoch: int
    loss: float | None
    val_loss: float | None
    digest: str
    part: str
    data: str
    seconds: float
    run: str = ""
    processor: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what the keyword arguments are."""
        return asdict(self)


@dataclass(frozen=True)
class Failure:
    """A trial that came to nothing.

    Attributes:
        message: why.
        pruned: whether it looked hopeless, and was ended.
    """

    message: str
    pruned: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return what the keyword arguments are."""
        return asdict(self)


def from_json(entry: dict[str, Any]) -> Outcome | Failure:
    """Return what ``to_json`` made an entry of.

    Raises:
        pydantic.ValidationError: if it did not.
    """
    return _FAILURE.validate_python(entry) if "message" in entry else _OUTCOME.validate_python(entry)


_FAILURE, _OUTCOME = TypeAdapter(Failure), TypeAdapter(Outcome)


def error_of(task: str, figures: Mapping[str, float]) -> float:
    """Return what is to be small: the share of answers that are wrong, or the root mean squared error."""
    return 1.0 - figures["accuracy"] if task == "classification" else figures["rmse"]


def objective_of(name: str, task: str, outcome: Outcome) -> float:
    """Return an objective of a trial, by its name in ``Definition.objectives``."""
    if name == "gap":
        return outcome.gap
    if name == "flash":
        return float(outcome.flash_bytes)
    return error_of(task, outcome.float32 if name == "float32" else outcome.int8)
