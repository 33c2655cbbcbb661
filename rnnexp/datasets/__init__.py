"""The data sets, by task and name."""

from __future__ import annotations

import re
from pathlib import Path

from rnnexp import files
from rnnexp.config import ClassificationConfig, RecordingSettings, RegressionConfig, Settings
from rnnexp.datasets import recordings, series
from rnnexp.datasets.checks import checked, module
from rnnexp.datasets.dataset import Dataset, Split
from rnnexp.datasets.recordings import loader
from rnnexp.errors import UserError, did_you_mean

__all__ = ["LOADERS", "Dataset", "Split", "load"]

SERIES, RECORDINGS = "rnnexp.datasets.series", "rnnexp.datasets.recordings.loader"
SPEECH = "rnnexp.datasets.speech_commands.loader"
# task -> name -> module with a function ``load(config) -> Dataset``.
LOADERS: dict[str, dict[str, str]] = {
    "regression": dict.fromkeys(series.KNOWN, SERIES)
    | {
        "sine": "rnnexp.datasets.sine",
        "noisy-sine": "rnnexp.datasets.noisy_sine",
        "sequence": "rnnexp.datasets.sequence",
        "adding": "rnnexp.datasets.adding",
    },
    "classification": {
        "speech_commands": SPEECH,
        "iris": "rnnexp.datasets.iris",
        "digits": "rnnexp.datasets.digits",
        "mnist": "rnnexp.datasets.mnist.loader",
        "binary-addition": "rnnexp.datasets.binary_addition",
        "addition": "rnnexp.datasets.addition",
    },
    "memory": {"memory": "rnnexp.datasets.memory"},
}


def load(config: Settings) -> Dataset:
    """Load the data set that the settings name, and check it, whoever has written its module.

    Raises:
        UserError: if there is none of that name for this task, or its data cannot be used.
    """
    name, loaders = config.dataset_name, dict(LOADERS[config.task])
    series_of_own = config.task == "regression"
    if series_of_own:
        loaders |= dict.fromkeys(series.available(), SERIES)
    path = None if name in loaders else _recordings(config)
    if path is not None:
        loaders[name] = RECORDINGS
    elif series_of_own and files.is_path(name):
        loaders[name] = SERIES
    elif not re.fullmatch(r"[^\W_][\w.-]*", name):
        raise UserError(
            f"DATASET_NAME is {name!r}: a data set's name is letters, digits, '.', '_' and '-'; a file of your own has "
            "its path, and there is none here"
        )
    if name not in loaders:
        put = f"series into data/{name}.csv, or give its path" if series_of_own else f"recordings into data/{name}"
        raise UserError(
            f"unknown data set {name!r} for {config.task}{did_you_mean(name, loaders)} "
            f"(there are: {', '.join(sorted(loaders))}; or put your own {put})"
        )
    _check_settings(config, loaders[name])
    own = (path,) if path else ()
    dataset = checked(module.load(loaders[name], config, *own), config.task)
    if dataset.every_step and not dataset.answer_steps and config.go_backwards:
        raise UserError(f"GO_BACKWARDS is for one answer a sequence; {name} asks for one at every step: leave it False")
    if config.early_stopping and dataset.evaluation is dataset.validation is not dataset.train:
        raise UserError(
            f"EARLY_STOPPING is {config.early_stopping}, but in {name} evaluation is validation, by which the epoch is "
            "chosen, so that the figures would flatter: set it to 0, or let the data set hold out a test part as well"
        )
    return dataset


def _recordings(config: Settings) -> Path | None:
    """Return where the recordings are that the settings name; None if there are none, or it is a series."""
    if not isinstance(config, ClassificationConfig | RegressionConfig):
        return None
    path = recordings.find(config.dataset_name)
    # Whatever is no series, recordings alone can be: their readers say what is wrong with it.
    known = config.task == "classification" or (path and recordings.is_recordings(path, loader.columns(config)))
    return path if known else None


def _check_settings(config: Settings, module: str) -> None:
    """Raise an error, if settings are for words, or series or recordings of one's own, and the data set is neither."""
    # Of series it is the step that means are taken over, of words whether clips of other rates are converted.
    classes = config.task == "classification"
    speech, series = (("resample", "stream_seconds"), ()) if classes else ((), ("resample",))
    for what, own, names in (
        ("speech_commands, of which DATA_DIR is the folder", (SPEECH,), ("words", *speech)),
        ("series of your own, in a file", (SERIES,), ("time", *series, "calendar", "missing")),
        ("series or recordings of your own", (SERIES, RECORDINGS), ("target", "inputs")),
        ("recordings of your own", (RECORDINGS,), ("label", *RecordingSettings.model_fields)),
    ):
        for name in names:
            if module not in own and getattr(config, name, None):
                default = type(config).model_fields[name].default
                none = "is another data set" if own == (SPEECH,) else "is none"
                raise UserError(
                    f"{name.upper()} is for {what}; {config.dataset_name} {none}: leave it "
                    f"{None if default == () else default}"
                )
