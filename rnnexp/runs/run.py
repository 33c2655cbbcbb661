"""A run that there has been, as its folder tells."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from rnnexp.errors import UserError
from rnnexp.experiment import checkpoints
from rnnexp.experiment.folder import LOCK, REPORT, SETTINGS
from rnnexp.report import figures
from rnnexp.report.defaults import differing
from rnnexp.report.file import read_content
from rnnexp.runs import history

LOG = "log.txt"
# Any of these makes a folder that of a run.
MARKS = (REPORT, LOG, SETTINGS, history.FILE)
# The date comes first in a folder's name, and behind it what the exported files are called.
NAME = re.compile(r"(\d{8}-\d{6})-(.+)")
# Of a log, the end, which says how the run has ended.
LOG_END = 4096
ENDED, RESUMED = "ended by ", "going on with "

State = Literal["finished", "interrupted", "running", "failed", "unfinished", "empty", "broken"]


@dataclass(frozen=True)
class Run:
    """A run, without what only a finished one has where it is none.

    Attributes:
        folder: of the run.
        state: ``finished``; ``interrupted``, with what was learned until then; ``running``; ``failed``, with a message;
            ``unfinished``, where it was killed; ``empty``; or ``broken``, where its report cannot be read.
        problem: what is wrong, in words; empty where nothing is.
        task: what was asked of the network; empty where nothing tells.
        settings: name -> value; of one that has not finished as they were given, None for automatic.
        automatic: names of those that the run decided.
        report: content of ``report.json``, of any schema; empty where there is none.
    """

    folder: Path
    state: State
    problem: str
    task: str
    settings: Mapping[str, Any]
    automatic: frozenset[str]
    report: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The folder's."""
        return self.folder.name

    @property
    def stem(self) -> str:
        """What the exported files' names begin with."""
        named = NAME.fullmatch(self.name)
        return str(self.report.get("name") or (named[2] if named else self.name))

    @property
    def dataset(self) -> str:
        """The data set's name or path."""
        return str(self.settings.get("dataset_name", ""))

    @cached_property
    def date(self) -> datetime:
        """When it was begun."""
        named = NAME.fullmatch(self.name)
        try:
            return datetime.strptime(named[1] if named else "", "%Y%m%d-%H%M%S")
        except ValueError:
            return datetime.fromtimestamp(self.folder.stat().st_mtime)

    @property
    def differing(self) -> dict[str, Any]:
        """The settings that are others than the defaults, or the preset's; see ``defaults.differing``."""
        return differing(self.task, self.settings, self.automatic)

    @property
    def resumable(self) -> bool:
        """Whether it has stopped and can go on."""
        return self.state in ("unfinished", "failed", "interrupted") and bool(checkpoints.paths(self.folder))

    def figure(self, dotted: str) -> float | None:
        """Return a figure of the report by its dotted name; None where there is none."""
        try:
            return figures.value(self.report, dotted)
        except figures.AbsentError:
            return None


def read(folder: Path) -> Run:
    """Return the run in a folder; whatever is wrong with it is its ``problem``."""
    if not (folder / REPORT).exists():
        return _begun(folder, *_without_report(folder))
    try:
        content = read_content(folder / REPORT)
    except UserError as error:
        return _begun(folder, "broken", str(error))
    missing = [key for key in ("config", "models", "training") if not isinstance(content.get(key), dict)]
    if missing:
        return _begun(folder, "broken", f"{folder / REPORT} is no report of a run: it has no {missing[0]}")
    training, automatic = content["training"], content.get("automatic")
    stopped = training.get("ended") == "interrupted"
    return Run(
        folder,
        state="interrupted" if stopped else "finished",
        problem=f"interrupted after {_epochs(training.get('epochs_run'))}" if stopped else "",
        task=str(content.get("task", "")),
        settings=content["config"],
        automatic=frozenset(map(str, automatic)) if isinstance(automatic, list) else frozenset(),
        report=content,
    )


def _begun(folder: Path, state: State, problem: str) -> Run:
    """Return a run that has no report, of which there is only what it was begun with."""
    try:
        stored = json.loads((folder / SETTINGS).read_bytes())
    except (OSError, ValueError, RecursionError):
        stored = {}
    found = stored if isinstance(stored, dict) else {}
    task, settings = found.get("task"), found.get("settings")
    return Run(
        folder,
        state=state,
        problem=problem,
        task=task if isinstance(task, str) else "",
        settings=settings if isinstance(settings, dict) else {},
        # As they were given: None is for automatic, and the default where there is such a setting.
        automatic=frozenset(),
        report={},
    )


def in_folder(runs_dir: Path) -> Iterator[Path]:
    """Return the folders of runs in a folder, oldest first.

    Raises:
        UserError: if there is no such folder, or it cannot be read.
    """
    try:
        with os.scandir(runs_dir) as entries:
            names = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError as error:
        raise UserError(f"cannot read {runs_dir}, where runs should be: {error.strerror}; see --runs-dir") from None
    for name in names:
        folder = runs_dir / name
        if NAME.fullmatch(name) or any((folder / mark).exists() for mark in MARKS):
            yield folder


def is_locked(folder: Path) -> bool:
    """Tell whether a process is at work on a run."""
    path = folder / LOCK
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False  # of a folder that must not be written to


def _without_report(folder: Path) -> tuple[State, str]:
    """Return the state of a run that has left no report, and what there is to say of it."""
    if is_locked(folder):
        return "running", f"running: {_epochs(len(history.read(folder)))} done"
    ended = _ended(folder)
    if ended.startswith("KeyboardInterrupt"):
        return "unfinished", "interrupted before there was anything to export"
    if ended:
        return "failed", ended
    if not any(path.stat().st_size for path in folder.iterdir() if path.is_file()):
        return "empty", "there is nothing in it"
    return "unfinished", f"ended without a report: {_epochs(len(history.read(folder)))} done"


def _ended(folder: Path) -> str:
    """Return which error has ended a run, as its log has it; nothing where there was none."""
    try:
        with (folder / LOG).open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - LOG_END, 0))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    ends = [number for number, line in enumerate(lines) if line.startswith(ENDED)]
    last = lines[ends[-1] :] if ends else []
    # What ended it may have been mended since.
    resumed = any(line.startswith(RESUMED) for line in last)
    return "" if resumed else " ".join(last).removeprefix(ENDED).strip()


def _epochs(count: Any) -> str:
    return f"{count} epoch{'' if count == 1 else 's'}"
