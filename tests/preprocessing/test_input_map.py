"""Input maps: what is refused, and the scaling of each kind against numbers by hand."""

import json
from typing import get_args

import numpy as np
import pytest

from rnnexp.preprocessing import input_map
from rnnexp.preprocessing.input_map import (
    AS_IT_IS,
    AsItIs,
    Characters,
    Columns,
    RawSound,
    SpectralSound,
    TrainingRange,
    WindowRange,
    parse,
)

SPECTRUM = {
    "sample_rate": 16000,
    "clip_samples": 16000,
    "full_scale": 32768,
    "frames": 49,
    "frame_length": 640,
    "frame_step": 320,
    "fft_length": 1024,
    "window": "hann, periodic",
    "mel_bands": 40,
    "mel_hz": [20.0, 7600.0],
    "mel_scale": "1127 * ln(1 + hertz / 700)",
    "log_offset": 1e-6,
    "mean": [0.5, -1.5],
    "deviation": [1.0, 2.5],
}
MAPS = {
    "none": {"kind": "none"},
    "train": {"kind": "train", "to": 255.0, "minimum": 16.7, "range": 1510.8},
    "train, each step": {"kind": "train", "to": 1.0, "minimum": [4.3, -2.0], "range": [3.6, 2.4]},
    "window": {"kind": "window", "to": 255.0, "flat_range": 20.4},
    "characters": {"kind": "characters", "characters": "0123456789 +"},
    "raw": {
        "kind": "raw",
        "sample_rate": 16000,
        "clip_samples": 16000,
        "segment": "loudest",
        "samples": 1600,
        "minimum": -32768,
        "maximum": 32512,
    },
    "log-mel": {"kind": "log-mel", **SPECTRUM},
    "mfcc": {"kind": "mfcc", **SPECTRUM, "coefficients": 10, "dct": "type II, divided by sqrt(2 * mel_bands)"},
}
CLASSES = {
    "none": AsItIs,
    "train": TrainingRange,
    "window": WindowRange,
    "characters": Characters,
    "raw": RawSound,
    "log-mel": SpectralSound,
    "mfcc": SpectralSound,
}


@pytest.mark.parametrize("found", MAPS.values(), ids=MAPS.keys())
def test_there_and_back(found):
    parsed = parse(json.loads(json.dumps(found)))
    assert type(parsed) is CLASSES[found["kind"]]
    assert parsed.kind == found["kind"]
    assert parse(json.loads(json.dumps(parsed.to_json()))) == parsed
    # What does not apply is left out, and nothing else is there.
    assert json.loads(json.dumps(parsed.to_json())) == found


def test_the_simplest_one():
    assert parse({"kind": "none"}) == AS_IT_IS


@pytest.mark.parametrize(
    "found",
    [
        None,
        [],
        3,
        "none",
        {},
        {"kind": None},
        {"kind": "other"},
        {"kind": ["none"]},
        {"to": 1.0, "minimum": 0.0, "range": 1.0},
    ],
    ids=str,
)
def test_unknown_kinds_are_refused(found):
    with pytest.raises(ValueError, match=r"kind|valid dictionary"):
        parse(found)


def test_an_unknown_kind_is_named_without_what_a_terminal_follows():
    with pytest.raises(ValueError, match="'other'"):
        parse({"kind": "other"})
    for found in ({"kind": "\x1b[2J\n"}, {"kind": "none", "\x1b[2J\n": 1}):
        with pytest.raises(ValueError, match=r"\\x1b\[2J\\n") as caught:
            parse(found)
        assert str(caught.value).isprintable()


@pytest.mark.parametrize(("name", "field"), [(name, field) for name in MAPS for field in MAPS[name] if field != "kind"])
def test_a_missing_field_is_named(name, field):
    found = {key: value for key, value in MAPS[name].items() if key != field}
    if field in ("coefficients", "dct"):  # a map of log-mel bands has none
        assert parse(found) == parse(MAPS[name]).model_copy(update={field: None})
        return
    with pytest.raises(ValueError, match=f"^{field}: Field required$"):
        parse(found)


