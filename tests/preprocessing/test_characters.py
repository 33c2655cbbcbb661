"""Texts as inputs and answers."""

import numpy as np
import pytest

from rnnexp.preprocessing import characters


def test_one_hot_by_hand():
    found = characters.one_hot(["ba", "", "a b"], "ab ", 3)
    assert found.dtype == np.float32
    assert found.argmax(axis=2).tolist() == [[2, 1, 0], [2, 2, 2], [0, 2, 1]]
    assert (found.sum(axis=2) == 1).all()
    assert characters.numbers(["ba"], "ab ", 3).tolist() == [[2, 1, 0]]
    assert characters.numbers([], "ab ", 3).shape == (0, 3)


def test_there_and_back():
    assert characters.texts(characters.one_hot(["ba", "", "a b"], "ab ", 3), "ab ") == ["ba", "", "a b"]


@pytest.mark.parametrize("text", ["abab", "ac"])
def test_what_does_not_fit(text):
    with pytest.raises(ValueError, match=f"'{text}' is not up to 3 characters of 'ab '"):
        characters.one_hot([text], "ab ", 3)
