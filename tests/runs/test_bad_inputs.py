"""Bad inputs of every kind end with one message, or do no harm: a few of those of benchmarks/bad_inputs.py."""

import json
import subprocess
import sys

import pytest
from helpers.runs import PROJECT

# Without TensorFlow, and without a run that has to be there first.
LIGHT = ("settings", "csv", "ts", "npz", "npy", "tflite")


def tried(folder, *options):
    """Try inputs, and return what is written of them."""
    output = folder / "bad_inputs.json"
    command = [sys.executable, "benchmarks/bad_inputs.py", "--output", str(output), *options]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    found = json.loads(output.read_text())
    assert not found["faults"], found["faults"]
    assert done.returncode == 0, done.stderr
    return {entry["kind"]: entry for entry in found["kinds"]}


def test_a_hundred(tmp_path):
    found = tried(tmp_path, "--inputs", "100", "--seed", "1", "--kinds", *LIGHT)
    assert set(found) == set(LIGHT)
    assert sum(entry["tried"] for entry in found.values()) == 100
    # What is changed is mostly no longer usable, but some of it still is.
    assert sum(entry["exit 2"] for entry in found.values()) > 50
    assert sum(entry["exit 0"] for entry in found.values()) > 5


@pytest.mark.slow
def test_a_thousand_of_all_kinds(tmp_path):
    found = tried(tmp_path, "--inputs", "1000", "--seed", "2")
    assert sum(entry["tried"] for entry in found.values()) == 1000
