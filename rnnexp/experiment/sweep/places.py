"""Where things are in a sweep's folder, and what a trial is called there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

# Runs that were kept, and the files of each to deploy.
RUNS, MODELS = "runs", "models"
# Where trials leave things for a moment.
WORK = "work"
# What the sweep remembers.
JOURNAL = "study.journal"
_TRIAL = re.compile(r"(\d+)-seed-(\d+)")


def trial_name(combination: int, seed: int) -> str:
    """Return what a trial is called, by the number of its combination: also the folder with its files to deploy."""
    return f"{combination}-seed-{seed}"


def places(folder: Path, combination: int, seed: int) -> dict[str, Path]:
    """Return the settings that say where the run of a trial leaves its files."""
    return {"output_dir": folder / MODELS / trial_name(combination, seed), "runs_dir": folder / RUNS}


@dataclass(frozen=True)
class TrialName:
    """What a user calls a trial: ``sweeps/NAME/COMBINATION-seed-SEED``.

    Attributes:
        folder: of the sweep.
        combination: its number, as ``results.csv`` has it.
        seed: of the trial.
    """

    folder: Path
    combination: int
    seed: int

    @classmethod
    def of(cls, text: str) -> TrialName | None:
        """Return the trial that a text names; None where it names none, or there is no sweep in its folder."""
        path = Path(text)
        named = _TRIAL.fullmatch(path.name)
        if not named or not (path.parent / JOURNAL).is_file():
            return None
        return cls(path.parent, int(named[1]), int(named[2]))

    def __str__(self) -> str:
        return str(self.folder / trial_name(self.combination, self.seed))
