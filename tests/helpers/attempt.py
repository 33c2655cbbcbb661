"""A command run as a user runs it, in a fork of this process: with limits, a folder of its own, and what it came to.

An interpreter for each of thousands of inputs would take hours. What is loaded here is there in the fork; so nothing
with threads of its own may have begun to work in this process.
"""

import contextlib
import hashlib
import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnnexp import cli
from rnnexp.formats import child

# Beyond what the process has, and for one input.
MEMORY = 2 << 30
SECONDS = 60.0
# The exit code of what has left a traceback.
TRACEBACK = 70
# What a command may write to: folders, or files, below its current folder.
OUTPUT = ("out", "runs", "sweeps", "tflite_models", "deploy")
# A mark by which a pickle that is executed shows, and where names and links of enemies lead to.
OUTSIDE = "outside"


@dataclass(frozen=True)
class Attempt:
    """What a command came to.

    Attributes:
        code: exit code; negative: the signal that has ended it.
        out: standard output.
        err: standard error.
        seconds: that it took.
        memory: bytes at most, beyond what the process had.
        changed: names of files and folders that were written, changed or removed, relative to the folder.
        late: whether it was ended after ``SECONDS``.
    """

    code: int
    out: str
    err: str
    seconds: float
    memory: int
    changed: tuple[str, ...]
    late: bool


def command(arguments: list[str]) -> Callable[[], object]:
    """Return what runs ``rnnexp`` with arguments."""

    def run() -> None:
        sys.argv = ["rnnexp", *arguments]
        cli.main()

    return run


def attempt(run: Callable[[], object], folder: Path, *, addresses: int = MEMORY) -> Attempt:
    """Run something in a fork, with ``folder/work`` as the current folder.

    Args:
        run: what is to be done; it leaves by ``SystemExit``.
        folder: has all that is there, and ``home`` and ``temporary`` besides.
        addresses: bytes beyond what the process has; of a training TensorFlow reserves far more than it uses.
    """
    for name in ("work", "home", "temporary", OUTSIDE):
        (folder / name).mkdir(exist_ok=True)
    before, own = listing(folder), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    streams = [folder.parent / f"{folder.name}.{name}" for name in ("stdout", "stderr")]
    started = time.perf_counter()
    process = os.fork()
    if not process:
        _inside(run, folder, streams, addresses)
    status, usage, late = _wait(process)
    seconds = time.perf_counter() - started
    out, err = (path.read_bytes().decode("utf-8", "replace") for path in streams)
    for path in streams:
        path.unlink()
    after = listing(folder)
    changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    code = os.waitstatus_to_exitcode(status)
    return Attempt(code, out, err, seconds, max(0, usage.ru_maxrss - own) * 1024, tuple(changed), late)


def listing(folder: Path) -> Mapping[str, object]:
    """Return everything below a folder: name -> what tells its content."""
    found: dict[str, object] = {}
    for top, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(top) / name
            # TensorFlow removes it when an interpreter ends, and a fork ends sooner.
            if name.startswith("__autograph_generated_file"):
                continue
            plain = name in names and path.is_file()
            found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).digest() if plain else "folder"
    return found


def _wait(process: int) -> tuple[int, resource.struct_rusage, bool]:
    """Wait for a process, and end it with all that it has started after ``SECONDS``."""
    handle = os.pidfd_open(process)
    try:
        late = not select.select([handle], [], [], SECONDS)[0]
    finally:
        os.close(handle)
    if late:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
    _, status, usage = os.wait4(process, 0)
    return status, usage, late


def _inside(run: Callable[[], object], folder: Path, streams: list[Path], addresses: int) -> None:
    """In the fork: do it, and end the process."""
    code = TRACEBACK
    try:
        os.setsid()
        os.chdir(folder / "work")
        os.environ |= {"HOME": str(folder / "home"), "TMPDIR": str(folder / "temporary")}
        # What libraries keep for themselves is no output of a command.
        os.environ |= {"KERAS_HOME": str(folder.parent / "keras"), "MPLCONFIGDIR": str(folder.parent / "matplotlib")}
        tempfile.tempdir = None
        for number, path in enumerate([Path(os.devnull), *streams]):
            os.dup2(os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
        child.exchange = forked_exchange
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + addresses
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        try:
            run()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def forked_exchange(module, description, arrays, seconds=child.SECONDS, **more):
    """Do what ``rnnexp.formats.child.exchange`` does, in a fork in place of a new interpreter."""
    del seconds, more
    with tempfile.TemporaryDirectory() as name:
        given, made, errors = Path(name) / "given.npz", Path(name) / "made.npz", Path(name) / "errors"
        text = np.frombuffer(json.dumps(description).encode(), np.uint8)
        np.savez(given, **{child._DESCRIPTION: text, **arrays})
        process = os.fork()
        if not process:
            code = 1
            try:
                os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT), 2)
                import importlib

                code = child.serve(importlib.import_module(module).run, str(given), str(made))
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        if code:
            said = [line for line in errors.read_text(errors="replace").splitlines() if line.strip()]
            crashed = code < 0 or not said
            raise child.ChildError(f"its process ends with code {code}" if crashed else said[-1].strip()[:300])
        with np.load(made, allow_pickle=False) as found:
            return {key: found[key] for key in found.files}


def emptied(folder: Path) -> Path:
    """Return a folder that has nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
