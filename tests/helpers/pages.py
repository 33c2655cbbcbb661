"""The commands that pages show, to be run."""

import os
import re
import subprocess
import sys

from helpers.runs import PROJECT

BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def blocks(page, *kinds):
    """The blocks of code of a page in docs/, each as its kind and its text."""
    found = BLOCK.findall((PROJECT / "docs" / page).read_text(encoding="utf-8"))
    return [(kind, text) for kind, text in found if kind in kinds]


def without_comments(page, *kinds):
    """The same without comments, which are of the page's language."""
    return [(kind, re.sub(r"\s*#.*", "", text)) for kind, text in blocks(page, *kinds)]


def environment(folder):
    """Variables in which ``rnnexp`` is this checkout's, by a program that is written into ``folder``."""
    program = folder / "bin" / "rnnexp"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rnnexp "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "3", "PATH": path}


def shell(text, folder, **variables):
    """Run lines of a shell in a folder, up to the first that fails; return what they print and the exit code."""
    command = ["sh", "-e", "-c", text]
    return subprocess.run(
        command, cwd=folder, env=environment(folder) | variables, capture_output=True, text=True, check=False
    )
