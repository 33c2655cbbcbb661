"""What a Ray actor does on its node, without Ray: a job with the files that it needs, and what it leaves."""

import json
import os
import signal
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock
from helpers.runs import wave, write_series

from rnnexp.config import RegressionConfig
from rnnexp.experiment.sweep import luggage
from rnnexp.experiment.sweep.executor import Job
from rnnexp.experiment.sweep.slot import Slot


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The node's folder for what is there for a moment."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        monkeypatch.setenv(name, "1")
    return folder


def job(number=1, **more):
    settings = {"epochs": 2, "hidden_size": 4, "sequence_length": 6, "quiet": True, **more}
    settings = RegressionConfig(**settings).model_dump(mode="json")
    return Job(number, "regression", luggage.translated(settings), run="runs_dir" in more)


def test_a_run_on_a_node_leaves_its_files_here_alone(here, temporary):
    write_series(here, "own", wave())
    places = {"output_dir": here / "sweeps" / "s" / "models" / "0", "runs_dir": here / "sweeps" / "s" / "runs"}
    sent = luggage.pack(luggage.needed({"dataset_name": "own"}))
    slot = Slot(str(here), trials_per_worker=9)
    event, left = slot.start(job(dataset_name="own", **places), sent)
    assert event.kind == "done", event
    assert event.values["outcome"]["run"]
    run = f"sweeps/s/runs/{event.values['outcome']['run']}"
    report = json.loads(left[f"{run}/report.json"])
    assert report["config"]["dataset_name"] == "own"
    assert {f"{run}/model.keras", "sweeps/s/models/0/own-custom-int8.tflite"} <= set(left)
    assert not (here / "sweeps").exists()
    # The same trial again, without a run, is the same network, and the data are still there.
    event, left = slot.start(job(2, dataset_name="own"), None)
    assert (event.kind, left) == ("done", {})
    # What fails says why.
    event, left = slot.start(job(3, dataset_name="nothing"), None)
    assert (event.kind, event.job, left) == ("failed", 3, {})
    assert "unknown data set 'nothing'" in event.values["outcome"]["message"]
    slot.close()
    assert not list(temporary.iterdir())


def test_a_job_whose_process_is_killed_is_lost_and_the_next_one_is_done(here, temporary):  # noqa: ARG001
    slot = Slot(str(here), trials_per_worker=9)
    (process,) = slot._executor._processes
    os.kill(process._child.pid, signal.SIGKILL)
    event, _ = slot.start(job(1, dataset_name="sine"), None)
    assert event.kind == "lost"
    event, _ = slot.start(job(2, dataset_name="nothing"), None)
    assert event.kind == "failed"
    slot.close()


def test_what_slots_left_that_were_killed_is_removed(here, temporary):
    killed, other = temporary / "rnnexp-slot-killed", temporary / "rnnexp-slot-other"
    for folder in (killed, other):
        folder.mkdir()
        (folder / ".lock").touch()
    with FileLock(other / ".lock"):
        slot = Slot(str(here), trials_per_worker=1)
        assert not killed.exists()
        assert other.exists()
        slot.close()
    assert [path.name for path in Path(temporary).iterdir()] == [other.name]
