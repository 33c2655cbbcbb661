"""``rnnexp init``: the scripts and the data in a folder of one's own, and nothing overwritten."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.runs import PROJECT

from rnnexp import cli, starter

DATA = sorted(path.name for pattern in ("*.csv", "*.md") for path in (PROJECT / "data").glob(pattern))
NAMES = [*starter.SCRIPTS, *(f"data/{name}" for name in DATA)]


@pytest.fixture
def init(here, monkeypatch, capsys):
    """Run ``rnnexp init`` in an empty folder; return its exit code, and what it wrote."""
    assert list(here.iterdir()) == []

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["rnnexp", "init", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        output = capsys.readouterr()
        return caught.value.code, output.out, output.err

    return run


def below(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_scripts_and_the_data_are_copied(init, here):
    code, out, errors = init("a/b c")
    assert (code, errors) == (0, "")
    assert out.splitlines()[0] == f"{Path('a/b c')}: {', '.join(NAMES)}"
    assert {"data/README.md", "data/SP500.csv", "data/airline-passengers.csv"} <= set(NAMES)
    assert "  cd 'a/b c'\n  python run_regression.py\n" in out
    assert below(here / "a" / "b c") == sorted(NAMES)
    for name in NAMES:
        assert (here / "a" / "b c" / name).read_bytes() == (PROJECT / name).read_bytes()


def test_into_the_current_folder_beside_other_files(init, here):
    (here / "data").mkdir()
    (here / "data" / "own.csv").write_text("data\n1\n")
    code, out, _ = init(".")
    assert code == 0
    assert "cd" not in out
    assert below(here) == sorted([*NAMES, "data/own.csv"])


def test_a_copied_script_runs_there(init):
    init(".")
    command = [sys.executable, "run_memory.py", "--epochs", "-1"]
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("run_memory.py: error: EPOCHS (--epochs) in the command line")


def test_nothing_is_overwritten(init, here):
    (here / "x" / "data").mkdir(parents=True)
    (here / "x" / "run_memory.py").write_text("mine")
    (here / "x" / "data" / "SP500.csv").symlink_to("nowhere")
    code, out, errors = init("x")
    assert (code, out) == (2, "")
    assert errors == (
        "rnnexp init: error: x has run_memory.py, data/SP500.csv already: choose another folder, or move them away\n"
    )
    assert sorted(path.name for path in (here / "x").rglob("*")) == ["SP500.csv", "data", "run_memory.py"]
    assert (here / "x" / "run_memory.py").read_text() == "mine"


def test_a_checkout_is_left_as_it_is(init):
    code, _, errors = init(str(PROJECT))
    assert code == 2
    assert all(name in errors for name in NAMES)


@pytest.mark.parametrize(
    ("folder", "text"),
    [
        ("file", "FOLDER is 'file', which is a file, not a folder"),
        ("file/below", "FOLDER is 'file/below': cannot write there: Not a directory"),
        ("taken", "FOLDER/data is 'taken/data', which is a file, not a folder"),
        ("x" * 300, "cannot write there: File name too long"),
    ],
)
def test_folders_that_cannot_be_used(init, here, folder, text):
    (here / "file").write_text("mine")
    (here / "taken").mkdir()
    (here / "taken" / "data").write_text("mine")
    code, out, errors = init(folder)
    assert (code, out) == (2, "")
    assert errors.startswith("rnnexp init: error: ")
    assert text in errors
    assert errors.count("\n") == 1
    assert below(here) == ["file", "taken/data"]


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["a", "--force"]])
def test_a_command_line_that_cannot_be_read(init, here, arguments):
    code, _, _ = init(*arguments)
    assert code == 2
    assert list(here.iterdir()) == []
