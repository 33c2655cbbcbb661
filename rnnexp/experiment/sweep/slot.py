"""One core of another machine: what a Ray actor does there, with a process as sweeps on one machine have them."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from rnnexp.experiment.sweep import luggage
from rnnexp.experiment.sweep.executor import Event, Job, LocalExecutor
from rnnexp.experiment.sweep.luggage import Luggage

# What folders are called; each is locked as long as its slot is there.
_PREFIX, _LOCK = "rnnexp-slot-", ".lock"


class Slot:
    """A process that does one job after the other, in a folder like the one that the sweep runs in.

    Args:
        here: the sweep's current folder: paths from there on are the same, also those above it.
        trials_per_worker: after so many, the process is renewed.
    """

    def __init__(self, here: str, trials_per_worker: int) -> None:
        # A slot is one core; what else there is may be somebody else's.
        for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ.setdefault(name, "1")
        _remove_stale()
        self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = FileLock(self._folder / _LOCK)
        self._lock.acquire()
        self._here = self._folder / "root" / Path(here).relative_to(Path(here).anchor)
        self._here.mkdir(parents=True)
        self._executor = LocalExecutor(1, self._folder / "work", trials_per_worker, current=self._here)
        self._job: Job | None = None

    def ready(self) -> None:
        """Return when the slot can be given jobs."""

    def start(self, job: Job, sent: Luggage | None) -> tuple[Event, Luggage]:
        """Start a job, and return the first event, with the files that the job leaves.

        Args:
            job: with paths from the current folder on.
            sent: files that it needs; None if they are there already.
        """
        luggage.unpack(sent or {}, self._here)
        self._job = self._executor.start([job])
        return self._next()

    def answer(self, *, prune: bool) -> tuple[Event, Luggage]:
        """Say whether the job whose epoch was told shall end, and return the next event."""
        assert self._job is not None
        self._executor.answer(self._job.number, prune=prune)
        return self._next()

    def _next(self) -> tuple[Event, Luggage]:
        assert self._job is not None
        event = self._executor.wait()
        while event.kind == "idle":
            event = self._executor.wait()
        if event.kind == "epoch" or not self._job.run:
            return event, {}
        left: Luggage = {}
        for name in luggage.WRITTEN:
            left |= luggage.collect(self._here / self._job.settings[name], self._here)
        # Of a run that was not finished nothing is kept.
        return event, left if event.kind == "done" else {}

    def close(self) -> None:
        """End what is under way, and leave nothing behind."""
        self._executor.close()
        self._lock.release()
        shutil.rmtree(self._folder, ignore_errors=True)


def _remove_stale() -> None:
    """Remove the folders of slots that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        # Another one may do the same, or have made its folder this moment; what is somebody else's stays.
        with suppress(Timeout, OSError):
            lock = FileLock(folder / _LOCK, timeout=0)
            if (folder / _LOCK).exists():
                with lock:
                    shutil.rmtree(folder, ignore_errors=True)