@pytest.mark.parametrize("name", MAPS)
def test_a_field_that_does_not_belong_there_is_named(name):
    with pytest.raises(ValueError, match=r"^stranger: Extra inputs are not permitted$"):
        parse({**MAPS[name], "stranger": 1})


NUMBERS = [
    (name, field)
    for name in MAPS
    for field, value in MAPS[name].items()
    if isinstance(value, int | float | list) and field != "characters"
]


NO_NUMBERS = [np.nan, np.inf, -np.inf, None, "a", {}, [], [np.nan, 1.0], [None, None]]


def can_be(field, value):
    """Whether a field may be that: there may be any number of features, and bands have no coefficients."""
    return (field in ("mean", "deviation") and value == []) or (field == "coefficients" and value is None)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [(name, field, value) for name, field in NUMBERS for value in NO_NUMBERS if not can_be(field, value)],
)
def test_what_is_no_number_that_can_be_used_is_named(name, field, value):
    with pytest.raises(ValueError, match=f"^{field}: (Input should be|Field required|Tuple should have)"):
        parse({**MAPS[name], field: value})


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("train", "range", -1.0),
        ("train", "range", 0.0),
        ("train", "range", [1.0, -1.0]),
        ("train", "range", [0.0]),
        ("train", "to", 0.0),
        ("train", "to", -255.0),
        ("window", "to", 0.0),
        ("window", "to", -255.0),
        ("window", "flat_range", 0.0),
        ("window", "flat_range", -20.4),
        ("log-mel", "deviation", [1.0, 0.0]),
        ("log-mel", "deviation", [1.0, -2.5]),
        ("mfcc", "log_offset", 0.0),
        *(
            (name, field, value)
            for name, field in NUMBERS
            if isinstance(MAPS[name][field], int) and field not in ("minimum", "maximum")
            for value in (0, -1, 2**20 + 1 if field == "clip_samples" else 32769, 10**30, 40.5)
        ),
        ("raw", "minimum", -32769),
        ("raw", "minimum", 0.5),
        ("raw", "maximum", 32768),
        ("raw", "maximum", 10**30),
    ],
)
def test_numbers_out_of_range_are_named(name, field, value):
    with pytest.raises(ValueError, match=f"^{field}: Input should be"):
        parse({**MAPS[name], field: value})


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("raw", "segment", "last"),
        ("characters", "characters", ""),
        ("characters", "characters", 5),
        ("log-mel", "window", 5),
        ("mfcc", "dct", 5),
        ("log-mel", "mel_hz", [20.0, 7600.0, 1.0]),
    ],
)
def test_other_fields_that_cannot_be_used_are_named(name, field, value):
    with pytest.raises(ValueError, match=f"^{field}: "):
        parse({**MAPS[name], field: value})


EACH_FEATURE = {"kind": "train", "to": 1.0, "minimum": [1.0, -2.0], "range": [4.0, 0.5], "axis": "feature"}
COLUMNS = {
    "kind": "columns",
    "columns": [
        {"kind": "window", "to": 100.0, "flat_range": 50.0},
        {"kind": "train", "to": 1.0, "minimum": -2.0, "range": 20.0},
        {"kind": "none"},
    ],
    "targets": 2,
}


@pytest.mark.parametrize(("found", "kind"), [(EACH_FEATURE, TrainingRange), (COLUMNS, Columns)])
def test_maps_of_features_there_and_back(found, kind):
    parsed = parse(json.loads(json.dumps(found)))
    assert type(parsed) is kind
    assert json.loads(json.dumps(parsed.to_json())) == found


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"columns": []}, "columns: Tuple should have at least 1 item"),
        ({"columns": [{"kind": "log-mel"}]}, "columns: Input tag 'log-mel'"),
        ({"columns": [{"kind": "window", "to": 1.0}]}, "columns: Field required"),
        ({"targets": 0}, "targets: Input should be greater than or equal to 1"),
        ({"targets": 4}, "targets is 4, and there are 3 columns"),
        ({"targets": 1.5}, "targets: Input should be a valid integer"),
    ],
)
def test_columns_that_cannot_be_used_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        parse({**COLUMNS, **changed})


