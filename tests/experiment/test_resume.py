"""A run that was stopped goes on, and ends with the same bits as one that was not."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from rnnexp.config import CONFIGS
from rnnexp.errors import UserError
from rnnexp.experiment import checkpoints, folder
from tests.helpers.command_line import ended
from tests.helpers.runs import PROJECT, folders, run, wave, write_series

EPOCHS = 8
# What differs in time, not in content.
TIMED = (".csv", ".log", ".txt", ".md", ".html", ".json", ".keras", ".png")


class PowerCut(BaseException):
    """As if the process had been killed: nothing catches it."""


@pytest.fixture
def series(tmp_path, monkeypatch):
    write_series(tmp_path, "wave", wave())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checkpoints, "SECONDS", 0.0)
    return tmp_path


@pytest.fixture
def power_cut(monkeypatch):
    """Return a function that has the power cut right after the checkpoint of an epoch."""

    def at(epoch):
        keep = checkpoints.Checkpoints.keep

        def kept(self, state):
            keep(self, state)
            if len(state.history.epochs) == epoch:
                monkeypatch.setattr(checkpoints.Checkpoints, "keep", keep)
                raise PowerCut

        monkeypatch.setattr(checkpoints.Checkpoints, "keep", kept)

    return at


def settings(path, task="regression", **options):
    options = {"dataset_name": "wave", "sequence_length": 8, "hidden_size": 3, "linear_path": False} | options
    return CONFIGS[task](epochs=EPOCHS, quiet=True, **options, **folders(path))


def exported(finished):
    """Return what a run left whose bits must be the same, by name."""
    return {
        path.name: path.read_bytes()
        for path in finished.folder.iterdir()
        if path.is_file() and not path.name.startswith(".") and path.suffix not in TIMED
    }


def losses(finished):
    lines = (finished.folder / "history.csv").read_text().splitlines()
    return [line.rsplit(",", 1)[0] for line in lines]


FORMS = {
    "simple": {},
    "early stopping": {"early_stopping": 3, "learning_rate": 0.3},
    "linear path": {"linear_path": True, "normalization": "window"},
    "lstm with dropout": {"cell": "lstm", "activation": "tanh", "dropout": 0.2, "recurrent_dropout": 0.2},
    "rmsprop, both directions": {"optimizer": "rmsprop", "bidirectional": True},
}
FAST = ("early stopping", "lstm with dropout")


@pytest.mark.parametrize(
    "options",
    [pytest.param(options, id=name, marks=[pytest.mark.slow] * (name not in FAST)) for name, options in FORMS.items()],
)
def test_a_resumed_run_ends_with_the_same_bits(series, power_cut, options):
    whole = run(settings(series / "whole", **options))
    power_cut(min(5, len(losses(whole)) - 1))
    with pytest.raises(PowerCut):
        run(settings(series / "cut", **options))
    (left,) = (series / "cut" / "runs").iterdir()
    assert not (left / "report.json").exists()
    assert len(list(left.glob("checkpoint-*.npz"))) == 2

    resumed = run(settings(series / "cut", resume=left, **options))

    assert resumed.folder == left
    assert losses(resumed) == losses(whole)
    assert exported(resumed) == exported(whole)
    assert not list(left.glob("checkpoint-*.npz"))
    assert "going on behind epoch" in (left / "log.txt").read_text()


def test_augmentation_goes_on_where_it_was(series, power_cut):
    random = np.random.default_rng(0)
    y = np.repeat([0, 1], 20)
    np.savez(series / "moves.npz", x=random.normal(size=(40, 24, 3)) + y[:, None, None], y=y)
    options = {"dataset_name": str(series / "moves.npz"), "augmentation": 1.0, "hidden_size": 3}

    def config(name, **more):
        return CONFIGS["classification"](epochs=EPOCHS, quiet=True, **options, **more, **folders(series / name))

    whole = run(config("whole"))
    power_cut(4)
    with pytest.raises(PowerCut):
        run(config("cut"))
    resumed = run(config("cut", resume=True))
    assert losses(resumed) == losses(whole)
    assert exported(resumed) == exported(whole)


def test_what_was_cut_before_the_first_checkpoint_or_behind_training_goes_on_too(series, power_cut, monkeypatch):
    whole = run(settings(series / "whole"))
    power_cut(EPOCHS)
    with pytest.raises(PowerCut):
        run(settings(series / "cut"))
    assert exported(run(settings(series / "cut", resume=True))) == exported(whole)

    monkeypatch.setattr(checkpoints.Checkpoints, "due", lambda _: False)
    made = folder.new(settings(series / "unborn"))
    resumed = run(settings(series / "unborn", resume=made.path))
    assert resumed.folder == made.path
    assert exported(resumed) == exported(whole)


def test_the_last_checkpoint_is_damaged_then_the_one_before_it_is_taken(series, power_cut):
    whole = run(settings(series / "whole"))
    power_cut(6)
    with pytest.raises(PowerCut):
        run(settings(series / "cut"))
    (left,) = (series / "cut" / "runs").iterdir()
    newest = left / "checkpoint-6.npz"
    newest.write_bytes(newest.read_bytes()[:500])
    resumed = run(settings(series / "cut", resume=True))
    assert "going on behind epoch 5" in (left / "log.txt").read_text()
    assert exported(resumed) == exported(whole)


def test_other_settings_other_data_and_runs_that_ended_are_refused(series, power_cut, capsys):
    power_cut(3)
    with pytest.raises(PowerCut):
        run(settings(series / "cut"))
    (left,) = (series / "cut" / "runs").iterdir()

    with pytest.raises(UserError, match=r"other settings: LEARNING_RATE = None there, 0\.5 here; SEED = 0 there, 1"):
        run(settings(series / "cut", resume=left, learning_rate=0.5, seed=1))
    with pytest.raises(UserError, match="is a run of 'regression', not of 'memory'"):
        run(CONFIGS["memory"](resume=left, quiet=True, **folders(series / "cut")))
    with pytest.raises(UserError, match="there is no folder nowhere"):
        run(settings(series / "cut", resume="nowhere"))
    with pytest.raises(UserError, match=r"no folder of a run that can go on: there is no settings\.json"):
        run(settings(series / "cut", resume=series / "data"))
    with folder.RunFolder(left), pytest.raises(UserError, match="under way in another process"):
        run(settings(series / "cut", resume=left))

    write_series(series, "wave", wave()[::-1])
    with pytest.raises(UserError, match="did not begin from the same data and weights"):
        run(settings(series / "cut", resume=left))
    write_series(series, "wave", wave())

    # The run by its name alone, below RUNS_DIR; and what may be another one.
    finished = run(settings(series / "cut", resume=left.name))
    assert finished.folder == left
    with pytest.raises(UserError, match=r"has ended: its results are in .*report\.json"):
        run(settings(series / "cut", resume=left))
    code, _, errors = ended(capsys, ["--resume", str(series / "none")])
    assert code == 2
    assert errors == f"run_regression.py: error: RESUME: there is no folder {series / 'none'}\n"


def test_true_takes_the_newest_of_the_same_settings_or_begins(series, power_cut):
    begun = run(settings(series, resume=True))
    assert "no run of these settings was stopped" in (begun.folder / "log.txt").read_text()
    power_cut(3)
    with pytest.raises(PowerCut):
        run(settings(series, seed=1))
    power_cut(3)
    with pytest.raises(PowerCut):
        run(settings(series, seed=2))
    one, two = sorted(path.parent for path in (series / "runs").glob("*/checkpoint-3.npz"))
    (series / "runs" / "other").mkdir()
    (series / "runs" / "other" / "settings.json").write_text("{")
    assert run(settings(series, seed=1, resume=True)).folder == one
    assert two != one
    assert json.loads((two / "settings.json").read_text())["settings"]["seed"] == 2


def test_what_was_interrupted_can_go_on(series, monkeypatch):
    whole = run(settings(series / "whole"))
    keep = checkpoints.Checkpoints.keep

    def interrupted(self, state):
        keep(self, state)
        if len(state.history.epochs) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(checkpoints.Checkpoints, "keep", interrupted)
        stopped = run(settings(series / "cut"))
    assert stopped.report["training"]["ended"] == "interrupted"
    resumed = run(settings(series / "cut", resume=True))
    assert resumed.folder == stopped.folder
    assert exported(resumed) == exported(whole)


KILLED = """
import sys
from rnnexp.experiment import checkpoints
checkpoints.SECONDS = 0.05
from rnnexp.cli import run_script
run_script("regression", {"__file__": "run_regression.py"}, sys.argv[1:])
"""


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_with_the_same_bits(series):
    random = np.random.default_rng(0)
    kills = int(os.environ.get("RNNEXP_KILLS", "20"))

    def start(name):
        options = ["--dataset-name", "wave", "--sequence-length", "8", "--epochs", "300", "--linear-path", "False"]
        places = ["--output-dir", str(series / name / "out"), "--runs-dir", str(series / name / "runs")]
        command = [sys.executable, "-c", KILLED, *options, *places, "--resume", "True", "--quiet"]
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        return subprocess.Popen(command, cwd=series, env=environment, stderr=subprocess.PIPE, start_new_session=True)

    begun = time.monotonic()
    process = start("whole")
    assert (process.wait(), process.stderr.read()) == (0, b"")
    length = time.monotonic() - begun
    for number in range(kills):
        name, endings = f"cut-{number}", 0
        while True:
            process = start(name)
            try:
                process.wait(random.uniform(0, 1.1 * length) if endings < 3 else None)
                break
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                endings += 1
        assert process.returncode == 0, process.stderr.read()
        # One that was killed when all was written is finished: the next one began anew, and came to the same.
        finished = [path for path in (series / name / "runs").iterdir() if (path / "report.json").exists()]
        assert finished
        (right,) = (series / "whole" / "runs").iterdir()
        for left in finished:
            for path in right.iterdir():
                if path.is_file() and not path.name.startswith(".") and path.suffix not in TIMED:
                    assert (left / path.name).read_bytes() == path.read_bytes(), path.name
            json.loads((left / "report.json").read_text())
