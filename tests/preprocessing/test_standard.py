"""The input map of recordings: there and back, and refused where it does not fit."""

import json

import numpy as np
import pytest

from rnnexp.preprocessing.input_map import parse
from rnnexp.preprocessing.standard import Standardized

STANDARD = {"kind": "standard", "mean": [0.5, 9.8], "deviation": [1.25, 3.0]}
OF_NUMBERS = {
    "kind": "standard",
    "mean": [0.5],
    "deviation": [1.25],
    "samples_per_step": 4,
    "target": {"offset": 20.0, "scale": 3.5},
}


@pytest.mark.parametrize("found", [STANDARD, OF_NUMBERS])
def test_there_and_back(found):
    parsed = parse(json.loads(json.dumps(found)))
    assert type(parsed) is Standardized
    assert json.loads(json.dumps(parsed.to_json())) == found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mean": []}, "mean: "),
        ({"mean": [np.nan, 1.0]}, "mean: "),
        ({"deviation": [0.0, 1.0]}, "deviation: "),
        ({"deviation": [-1.0, 1.0]}, "deviation: "),
        ({"deviation": [1.0]}, "mean and deviation are not of as many features"),
        ({"samples_per_step": 0}, "samples_per_step: "),
        ({"samples_per_step": 1.5}, "samples_per_step: "),
        ({"target": {"scale": 0.0}}, "target: "),
        ({"target": {"slope": 1.0}}, "target: "),
        ({"stranger": 1}, "stranger: "),
    ],
)
def test_what_is_no_map_is_refused(change, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        parse({**STANDARD, **change})


def test_each_feature_of_each_sample_of_a_step_by_its_own_numbers():
    offset, scale = parse({**STANDARD, "samples_per_step": 2}).scaling(np.zeros((3, 7, 4)))
    assert offset.tolist() == [[[0.5, 9.8, 0.5, 9.8]]]
    assert scale.tolist() == [[[1.25, 3.0, 1.25, 3.0]]]


def test_predictions_by_the_target_alone():
    offset, scale = parse(OF_NUMBERS).target_scaling(np.zeros((3, 7, 4)))
    assert (offset.tolist(), scale.tolist()) == ([[20.0]], [[3.5]])


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="it is for 2 features, and there are 3"):
        parse(STANDARD).scaling(np.zeros((1, 2, 3)))
    with pytest.raises(ValueError, match="it is for 4 features, and there are 1"):
        parse(OF_NUMBERS).scaling(np.zeros((1, 2, 1)))
    with pytest.raises(ValueError, match="it says nothing of what is predicted"):
        parse(STANDARD).target_scaling(np.zeros((1, 2, 2)))
