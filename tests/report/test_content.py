"""The report's parts: what they refuse where they are made, and the exit code."""

import math

import numpy as np
import pytest
from helpers.runs import PROJECT
from pydantic import ValidationError

from rnnexp.report.content import Data, GenerationErrors
from rnnexp.report.file import read_report
from rnnexp.report.int8 import Tensor
from rnnexp.report.metrics import ClassificationMetrics, DirectionMetrics
from rnnexp.report.models import AbsentModel, Models

REPORT = read_report(PROJECT / "tests" / "report" / "schema1" / "classification.json")
METRICS = {"accuracy": 0.5, "balanced_accuracy": 0.5, "cross_entropy": 1.0, "recall": {"a": 0.5}, "confusion": [[1, 1]]}
WINDOW = {"kind": "window", "to": 255.0, "flat_range": 20.4}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float64("nan")])
def test_what_is_no_number_is_refused_by_its_place(value):
    for make, name in (
        (lambda: DirectionMetrics(direction_accuracy=value), "direction_accuracy"),
        (lambda: ClassificationMetrics(**{**METRICS, "recall": {"a": value}}), r"recall\.a"),
        (lambda: ClassificationMetrics(**METRICS, step_accuracy=[1.0, value]), r"step_accuracy\.1"),
        (lambda: GenerationErrors(rmse=[value], largest=[]), r"rmse\.0"),
        (lambda: Data(**{**dict(REPORT.data), "input_map": {**WINDOW, "to": value}}), r"input_map\.window\.to"),
    ):
        with pytest.raises(ValidationError, match=rf"{name}(.|\n)*finite number"):
            make()


def test_what_a_part_does_not_know_is_refused_where_it_is_made():
    with pytest.raises(ValidationError, match="acuracy"):
        ClassificationMetrics(**METRICS, acuracy=1.0)
    entry = {"name": "state", "dtype": "int16", "shape": [1, 5], "scale": 1.0, "min": 0.0, "max": 1.0}
    with pytest.raises(ValidationError, match="zero_point"):
        Tensor(**entry)


def test_a_report_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        REPORT.seed = 1
    with pytest.raises(ValidationError, match="frozen"):
        REPORT.models.float32.metrics.accuracy = 1.0


@pytest.mark.parametrize(("absent", "code"), [((), 0), (("float32",), 1), (("int8",), 1)], ids=lambda value: str(value))
def test_the_exit_code_is_1_where_a_model_is_absent(absent, code):
    made = REPORT.models.by_kind | {kind: AbsentModel(absent="the converter failed") for kind in absent}
    report = REPORT.model_copy(update={"models": Models(**made)})
    assert report.exit_code == code
    assert set(report.models.exported) == {"float32", "int8"} - set(absent)
