"""Data sets of sequences of different lengths: checked, and padded in one way."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.tagging import dataset, registered

from rnnexp import datasets
from rnnexp.config import ClassificationConfig
from rnnexp.datasets.dataset import IGNORED
from rnnexp.datasets.support.padding import evened
from rnnexp.errors import UserError
from rnnexp.network.lengths import real


def test_padding_becomes_zeros_and_labels_that_do_not_count():
    made = dataset(20, 8, junk=100.0)
    for part in (made.train, made.evaluation):
        there = real(part.lengths, 8)
        assert not part.x[~there].any()
        assert (part.y[~there] == IGNORED).all()
        assert part.x[there].any()
        assert part.y[there].min() >= 0
    assert made.validation is made.evaluation
    assert made.variable_length
    assert made.ignores


def test_a_part_without_lengths_has_whole_sequences():
    made = dataset(20, 8)
    part = replace(made.validation, lengths=None)
    made = evened(replace(made, validation=part, evaluation=part))
    np.testing.assert_array_equal(made.validation.lengths, np.full(10, 8))
    assert made.train.lengths.min() < 8


def test_without_lengths_nothing_is_touched():
    made = dataset(20, 8, every_step=False)
    train, validation = (replace(part, lengths=None) for part in (made.train, made.validation))
    made = replace(made, train=train, validation=validation, evaluation=validation)
    assert evened(made) is made
    assert not made.variable_length
    assert not made.ignores


def test_some_sequences_keep_their_lengths():
    part = dataset(40, 8).train
    some = part.some(7)
    rows = [int(np.flatnonzero((part.x == x).all(axis=(1, 2)))[0]) for x in some.x]
    np.testing.assert_array_equal(some.lengths, part.lengths[rows])
    assert len(part.real_x) == part.lengths.sum()


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (np.full(20, 9), r"train.lengths of tagging: sequence 1 has the length 9, expected 1 to 8"),
        (np.array([3] * 19 + [0]), r"sequence 20 has the length 0"),
        (np.full(19, 8), r"they are int64 of shape \[19\], expected an integer for each of the 20 sequences"),
        (np.full(20, 8.0), r"they are float64"),
    ],
)
def test_lengths_that_do_not_fit_are_refused(lengths, message):
    made = dataset(20, 8)
    made = replace(made, train=replace(made.train, lengths=lengths))
    with registered(made), pytest.raises(UserError, match=message):
        datasets.load(ClassificationConfig(dataset_name="tagging"))
