"""Disks that are full, folders that cannot be written to, and such as vanish."""

from __future__ import annotations

import contextlib
import functools
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from faults.campaign import Campaign
from faults.commands import OUTPUT, RUNS, ended, succeed
from faults.process import BrokenError, at_write, start

DISK = "96m"


@contextlib.contextmanager
def small_disk(place: Path) -> Iterator[None]:
    """Mount a small file system at a place."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", str(place)]
    subprocess.run(command, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=False)


def fill(folder: Path) -> None:
    """Fill a disk to its last byte."""
    with (folder / "fill").open("wb", buffering=0) as file:
        for size in (2**20, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(b"x" * size):
                    pass


def _writes(campaign: Campaign, name: str, below: str = ".") -> list[int]:
    """Return the numbers of the writes at which a fault strikes: all, or some of them at random."""
    commands, place = campaign.commands(name), campaign.place()
    commands.prepare(place)
    counted = Path(f"{place}.count")

    def count() -> None:
        with counted.open("ab") as file:
            file.write(b".")

    with campaign.judged(place):
        hooks = [at_write(place / below, number, count) for number in range(1, 301)]
        succeed(start(place, commands.of(1), lambda: [hook() for hook in hooks]))
    total = counted.stat().st_size
    if total <= campaign.strikes:
        return list(range(1, total + 1))
    return sorted(campaign.random.sample(range(1, total + 1), campaign.strikes))


def disk_full(campaign: Campaign) -> None:
    """The disk is full from a write on."""
    for name in ("run", "convert"):
        commands = campaign.commands(name)
        for number in _writes(campaign, name):
            place = campaign.place()
            with campaign.judged(place), small_disk(place):
                commands.prepare(place)
                campaign.note(
                    ended(start(place, commands.of(1), at_write(place, number, functools.partial(fill, place))))
                )
                whose = commands.check(place / OUTPUT)
                campaign.note(f"files of {whose}")
                if whose == "both":
                    raise BrokenError(f"{name}, write {number}: a full disk leaves files of both runs")
                (place / "fill").unlink(missing_ok=True)
                if campaign.random.random() < 0.25:
                    commands.again(place)
                    campaign.note("next one works")


def read_only(campaign: Campaign) -> None:
    """The output folder can be read alone, from the beginning or from a write of the run's on."""
    for name in ("run", "convert"):
        commands = campaign.commands(name)
        for number in [0, *_writes(campaign, name)]:
            place, out = campaign.place(), None
            with campaign.judged(place):
                place.mkdir()
                out = place / OUTPUT
                with small_disk(out):
                    shutil.copytree(campaign.folder / f"{name}-0" / OUTPUT, out, dirs_exist_ok=True)
                    command = ["mount", "-o", "remount,ro", str(out)]

                    def shut(command: list[str] = command) -> None:
                        subprocess.run(command, check=False, stderr=subprocess.DEVNULL)

                    if not number:
                        shut()
                    hook = at_write(place, number, shut) if number else lambda: None
                    campaign.note(ended(start(place, commands.of(1), hook)))
                    campaign.note(f"files of {commands.check(out)}")
                    subprocess.run(["mount", "-o", "remount,rw", str(out)], check=True)
                    commands.again(place)


def vanishing(campaign: Campaign) -> None:
    """The output folder, or the folder of runs, is removed at a write."""
    for name in ("run", "convert"):
        commands = campaign.commands(name)
        for number in _writes(campaign, name):
            place = campaign.place()
            gone = campaign.random.choice([OUTPUT, RUNS] if name == "run" else [OUTPUT])
            with campaign.judged(place):
                commands.prepare(place)

                def remove(folder: Path = place / gone) -> None:
                    shutil.rmtree(folder, ignore_errors=True)

                campaign.note(f"{gone}: " + ended(start(place, commands.of(1), at_write(place, number, remove))))
                commands.again(place)


def needs_mount() -> str:
    """Return why disks cannot be had here; nothing where they can."""
    # Also of those who are root some must not, such as in containers.
    with tempfile.TemporaryDirectory() as name:
        try:
            with small_disk(Path(name) / "disk"):
                return ""
        except (OSError, subprocess.CalledProcessError):
            return "needs a system where it may mount a disk, as root"
