"""What a data set says of itself: that it fits the arrays, the task and the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
from pydantic import ValidationError

from rnnexp.config import CONFIGS
from rnnexp.datasets.checks.unfit import UnfitError, a, array, shape
from rnnexp.datasets.checks.values import finite
from rnnexp.datasets.dataset import Answers, Dataset, Task
from rnnexp.errors import did_you_mean
from rnnexp.preprocessing.input_map import Characters, InputMap, RawSound, SpectralSound

# Of the sum of a row of probabilities.
ROUNDING = 1e-3
MAPS = get_args(get_args(InputMap)[0])


def check_before(dataset: Dataset, task: Task) -> None:
    """See what the checks of the arrays rely on: the task, the answers, the outputs and the classes, and texts.

    Raises:
        UnfitError: naming the first field that does not fit.
    """
    for field in ("name", "source", "units", "normalization", "evaluation_part"):
        _text(field, getattr(dataset, field))
    if dataset.task != task:
        raise UnfitError(f"task is {dataset.task!r}, but LOADERS has it under {task!r}")
    if dataset.answers not in get_args(Answers):
        raise UnfitError(f"answers is {dataset.answers!r}, expected one of {', '.join(map(repr, get_args(Answers)))}")
    if task != "classification" and dataset.answers != "once":
        raise UnfitError(f"answers is {dataset.answers!r}, which is of classification; of {task} it is 'once'")
    for field in ("notes", "warnings", "class_names"):
        values = getattr(dataset, field)
        if not isinstance(values, tuple | list):
            raise UnfitError(f"{field} is {a(values)}, expected a tuple of texts")
        for number, value in enumerate(values):
            _text(f"{field}[{number}]", value)
    for field in ("input_scale", "output_scale"):
        value = getattr(dataset, field)
        if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value < np.inf:
            raise UnfitError(
                f"{field} is {value!r}, expected a positive number: {field.split('_')[0]}s divided by it are about 1"
            )
    _outputs(dataset)


def check_after(dataset: Dataset) -> None:
    """See that what goes with arrays that are known to be right fits them.

    Raises:
        UnfitError: naming the first field that does not.
    """
    _baselines(dataset)
    _input_map(dataset)
    _defaults(dataset)
    steps, features = dataset.train.x.shape[1:]
    if dataset.calibration is not None:
        array("calibration", dataset.calibration, kinds="fiu")
        allowed = (*dataset.calibration.shape[:1], steps, features)
        shape("calibration", dataset.calibration, allowed, meaning="[n, time steps, features] as in train.x")
        finite("calibration", dataset.calibration, ("sequence", "time step", "feature"))
    if dataset.augment is not None and not callable(dataset.augment):
        raise UnfitError(f"augment is {a(dataset.augment)}, expected a function of a np.random.Generator")


def _text(field: str, value: Any) -> None:
    if not isinstance(value, str):
        raise UnfitError(f"{field} is {a(value)}, expected text")
    if not value.strip():
        raise UnfitError(f"{field} is empty: reports show it, so say it in a few words")


def _outputs(dataset: Dataset) -> None:
    outputs, names = dataset.outputs, tuple(dataset.class_names)
    if isinstance(outputs, bool) or not isinstance(outputs, int) or outputs < 1:
        raise UnfitError(f"outputs is {outputs!r}, expected a whole number from 1 on")
    if dataset.task != "classification":
        if names:
            raise UnfitError(f"class_names has {len(names)} names, but the task is {dataset.task}: leave it empty")
        return
    if len(names) < 2:
        raise UnfitError(f"class_names has {len(names)} names, expected one for each of two classes or more")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UnfitError(f"class_names has {', '.join(map(repr, twice))} more than once: reports tell classes by name")
    # Two classes can have an output each, too.
    if outputs != len(names) and (outputs, len(names)) != (1, 2):
        expected = "1, the probability of the second one" if len(names) == 2 else str(len(names))
        raise UnfitError(f"outputs is {outputs}, but class_names has {len(names)} names: expected {expected}")


def _baselines(dataset: Dataset) -> None:
    if not isinstance(dataset.baselines, Mapping):
        raise UnfitError(f"baselines is {a(dataset.baselines)}, expected a dictionary: name -> predictions")
    expected, meaning = dataset.evaluation.y.shape, "a prediction for each of evaluation.y"
    if dataset.task == "classification":
        expected, meaning = (*expected, len(dataset.class_names)), "probabilities of all classes, of evaluation.y"
    unknown = [name for name in dataset.floors if name not in dataset.baselines]
    if unknown:
        raise UnfitError(f"floors names {unknown[0]!r}, which baselines does not have")
    for name, values in dataset.baselines.items():
        field = f"baselines[{name!r}]"
        _text(f"the name of {field}", name)
        array(field, values, kinds="fiu", expected="floats")
        shape(field, values, expected, meaning=meaning)
        finite(field, values, ("sequence",), largest=np.inf)
        if dataset.task == "classification" and not (
            (values >= 0).all() and np.allclose(values.sum(axis=-1), 1.0, atol=ROUNDING)
        ):
            raise UnfitError(f"{field} has no probabilities: they are 0 or more, and those of all classes come to 1")


def _input_map(dataset: Dataset) -> None:
    known, (steps, features) = dataset.input_map, dataset.train.x.shape[1:]
    if not isinstance(known, MAPS):
        raise UnfitError(f"input_map is {a(known)}, expected one of rnnexp/preprocessing/input_map.py")
    try:
        known.scaling(dataset.train.x[:1])
        if dataset.task == "regression":
            known.target_scaling(dataset.train.x[:1], dataset.outputs)
    except ValueError as error:
        raise UnfitError(
            f"input_map does not fit train.x, {steps} time steps of {features} features: {error}"
        ) from None
    made = None
    if isinstance(known, Characters):
        made = (steps, len(known.characters))
    elif isinstance(known, RawSound):
        made = (known.samples, 1)
    elif isinstance(known, SpectralSound):
        made = (known.frames, known.coefficients or known.mel_bands)
    if made is not None and made != (steps, features):
        raise UnfitError(
            f"input_map ({known.kind}) makes {made[0]} time steps of {made[1]} features, but train.x has {steps} of "
            f"{features}"
        )


def _defaults(dataset: Dataset) -> None:
    if not isinstance(dataset.defaults, Mapping):
        raise UnfitError(f"defaults is {a(dataset.defaults)}, expected a dictionary: setting -> value")
    config = CONFIGS[dataset.task]
    automatic = [name for name, field in config.model_fields.items() if field.default is None]
    for name, value in dataset.defaults.items():
        field = f"defaults[{name!r}]"
        if name not in config.model_fields:
            raise UnfitError(f"{field} is no setting of {dataset.task}{did_you_mean(str(name), config.model_fields)}")
        if name not in automatic:
            raise UnfitError(
                f"{field} would have no effect: data sets decide only on settings whose default is None, "
                f"which are {', '.join(automatic)}"
            )
        try:
            config(**{name: value})
        except ValidationError as error:
            message = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise UnfitError(f"{field} is {value!r}: {message[0].lower()}{message[1:]}") from None
