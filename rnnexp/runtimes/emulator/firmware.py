"""Programs for emulated chips: built from C, and run to their end."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rnnexp.errors import UserError
from rnnexp.formats.c.chips.chip import STARTUP, Chip

# An emulated program that has not ended by then never will.
LONGEST_SECONDS = 120.0


@dataclass(frozen=True)
class Firmware:
    """A program for a chip.

    Attributes:
        chip: that it runs on.
        folder: where its files are.
        optimize: the compiler's level.
        options: of the compiler, besides.
    """

    chip: Chip
    folder: Path
    optimize: str = "-O2"
    options: Sequence[str] = ()

    @property
    def _compiler(self) -> list[str]:
        return [
            f"{self.chip.prefix}gcc",
            "-std=c99",
            *self.chip.flags,
            self.optimize,
            "-ffunction-sections",
            *self.options,
            f"-I{STARTUP}",
        ]

    def run(self, sources: Mapping[str, str]) -> str:
        """Return what a program of some C files, name -> text, prints; headers are among them.

        Raises:
            UserError: if it cannot be compiled, is too large for the chip, or does not end.
        """
        names = self._write(sources)
        startup = [str(STARTUP / name) for name in ("count.c", *self.chip.startup) if not name.endswith(".ld")]
        scripts = [f"-T{STARTUP / name}" for name in self.chip.startup if name.endswith(".ld")]
        program = self.folder / "program.elf"
        libraries = [*self.chip.libraries, f"-L{STARTUP}", *scripts]
        files = [*startup, *names, "-lm", "-Wl,--gc-sections", "-o", str(program)]
        _call([*self._compiler, *self.chip.defines, *libraries, *files], self.folder)
        return _call([*self.chip.emulator, str(program)], self.folder)

    def sizes(self, source: str, sources: Mapping[str, str]) -> tuple[int, int]:
        """Return the bytes of flash and of static RAM that one of the C files takes, without any library."""
        self._write(sources)
        _call([*self._compiler, *self.chip.libraries, "-c", source, "-o", "one.o"], self.folder)
        found = _call([f"{self.chip.prefix}size", "one.o"], self.folder).splitlines()[1].split()
        text, data, bss = map(int, found[:3])
        return text + data, data + bss

    def _write(self, sources: Mapping[str, str]) -> list[str]:
        """Write the files, and return those that are compiled."""
        for name, text in sources.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        return [name for name in sources if name.endswith(".c")]


def _call(command: Sequence[str], folder: Path) -> str:
    """Return what a command prints."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"{command[0]} has not ended after {LONGEST_SECONDS:.0f} seconds") from None
    if done.returncode and not command[0].startswith("qemu"):
        raise UserError(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
    # What simavr has a program print goes to its own messages, in colours.
    return done.stdout + done.stderr
