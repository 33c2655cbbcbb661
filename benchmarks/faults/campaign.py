"""What all faults share."""

from __future__ import annotations

import contextlib
import itertools
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from faults.commands import Commands
from faults.process import BrokenError


@dataclass
class Campaign:
    """What all faults share.

    Attributes:
        folder: for everything.
        random: where moments come from.
        kills: how many, of all kinds together.
        strikes: how many of the other faults, each.
    """

    folder: Path
    random: random.Random
    kills: int
    strikes: int
    known: dict[str, Commands] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    _places: Iterator[int] = field(default_factory=itertools.count)

    def commands(self, name: str) -> Commands:
        """Return commands, whose bits are known."""
        if name not in self.known:
            made = Commands(self.folder, name)
            if name == "convert":
                self._give(self.commands("run"))
            made.learn()
            self.known[name] = made
        return self.known[name]

    def _give(self, runs: Commands) -> None:
        for number, bits in enumerate(runs.bits):
            (weights,) = (content for name, content in bits.items() if name.endswith("-weights.npz"))
            (self.folder / f"{number}.npz").write_bytes(weights)
        x = np.random.default_rng(0).normal(size=(60, 6, 1)).astype(np.float32)
        np.savez(self.folder / "calibration.npz", x=x)

    def place(self) -> Path:
        """Return a folder that is not there yet."""
        return self.folder / f"place-{next(self._places)}"

    def note(self, what: str) -> None:
        """Count something."""
        self.counts[what] += 1

    @contextlib.contextmanager
    def judged(self, place: Path) -> Iterator[None]:
        """Remember what is not as it must be, and go on; what is left of a place is removed."""
        try:
            yield
        except BrokenError as error:
            self.failures.append(str(error))
            print(f"FAILED: {error}", flush=True)
        finally:
            shutil.rmtree(place, ignore_errors=True)
