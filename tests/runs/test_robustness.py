"""The campaign of ``benchmarks/robustness.py``: a few faults here, all of them every night.

``RNNEXP_KILLS=1000`` makes the nightly one as long as that.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.benchmarks import load
from helpers.runs import PROJECT, once

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc")
SHORT, LONG = ("kill-convert", "disk-full"), tuple(load("robustness").FAULTS)


def campaign(folder, faults, kills, strikes):
    command = [sys.executable, "benchmarks/robustness.py", "--faults", *faults, "--output", str(folder / "found.json")]
    command += ["--kills", str(kills), "--strikes", str(strikes), "--seed", os.environ.get("KILL_SEED", "0")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (folder / "found.json").exists(), done.stderr[-2000:]
    return {found["fault"]: found for found in json.loads((folder / "found.json").read_text(encoding="utf-8"))}


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    return once(tmp_path_factory, "few-faults", lambda folder: campaign(folder, SHORT, 8, 1))


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    kills = int(os.environ.get("RNNEXP_KILLS", "40"))
    return once(tmp_path_factory, "many-faults", lambda folder: campaign(folder, LONG, kills, 3))


def nothing_is_lost(found):
    if "skipped" in found:
        pytest.skip(found["skipped"])
    assert found["failures"] == []
    assert sum(found["counts"].values()) > 0


@pytest.mark.parametrize("fault", SHORT)
def test_nothing_is_lost(few, fault):
    nothing_is_lost(few[fault])


@pytest.mark.slow
@pytest.mark.parametrize("fault", LONG)
def test_nothing_is_lost_in_a_long_campaign(many, fault):
    nothing_is_lost(many[fault])


def test_the_kept_figures_are_of_faults_that_there_are():
    found = json.loads((PROJECT / "benchmarks" / "results" / "robustness.json").read_text(encoding="utf-8"))
    assert {entry["fault"] for entry in found} <= set(LONG)
    assert all(entry.get("failures", []) == [] for entry in found)
