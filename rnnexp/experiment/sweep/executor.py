"""Who computes the trials of a sweep: what any executor does, and the one of this machine's processes."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, TypeVar

Kind = Literal["epoch", "done", "failed", "lost", "idle"]


@dataclass(frozen=True)
class Job:
    """A trial to do.

    Attributes:
        number: of the job; each once in a sweep's process.
        task: ``regression``, ``classification`` or ``memory``.
        settings: as JSON.
        form: jobs of the same form share compiled programs.
        watch: whether every epoch is told, and may be the last.
        run: whether it writes everything that a run writes.
    """

    number: int
    task: str
    settings: dict[str, Any]
    form: Hashable = None
    watch: bool = False
    run: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return what a worker reads."""
        return {
            "job": self.number,
            "task": self.task,
            "settings": self.settings,
            "watch": self.watch,
            "run": self.run,
        }


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        kind: ``done`` and ``failed`` end a job, as ``rnnexp.experiment.sweep.worker`` says it; ``epoch`` waits
            for an answer; a job whose worker has gone is ``lost``, and ``blameless`` if that is no fault of the job;
            ``idle`` is none of a job: somebody is free.
        job: its number; -1 for none.
        values: what was said.
    """

    kind: Kind
    job: int = -1
    values: dict[str, Any] = field(default_factory=dict)


class Executor(ABC):
    """Does jobs somewhere. Use as a context manager; leaving it ends all that is under way."""

    def __enter__(self) -> Executor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def free(self) -> int:
        """Return how many more jobs can be started now."""

    @abstractmethod
    def start(self, jobs: Sequence[Job]) -> Job:
        """Start one of some jobs, the one that suits who is free best, and return it."""

    @abstractmethod
    def wait(self) -> Event:
        """Wait for the next event, and return it."""

    @abstractmethod
    def answer(self, job: int, *, prune: bool) -> None:
        """Say whether the job whose epoch was told shall end."""

    @abstractmethod
    def close(self) -> None:
        """End all that is under way."""


class Worker(Protocol):
    """Whoever does one job after the other.

    Attributes:
        job: under way; None for none.
        forms: of jobs that it has compiled programs for.
    """

    job: Job | None
    forms: set[Hashable]


WorkerT = TypeVar("WorkerT", bound=Worker)


def match(workers: Iterable[WorkerT], jobs: Sequence[Job]) -> tuple[WorkerT, Job]:
    """Return a free worker and a job for it, whose program it has compiled; else a job that nobody has begun.

    Args:
        workers: at least one of them is free.
        jobs: at least one.
    """
    workers = list(workers)
    free = [worker for worker in workers if worker.job is None]
    for worker in free:
        for job in jobs:
            if job.form in worker.forms:
                return worker, job
    begun = {form for worker in workers for form in worker.forms}
    return free[0], next((job for job in jobs if job.form not in begun), jobs[0])


class LocalExecutor(Executor):
    """Processes on this machine, each with TensorFlow and what it has compiled.

    Args:
        count: how many.
        folder: for their logs, and for what they leave for a moment.
        trials_per_worker: after so many, a process is renewed.
        current: the folder that they run in; None for this process's.
    """

    def __init__(self, count: int, folder: Path, trials_per_worker: int, *, current: Path | None = None) -> None:
        self._folder, self._trials_per_worker, self._current = folder, trials_per_worker, current
        self._events: queue.Queue[tuple[_Process, Event]] = queue.Queue()
        self._started = 0
        self._processes = [self._process() for _ in range(count)]

    def _process(self) -> _Process:
        self._started += 1
        own = self._folder / f"worker-{self._started}"
        return _Process(own, self._trials_per_worker, self._events, self._current)

    def free(self) -> int:
        """Return how many processes have nothing to do."""
        return sum(process.job is None for process in self._processes)

    def start(self, jobs: Sequence[Job]) -> Job:
        """Start a job in a process that has compiled its program, if there is one; else one that nobody has begun."""
        process, job = match(self._processes, jobs)
        process.start(job)
        return job

    def wait(self) -> Event:
        """Wait for what any process says; in the place of one that has gone there is a new one."""
        while True:
            process, event = self._events.get()
            if process not in self._processes:
                continue  # it has retired
            job = process.job
            if event.kind == "lost" or event.values.get("retires"):
                self._processes[self._processes.index(process)] = self._process()
            if event.kind == "lost":
                return Event("idle") if job is None else Event("lost", job.number, event.values)
            if event.kind != "epoch":
                process.job = None
            return event

    def answer(self, job: int, *, prune: bool) -> None:
        """Say whether the job whose epoch was told shall end."""
        for process in self._processes:
            if process.job is not None and process.job.number == job:
                process.write({"prune": prune})

    def close(self) -> None:
        """Kill the processes."""
        for process in self._processes:
            process.kill()


class _Process:
    """A worker, and a thread that hears what it says."""

    def __init__(
        self, own: Path, most_trials: int, events: queue.Queue[tuple[_Process, Event]], current: Path | None
    ) -> None:
        self.job: Job | None = None
        self.forms: set[Hashable] = set()
        own.mkdir(parents=True, exist_ok=True)
        paths = [str(Path(__file__).resolve().parents[3]), *filter(None, [os.environ.get("PYTHONPATH")])]
        with (own / "log.txt").open("wb") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "rnnexp.experiment.sweep.worker", str(own), str(most_trials)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=current,
                env={"TF_FORCE_GPU_ALLOW_GROWTH": "true", **os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                start_new_session=True,  # Ctrl-C is for the sweep, which decides
                text=True,
            )
        threading.Thread(target=self._hear, args=(events,), daemon=True).start()

    def _hear(self, events: queue.Queue[tuple[_Process, Event]]) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            try:
                values = json.loads(line)
            except ValueError:
                continue  # half a line of a process that was killed
            events.put((self, Event(values.pop("kind"), values.pop("job"), values)))
        code = self._child.wait()
        events.put((self, Event("lost", values={"code": code})))

    def start(self, job: Job) -> None:
        """Start a job."""
        self.job = job
        self.forms.add(job.form)
        self.write(job.to_json())

    def write(self, message: dict[str, Any]) -> None:
        """Tell the worker something; that it has gone is heard elsewhere."""
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(message) + "\n")
            self._child.stdin.flush()
        except OSError:
            return

    def kill(self) -> None:
        """End the worker, whatever it does."""
        self._child.kill()
        self._child.wait()
