"""docs/sweeps.md and docs/sweeps.ja.md: every sweep in them is one, and leaves the files that they name."""

import re
import shlex

import pytest
from helpers.runs import PROJECT
from helpers.sweeps import HereAndNow

from rnnexp import cli
from rnnexp.commands import sweep
from rnnexp.experiment.sweep import executor

PAGES = ("sweeps.md", "sweeps.ja.md")
BLOCK = re.compile(r"```(python|sh)\n(.*?)```", re.DOTALL)


def page(name):
    return (PROJECT / "docs" / name).read_text(encoding="utf-8")


@pytest.fixture
def trained(here, monkeypatch):  # noqa: ARG001 (the current folder is the test's own)
    """The trials that were started; what they come to is arithmetic."""
    executors = []

    def make(count, *_):
        executors.append(HereAndNow(most=count))
        return executors[-1]

    monkeypatch.setattr(executor, "LocalExecutor", make)
    return lambda: [job for own in executors for job in own.started]


def test_both_pages_have_the_same_commands():
    assert BLOCK.findall(page(PAGES[0])) == BLOCK.findall(page(PAGES[1]))


@pytest.mark.parametrize("number", range(3))
def test_every_command_is_a_sweep(trained, number):
    commands = [text for kind, text in BLOCK.findall(page(PAGES[0])) if kind == "sh"]
    assert len(commands) == 3
    program, verb, *arguments = shlex.split(commands[number])
    assert (program, verb) == ("rnnexp", "sweep")
    assert sweep.main([*arguments, "--keep", "none", "--quiet"]) == 0
    # Of few sizes some are drawn twice, and trained once.
    least, most = ((45, 45), (85, 90), (10, 40))[number]
    assert least <= len(trained()) <= most


def test_the_script_is_one_too(trained):
    (text,) = (text for kind, text in BLOCK.findall(page(PAGES[0])) if kind == "python")
    constants = {}
    exec(text, constants)
    with pytest.raises(SystemExit) as ended:
        cli.run_script("regression", {"SWEEP": constants["SWEEP"]}, ["--keep", "none", "--quiet"])
    assert ended.value.code == 0
    assert len(trained()) == 60


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("name", PAGES)
def test_the_files_that_it_names_are_left(here, name):
    command = "memory --activation relu tanh --objective error flash --keep none --quiet --name NAME"
    assert sweep.main(command.split()) == 0
    left = {path.name for path in (here / "sweeps" / "NAME").iterdir()}
    rows = re.findall(r"^\| (`.*?) \|", page(name), re.MULTILINE)
    named = {found.replace("SETTING", "activation") for row in rows for found in re.findall(r"`([\w.-]+)`", row)}
    assert named <= left
    assert "pareto.svg" in left
