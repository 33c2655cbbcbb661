"""docs/ci.md and docs/ci.ja.md: figures and exit codes are those that there are, and the workflow does what it says."""

import re
import shlex

import pytest
from helpers.pages import blocks, shell, without_comments
from helpers.runs import PROJECT

from rnnexp.report import figures, gates
from rnnexp.report.content import Report
from rnnexp.report.conversion.content import ConversionReport

PAGES = ("ci.md", "ci.ja.md")
RUN, CONVERSION = figures.names(Report), figures.names(ConversionReport)


def text(page):
    return (PROJECT / "docs" / page).read_text(encoding="utf-8")


def steps():
    """The commands of the workflow, folded as YAML does."""
    ((_, workflow),) = blocks(PAGES[0], "yaml")
    found = re.findall(r"run: (?:>-\n((?: {10}.*\n)+)|(.*)\n)", workflow)
    return [" ".join(folded.split()) if folded else line for folded, line in found]


def test_both_pages_have_the_same_commands_and_codes():
    assert without_comments(PAGES[0], "sh", "yaml") == without_comments(PAGES[1], "sh", "yaml")
    for page in PAGES:
        assert re.findall(r"^\| (\d+) \|", text(page), re.MULTILINE) == ["0", "1", "2", "3", "130"]
    assert gates.EXIT_CODE == 3


@pytest.mark.parametrize("page", PAGES)
def test_every_figure_that_is_named_is_there_and_every_short_one_is_named(page):
    named = set(re.findall(r"`(\w+(?:\.\w+)*)`", text(page).partition("## Fig" if page == PAGES[0] else "## 評価")[2]))
    known = RUN + CONVERSION
    for name in named - {"_normalized", "Degradation", "report.json"}:
        assert figures.resolve(name, known)
    short = {*figures.short_names(RUN), *figures.short_names(CONVERSION)}
    assert {name for name in short if not name.endswith("_normalized")} <= named


def test_the_workflow_gates_and_shows_the_report(tmp_path):
    install, train, summarise = steps()
    assert install == "pip install ."
    # The command at the top of the page is the same, of fewer limits.
    ((_, first),) = blocks(PAGES[0], "sh")
    assert shlex.split(train)[: len(shlex.split(first))] == shlex.split(first)
    done = shell(train, tmp_path)
    assert done.returncode == 0, done.stderr
    summary = tmp_path / "summary.md"
    assert shell(summarise, tmp_path, GITHUB_STEP_SUMMARY=str(summary)).returncode == 0
    assert summary.read_text().startswith("# airline-passengers-custom")
    (folder,) = (tmp_path / "runs").iterdir()
    assert (folder / "report.md").exists()