def test_other_axes_are_refused():
    with pytest.raises(ValueError, match=r"^axis: Input should be 'step' or 'feature'$"):
        parse({**EACH_FEATURE, "axis": "time"})
    with pytest.raises(ValueError, match=r"^minimum and range are not of as many features$"):
        parse({**EACH_FEATURE, "range": [1.0, 2.0, 3.0]})


def test_numbers_of_other_time_steps_than_the_others_are_refused():
    with pytest.raises(ValueError, match=r"^minimum and range are not of as many time steps$"):
        parse({"kind": "train", "to": 1.0, "minimum": [0.0, 1.0], "range": [1.0, 2.0, 3.0]})
    parse({"kind": "train", "to": 1.0, "minimum": [0.0, 1.0], "range": 3.0})


# ---- scaling

# Of one feature: sample by sample, step by step.
SAMPLES = np.array([[1.0, 3.0, 5.0], [7.0, 7.0, 7.0], [-2.0, 8.0, 0.5]])
# Of two: their steps.
PAIRS = np.array([[[1.0, -2.0], [3.0, -1.0]], [[5.0, 0.0], [5.0, 4.0]]])


@pytest.mark.parametrize(
    ("found", "offset", "scale", "inputs"),
    [
        ({"kind": "none"}, [[0.0]], [[1.0]], SAMPLES),
        (
            {"kind": "train", "to": 10.0, "minimum": -2.0, "range": 20.0},
            [[-2.0]],
            [[2.0]],
            [[1.5, 2.5, 3.5], [4.5, 4.5, 4.5], [0.0, 5.0, 1.25]],
        ),
        (
            {"kind": "train", "to": 1.0, "minimum": [1.0, 3.0, 0.5], "range": [2.0, 4.0, 0.5]},
            [[1.0, 3.0, 0.5]],
            [[2.0, 4.0, 0.5]],
            [[0.0, 0.0, 9.0], [3.0, 1.0, 13.0], [-1.5, 1.25, 0.0]],
        ),
        (
            {"kind": "train", "to": 2.0, "minimum": [1.0, 3.0, 5.0], "range": 4.0},
            [[1.0, 3.0, 5.0]],
            [[2.0]],
            [[0.0, 0.0, 0.0], [3.0, 2.0, 1.0], [-1.5, 2.5, -2.25]],
        ),
        (
            # The second sample has no range of its own.
            {"kind": "window", "to": 100.0, "flat_range": 50.0},
            [[1.0], [7.0], [-2.0]],
            [[0.04], [0.5], [0.1]],
            [[0.0, 50.0, 100.0], [0.0, 0.0, 0.0], [0.0, 100.0, 25.0]],
        ),
        *((MAPS[name], [[0.0]], [[1.0]], SAMPLES) for name in ("characters", "raw", "log-mel", "mfcc")),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_scaling_by_hand(found, offset, scale, inputs):
    given, divided = parse(found).scaling(SAMPLES[:, :, None])
    assert (given[..., 0].tolist(), given.shape) == (offset, (*np.shape(offset), 1))
    np.testing.assert_allclose(divided[..., 0], scale, rtol=1e-15)
    assert divided.shape == (*np.shape(scale), 1)
    np.testing.assert_allclose(((SAMPLES[:, :, None] - given) / divided)[..., 0], inputs, rtol=1e-12)


def test_each_feature_has_its_own_scale():
    given, divided = parse(EACH_FEATURE).scaling(PAIRS)
    assert (given.tolist(), divided.tolist()) == ([[[1.0, -2.0]]], [[[4.0, 0.5]]])
    given, divided = parse({"kind": "window", "to": 10.0, "flat_range": 3.0}).scaling(PAIRS)
    assert given.tolist() == [[[1.0, -2.0]], [[5.0, 0.0]]]
    np.testing.assert_allclose(divided, [[[0.2, 0.1]], [[0.3, 0.4]]])


def test_each_column_has_its_own_map():
    samples = np.concatenate([PAIRS, np.full((2, 2, 1), 9.0)], axis=2)
    given, divided = parse(COLUMNS).scaling(samples)
    assert given.tolist() == [[[1.0, -2.0, 0.0]], [[5.0, -2.0, 0.0]]]
    np.testing.assert_allclose(divided, [[[0.02, 20.0, 1.0]], [[0.5, 20.0, 1.0]]])
    # Two horizons of two targets.
    given, divided = parse(COLUMNS).target_scaling(samples, 4)
    assert given.tolist() == [[1.0, -2.0, 1.0, -2.0], [5.0, -2.0, 5.0, -2.0]]
    np.testing.assert_allclose(divided, [[0.02, 20.0, 0.02, 20.0], [0.5, 20.0, 0.5, 20.0]])


def test_predictions_go_back_by_the_first_feature():
    given, divided = parse({"kind": "window", "to": 10.0, "flat_range": 3.0}).target_scaling(PAIRS, 3)
    assert given.tolist() == [[1.0], [5.0]]
    np.testing.assert_allclose(divided, [[0.2], [0.3]])


DIFFERENCE = {"kind": "difference", "to": 10.0, "range": 4.0}
WINDOW_DIFFERENCE = {"kind": "window-difference", "to": 10.0, "flat_range": 3.0}
CHANGE = {"kind": "change", "to": 10.0, "range": 4.0}
WINDOW_CHANGE = {"kind": "window-change", "to": 10.0, "flat_range": 3.0}


@pytest.mark.parametrize(
    "found",
    [DIFFERENCE, WINDOW_DIFFERENCE, CHANGE, WINDOW_CHANGE, {**DIFFERENCE, "season": 2}, {**CHANGE, "season": 2}],
)
def test_maps_of_differences_there_and_back(found):
    assert json.loads(json.dumps(parse(json.loads(json.dumps(found))).to_json())) == found


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({**DIFFERENCE, "range": 0.0}, "^range: Input should be greater than 0$"),
        ({**DIFFERENCE, "season": 0}, "^season: Input should be greater than or equal to 1$"),
        ({**CHANGE, "range": 0.0}, "^range: Input should be greater than 0$"),
        ({**WINDOW_CHANGE, "flat_range": 0.0}, "^flat_range: Input should be greater than 0$"),
        ({**WINDOW_DIFFERENCE, "flat_range": -1.0}, "^flat_range: Input should be greater than 0$"),
    ],
)
def test_differences_that_cannot_be_used_are_refused(found, message):
    with pytest.raises(ValueError, match=message):
        parse(found)


