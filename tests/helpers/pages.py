"""The commands that pages show, to be run."""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys

import pytest
from helpers.runs import PROJECT, shared

from rnnexp import cli
from rnnexp.experiment import run

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
    """Run lines of a shell in a folder, up to the first that fails; return what they print and the exit code.

    The calls of ``rnnexp`` that they begin with are run in this process, and share what its runs share: a process for
    each would take seconds to load TensorFlow.
    """
    lines, out, err, code = text.replace("\\\n", " ").splitlines(), io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        while lines and not code and (arguments := _of_rnnexp(lines[0])):
            code = _here(arguments, folder, variables)
            del lines[0]
    if lines and not code:
        command, own = ["sh", "-e", "-c", "\n".join(lines)], environment(folder) | variables
        done = subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, check=False)
        code = done.returncode
        out.write(done.stdout)
        err.write(done.stderr)
    return subprocess.CompletedProcess(text, code, out.getvalue(), err.getvalue())


def _of_rnnexp(line):
    """Return the words of a line that calls ``rnnexp`` and needs no shell; none of another."""
    plain = line.startswith("rnnexp ") and not re.search(r"[$`*]|\s[();<>|&]", line)
    return shlex.split(line, comments=True) if plain else []


def _here(arguments, folder, variables):
    """Run the command in this process, and return its exit code."""
    alone = run.run
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", arguments)
        patch.setattr(run, "run", lambda config: alone(config, shared()))
        for name, value in variables.items():
            patch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            cli.main()
    return ended.value.code
