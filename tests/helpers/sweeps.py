"""Sweeps for tests: outcomes that are arithmetic, and an executor that computes them here and now."""

import json
from collections import deque

from rnnexp.config import MemoryConfig
from rnnexp.experiment.sweep.definition import Definition
from rnnexp.experiment.sweep.executor import Event, Executor
from rnnexp.experiment.sweep.outcome import Failure, Outcome
from rnnexp.experiment.sweep.space import Choices

ACTIVATIONS = Choices("activation", ("tanh", "relu", "sigmoid"))


def definition(axes=(ACTIVATIONS,), seeds=(0, 1, 2), **options):
    return Definition.of(MemoryConfig(epochs=3), axes, seeds, **options)


def outcome(error=1.0, *, gap=0.001, flash=300, seconds=1.0, **more):
    """An outcome with an int8 error, and a float32 one that is smaller by the gap."""
    values = {"state_error": 0.01, "fine_tuned": False, "state_bytes": 20, "weights": 131, "epochs_run": 3}
    values |= {
        "best_epoch": 3,
        "loss": 0.1,
        "val_loss": 0.2,
        "digest": f"{error}",
        "part": "validation part",
        "data": "d",
    } | more
    return Outcome(
        float32={"rmse": error - gap, "l2": 1.0}, int8={"rmse": error, "l2": 1.0}, gap=gap, flash_bytes=flash,
        seconds=seconds, **values,
    )  # fmt: skip


def arithmetic(settings):
    """What a trial comes to: best with relu, worse with each seed; learning rates about 0.01 are good."""
    base = {"tanh": 2.0, "relu": 1.0, "sigmoid": 3.0}.get(settings["activation"], 4.0)
    rate = settings["learning_rate"] or 0.01
    return outcome(base + 0.1 * settings["seed"] + abs(rate - 0.01), flash=30 * settings["hidden_size"])


class HereAndNow(Executor):
    """Computes a job when the sweep waits for it.

    Args:
        compute: settings -> outcome or failure; None for a worker that goes away.
        most: jobs that can be started before it waits.
    """

    def __init__(self, compute=arithmetic, most=2):
        self.compute, self.most = compute, most
        self.under_way, self.started = deque(), []
        self.epoch, self.pruned = 0, False

    def free(self):
        return self.most - len(self.under_way)

    def start(self, jobs):
        job = jobs[0]
        self.under_way.append(job)
        self.started.append(job)
        return job

    def wait(self):
        """Return the next event: of a watched job that of every epoch, after which losses are smaller and smaller."""
        job = self.under_way[0]
        if job.watch and self.epoch < job.settings["epochs"] and not self.pruned:
            self.epoch += 1
            loss = arithmetic(job.settings).int8["rmse"] / self.epoch
            return Event("epoch", job.number, {"epoch": self.epoch, "val_loss": loss})
        self.under_way.popleft()
        pruned, self.epoch, self.pruned = self.pruned, 0, False
        if pruned:
            return Event("failed", job.number, {"outcome": Failure("pruned", pruned=True).to_json()})
        found = self.compute(job.settings)
        if found is None:
            return Event("lost", job.number, {"code": -9})
        if isinstance(found, Failure):
            return Event("failed", job.number, {"outcome": found.to_json()})
        return Event("done", job.number, {"outcome": found.to_json(), "baselines": {"mean": {"rmse": 1.5}}})

    def answer(self, job, *, prune):
        assert job == self.under_way[0].number
        self.pruned = json.loads(json.dumps(prune))  # as it goes to a process

    def close(self):
        self.under_way.clear()
