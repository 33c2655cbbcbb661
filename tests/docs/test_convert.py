"""docs/convert.md and docs/convert.ja.md: every command in them runs, in order, in a folder of its own."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from helpers.c_compiler import COMPILER
from helpers.runs import PROJECT

PAGES = ("convert.md", "convert.ja.md")
BLOCK = re.compile(r"```(python|sh)\n(.*?)```", re.DOTALL)


def blocks(page):
    return BLOCK.findall((PROJECT / "docs" / page).read_text(encoding="utf-8"))


def test_both_pages_have_the_same_commands():
    def code(page):
        return [(kind, re.sub(r"\s*#.*", "", text)) for kind, text in blocks(page)]

    assert code("convert.md") == code("convert.ja.md")


@pytest.mark.skipif(not COMPILER, reason="there is no C compiler")
def test_every_command_runs(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    rnnexp = tmp_path / "bin" / "rnnexp"
    rnnexp.parent.mkdir()
    rnnexp.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rnnexp "$@"\n')
    rnnexp.chmod(0o755)
    environment["PATH"] = f"{rnnexp.parent}{os.pathsep}{environment['PATH']}"
    python, said = [], []
    for kind, text in blocks("convert.md"):
        if kind == "python":
            # One program: what is named above is there below.
            python.append(text)
            command = [sys.executable, "-c", "".join(python)]
        else:
            command = [shutil.which("sh"), "-e", "-c", text]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (text, done.stderr)
        said.append(done.stdout)
    assert re.search(r"digits: (\d+) of \1 sequences right", "".join(said))
    assert (tmp_path / "tflite_models" / "digits-report.html").exists()
