"""docs/data.md shows what ``rnnexp data`` prints."""

import re

import pytest
from helpers.runs import PROJECT

from rnnexp import cli

PAGE = (PROJECT / "docs" / "data.md").read_text(encoding="utf-8")


def test_the_example_is_what_the_command_prints(monkeypatch, capsys):
    command, shown = re.search(r"^\$ rnnexp (data .*)\n((?:.*\n)*?)```", PAGE, re.MULTILINE).groups()
    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr("sys.argv", ["rnnexp", *command.split()])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert (caught.value.code, capsys.readouterr().out) == (0, shown)


def test_its_flags_are_there(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["rnnexp", "data", "--help"])
    with pytest.raises(SystemExit):
        cli.main()
    told = capsys.readouterr().out
    flags = set(re.findall(r"--[a-z-]+", PAGE))
    assert {"--picture", "--json", "--target"} <= flags
    assert {flag for flag in flags if flag not in told} == set()
