"""docs/boards.md and docs/boards.ja.md: what they show is what the command prints, and the first commands run."""

import re

import pytest
from helpers.board_projects import needs, numbers
from helpers.pages import blocks, shell, without_comments
from helpers.runs import PROJECT

from rnnexp.formats.c.boards.registry import BOARDS, make
from rnnexp.formats.c.boards.sources import Sources
from rnnexp.formats.c.chips.chip import CHIPS

PAGES = ("boards.md", "boards.ja.md")
TITLES = {"arduino": "Arduino", "esp-idf": "ESP-IDF", "pico": "Pico", "platformio": "PlatformIO", "zephyr": "Zephyr"}
ARM = next(chip for chip in CHIPS if chip.name == "Cortex-M4")


def text(page):
    return (PROJECT / "docs" / page).read_text(encoding="utf-8")


def test_both_pages_have_the_same_commands():
    assert without_comments(PAGES[0], "sh") == without_comments(PAGES[1], "sh")
    assert blocks(PAGES[0], "text", "cpp") == blocks(PAGES[1], "text", "cpp")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_every_board(page):
    assert set(re.findall(r"^\| `([\w-]+)` \|", text(page), re.MULTILINE)) == set(BOARDS)
    assert re.findall(r"^## (.*)$", text(page), re.MULTILINE)[1:] == [
        *TITLES.values(),
        "CMake",
        "TensorFlow Lite Micro",
    ]


@pytest.mark.parametrize("board", TITLES)
def test_the_steps_of_a_board_are_those_that_are_printed(board):
    # Of a sketch there is nothing to see in the steps.
    example = '#include "SP500-custom.h"\nstatic int answer(int sequence)\nint main(void)\n'
    steps = make(board, Sources("SP500-custom", "", "", "", example)).steps
    assert f"## {TITLES[board]}\n\n```sh\n" + "\n".join(steps) + "\n```" in text(PAGES[0])


@needs("cmake", "cc", "make", *ARM.tools)
def test_from_a_run_to_an_emulated_chip(tmp_path):
    (_, commands), *_ = blocks(PAGES[0], "sh")
    done = shell(commands, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "100% tests passed, 0 tests failed out of 2" in done.stdout
    on_host, on_chip = (numbers(part) for part in done.stdout.split("100% tests passed", 1))
    assert len(on_host) == 4
    assert on_host.tolist() == on_chip.tolist()
    assert done.stdout.count("SP500-custom: as expected") == 2
    # The operators of the page are those of this run's report.
    (folder,) = (tmp_path / "runs").iterdir()
    ((_, resolver),) = blocks(PAGES[0], "cpp")
    assert "SP500-custom-int8.tflite`: arena " in (report := (folder / "report.md").read_text(encoding="utf-8"))
    assert resolver in report
