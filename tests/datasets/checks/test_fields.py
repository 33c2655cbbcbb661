"""Data sets that do not fit are refused with a message that names the field, whoever has written their module."""

import dataclasses
import re

import numpy as np
import pytest
from helpers.own_data_sets import CLASSIFICATION, LABELS, REGRESSION, ROWS, X, Y, parts, replaced, with_value

from rnnexp.datasets.dataset import Continuation, Past, Split
from rnnexp.errors import UserError
from rnnexp.preprocessing.input_map import Characters, Columns, TrainingRange, WindowRange
from rnnexp.preprocessing.series_columns import SeriesColumns


def test_what_fits_is_taken_as_it_is(load):
    for dataset, task in ((REGRESSION, "regression"), (CLASSIFICATION, "classification")):
        loaded = load(dataset, task)
        assert loaded.train is dataset.train
        assert loaded.warnings == ()
    assert load(
        dataclasses.replace(CLASSIFICATION, train=Split(X[:ROWS].astype(np.float16), LABELS[:ROWS])), "classification"
    )


# Field, what is there in place of what fits, and what the message says of it.
BOTH = [
    ("train.x", X[:ROWS].tolist(), "train.x is a list, expected an array of float32"),
    (
        "train.x",
        X[:ROWS, :, 0],
        r"train.x has the shape \[40, 6\], expected \[sequences, time steps, features\]; .*None",
    ),
    ("train.x", X[:ROWS].astype(np.float64), r"train.x is an array of float64, expected float32.*astype"),
    ("evaluation.x", X[:ROWS].astype(str), "evaluation.x is an array of <U"),
    ("validation.x", X[:ROWS, :5], r"validation.x has the shape \[40, 5, 2\], expected \[n, 6, 2\]"),
    ("evaluation.x", X[:ROWS, :, :1], r"evaluation.x has the shape \[40, 6, 1\], expected \[n, 6, 2\]"),
    ("train.x", X[:0], r"train.x has the shape \[0, 6, 2\]: there is nothing in it"),
    ("train.x", X[: ROWS - 1], r"train.y has the shape .*, but there are 39 sequences in train.x"),
    (
        "train.x",
        with_value(X[:ROWS], (2, 4, 1), np.nan),
        r"train.x has no number \(sequence 3, time step 5, feature 2\)",
    ),
    ("validation.x", with_value(X[:ROWS], (0, 0, 0), -np.inf), r"validation.x has infinity \(sequence 1, time step 1"),
    ("evaluation.x", with_value(X[:ROWS], (39, 5, 1), 1e30), r"evaluation.x has 1e\+30 \(sequence 40, time step 6"),
    ("train", (X[:ROWS], Y[:ROWS]), "train is a tuple, expected a Split"),
    ("source", "", "source is empty"),
    ("units", None, "units is None, expected text"),
    ("notes", "split by day", "notes is a str, expected a tuple of texts"),
    ("warnings", "too few", "warnings is a str, expected a tuple of texts"),
    ("answers", "each step", "answers is 'each step', expected one of 'once', 'every step', 'after the sequence'"),
    ("task", "memory", "task is 'memory', but LOADERS has it under"),
    ("input_scale", 0.0, "input_scale is 0.0, expected a positive number"),
    ("output_scale", float("nan"), "output_scale is nan, expected a positive number"),
    ("input_scale", X.max(axis=0), "input_scale is array"),
    ("outputs", 2.0, "outputs is 2.0, expected a whole number"),
    ("outputs", 0, "outputs is 0, expected a whole number from 1"),
    ("baselines", [np.zeros((ROWS, 1))], "baselines is a list, expected a dictionary"),
    ("baselines", {"zero": np.zeros(ROWS)}, r"baselines\['zero'\] has the shape \[40\], expected \[40, [13]\]"),
    ("baselines", {"zero": 0.0}, r"baselines\['zero'\] is a float, expected an array"),
    ("input_map", "window", "input_map is a str"),
    (
        "input_map",
        TrainingRange(to=1.0, minimum=(0.0,) * 3, range=(1.0,) * 3, axis="feature"),
        "input_map does not fit train.x, 6 time steps of 2 features: it is for 3 features, and there are 2",
    ),
    ("input_map", Columns(columns=(WindowRange(to=1, flat_range=1),)), "it is for 1 features, and there are 2"),
    ("input_map", Characters(characters="abc"), "input_map .characters. makes 6 time steps of 3 features"),
    ("defaults", {"learning_rat": 0.1}, r"defaults\['learning_rat'\] is no setting.*did you mean 'learning_rate'"),
    ("defaults", {"learning_rate": -1.0}, r"defaults\['learning_rate'\] is -1.0: input should be greater than 0"),
    ("defaults", {"epochs": 5}, r"defaults\['epochs'\] would have no effect: .*batch_size, learning_rate"),
    ("calibration", X[:3, :, :1], r"calibration has the shape \[3, 6, 1\], expected \[3, 6, 2\]"),
    ("calibration", X[:3] * np.float32(np.nan), "calibration has no number"),
    ("continuation", X[0, :, 0], "continuation is a ndarray, expected a Continuation"),
    (
        "continuation",
        Continuation(np.zeros(5), np.zeros(3)),
        r"continuation.window has the shape \[5\], expected \[6\]",
    ),
    (
        "continuation",
        Continuation(np.zeros(6), np.array([0.0, np.inf])),
        r"continuation.truth has infinity \(value 2\)",
    ),
    (
        "continuation",
        Continuation(X[0, :, 0], X[1, :, 0], X[0]),
        r"continuation.beside has the shape \[6, 2\], .*12, 1",
    ),
    ("origins", (Continuation(X[0, :, 0], X[1]),), r"origins\[0\].truth has the shape \[6, 2\], expected \[6\]"),
    (
        "continuation",
        Continuation(X[0, :, 0], X[1, :, 0], times=np.zeros(6, "datetime64[s]")),
        r"continuation.times has the shape \[6\], expected \[12\]",
    ),
    ("evaluation_times", np.zeros(40), "evaluation_times is an array of float64, expected datetime64"),
    ("floors", ("best",), "floors names 'best', which baselines does not have"),
    ("pasts", (X,), r"pasts\[0\] is a ndarray, expected a Past"),
    (
        "pasts",
        (Past(Y[:, 0], 40, np.arange(40)),),
        r"pasts\[0\] has 120 values, .*number 40, and evaluated are the numbers 0 to 39",
    ),
    ("pasts", (Past(Y, 40, np.arange(40)),), r"pasts\[0\].values has the shape \[120, 1\], expected \[120\]"),
    ("columns", SeriesColumns(), "columns is of 1 features and 1 outputs, but train.x has 2 features, and outputs is"),
    ("augment", X, "augment is a ndarray, expected a function"),
]
OF_REGRESSION = [
    ("error_units", np.ones(2), r"error_units has the shape \[2\], expected \[1\]"),
    ("error_units", np.zeros(1), "error_units has a number that is not greater than 0"),
    (
        "train.y",
        Y[:ROWS, 0],
        r"train.y has the shape \[40\], expected \[sequences, outputs\] = \[40, 1\]: y\[:, None\]",
    ),
    ("outputs", 2, r"train.y has the shape \[40, 1\], expected \[40, 2\]: \[sequences, outputs\], and outputs is 2"),
    ("train.y", Y[:ROWS].astype(np.float64), "train.y is an array of float64, expected float32 targets"),
    ("validation.y", with_value(Y[:ROWS], 7, np.nan), r"validation.y has no number \(sequence 8, output 1\)"),
    ("train.y", np.full_like(Y[:ROWS], 5), "train.y is constant: the target is 5 in all 40 sequences"),
    ("train.offset", np.zeros((3, 1)), r"train.offset has the shape \[3, 1\], expected \[40, 1\] or \[1, 1\]"),
    ("train.offset", 0.0, "train.offset is a float, expected an array"),
    ("train.scale", np.ones(ROWS), r"train.scale has the shape \[40\], expected"),
    ("evaluation.scale", np.zeros((1, 1)), "evaluation.scale has 0 .*expected positive numbers"),
    ("evaluation.scale", np.full((ROWS, 1), np.nan), "evaluation.scale has no number"),
    ("train.target", Y[:ROWS, 0], r"train.target has the shape \[40\], expected \[40, 1\]"),
    ("train.target", Y[:ROWS] + 1, "train.target has .*, where offset [+] scale [*] y is"),
    ("class_names", ("a", "b"), "class_names has 2 names, but the task is regression"),
    ("answers", "every step", "answers is 'every step', which is of classification"),
    ("baselines", {"zero": np.full((ROWS, 1), np.nan)}, r"baselines\['zero'\] has no number"),
    (
        "input_map",
        TrainingRange(to=1.0, minimum=(0.0,) * 6, range=(1.0,) * 6),
        "input_map does not fit train.x.*numbers for each time step are of inputs alone",
    ),
]
OF_CLASSIFICATION = [
    ("train.y", LABELS[:ROWS] + 1, "train.y has the class number 3 .*0 to 2; they seem to begin at 1: subtract 1"),
    ("train.y", LABELS[:ROWS] - 1, "train.y has the class number -1 .*0 to 2"),
    ("evaluation.y", with_value(LABELS[:ROWS], 4, 9), r"evaluation.y has the class number 9 \(sequence 5 is the first"),
    ("train.y", LABELS[:ROWS].astype(np.float32), "train.y is an array of float32, expected int32 class numbers"),
    ("train.y", LABELS[:ROWS].astype(np.int64), r"train.y is an array of int64, expected int32.*astype\(np.int32\)"),
    ("train.y", np.array(["a"] * ROWS), "train.y is an array of <U1, expected int32 class numbers"),
    ("train.y", np.eye(3, dtype=np.int32)[LABELS[:ROWS]], r"train.y has the shape \[40, 3\], expected \[40\]"),
    ("train.y", LABELS[:ROWS] * 0 + 2, r"train.y is constant: all its class numbers are 2 \(c\)"),
    ("answers", "every step", r"train.y has the shape \[40\], expected \[40, 6\]: a class number for each time step"),
    ("answers", "after the sequence", r"train.y has the shape \[40\], expected \[sequences, steps of the answer\]"),
    ("outputs", 4, "outputs is 4, but class_names has 3 names: expected 3"),
    ("class_names", (), "class_names has 0 names, expected one for each of two classes or more"),
    ("class_names", ("a", "b", "a"), "class_names has 'a' more than once"),
    ("class_names", ("a", "", "c"), r"class_names\[1\] is empty"),
    ("class_names", "abc", "class_names is a str, expected a tuple of texts"),
    ("class_names", ("a", "b"), "outputs is 3, but class_names has 2 names: expected 1, the probability of the second"),
    ("baselines", {"any": np.ones((ROWS, 3))}, r"baselines\['any'\] has no probabilities"),
    ("baselines", {"any": np.ones((ROWS, 2)) / 2}, r"baselines\['any'\] has the shape \[40, 2\], expected \[40, 3\]"),
]
MISTAKES = [
    *(("regression", REGRESSION, *mistake) for mistake in BOTH + OF_REGRESSION),
    *(("classification", CLASSIFICATION, *mistake) for mistake in BOTH + OF_CLASSIFICATION),
]


