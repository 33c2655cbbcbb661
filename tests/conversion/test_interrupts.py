"""A conversion that is interrupted while its framework computes, in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
from helpers.runs import PROJECT

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc here")


def children(pid):
    """The processes that one has begun."""
    return [int(number) for path in Path(f"/proc/{pid}/task").glob("*/children") for number in path.read_text().split()]


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
def test_whoever_interrupts_does_not_wait_for_the_framework(tmp_path, how):
    keras.Sequential([keras.layers.Input((5, 2)), keras.layers.GRU(4)]).save(tmp_path / "model.keras")
    np.savez(tmp_path / "data.npz", x=np.random.default_rng(0).normal(size=(8, 5, 2)).astype(np.float32))
    command = [sys.executable, "-m", "rnnexp", "convert", "model.keras", "--calibration", "data.npz", "--no-float"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    # Jobs in a shell's background do not hear Ctrl-C, and neither would what they begin.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        started = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)
    with started as running:
        begun = time.monotonic()
        while not (found := children(running.pid)):
            assert running.poll() is None
            assert time.monotonic() - begun < 120
            time.sleep(0.01)
        # To it alone, and not to those that it has begun, as a terminal would.
        running.send_signal(how)
        _, errors = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "Traceback" not in errors
    assert not any(map(alive, found))
    assert not (tmp_path / "tflite_models").exists()
