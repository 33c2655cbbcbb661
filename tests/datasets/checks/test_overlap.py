"""Sequences that are in two parts: refused, or a warning."""

import dataclasses

import numpy as np
import pytest
from helpers.own_data_sets import CLASSIFICATION, REGRESSION, ROWS, X, Y, replaced
from helpers.runs import write_series

from rnnexp import datasets
from rnnexp.config import CONFIGS
from rnnexp.datasets.dataset import Split
from rnnexp.errors import UserError


@pytest.mark.parametrize(("task", "dataset"), [("regression", REGRESSION), ("classification", CLASSIFICATION)])
@pytest.mark.parametrize("name", ["validation", "evaluation"])
def test_a_part_that_is_in_the_training_part_is_refused(load, task, dataset, name):
    y = dataset.train.y
    half = Split(np.concatenate([X[:20], X[-20:]]), np.concatenate([y[:20], getattr(dataset, name).y[-20:]]))
    for part in (dataset.train, Split(X[:ROWS][::-1].copy(), y[::-1].copy()), half):
        with pytest.raises(UserError, match=f"data set 'mine': {name} overlaps with train: (100|50)%"):
            load(replaced(dataset, name, part), task)


def test_some_sequences_in_two_parts_are_a_warning(load):
    evaluation = Split(np.concatenate([X[:2], X[-38:]]), np.concatenate([Y[:2], Y[-38:]]))
    (warning,) = load(replaced(REGRESSION, "evaluation", evaluation)).warnings
    assert warning.startswith("2 of the 40 sequences of the validation part are in the training part too")


def test_the_same_inputs_in_other_units_are_no_overlap(load):
    evaluation = dataclasses.replace(REGRESSION.train, offset=np.full((ROWS, 1), 100.0))
    assert load(replaced(REGRESSION, "evaluation", evaluation)).warnings == ()


def test_data_that_repeats_itself_everywhere_is_a_warning(load):
    """Bits drawn at random: of three steps there are only eight, in every part."""
    x = np.random.default_rng(0).integers(0, 2, (600, 3, 1)).astype(np.float32)
    y = x.sum(axis=1)
    parts = {
        name: Split(x[first : first + 200], y[first : first + 200])
        for name, first in (("train", 0), ("validation", 200), ("evaluation", 400))
    }
    dataset = dataclasses.replace(REGRESSION, **parts, baselines={})
    assert "200 of the 200 sequences of the validation part are in the training part too" in load(dataset).warnings[0]


def test_a_series_that_comes_twice_is_a_warning(here):
    write_series(here, "twice", [*range(40), *range(40)])
    dataset = datasets.load(CONFIGS["regression"](dataset_name="twice", sequence_length=5, validation_share=0.4))
    assert "of the 32 sequences of the validation part are in the training part too" in dataset.warnings[-1]


@pytest.mark.parametrize(("first", "refused"), [(20_000, False), (10_000, True)])
def test_large_memory_mapped_parts_are_compared_by_some_of_their_rows(load, tmp_path, first, refused):
    x = np.memmap(tmp_path / "x", np.int16, "w+", shape=(25_000, 500, 1))
    x[:] = np.random.default_rng(1).integers(-99, 100, x.shape)
    y = np.arange(25_000, dtype=np.int32) % 3
    last = slice(first, first + 5_000)
    held_out = Split(x[last], y[last])
    dataset = dataclasses.replace(
        CLASSIFICATION,
        train=Split(x[:20_000], y[:20_000]),
        validation=held_out,
        evaluation=held_out,
        input_scale=99.0,
        baselines={},
    )
    if refused:
        with pytest.raises(UserError, match="evaluation overlaps with train"):
            load(dataset, "classification")
    else:
        assert load(dataset, "classification").warnings == ()


def test_early_stopping_needs_a_part_of_its_own(load):
    dataset = dataclasses.replace(REGRESSION, evaluation=REGRESSION.validation)
    assert load(dataset).evaluation is dataset.validation
    with pytest.raises(UserError, match=r"EARLY_STOPPING is 3, but in mine evaluation is validation"):
        load(dataset, early_stopping=3)
