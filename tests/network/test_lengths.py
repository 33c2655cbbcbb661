"""Sequences of different lengths in one array, and real networks over them."""

import numpy as np
import pytest
from helpers.random_networks import inputs, layered

from rnnexp.network.architecture import Architecture
from rnnexp.network.lengths import at_the_start, placed, real, reverse, without_padding

VALUES = np.array([[1, 2, 3, 9], [4, 9, 9, 9], [5, 6, 7, 8]])
LENGTHS = np.array([3, 1, 4])


def test_how_sequences_are_moved():
    assert real(LENGTHS, 4).astype(int).tolist() == [[1, 1, 1, 0], [1, 0, 0, 0], [1, 1, 1, 1]]
    assert reverse(VALUES, LENGTHS).tolist() == [[3, 2, 1, 9], [4, 9, 9, 9], [8, 7, 6, 5]]
    assert placed(VALUES, LENGTHS, "begin").tolist() == [[9, 1, 2, 3], [9, 9, 9, 4], [5, 6, 7, 8]]
    assert without_padding(VALUES, LENGTHS).tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    np.testing.assert_array_equal(at_the_start(placed(VALUES, LENGTHS, "begin"), LENGTHS, "begin"), VALUES)
    np.testing.assert_array_equal(placed(VALUES, LENGTHS, "end"), VALUES)


def test_lengths_beyond_the_array_are_clamped():
    np.testing.assert_array_equal(real(np.array([-5, 0, 9]), 4), real(np.array([1, 1, 4]), 4))


def test_the_architecture_says_in_json_where_the_padding_is_if_there_is_any():
    fixed, padded = (layered(("gru", 2), padding=padding).architecture for padding in ("", "begin"))
    assert "padding" not in fixed.to_json()
    assert not fixed.variable_length
    assert padded.variable_length
    assert Architecture.from_json(padded.to_json()) == padded
    assert Architecture.from_json(fixed.to_json()) == fixed


@pytest.mark.parametrize(
    "cells", [[("simple", 4)], [("lstm", 3, "both"), ("gru", 3)], [("gru", 3, "backwards"), ("lstm", 2)]], ids=str
)
@pytest.mark.parametrize("every_step", [False, True])
def test_each_sequence_is_computed_as_if_alone_and_ranges_see_nothing_else(cells, every_step):
    network = layered(*cells, steps=9, features=2, outputs=2, every_step=every_step, padding="end")
    x, lengths = inputs(6, 9, 2), np.array([1, 9, 4, 6, 2, 8])
    x[~real(lengths, 9)] = 1e6
    ranges, alone = network.ranges(), network.ranges()
    outputs = network.run(x, ranges, lengths)
    for row, length in enumerate(lengths):
        expected = network.run(x[row : row + 1, :length], alone)[0]
        np.testing.assert_allclose(outputs[row, :length] if every_step else outputs[row], expected, rtol=1e-12)
        if every_step:
            assert not outputs[row, length:].any()
    for seen, own in zip(ranges, alone, strict=True):
        for one, other in zip(seen, own, strict=True):
            assert one.seen.keys() == other.seen.keys()
            np.testing.assert_allclose([*one.seen.values()], [*other.seen.values()], rtol=1e-12)


def test_large_parts_keep_their_own_lengths(monkeypatch):
    network = layered(("simple", 4), steps=6, padding="end")
    x, lengths = inputs(9, 6), np.arange(9) % 6 + 1
    whole = network.run(x, lengths=lengths)
    monkeypatch.setattr("rnnexp.network.network.BATCH_NUMBERS", 50)
    np.testing.assert_allclose(network.run(x, lengths=lengths), whole, rtol=1e-12)
