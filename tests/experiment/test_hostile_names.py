"""Names that would be markup, code or formulas where they end: classes, columns, files, data sets."""

import csv
import json
import os
import re
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from helpers.browser import browser, chromium
from helpers.c_compiler import COMPILER, STRICT, build_and_run, run_example
from helpers.latex import has_latex, typeset
from helpers.runs import PROJECT, folders, once, run, wave

from rnnexp.commands import export
from rnnexp.config import CONFIGS
from rnnexp.conversion.sources import open_file
from rnnexp.errors import UserError
from rnnexp.printable import printable

NAMES = (
    "</script><script>window.hit = 1</script>",
    "*/ int x; /* ??/",
    "\\input{/etc/passwd} $%&#^~ |`q`",
    "new\nline \"q\" 's' [click](javascript:window.hit=1)",
    "\u202eabc\u2066<img src=x onerror=window.hit=1>\x1b[31m",
    "_$\\bad{$ [/] [red]",
)
# As columns of a CSV file have them, in which a line is a row.
COLUMNS = [name.replace("\n", " ") for name in NAMES]
SERIES = "*/ int x; $\\bad{$ <b>.csv"
BOARDS = ("arduino", "cmake", "esp-idf", "pico", "platformio", "zephyr")


def write_table(folder):
    (folder / SERIES).parent.mkdir(exist_ok=True)
    with (folder / SERIES).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([value + number for number in range(len(COLUMNS))] for value in wave())


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    def make(folder):
        y = np.arange(60) % len(NAMES)
        x = np.random.default_rng(0).normal(size=(60, 6, 2)) + y[:, None, None]
        path = folder / "</b> `x`.npz"
        path.parent.mkdir()
        np.savez(path, x=x, y=np.array(NAMES)[y])
        return run(CONFIGS["classification"](dataset_name=str(path), epochs=2, **folders(folder)))

    return once(tmp_path_factory, "hostile-classes", make)


@pytest.fixture(scope="module")
def columns(tmp_path_factory):
    def make(folder):
        write_table(folder)
        options = {"target": COLUMNS[:2], "inputs": COLUMNS[2:], "horizon": 2, "sequence_length": 6}
        return run(CONFIGS["regression"](dataset_name=str(folder / SERIES), epochs=2, **options, **folders(folder)))

    return once(tmp_path_factory, "hostile-columns", make)


@pytest.fixture(params=["classes", "columns"])
def finished(request):
    return request.getfixturevalue(request.param)


def test_they_are_what_they_were_in_the_report(classes, columns):
    assert set(classes.report["data"]["classes"]) == set(NAMES)
    assert columns.report["config"]["target"] == COLUMNS[:2]


def test_in_markdown_they_are_text(finished):
    text = (finished.folder / "report.md").read_text(encoding="utf-8")
    outside = re.sub(r"^```\n.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert "window.hit" in outside
    assert not re.search(r"<[a-zA-Z/!?]|\]\(javascript", outside)
    assert all(each == "\n" or unicodedata.category(each) not in ("Cc", "Zl", "Zp") for each in text)
    # Each table keeps its columns.
    for table in re.findall(r"(?:^\|.*\|\n)+", outside, flags=re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1, table


@pytest.mark.skipif(chromium() is None, reason="there is no Chromium here (.ci/run installs it)")
def test_in_the_page_they_are_text(finished):
    with browser() as tab:
        tab.open(finished.folder / "report.html")
        assert tab.complaints == []
        assert len(tab.requests) == 1
        assert tab.run("window.hit") is None
        shown = tab.run("document.body.textContent")
        assert all(printable(name, keep="\n") in shown for name in ("</script><script>window.hit = 1", "*/ int x;"))
        assert "\u202e" not in shown


@pytest.mark.skipif(not COMPILER, reason="there is no C compiler `cc` here")
def test_in_c_they_are_comments_and_texts(finished):
    done = build_and_run(finished.config.output_dir, finished.config.stem)
    assert done.returncode == 0, done.stdout + done.stderr
    assert finished.config.stem in run_example(finished.config.output_dir, finished.config.stem)


@pytest.mark.skipif(not COMPILER, reason="there is no C compiler `cc` here")
@pytest.mark.parametrize("board", BOARDS)
def test_in_projects_for_boards_too(finished, board, tmp_path):
    model = finished.config.output_dir / f"{finished.config.stem}-weights.npz"
    assert export.main([str(model), str(tmp_path / "project"), "--board", board]) == 0
    sources = [path for path in (tmp_path / "project").rglob("*.c") if path.name.startswith(finished.config.stem)]
    assert sources
    headers = {path.parent for path in (tmp_path / "project").rglob("*.h")}
    for path in sources:
        command = ["cc", *STRICT, *(f"-I{folder}" for folder in headers), "-fsyntax-only", path]
        built = subprocess.run(command, capture_output=True, text=True, check=False)
        assert built.returncode == 0, built.stderr
    for path in (tmp_path / "project").rglob("*.json"):
        json.loads(path.read_text(encoding="utf-8"))


def test_names_that_are_no_utf_8_are_refused_before_anything_is_made(tmp_path):
    name = os.fsdecode(b"bad\xff.csv")
    with pytest.raises(ValueError, match="is no UTF-8: rename the file"):
        CONFIGS["regression"](dataset_name=name, **folders(tmp_path))
    for command in (["regression", "--dataset-name", name], ["memory", "--output-dir", name], ["data", name]):
        done = subprocess.run(
            [sys.executable, "-m", "rnnexp", *command], cwd=tmp_path, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )  # fmt: skip
        assert done.returncode == 2
        assert "no UTF-8" in done.stderr
        assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
    model = tmp_path / os.fsdecode(b"bad\xff.keras")
    model.write_bytes(b"")
    with pytest.raises(UserError, match="is no UTF-8: rename the file"):
        open_file(model)


def test_a_message_does_nothing_to_the_terminal():
    assert str(UserError("a\x1b[31m\u202eb", "c")) == "a\\x1b[31m\\u202eb\nc"
    assert printable("日本語\u3000é 👩‍🔬") == "日本語\u3000é 👩‍🔬"


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    """A sweep over two columns that are predicted."""

    def make(folder):
        write_table(folder)
        command = ["sweep", "regression", "--dataset-name", SERIES, "../" + folder.name + "/" + SERIES]
        command += ["--target", COLUMNS[0], "--sequence-length", "6", "--epochs", "1", "--name", "s", "--quiet"]
        done = subprocess.run(
            [sys.executable, "-m", "rnnexp", *command], cwd=folder, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return folder / "sweeps" / "s"

    return once(tmp_path_factory, "hostile-sweep", make)


@pytest.mark.skipif(not has_latex("pdflatex"), reason="there is no LaTeX with booktabs here")
def test_a_paper_has_them_in_a_table_of_a_sweep(sweep, tmp_path):
    table = (sweep / "table.tex").read_text(encoding="utf-8")
    assert "int x" in table
    typeset(tmp_path, table)


@pytest.mark.skipif(chromium() is None, reason="there is no Chromium here (.ci/run installs it)")
def test_the_page_of_a_sweep_has_them_as_text(sweep):
    assert "<b>" not in (sweep / "table.md").read_text(encoding="utf-8")
    with browser() as tab:
        tab.open(sweep / "index.html")
        assert tab.complaints == []
        assert tab.run("window.hit") is None
        assert "<b>.csv" in tab.run("document.body.textContent")
