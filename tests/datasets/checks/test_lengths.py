"""Sequences of different lengths pass the checks: neither padding nor steps that do not count are looked at."""

import dataclasses

import numpy as np
import pytest
from helpers.own_data_sets import CLASSIFICATION, ROWS, STEPS, X, parts, replaced, with_value

from rnnexp.errors import UserError

LENGTHS = np.arange(ROWS) % STEPS + 1
STEP_LABELS = np.arange(3 * ROWS * STEPS, dtype=np.int32).reshape(3 * ROWS, STEPS) % 3
EVERY_STEP = dataclasses.replace(
    CLASSIFICATION,
    **parts(STEP_LABELS),
    answers="every step",
    baselines={"any": np.full((ROWS, STEPS, 3), 1 / 3)},
)


def test_padding_may_hold_anything(load):
    x, y = with_value(X[:ROWS], (0, 1), np.nan), with_value(STEP_LABELS[:ROWS], (0, 1), 99)
    train = dataclasses.replace(EVERY_STEP.train, x=x, y=y, lengths=LENGTHS)
    loaded = load(dataclasses.replace(EVERY_STEP, train=train), "classification")
    assert loaded.warnings == ()
    assert (loaded.train.x[0, 1:] == 0).all()
    assert loaded.train.y[0].tolist() == [0, -1, -1, -1, -1, -1]
    assert loaded.evaluation.lengths.tolist() == [STEPS] * ROWS


def test_what_is_real_is_checked(load):
    with pytest.raises(UserError, match=r"train.x has no number \(sequence 2, time step 2"):
        load(
            replaced(replaced(EVERY_STEP, "train.x", with_value(X[:ROWS], (1, 1), np.nan)), "train.lengths", LENGTHS),
            "classification",
        )
    with pytest.raises(UserError, match=r"train.lengths of mine: sequence 1 has the length 7, expected 1 to 6"):
        load(replaced(EVERY_STEP, "train.lengths", LENGTHS + STEPS), "classification")


def test_steps_that_do_not_count_are_of_no_class(load):
    y = np.where(STEP_LABELS[:ROWS] == 2, -1, STEP_LABELS[:ROWS]).astype(np.int32)
    (warning,) = load(replaced(EVERY_STEP, "train.y", y), "classification").warnings
    assert "no sequence of 1 of the 3 classes" in warning
    with pytest.raises(UserError, match=r"train.y has nothing but -1"):
        load(replaced(EVERY_STEP, "train.y", np.full_like(y, -1)), "classification")
    with pytest.raises(UserError, match=r"class number -2 .* 0 to 2, or -1 at steps that do not count"):
        load(replaced(EVERY_STEP, "train.y", y - 1), "classification")
    with pytest.raises(UserError, match="class number -1 "):
        load(replaced(CLASSIFICATION, "train.y", np.full(ROWS, -1, np.int32)), "classification")
