"""Suggestions for names that are nearly right."""

import pytest

from rnnexp.errors import UserError, did_you_mean


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


def test_names_of_a_damaged_file_do_nothing_to_a_terminal():
    shown = str(UserError("layer \x1b[2J\x07\udc80 is a 層, no 'α'\nrnnexp: error: all is well", "and more"))
    assert shown == "layer \\x1b[2J\\x07\\udc80 is a 層, no 'α'\\nrnnexp: error: all is well\nand more"
