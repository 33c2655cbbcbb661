"""Suggestions for names that are nearly right."""

import pytest

from rnnexp.errors import did_you_mean


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tanhh", "; did you mean 'tanh'?"),
        ("TANH", "; did you mean 'tanh'?"),
        ("sp500", "; did you mean 'SP500'?"),
        ("xyz", ""),
    ],
)
def test_the_closest_name_if_it_is_close(name, expected):
    assert did_you_mean(name, ["relu", "tanh", "SP500"]) == expected
