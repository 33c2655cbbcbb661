"""docs/runs.md and docs/runs.ja.md: every command in them runs, in order, in a folder of its own."""

import re
from typing import get_args

from helpers.pages import blocks, shell, without_comments
from helpers.runs import PROJECT

from rnnexp.runs.run import State

PAGES = ("runs.md", "runs.ja.md")


def text(page):
    return (PROJECT / "docs" / page).read_text(encoding="utf-8")


def test_both_pages_have_the_same_commands():
    assert without_comments(PAGES[0], "sh") == without_comments(PAGES[1], "sh")


def test_both_pages_have_every_state():
    for page in PAGES:
        assert re.findall(r"^\| `(\w+)` \|", text(page), re.MULTILINE) == list(get_args(State))


def test_every_command_runs(tmp_path):
    said = []
    for _, commands in blocks(PAGES[0], "sh"):
        done = shell(commands, tmp_path)
        assert done.returncode == 0, (commands, done.stderr)
        said.append(done.stdout)
    first, lists = said[0], said[1]
    # The lines that the page shows, of another training.
    (shown,) = re.findall(r"^training: .*$", text(PAGES[0]), re.MULTILINE)
    form = re.sub(r"(\\ )?\d+(\\\.\d+)?", r"\\s?[\\d.e-]+", re.escape(shown))
    assert re.search(form, first)
    assert "activation=tanh" in lists
    assert (tmp_path / "deploy" / "iris-custom-int8.tflite").exists()
    assert (tmp_path / "curves.svg").exists()
    folders = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert folders[1].endswith("-iris-tanh-seed1")
    assert "2 runs: 2 finished" in first
    assert (tmp_path / "runs" / folders[2] / "tensorboard").is_dir()
