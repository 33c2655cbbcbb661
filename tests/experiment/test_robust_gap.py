"""The gap in medians: what it comes to, and when it is worth a diagnosis."""

import numpy as np
import pytest
from helpers.random_networks import inputs, integers, layered

from rnnexp.datasets import Split
from rnnexp.experiment.robust_gap import robust_gap
from rnnexp.quantization.diagnosis import Comparison


@pytest.fixture(scope="module")
def compared():
    network, x = layered(("simple", 4), steps=6), inputs(20, 6)
    return Comparison(integers(network, x)[0], network, x)


def part(count):
    """Targets, as many as the comparison has samples or more."""
    return Split(np.zeros((count, 6, 1), np.float32), np.random.default_rng(0).normal(size=(count, 1)))


def test_it_is_what_was_added_to_the_median_error(compared):
    given = part(20)
    target = given.y
    found = robust_gap(given, target, target + 0.1, 0.003, compared)
    assert found.gap == pytest.approx(0.01 / np.median((target - np.median(target)) ** 2))
    assert "median" in found.means
    assert found.diagnosis


def test_below_the_limit_nothing_is_said(compared):
    target = part(20).y
    assert robust_gap(part(20), target, target + 0.001, 0.003, compared).diagnosis is None


def test_chance_is_not_diagnosed(compared):
    """Errors that are as often smaller as larger have other medians too, where they are few."""
    given, random = part(20), np.random.default_rng(3)
    before, after = (given.y + 0.5 * random.normal(size=given.y.shape) for _ in range(2))
    gaps = [robust_gap(given, *pair, 0.003, compared) for pair in ((before, after), (after, before))]
    assert max(found.gap for found in gaps) > 0.003
    assert all(found.diagnosis is None for found in gaps)


def test_targets_that_are_mostly_equal_have_none(compared):
    same = Split(np.zeros((20, 6, 1), np.float32), np.zeros((20, 1)))
    found = robust_gap(same, same.y, same.y + 1.0, 0.003, compared)
    assert (found.gap, found.diagnosis) == (None, None)
    assert "most of the targets are equal" in found.means
