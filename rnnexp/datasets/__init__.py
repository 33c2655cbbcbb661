"""The data sets, by task and name."""

from __future__ import annotations

import importlib
import re

from rnnexp.config import Settings
from rnnexp.datasets import series
from rnnexp.datasets.dataset import Dataset, Split
from rnnexp.datasets.support import padding
from rnnexp.errors import UserError, did_you_mean

__all__ = ["LOADERS", "Dataset", "Split", "load"]

# task -> name -> module with a function ``load(config) -> Dataset``.
LOADERS: dict[str, dict[str, str]] = {
    "regression": dict.fromkeys(series.KNOWN, "rnnexp.datasets.series")
    | {
        "sine": "rnnexp.datasets.sine",
        "noisy-sine": "rnnexp.datasets.noisy_sine",
        "sequence": "rnnexp.datasets.sequence",
        "adding": "rnnexp.datasets.adding",
    },
    "classification": {
        "speech_commands": "rnnexp.datasets.speech_commands.loader",
        "iris": "rnnexp.datasets.iris",
        "digits": "rnnexp.datasets.digits",
        "mnist": "rnnexp.datasets.mnist.loader",
        "binary-addition": "rnnexp.datasets.binary_addition",
        "addition": "rnnexp.datasets.addition",
    },
    "memory": {"memory": "rnnexp.datasets.memory"},
}


def load(config: Settings) -> Dataset:
    """Load the data set that the settings name.

    Raises:
        UserError: if there is none of that name for this task, or its data cannot be used.
    """
    name, loaders = config.dataset_name, dict(LOADERS[config.task])
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise UserError(
            f"DATASET_NAME is {name!r}: a data set's name is letters, digits, '.', '_' and '-', and no path"
        )
    if config.task == "regression":
        loaders |= dict.fromkeys(series.available(), "rnnexp.datasets.series")
    if name not in loaders:
        own = f"; or put your own series into data/{name}.csv" if config.task == "regression" else ""
        raise UserError(
            f"unknown data set {name!r} for {config.task}{did_you_mean(name, loaders)} "
            f"(there are: {', '.join(sorted(loaders))}{own})"
        )
    dataset: Dataset = padding.evened(importlib.import_module(loaders[name]).load(config))
    if dataset.every_step and not dataset.answer_steps and config.go_backwards:
        raise UserError(f"GO_BACKWARDS is for one answer a sequence; {name} asks for one at every step: leave it False")
    return dataset
