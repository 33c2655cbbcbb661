"""Processes of other people's libraries: what they give, say, and how they end."""

import sys

import numpy as np
import pytest

from rnnexp.formats import child

MODULE = """
import os, sys, time
from rnnexp.formats.child import serve

def run(description, arrays):
    if description == "crash":
        os.kill(os.getpid(), 11)
    if description == "hang":
        time.sleep(100)
    if description == "refuse":
        raise ValueError("not\\nthis one")
    return {"twice": 2 * arrays["x"]}

sys.exit(serve(run, *sys.argv[1:]))
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "stranger.py").write_text(MODULE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "stranger"


def test_arrays_go_in_and_come_out(module):
    np.testing.assert_array_equal(child.exchange(module, "", {"x": np.arange(3)})["twice"], [0, 2, 4])


@pytest.mark.parametrize(
    ("what", "said"),
    [("crash", "ends with code -11"), ("hang", "not done after 2 s"), ("refuse", "^ValueError: not this one$")],
)
def test_what_goes_wrong_is_told_in_a_line(module, what, said):
    with pytest.raises(child.ChildError, match=said):
        child.exchange(module, what, {}, seconds=2 if what == "hang" else child.SECONDS)
    assert "stranger" not in sys.modules
