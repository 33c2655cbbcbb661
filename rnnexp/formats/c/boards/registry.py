"""The boards, and frameworks for boards, that there are projects for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rnnexp.formats.c.boards import arduino, cmake, esp_idf, pico, platformio, zephyr
from rnnexp.formats.c.boards.project import Filler, Project
from rnnexp.formats.c.boards.sources import Sources


@dataclass(frozen=True)
class Board:
    """A kind of project.

    Attributes:
        title: as it calls itself.
        make: makes one of the C of a network.
    """

    title: str
    make: Callable[[Sources], Project]


BOARDS: Mapping[str, Board] = {
    "arduino": Board("an Arduino library with an example sketch", arduino.project),
    "cmake": Board("a plain CMake project, for the machine at hand and for emulated chips", cmake.project),
    "esp-idf": Board("an ESP-IDF component with an example project", esp_idf.project),
    "pico": Board("a project for the Raspberry Pi Pico's C SDK", pico.project),
    "platformio": Board("a PlatformIO project", platformio.project),
    "zephyr": Board("a Zephyr module with a sample", zephyr.project),
}
README = "README.md"


def make(board: str, sources: Sources) -> Project:
    """Return the project for a board, with a file that says how it is built.

    Args:
        board: a key of ``BOARDS``.
        sources: the C of a network.

    Raises:
        UserError: if there is none for these files.
    """
    made = BOARDS[board].make(sources)
    steps = "\n".join(made.steps)
    text = Filler(board, sources).common("readme.md", title=BOARDS[board].title, needs=made.needs, steps=steps)
    return Project({README: text, **made.files}, made.needs, made.steps)
