"""Commands as processes: begun as copies of this one, watched, killed, struck at a write."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
# Seconds after which a command is taken to hang.
PATIENCE = 600.0


class BrokenError(Exception):
    """Something was not as it must be; the message says what."""


def warm() -> None:
    """Import what commands need, so that copies of this process begin at once."""
    import keras  # noqa: F401
    import matplotlib.backends.backend_agg  # noqa: F401
    import statsmodels.api  # noqa: F401
    import tensorflow  # noqa: F401

    import rnnexp.commands.convert
    import rnnexp.conversion.convert
    import rnnexp.experiment.run
    import rnnexp.training.trainer  # noqa: F401


@dataclass
class Process:
    """A command under way, in a group of its own.

    Attributes:
        number: of the process.
        log: what it prints.
    """

    number: int
    log: Path
    _code: int | None = None

    def poll(self) -> int | None:
        """Return its exit code; None while it is under way."""
        if self._code is None:
            number, status = os.waitpid(self.number, os.WNOHANG)
            if number:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def wait(self, seconds: float = PATIENCE) -> int:
        """Return its exit code, as soon as there is one."""
        end = time.monotonic() + seconds
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                self.kill()
                raise BrokenError(f"it hangs: {self.said()}")
            time.sleep(0.005)
        return code

    def kill(self, children: bool = True) -> bool:
        """Kill it, with those below it or without; return whether it was under way."""
        alive = self.poll() is None
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if children else os.kill)(self.number, signal.SIGKILL)
        while self.poll() is None:
            time.sleep(0.002)
        return alive and self._code == -signal.SIGKILL

    def said(self) -> str:
        """Return the end of what it has printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-1500:]


def start(
    folder: Path, arguments: Sequence[str], before: Callable[[], object] = lambda: None, mark: str = ""
) -> Process:
    """Start a command in a folder, as a copy of this process; ``before`` is called in it first.

    Several at once in a folder have a mark each, for their logs.
    """
    log = Path(f"{folder}{mark}.log")
    log.write_bytes(b"")
    number = os.fork()
    if number:
        return Process(number, log)
    code = 1
    try:
        os.setsid()
        os.chdir(folder)
        handle = os.open(log, os.O_WRONLY | os.O_APPEND)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        from rnnexp import cli

        sys.argv = ["rnnexp", *arguments]
        before()
        cli.main()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 0
        sys.stdout.flush()
    except BaseException:
        import traceback

        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def spawn(folder: Path, command: Sequence[str], **environment: str | None) -> Process:
    """Start a program in a folder; an entry of the environment that is None is left out."""
    log = Path(f"{folder}.log")
    log.write_bytes(b"")
    changed = {**os.environ, "PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "3", **environment}
    kept = {name: value for name, value in changed.items() if value is not None}
    with log.open("ab") as out:
        child = subprocess.Popen(command, cwd=folder, env=kept, stdout=out, stderr=out, start_new_session=True)
    return Process(child.pid, log)


def descendants(parent: int, module: str) -> list[int]:
    """Return the processes below one that run a module."""
    parents, named = {}, []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            # Behind the name, which is in brackets and can hold anything: the state, and then the parent.
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if module.encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                named.append(int(entry.name))
        except OSError:
            continue  # it has ended

    def below(number: int) -> bool:
        while number in parents:
            number = parents[number]
            if number == parent:
                return True
        return False

    return [number for number in named if below(number)]


def at_write(folder: Path, number: int, act: Callable[[], object]) -> Callable[[], None]:
    """Return what makes a process act when it opens the file that it writes as the ``number``-th below a folder."""
    inside, counted = str(folder.resolve()) + os.sep, itertools.count(1)

    def heard(event: str, facts: Any) -> None:
        if event != "open" or not isinstance(facts[0], str | bytes | os.PathLike):
            return
        path, mode, flags = facts
        written = set(mode) & set("wax+") if isinstance(mode, str) else flags & (os.O_WRONLY | os.O_RDWR)
        if written and str(Path(os.fsdecode(path)).absolute()).startswith(inside) and next(counted) == number:
            act()

    return lambda: sys.addaudithook(heard)


def later(seconds: float) -> Callable[[], bool]:
    """Return what tells whether so much time has gone by."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def until(process: Process, condition: Callable[[], bool]) -> None:
    """Wait until something is so, or the process has ended."""
    while process.poll() is None and not condition():
        time.sleep(0.001)
