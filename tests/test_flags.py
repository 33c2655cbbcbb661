"""Flags that are given again and again."""

import pytest
from helpers.command_line import parse

from rnnexp.flags import gathered, switched


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["--a", "1", "--epochs", "2"], ["--epochs", "2", "--a", "1"]),
        (["--a", "1", "--a", "2", "3"], ["--a", "1", "2", "3"]),
        (["--a=1=2", "--a=3"], ["--a", "1=2", "3"]),
        (["--a_b", "-1", "-9999", "--x", "--a-b", "5"], ["--x", "--a-b", "-1", "-9999", "5"]),
        (["--a"], ["--a"]),
        (["--other", "1", "--other", "2"], ["--other", "1", "--other", "2"]),
    ],
)
def test_values_are_gathered(given, expected):
    assert gathered(given, {"--a", "--a-b"}) == expected


def test_a_script_takes_a_flag_of_several_values_in_both_ways():
    wanted = ("gap>0.003", "rmse_ratio>1.05")
    assert parse(["--fail-on", *wanted]).fail_on == wanted
    assert parse(["--fail-on", wanted[0], "--epochs", "3", "--fail-on", wanted[1]]).fail_on == wanted
    assert parse(fail_on=wanted[0]).fail_on == wanted[:1]
    assert parse(["--fail-on", wanted[1]], fail_on=[wanted[0]]).fail_on == wanted[1:]
    assert parse(["--inputs", "a", "--inputs", "b"]).inputs == ("a", "b")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["--quiet", "True", "--epochs", "2"], ["--quiet", "--epochs", "2"]),
        (["--quiet", "False"], ["--no-quiet"]),
        (["--quiet=false", "--go_on=TRUE"], ["--no-quiet", "--go_on"]),
        (["--quiet", "--no-quiet", "--words", "true", "false"], ["--quiet", "--no-quiet", "--words", "true", "false"]),
        (["--quiet=maybe"], ["--quiet", "maybe"]),
        (["--words=True"], ["--words=True"]),
    ],
)
def test_a_yes_or_no_may_be_given_by_its_value(given, expected):
    assert switched(given, {"--quiet", "--go-on"}) == expected


def test_a_script_takes_a_yes_or_no_in_both_ways():
    assert parse(["--bidirectional", "False"], bidirectional=True).bidirectional is False
    assert parse(["--bidirectional=True"]).bidirectional is True
    assert parse(["--no-bidirectional"], bidirectional=True).bidirectional is False