@pytest.mark.parametrize(("task", "dataset", "field", "values", "message"), MISTAKES)
def test_a_field_that_does_not_fit_is_named(load, task, dataset, field, values, message):
    with pytest.raises(UserError, match=f"^data set 'mine': .*{message}"):
        load(replaced(dataset, field, values), task)


# ---- what is no mistake for certain, but has to be known


def test_a_class_that_cannot_be_learned_is_a_warning(load):
    train = Split(X[:ROWS], np.minimum(LABELS[:ROWS], 1))
    (warning,) = load(replaced(CLASSIFICATION, "train", train), "classification").warnings
    assert warning == "The training part has no sequence of 1 of the 3 classes, which cannot be learned: c."


def test_one_constant_output_of_several_is_a_warning(load):
    y = np.concatenate([Y, np.ones_like(Y)], axis=1)
    dataset = dataclasses.replace(REGRESSION, **parts(y), outputs=2, baselines={})
    assert load(dataset).warnings == (
        "In the training part these outputs are constant, and there is nothing to learn of them: 2.",
    )


def test_a_straight_line_in_windows_of_their_own_scale_is_not_constant(load):
    line = np.arange(ROWS, dtype=np.float64)[:, None]
    train = Split(X[:ROWS], np.ones((ROWS, 1), np.float32), offset=line, scale=np.ones((ROWS, 1)))
    assert load(replaced(REGRESSION, "train", train)).warnings == ()


