"""Runs that are killed, interrupted, or not alone: in processes of their own, as users start them."""

import functools
import hashlib
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
from helpers.runs import PROJECT, wave, write_series

from rnnexp.runtimes.tflite import TFLiteModel

MODEL, REPORT = "wave-custom-float32.tflite", "wave-custom-report.json"
PATIENCE = 120  # seconds, on a machine however busy; nothing waits that long where all is well
pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds child processes in /proc")


def environment(process):
    """The environment that a process in /proc was started with; nothing if it has ended or is another's."""
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""


class Run:
    """A script started in ``folder``, marked so that its children can be found."""

    def __init__(self, folder, *flags):
        self.mark = f"rnnexp-test-{random.getrandbits(64):x}"
        command = [PROJECT / "run_regression.py", "--dataset-name", "wave", "--sequence-length", "6", *flags]
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=folder,
            env={**os.environ, "RNNEXP_TEST_MARK": self.mark},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # What a shell starts in the background ignores Ctrl-C, and so do its children.
            preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )

    def alive(self):
        """The ids of the processes of this run, children included, zombies excluded."""
        wanted = f"RNNEXP_TEST_MARK={self.mark}".encode()
        return [int(path.name) for path in Path("/proc").glob("[0-9]*") if wanted in environment(path)]

    def wait_for(self, condition):
        """Wait until ``condition()``; fail if the run ends or takes forever."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < end
            time.sleep(0.002)

    def finish(self):
        out, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, errors

    def is_gone(self):
        end = time.monotonic() + PATIENCE / 4
        while self.alive() and time.monotonic() < end:
            time.sleep(0.1)
        return not self.alive()


@pytest.fixture
def place(tmp_path, regression_run):
    """A folder with a series, and the files that an earlier run has published."""
    write_series(tmp_path, "wave", wave())
    shutil.copytree(regression_run.config.output_dir, tmp_path / "tflite_models")
    return tmp_path


def assert_whole(folder):
    """The published files are readable; return whether they belong together."""
    report = json.loads((folder / REPORT).read_text())
    assert report["models"]["float32"]["file"] == MODEL
    together = []
    for model in report["models"].values():
        content = (folder / model["file"]).read_bytes()
        assert TFLiteModel(content).predict(wave(6).reshape(1, 6, 1)).shape == (1, 1)
        together.append(model["sha256"] == hashlib.sha256(content).hexdigest())
    return all(together)


def kill_when(place, condition, *flags):
    """Kill a run when ``condition(its folder under runs, or None)``; see what it leaves."""
    before = {path.name: path.read_bytes() for path in (place / "tflite_models").iterdir()}
    started = Run(place, "--epochs", "30", "--seed", "5", *flags)

    def moment():
        made = list((place / "runs").iterdir()) if (place / "runs").exists() else []
        return condition(made[0] if made else None)

    started.wait_for(moment)
    started.process.send_signal(signal.SIGKILL)
    started.process.communicate()
    assert started.is_gone()
    whole = assert_whole(place / "tflite_models")
    after = {path.name: path.read_bytes() for path in (place / "tflite_models").iterdir()}
    return whole, before, after


def exists(name):
    return lambda folder: folder is not None and (folder / name).exists()


@pytest.mark.parametrize(
    "condition",
    [
        exists("converter.log"),
        exists("epoch-1.keras"),
        exists("model.float32.tflite"),
        pytest.param(exists("log.txt"), marks=pytest.mark.slow),
        pytest.param(exists("epoch-0.keras"), marks=pytest.mark.slow),
        pytest.param(exists("history.csv"), marks=pytest.mark.slow),
        pytest.param(exists("epoch-1.float32.tflite"), marks=pytest.mark.slow),
        pytest.param(exists("predictions.png"), marks=pytest.mark.slow),
    ],
    ids=lambda _: "",
)
def test_a_killed_run_leaves_the_previous_files_as_they_were(place, condition):
    whole, before, after = kill_when(place, condition)
    assert whole
    assert {name: after.get(name) for name in before} == before
    # What there is of the history are whole rows.
    assert all(path.read_text().endswith("\n") for path in (place / "runs").glob("*/history.csv"))


def test_a_run_killed_while_it_publishes_leaves_whole_files(place):
    """From its own copy of the report on, either set may be there, or one file of each, but none in part."""
    _, before, after = kill_when(place, exists("report.md"))
    assert {MODEL, REPORT} <= set(after)
    # The report is the last to be replaced, so that a new one never stands next to an old model.
    replaced = {name for name in before if name != ".lock" and after[name] != before[name]}
    assert REPORT not in replaced or replaced == set(before) - {".lock"}


@pytest.mark.slow
@pytest.mark.parametrize("number", range(8))
def test_a_run_killed_at_any_moment_leaves_whole_files(place, number):
    end = time.monotonic() + random.Random(number).uniform(0.2, 14)
    started = Run(place, "--epochs", "30", "--seed", "5")
    while time.monotonic() < end and started.process.poll() is None:
        time.sleep(0.001)
    started.process.send_signal(signal.SIGKILL)
    started.process.communicate()
    assert started.is_gone()
    assert_whole(place / "tflite_models")


def test_two_runs_at_once_into_the_same_folders(place):
    left = place / "tflite_models" / f".rnnexp-1234-{MODEL}"
    left.write_text("what a killed run had half written")
    runs = [Run(place, "--epochs", "3", "--seed", str(seed), "--quiet") for seed in (7, 8)]
    assert [started.finish() for started in runs] == [(0, "", "")] * 2
    assert assert_whole(place / "tflite_models")
    assert not left.exists()
    first, second = (place / "runs").iterdir()
    copies = {json.loads((folder / "report.json").read_text())["seed"]: folder for folder in (first, second)}
    assert set(copies) == {7, 8}
    for folder in copies.values():
        model = (folder / "model.float32.tflite").read_bytes()
        report = json.loads((folder / "report.json").read_text())
        assert report["models"]["float32"]["sha256"] == hashlib.sha256(model).hexdigest()
    published = json.loads((place / "tflite_models" / REPORT).read_text())
    assert (place / "tflite_models" / REPORT).read_bytes() == (copies[published["seed"]] / "report.json").read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_an_interrupted_training_keeps_what_was_learned(place, number):
    """The signal goes to the whole group, as from a terminal, or to all there is of a job, as from a batch system.

    The converter must survive it.
    """
    started = Run(place, "--epochs", "1000000", "--seed", "9", "--normalization", "window", "--linear-path", "False")
    started.wait_for(lambda: (place / "runs").exists() and any((place / "runs").glob("*/epoch-1.keras")))
    time.sleep(0.5)
    for process in started.alive():
        if number == signal.SIGTERM or os.getpgid(process) == os.getpgid(started.process.pid):
            os.kill(process, number)
    code, out, errors = started.finish()
    assert code == 0, errors
    assert "WARNING: interrupted after" in errors
    assert "Traceback" not in errors
    assert assert_whole(place / "tflite_models")
    report = json.loads((place / "tflite_models" / REPORT).read_text())
    training = report["training"]
    assert training["ended"] == "interrupted"
    assert 1 <= training["epochs_run"] < 1_000_000
    assert training["best_epoch"] == training["epochs_run"]
    # The weights exported are the ones that the last row of the history is about.
    assert report["models"]["float32"]["metrics"]["l2_normalized"] == pytest.approx(training["val_loss"], rel=1e-3)
    assert MODEL in out
    assert started.is_gone()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_a_run_interrupted_before_training_ends_without_a_trace(place, number):
    started = Run(place, "--epochs", "5")
    started.wait_for(lambda: (place / "runs").exists() and any((place / "runs").glob("*/log.txt")))
    started.process.send_signal(number)
    code, _, errors = started.finish()
    assert code == 130
    assert errors.endswith("run_regression.py: interrupted\n")
    assert "Traceback" not in errors
    assert assert_whole(place / "tflite_models")
    assert started.is_gone()
