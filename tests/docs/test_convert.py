"""docs/convert.md and docs/convert.ja.md: every command in them runs, in order, in a folder of its own."""

import re

import keras
import pytest
from helpers.c_compiler import COMPILER
from helpers.pages import blocks, shell, without_comments


def test_both_pages_have_the_same_commands():
    kinds = ("python", "sh")
    assert without_comments("convert.md", *kinds) == without_comments("convert.ja.md", *kinds)


@pytest.mark.skipif(not COMPILER, reason="there is no C compiler")
def test_every_command_runs(here):
    # One program: what is named above is there below, and Keras counts layers' names from the first one on.
    keras.backend.clear_session()
    named, said = {}, []
    for kind, text in blocks("convert.md", "python", "sh"):
        if kind == "python":
            exec(text, named)
        else:
            done = shell(text, here)
            assert done.returncode == 0, (text, done.stderr)
            said.append(done.stdout)
    assert re.search(r"digits: (\d+) of \1 sequences right", "".join(said))
    assert (here / "tflite_models" / "digits-report.html").exists()
