"""What is run again and again, and what it has to leave."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faults.process import BrokenError, Process, start

OUTPUT, RUNS = "tflite_models", "runs"
TINY = ["--epochs", "3", "--memory-signal-length", "200", "--memory-n", "6", "--qat-epochs", "0", "--quiet"]
# Of these, times are a part.
TIMED = (".json", ".md", ".html")


@dataclass
class Commands:
    """What is run: one into an empty folder, and another one over its files; and the bits that each comes to.

    Attributes:
        folder: with what is read.
        name: ``run`` or ``convert``.
    """

    folder: Path
    name: str
    bits: list[dict[str, bytes]] = field(default_factory=list)
    seconds: float = 0.0

    def of(self, number: int) -> list[str]:
        """Return the arguments of the first (0) or the second (1) one."""
        if self.name == "run":
            return ["memory", "--seed", str(number), *TINY]
        model, data = self.folder / f"{number}.npz", self.folder / "calibration.npz"
        return ["convert", str(model), "--calibration", str(data), "--name", "network", "--no-float"]

    def learn(self) -> None:
        """Run each where nothing happens."""
        for number in (0, 1):
            place = self.folder / f"{self.name}-{number}"
            place.mkdir()
            begun = time.monotonic()
            succeed(start(place, self.of(number)))
            self.seconds = time.monotonic() - begun
            self.bits.append(contents(place / OUTPUT))

    def prepare(self, place: Path) -> None:
        """Make a folder in which the first one has been."""
        place.mkdir(exist_ok=True)
        shutil.copytree(self.folder / f"{self.name}-0" / OUTPUT, place / OUTPUT)

    def check(self, out: Path) -> str:
        """Return whose files are published, ``old``, ``new`` or ``both``.

        Raises:
            BrokenError: if one is not whole, or a report stands beside the files of another.
        """
        found = contents(out)
        if set(found) != set(self.bits[0]):
            raise BrokenError(f"files are missing, or too many: {sorted(set(found) ^ set(self.bits[0]))}")
        whose = set()
        for name, content in found.items():
            if name.endswith(TIMED):
                continue
            of = [number for number in (0, 1) if content == self.bits[number][name]]
            if not of:
                raise BrokenError(f"{name} is of neither run ({len(content)} bytes)")
            if len(of) == 1:
                whose.add(of[0])
        (report,) = (json.loads(content) for name, content in found.items() if name.endswith("-report.json"))
        sums = {model["file"]: model["sha256"] for model in _models(report)}
        own = [hashlib.sha256(found[name]).hexdigest() == wanted for name, wanted in sums.items()]
        if not own or (any(own) and not all(own) and len(whose) == 1):
            raise BrokenError("the report's checksums are of other files")
        if len(whose) > 1:
            return "both"
        return "new" if whose == {1} else "old"

    def again(self, place: Path, *more: str) -> None:
        """Run the second one to its end, and see that it is as if nothing had happened.

        Raises:
            BrokenError: if it is not.
        """
        succeed(start(place, [*self.of(1), *more]))
        if self.check(place / OUTPUT) != "new":
            raise BrokenError("the next run has not come to the same bits")
        left = [path.name for path in (place / OUTPUT).glob(".rnnexp-*")]
        if left:
            raise BrokenError(f"left behind: {left}")


def _models(report: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    models = report["models"]
    for model in models.values() if isinstance(models, dict) else models:
        if model.get("sha256"):
            yield model


def contents(folder: Path) -> dict[str, bytes]:
    """Return the published files of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if not path.name.startswith(".")}


def succeed(process: Process) -> None:
    """Wait for a process that nothing keeps from its work.

    Raises:
        BrokenError: if it fails.
    """
    code = process.wait()
    if code or "Traceback" in process.said():
        raise BrokenError(f"exit code {code}: {process.said()}")


def ended(process: Process) -> str:
    """Wait for a process to which something has happened, and return how it ended.

    Raises:
        BrokenError: if not as a command may.
    """
    code = process.wait()
    said = process.said()
    if code not in (0, 2) or "Traceback" in said or (code == 2 and "error: " not in said):
        raise BrokenError(f"exit code {code}: {said}")
    return f"exit code {code}"
