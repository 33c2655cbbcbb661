"""``rnnexp init FOLDER``: the scripts and the series that come with the project, copied to be edited."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from rnnexp import files, starter
from rnnexp.console import print_lines
from rnnexp.errors import UserError


@dataclass
class Options:
    """Copy the three scripts and the data into a folder, to edit them there."""

    folder: Annotated[
        Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER", help="where they go; made if it is not there")
    ]


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code.

    Raises:
        UserError: if a file is there already, or the folder cannot be written to.
        SystemExit: after ``--help`` (0), or on a command line that cannot be read (2).
    """
    folder = tyro.cli(Options, prog="rnnexp init", args=arguments).folder
    names = copy(folder)
    print_lines(
        [
            f"{folder}: {', '.join(names)}",
            "",
            "Edit the constants at the top of a script, and run it:",
            *([] if folder == Path() else [f"  cd {shlex.quote(str(folder))}"]),
            "  python run_regression.py",
            "Series of your own go into data/, and data/README.md says how.",
        ]
    )
    return 0


def copy(folder: Path) -> list[str]:
    """Copy the scripts and ``data/`` into ``folder``, and return the names of the files.

    Raises:
        UserError: if one of them is there already, or the folder cannot be written to; then nothing has changed.
    """
    source = starter.folder()
    paths = [source / name for name in starter.SCRIPTS]
    paths += sorted(path for path in (source / "data").iterdir() if path.suffix in {".csv", ".md"})
    names = [path.relative_to(source).as_posix() for path in paths]
    files.check_folder(folder, "FOLDER")
    there = [name for name in names if os.path.lexists(folder / name)]
    if there:
        raise UserError(f"{folder} has {', '.join(there)} already: choose another folder, or move them away")
    files.check_folder(folder / "data", "FOLDER/data")
    with files.explained(folder):
        for name, path in zip(names, paths, strict=True):
            files.write_atomically(folder / name, path.read_bytes())
    return names
