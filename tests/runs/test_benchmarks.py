"""The programs that measure the pages' figures start as the pages say."""

import subprocess
import sys

import pytest
from helpers.runs import PROJECT

BENCHMARKS = sorted((PROJECT / "benchmarks").glob("*.py"))

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("program", BENCHMARKS, ids=lambda path: path.stem)
def test_it_finds_the_package_and_says_how_it_is_used(program):
    done = subprocess.run([sys.executable, f"benchmarks/{program.name}", "--help"], cwd=PROJECT, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    assert b"usage:" in done.stdout
