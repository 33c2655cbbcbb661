"""The folder of a run: a new one, or that of a run which was stopped, to go on with."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from rnnexp import files
from rnnexp.config import Settings
from rnnexp.errors import UserError
from rnnexp.validation import constant

SETTINGS = "settings.json"
REPORT = "report.json"
LOCK = ".lock"
# What may be another one when a run goes on: none of the run's numbers depends on it.
FREE = frozenset({"resume", "fail_on", "tensorboard", "quiet", "output_dir", "runs_dir"})
# What a message lists of settings that differ.
LISTED = 5


@dataclass
class RunFolder:
    """A run's folder, which no other process has as long as this one is in it.

    Attributes:
        path: of the folder.
        resumed: whether a run is there already, which was stopped.
    """

    path: Path
    resumed: bool = False
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> RunFolder:
        try:
            self._open.enter_context(FileLock(self.path / LOCK, timeout=0))
        except Timeout:
            raise UserError(f"RESUME: {self.path}: the run is under way in another process") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()


def find(config: Settings) -> RunFolder | None:
    """Return the folder of the run that the settings ask to go on with; None for a new run.

    Raises:
        UserError: if there is no such run, or if it was begun with other settings.
    """
    if not config.resume:
        return None
    if config.resume is True:
        return _newest(config)
    path = config.resume if config.resume.exists() else config.runs_dir / config.resume
    if not path.is_dir():
        raise UserError(f"RESUME: there is no folder {config.resume}")
    if not (path / SETTINGS).is_file():
        raise UserError(f"RESUME: {path} is no folder of a run that can go on: there is no {SETTINGS} in it")
    given = _stored(path)
    if given.get("task") != config.task:
        raise UserError(f"RESUME: {path} is a run of {given.get('task')!r}, not of {config.task!r}")
    if not _stopped(path):
        raise UserError(f"RESUME: {path} has ended: its results are in {path / REPORT}")
    differing = _differing(config, given["settings"])
    if differing:
        more = f", and {len(differing) - LISTED} more" if len(differing) > LISTED else ""
        raise UserError(f"RESUME: {path} was begun with other settings: {'; '.join(differing[:LISTED])}{more}")
    return RunFolder(path, resumed=True)


def new(config: Settings) -> RunFolder:
    """Make and return a new folder that says which settings its run has."""
    path = files.new_folder(config.runs_dir, f"{datetime.now():%Y%m%d-%H%M%S}-{config.run_stem}")
    content = {"task": config.task, "settings": config.model_dump(mode="json", exclude=set(FREE))}
    files.write_atomically(path / SETTINGS, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return RunFolder(path)


def _newest(config: Settings) -> RunFolder | None:
    """Return the folder of the newest run of the same settings that was stopped, and is not under way; None without."""
    found = sorted(config.runs_dir.glob(f"*/{SETTINGS}"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in (settings.parent for settings in found):
        try:
            given = _stored(path)
            if given.get("task") != config.task or _differing(config, given["settings"]) or not _stopped(path):
                continue
            with RunFolder(path):
                return RunFolder(path, resumed=True)
        # One that is damaged, or under way, is not the one to go on with.
        except UserError:
            continue
    return None


def _stored(path: Path) -> dict[str, Any]:
    """Return what a run's folder says of its settings.

    Raises:
        UserError: if it cannot be read.
    """
    try:
        found = json.loads((path / SETTINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"RESUME: cannot read {path / SETTINGS}: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("settings"), dict):
        raise UserError(f"RESUME: {path / SETTINGS} holds no settings of a run")
    return found


def _stopped(path: Path) -> bool:
    """Tell whether a run has not ended by itself: it left no report, or was interrupted and left what it had."""
    try:
        report = json.loads((path / REPORT).read_text(encoding="utf-8"))
        return bool(report["training"]["ended"] == "interrupted")
    except FileNotFoundError:
        return True
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"RESUME: cannot read {path / REPORT}: {error}") from None


def _differing(config: Settings, given: dict[str, Any]) -> list[str]:
    """Return in words in which settings a run differs from these."""
    wanted = config.model_dump(mode="json", exclude=set(FREE))
    return [
        f"{constant(name)} = {given.get(name)!r} there, {wanted.get(name)!r} here"
        for name in dict.fromkeys([*wanted, *given])
        if wanted.get(name) != given.get(name)
    ]
