"""A run by what a user calls it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rnnexp.errors import UserError, did_you_mean
from rnnexp.experiment.folder import REPORT
from rnnexp.experiment.sweep.places import TrialName
from rnnexp.runs.run import MARKS, NAME, Run, in_folder, read

# What a message lists of runs.
LISTED = 5


def find(text: str, runs_dir: Path) -> Run:
    """Return the run of a folder, of the unique beginning of its name, or of a stem: the newest, finished if any is.

    Args:
        text: such as ``runs/20261121-120000-SP500-custom``, ``20261121-12`` or ``SP500-custom``.
        runs_dir: where runs are.

    Raises:
        UserError: if there is none, or if there are several.
    """
    path = Path(text)
    if path.is_dir() and any((path / mark).exists() for mark in MARKS):
        return read(path)
    folders = {folder.name: folder for folder in in_folder(runs_dir)}
    if text in folders:
        return read(folders[text])
    same = [folder for folder in folders.values() if text in _stems(folder)]
    if same:
        return read(next((folder for folder in reversed(same) if (folder / REPORT).exists()), same[-1]))
    begun = [name for name in folders if name.startswith(text)]
    if len(begun) == 1:
        return read(folders[begun[0]])
    if begun:
        more = f" and {len(begun) - LISTED} more" if len(begun) > LISTED else ""
        raise UserError(f"{text!r} is the beginning of several runs: {', '.join(begun[:LISTED])}{more}")
    names = [*folders, *(stem for folder in folders.values() for stem in _stems(folder))]
    raise UserError(f"there is no run {text!r} in {runs_dir}{did_you_mean(text, names)} (rnnexp runs lists them)")


def find_or_repeat(text: str, runs_dir: Path, say: Callable[[str], None]) -> Run:
    """Return the run that ``find`` finds, or that of a sweep's trial, which is trained again if it left no files.

    Args:
        text: what ``find`` takes, or ``sweeps/NAME/COMBINATION-seed-SEED``.
        runs_dir: where runs are.
        say: is told what is going on.

    Raises:
        UserError: if there is none, or if there are several.
    """
    trial = TrialName.of(text)
    if trial is None:
        return find(text, runs_dir)
    # Imported here, since Optuna takes long to load.
    from rnnexp.experiment.sweep.rerun import run_of

    return read(run_of(trial, say))


def _stems(folder: Path) -> set[str]:
    """Return what may be a run's stem: what is behind the date, and that without seed and number."""
    named = NAME.fullmatch(folder.name)
    if not named:
        return set()
    stems, rest = {named[2]}, named[2]
    head, _, last = rest.rpartition("-")
    if head and last.isdigit():
        stems.add(rest := head)
    head, _, last = rest.rpartition("-seed")
    if head and last.isdigit():
        stems.add(head)
    return stems
