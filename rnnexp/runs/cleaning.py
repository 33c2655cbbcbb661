"""Folders of runs that came to nothing, and what is safe to delete of them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rnnexp import files
from rnnexp.experiment.folder import LOCK
from rnnexp.runs.run import Run, is_locked

# Runs of earlier versions leave no lock: what has changed so lately, in seconds, may still be under way.
LATELY = 3600.0


@dataclass(frozen=True)
class Verdict:
    """What is to be done with a run that came to nothing.

    Attributes:
        run: it.
        kept: why its folder is to stay; empty where it is safe to delete.
        bytes: in its folder.
    """

    run: Run
    kept: str
    bytes: int


def judge(runs: Iterable[Run], *, resumable: bool = False) -> list[Verdict]:
    """Return what is to be done with the runs that have no results to read.

    Args:
        runs: of any state.
        resumable: whether those that could go on are to be deleted too.
    """
    lost = (run for run in runs if run.state not in ("finished", "interrupted"))
    return [Verdict(run, _kept(run, resumable=resumable), sum(_sizes(run.folder))) for run in lost]


def _kept(run: Run, *, resumable: bool) -> str:
    if run.state == "running":
        return "a process is at work on it"
    if run.state == "broken":
        return "its report is damaged, its models may be whole"
    if run.resumable and not resumable:
        return "it can go on: --resume"
    if run.state == "unfinished" and not (run.folder / LOCK).exists() and time.time() - _changed(run.folder) < LATELY:
        return "it has changed within the last hour, and may be under way"
    return ""


def delete(run: Run) -> bool:
    """Delete a run's folder, unless a process has begun to work on it; return whether it is gone.

    Raises:
        UserError: if it cannot be deleted.
    """
    if is_locked(run.folder):
        return False
    with files.explained(run.folder):
        shutil.rmtree(run.folder)
    return True


def _sizes(folder: Path) -> list[int]:
    return [path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()]


def _changed(folder: Path) -> float:
    return max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))
