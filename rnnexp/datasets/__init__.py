"""The data sets, by task and name."""

from __future__ import annotations

import importlib
import re

from rnnexp import files
from rnnexp.config import RegressionConfig, Settings
from rnnexp.datasets import series
from rnnexp.datasets.dataset import Dataset, Split
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
    own = config.task == "regression"
    if own and files.is_path(name):
        loaders[name] = "rnnexp.datasets.series"
    elif not re.fullmatch(r"[^\W_][\w.-]*", name):
        way_out = "; a file of your own has its path, with .csv or the like at its end" if own else ", and no path"
        raise UserError(f"DATASET_NAME is {name!r}: a data set's name is letters, digits, '.', '_' and '-'{way_out}")
    elif own:
        loaders |= dict.fromkeys(series.available(), "rnnexp.datasets.series")
    if name not in loaders:
        put = f"; or put your own series into data/{name}.csv, or give its path" if own else ""
        raise UserError(
            f"unknown data set {name!r} for {config.task}{did_you_mean(name, loaders)} "
            f"(there are: {', '.join(sorted(loaders))}{put})"
        )
    _check_settings(config, loaders[name])
    dataset: Dataset = importlib.import_module(loaders[name]).load(config)
    if dataset.every_step and not dataset.answer_steps and config.go_backwards:
        raise UserError(f"GO_BACKWARDS is for one answer a sequence; {name} asks for one at every step: leave it False")
    return dataset


def _check_settings(config: Settings, loader: str) -> None:
    """Raise an error, if settings are for series in files, and the data set is none."""
    if not isinstance(config, RegressionConfig) or loader == "rnnexp.datasets.series":
        return
    for name in ("target", "inputs", "time", "resample", "calendar", "missing"):
        if getattr(config, name):
            raise UserError(
                f"{name.upper()} is for series of your own, in a file; {config.dataset_name} is none: leave it "
                f"{RegressionConfig.model_fields[name].default or None}"
            )
