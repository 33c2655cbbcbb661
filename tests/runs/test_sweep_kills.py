"""Sweeps whose processes are killed at random moments, and go on: nothing lost, nothing twice, the same bits.

``make kills KILLS=200`` kills as often as it says.
"""

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.benchmarks import load
from helpers.runs import PROJECT

kills, process_tools = load("faults.kills"), load("faults.process")

KILLS = int(os.environ.get("KILLS", "20"))
COMMAND = [sys.executable, "-m", "rnnexp", "sweep", "memory", "--activation", "tanh", "relu", "--seed", "0", "1", "2"]
COMMAND += ["--epochs", "30", "--memory-signal-length", "300", "--memory-n", "12", "--memory-k", "-3", "--name", "s"]
COMMAND += ["--gap-limit", "1e-6", "--qat-epochs", "3", "--workers", "2", "--trials-per-worker", "4"]
WHO = {"worker": kills.WORKER, "converter": kills.CONVERTER}

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")]


def start(folder):
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with (folder / "log.txt").open("ab") as log:
        return subprocess.Popen(COMMAND, cwd=folder, env=environment, stdout=log, stderr=log)


def kill(process, who):
    """Kill the sweep's own process, or one of those below it, if there is any; return whether there was."""
    numbers = [process.pid] if who == "driver" else process_tools.descendants(process.pid, WHO[who])
    if not numbers or process.poll() is not None:
        return False
    try:
        os.kill(random.choice(numbers), signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def finished(folder):
    """Run a sweep to its end, and return what it came to: a digest for each trial."""
    process = start(folder)
    assert process.wait() == 0, (folder / "log.txt").read_text()[-2000:]
    left = folder / "sweeps" / "s"
    with (left / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = json.loads((left / "results.json").read_text())
    run = left / found["run"]["folder"]
    assert [path.name for path in (left / "runs").iterdir()] == [run.name]
    assert json.loads((run / "report.json").read_text())["name"] == f"memory-{found['chosen']['point']['activation']}"
    assert not list(left.rglob(".rnnexp-*"))
    assert not (left / "work").exists()
    assert [row["status"] for row in rows] == ["done"] * 6
    trials = [((row["activation"], row["seed"]), (row["digest"], row["error"], row["gap"])) for row in rows]
    assert len(dict(trials)) == len(trials)
    return dict(trials), found["chosen"]


def test_killed_sweeps_go_on_and_come_to_the_same_bits(tmp_path):
    random.seed(int(os.environ.get("KILL_SEED", "0")))
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    began = time.monotonic()
    expected = finished(undisturbed)
    duration = time.monotonic() - began

    kills, sweeps, folder = dict.fromkeys(("driver", *WHO), 0), 0, tmp_path / "disturbed"
    while sum(kills.values()) < KILLS:
        folder.mkdir(exist_ok=True)
        process = start(folder)
        # One of each kind at most, so that no trial loses as many workers as one may.
        for who in random.sample([*WHO, "driver"], 3):
            time.sleep(random.uniform(0, duration / 2))
            kills[who] += kill(process, who)
            if process.poll() is not None or sum(kills.values()) == KILLS:
                break
        if process.poll() is None and random.random() < 0.5:
            process.kill()
        process.wait()
        if process.returncode == 0 or sum(kills.values()) == KILLS:
            assert finished(folder) == expected
            sweeps += 1
            shutil.rmtree(folder)
    assert sweeps
    assert all(kills.values()) or KILLS < 10


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_sweep_that_is_asked_to_stop_says_so_and_leaves_no_process(tmp_path, number):
    process = start(tmp_path)
    while b"1/6" not in (tmp_path / "log.txt").read_bytes():
        assert process.poll() is None, (tmp_path / "log.txt").read_text()
        time.sleep(0.1)
    below = [pid for module in WHO.values() for pid in process_tools.descendants(process.pid, module)]
    assert below
    process.send_signal(number)
    assert process.wait(60) == 130
    assert "what is done is kept" in (tmp_path / "log.txt").read_text()
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in below):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert (tmp_path / "sweeps" / "s" / "results.csv").read_text().count("done") >= 1
    finished(tmp_path)
