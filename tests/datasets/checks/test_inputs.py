"""Features that tell nothing, or the answer: a warning each, by the features' names."""

import dataclasses

import numpy as np
import pytest
from helpers.own_data_sets import CLASSIFICATION, LABELS, REGRESSION, ROWS, STEPS, X, replaced
from helpers.runs import write_series

from rnnexp.config import ClassificationConfig, RegressionConfig
from rnnexp.datasets import load as load_by_name
from rnnexp.preprocessing.cutting import Cutting


def with_feature(values, dataset=REGRESSION):
    """Return a data set whose second feature in the training part is ``values``."""
    x = np.stack([X[:ROWS, :, 0], np.broadcast_to(values, (ROWS, STEPS))], axis=2).astype(np.float32)
    return replaced(dataset, "train.x", x)


def test_a_constant_feature(load):
    (warning,) = load(with_feature(3.0)).warnings
    assert warning == "always the same in the training part, so that nothing can be learned from it: feature 2"
    changes_once = np.full((ROWS, STEPS), 3.0)
    changes_once[7, 2] = 4.0
    assert load(with_feature(changes_once)).warnings == ()


def test_padding_is_no_value_of_a_feature(load):
    fields = {"lengths": np.arange(ROWS, dtype=np.int64) % STEPS + 1}
    parts = {name: dataclasses.replace(getattr(REGRESSION, name), **fields) for name in ("train", "validation")}
    parts["evaluation"] = dataclasses.replace(REGRESSION.evaluation, **fields)
    values = np.where(np.arange(STEPS) < fields["lengths"][:, None], 3.0, 9.0)
    dataset = with_feature(values, dataclasses.replace(REGRESSION, **parts))
    assert [warning for warning in load(dataset).warnings if "always the same" in warning]


@pytest.mark.parametrize(("factor", "offset"), [(1.0, 0.0), (1.8, 32.0)])
def test_a_feature_once_more_also_in_another_unit(load, factor, offset):
    (warning,) = load(with_feature(factor * X[:ROWS, :, 0] + offset)).warnings
    assert warning == (
        "feature 2 is feature 1 once more, but for its scale, and adds nothing to it: leave one of the two out"
    )
    # The reverse, as of two outputs of a bridge, is another feature, and so is what has noise.
    assert load(with_feature(-X[:ROWS, :, 0])).warnings == ()
    noise = np.random.default_rng(0).normal(size=(ROWS, STEPS)) * 0.01
    assert load(with_feature(X[:ROWS, :, 0] + noise)).warnings == ()


def test_a_feature_that_is_the_class(load):
    known = LABELS[:ROWS, None] * 2.0 + 1.0
    (warning,) = load(with_feature(known, CLASSIFICATION), "classification").warnings
    assert warning.startswith("feature 2 alone tells the class of every sequence of the training part: make sure")
    # One sequence that is otherwise, and it is no longer the class; nor is what changes within sequences.
    once = np.array(np.broadcast_to(known, (ROWS, STEPS)))
    once[5] = once[6]
    assert load(with_feature(once, CLASSIFICATION), "classification").warnings == ()
    assert load(with_feature(known + np.arange(STEPS), CLASSIFICATION), "classification").warnings == ()
    # Nor is what is the same in two classes.
    assert load(with_feature(np.minimum(known, 3.0), CLASSIFICATION), "classification").warnings == ()


def test_features_have_the_names_that_they_have_in_tables(load):
    cutting = Cutting(columns=("acceleration", "a\nb"))
    (warning,) = load(dataclasses.replace(with_feature(0.0), cutting=cutting)).warnings
    assert warning.endswith(r": 'a\nb'")


# ---- of series


def series(folder, **columns):
    names = list(columns)
    rows = [",".join(map(repr, map(float, row))) for row in zip(*columns.values(), strict=True)]
    write_series(folder, "own", rows, header=",".join(names))
    return RegressionConfig(dataset_name="own", target=("y",), inputs=tuple(names[1:]), sequence_length=6)


def walk(seed=0, count=200):
    return np.cumsum(np.random.default_rng(seed).normal(size=count))


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (lambda y: np.roll(y, -1), "'other' is what 'y' is a step later, but for its scale: the answer, which nobody"),
        (lambda y: 2 * np.roll(y, -3) + 5, "'other' is what 'y' is 3 steps later, but for its scale: the answer"),
        (lambda y: 1.8 * y + 32, "'other' is the target 'y' once more, but for its scale, and adds nothing to it"),
        (lambda y: np.full_like(y, 7.0), "always the same in the training part, so that nothing can be learned from i"),
        (lambda y: np.roll(y, 1), None),
        (lambda y: walk(1, len(y)), None),
        (lambda y: np.arange(len(y)), None),
    ],
)
def test_inputs_of_a_series(here, made, text):
    y = walk()
    config = series(here, y=y, other=made(y)).model_copy(update={"horizon": 3})
    warnings = load_by_name(config).warnings
    assert [warning[: len(text)] for warning in warnings] == [text] if text else warnings == ()


def test_two_clocks_that_rise_alike_are_no_answers(here):
    assert not load_by_name(series(here, y=np.arange(200) * 2.0 + walk() * 0, other=np.arange(200))).warnings


def test_what_is_shipped_has_none():
    assert load_by_name(ClassificationConfig(dataset_name="digits")).warnings == ()
    assert load_by_name(RegressionConfig()).warnings == ()