def test_numbers_far_from_the_scale_of_training_are_a_warning(load):
    train = Split(X[:ROWS] * 5000, Y[:ROWS])
    warnings = load(replaced(REGRESSION, "train", train)).warnings
    assert re.match(r"train.x reaches \d+(\.\d+)?, but input_scale is 1: training is at its best", warnings[0])
    assert load(replaced(replaced(REGRESSION, "train", train), "input_scale", 20_000.0)).warnings == ()


# ---- inputs made anew


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (X[:ROWS, :5], r"what augment makes has the shape \[40, 5, 2\], expected \[40, 6, 2\]"),
        (X[:ROWS].astype(np.int16), "what augment makes is an array of int16, expected float32"),
        (with_value(X[:ROWS], (1, 2, 0), np.nan), r"what augment makes has no number \(sequence 2, time step 3"),
        (None, "what augment makes is None"),
    ],
)
def test_what_augment_makes_is_checked_when_it_is_made(load, made, message):
    dataset = load(dataclasses.replace(REGRESSION, augment=lambda random: made))  # noqa: ARG005
    with pytest.raises(UserError, match=f"data set 'mine': {message}"):
        dataset.augment(np.random.default_rng(0))
    good = load(dataclasses.replace(REGRESSION, augment=lambda random: X[:ROWS]))  # noqa: ARG005
    assert good.augment(np.random.default_rng(0)) is not None