def test_differences_are_from_the_last_value():
    given, divided = parse(DIFFERENCE).scaling(PAIRS)
    assert (given.tolist(), divided.tolist()) == ([[[3.0, -1.0]], [[5.0, 4.0]]], [[[0.4]]])
    given, divided = parse(WINDOW_DIFFERENCE).scaling(PAIRS)
    assert given.tolist() == [[[3.0, -1.0]], [[5.0, 4.0]]]
    np.testing.assert_allclose(divided, [[[0.2, 0.1]], [[0.3, 0.4]]])
    given, divided = parse(DIFFERENCE).target_scaling(PAIRS, 2)
    assert (given.tolist(), divided.tolist()) == ([[3.0], [5.0]], [[0.4]])


def test_changes_are_from_one_step_to_the_next():
    """And targets still from the last value."""
    values = np.array([[1.0, 2.0, 4.0, 3.0], [5.0, 5.0, 5.0, 5.0]])[:, :, None]
    for found, unit in ((CHANGE, [0.4, 0.4]), (WINDOW_CHANGE, [0.2, 0.3])):
        given, divided = parse(found).scaling(values)
        assert (values - given)[..., 0].tolist() == [[0.0, 1.0, 2.0, -1.0], [0.0] * 4]
        np.testing.assert_allclose(np.broadcast_to(divided, (2, 1, 1))[:, 0, 0], unit)
        given, divided = parse(found).target_scaling(values, 2)
        assert given.tolist() == [[3.0], [5.0]]
        np.testing.assert_allclose(np.broadcast_to(divided, (2, 1))[:, 0], unit)


