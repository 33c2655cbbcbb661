"""``rnnexp export``: a project around a network's C, which builds as it is, for a board or a framework of boards."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro

from rnnexp.console import print_lines


@dataclasses.dataclass(frozen=True)
class Options:
    """Write a project around an exported network that builds as it is, for a board or a framework of boards.

    It has the network's C unchanged, and an example that goes from values to predictions and prints them beside what
    they should be. What to type next is printed, and in the project's README.md.

    Boards: arduino, a library with a sketch; cmake, for the machine at hand and for emulated chips; esp-idf, a
    component; pico, for the Raspberry Pi Pico's C SDK; platformio; zephyr, a module with a sample.
    """

    run: Annotated[
        str,
        tyro.conf.Positional,
        tyro.conf.arg(
            metavar="RUN",
            help="a run's folder, the beginning of its name, or what its files are called; or a file of an exported "
            "network, such as tflite_models/SP500-custom-int8.tflite; or a folder that rnnexp convert has written to",
        ),
    ]
    board: Annotated[
        Literal["arduino", "cmake", "esp-idf", "pico", "platformio", "zephyr"], tyro.conf.arg(help="what it is for")
    ]
    folder: Annotated[
        Path | None,
        tyro.conf.Positional,
        tyro.conf.arg(metavar="FOLDER", help="where the project goes; by default ./NAME-BOARD"),
    ] = None
    force: Annotated[
        bool,
        tyro.conf.FlagCreatePairsOff,
        tyro.conf.arg(help="write into a folder that has other files, and over those that were changed"),
    ] = False
    runs_dir: Annotated[Path, tyro.conf.arg(metavar="FOLDER", help="where runs are")] = Path("runs")


def main(arguments: Sequence[str]) -> int:
    """Run the command with its arguments and return the exit code.

    Raises:
        UserError: if there is no such network, it has no C, or the folder must not or cannot be written to.
        SystemExit: after ``--help`` (0), or on a command line that cannot be read (2).
    """
    options = tyro.cli(Options, prog="rnnexp export", args=arguments)
    from rnnexp.formats.c.boards.folder import write
    from rnnexp.formats.c.boards.registry import make
    from rnnexp.runs.sources import find_sources

    sources = find_sources(options.run, options.runs_dir, _say)
    project = make(options.board, sources)
    folder = options.folder or Path(f"{sources.plain}-{options.board}")
    paths = write(project, folder, force=options.force)
    change = [] if folder.resolve() == Path.cwd() else [f"  cd {shlex.quote(str(folder))}"]
    steps = [f"  {step}".rstrip() for step in project.steps]
    print_lines([*map(str, paths), "", f"It needs {project.needs}. Next:", "", *change, *steps])
    return 0


def _say(line: str) -> None:
    """Print what is going on, at once; standard output is for the files and what comes next."""
    print(line, file=sys.stderr, flush=True)
