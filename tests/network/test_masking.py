"""Masks: the lengths that sequences say themselves."""

import numpy as np
import pytest

from rnnexp.errors import UserError
from rnnexp.network.masking import Masking

LENGTHS = np.array([2, 5, 1])
THERE = np.arange(5) < LENGTHS[:, None]


@pytest.mark.parametrize("value", [0.0, -0.1, 3e38])
@pytest.mark.parametrize(("there", "padding"), [(THERE, "end"), (THERE[:, ::-1], "begin")])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_steps_that_are_all_the_value_are_padding(value, there, padding, dtype):
    x = np.stack([np.full(there.shape, value), np.where(there, 7.0, value)], axis=2).astype(dtype).astype(np.float64)
    lengths, found = Masking(value).lengths(x, None, "x")
    assert (lengths.tolist(), found) == (LENGTHS.tolist(), padding)


def test_words_that_are_the_value_are_padding():
    lengths, padding = Masking().lengths(np.where(THERE, 4, 0), LENGTHS, "x")
    assert (lengths.tolist(), padding) == (LENGTHS.tolist(), "end")


@pytest.mark.parametrize(
    ("x", "given", "message"),
    [
        ([[1, 2, 0], [1, 0, 2]], None, r"^x: sequence 1 has padding \(0\) in its middle, at step 1: "),
        ([[1, 2, 0], [0, 1, 2]], None, r"^x: sequence 1 has padding \(0\) in its middle, at step 0: "),
        ([[1, 2, 0], [0, 0, 0]], None, r"^x: sequence 1 is all padding \(0\)$"),
        (
            [[1, 2, 3], [4, 5, 0]],
            [3, 3],
            r"^x: sequence 1 has length 3, and 2 steps that the model does not mask \(0\)",
        ),
    ],
)
def test_what_no_length_says_is_refused(x, given, message):
    with pytest.raises(UserError, match=message):
        Masking().lengths(np.array(x), None if given is None else np.array(given), "x")