def test_changes_of_a_column_beside_another():
    columns = [CHANGE, {"kind": "none"}]
    given, divided = parse({"kind": "columns", "columns": columns, "targets": 1}).scaling(PAIRS)
    assert ((PAIRS - given) / divided).tolist() == [
        [[0.0, row[0][1]], [(row[1][0] - row[0][0]) / 0.4, row[1][1]]] for row in PAIRS.tolist()
    ]


def test_with_a_season_an_output_of_zero_is_what_came_a_season_ago_and_the_change_since():
    values = np.array([[1.0, 2.0, 9.0, 4.0, 6.0, 11.0, 7.0]])[:, :, None]
    # Of the last season are 6, 11 and 7, and before it came 4: the last value is 3 above that.
    found, _ = parse({**DIFFERENCE, "season": 3}).target_scaling(values, 4)
    assert found.tolist() == [[9.0, 14.0, 10.0, 9.0]]
    with pytest.raises(ValueError, match="the season is 7 time steps, of a sample of 7"):
        parse({**DIFFERENCE, "season": 7}).target_scaling(values)


def test_horizons_of_columns_go_step_by_step():
    """Of two targets, each with a season of two steps."""
    columns = [{**DIFFERENCE, "season": 2}, {**WINDOW_DIFFERENCE, "season": 2}]
    samples = np.array([[[1.0, 10.0], [2.0, 20.0], [3.0, 40.0]]])
    given, divided = parse({"kind": "columns", "columns": columns, "targets": 2}).target_scaling(samples, 4)
    assert given.tolist() == [[4.0, 50.0, 5.0, 70.0]]
    np.testing.assert_allclose(divided, [[0.4, 3.0, 0.4, 3.0]])


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({**EACH_FEATURE, "minimum": [1.0, 2.0, 3.0], "range": 1.0}, "it is for 3 features, and there are 2"),
        ({**EACH_FEATURE, "axis": "step", "minimum": 0.0, "range": [1.0] * 3}, "for 3 time steps, and there are 2"),
        (COLUMNS, "it is for 3 features, and there are 2"),
    ],
)
def test_maps_that_do_not_fit_are_refused(found, message):
    with pytest.raises(ValueError, match=message):
        parse(found).scaling(PAIRS)


def test_outputs_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="2 targets, and there are 3 outputs"):
        parse(COLUMNS).target_scaling(np.zeros((1, 2, 3)), 3)
    with pytest.raises(ValueError, match="numbers for each time step are of inputs alone"):
        parse({**EACH_FEATURE, "axis": "step"}).target_scaling(PAIRS)


def test_a_map_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        parse(MAPS["train"]).to = 2.0


def test_every_kind_is_tested_here():
    known = get_args(get_args(input_map.InputMap)[0])
    kinds = {kind for one in known for kind in one.model_fields["kind"].annotation.__args__}
    # That of recordings is in test_standard.py.
    maps = (*MAPS.values(), COLUMNS, DIFFERENCE, WINDOW_DIFFERENCE, CHANGE, WINDOW_CHANGE)
    assert kinds - {"standard"} == {found["kind"] for found in maps}
