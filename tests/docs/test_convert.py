"""docs/convert.md and docs/convert.ja.md: every command in them runs, in order, in a folder of its own."""

import re
import subprocess
import sys

import pytest
from helpers.c_compiler import COMPILER
from helpers.pages import blocks, environment, shell, without_comments


def test_both_pages_have_the_same_commands():
    kinds = ("python", "sh")
    assert without_comments("convert.md", *kinds) == without_comments("convert.ja.md", *kinds)


@pytest.mark.skipif(not COMPILER, reason="there is no C compiler")
def test_every_command_runs(tmp_path):
    python, said = [], []
    for kind, text in blocks("convert.md", "python", "sh"):
        if kind == "python":
            # One program: what is named above is there below.
            python.append(text)
            command = [sys.executable, "-c", "".join(python)]
            variables = environment(tmp_path)
            done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
        else:
            done = shell(text, tmp_path)
        assert done.returncode == 0, (text, done.stderr)
        said.append(done.stdout)
    assert re.search(r"digits: (\d+) of \1 sequences right", "".join(said))
    assert (tmp_path / "tflite_models" / "digits-report.html").exists()
