"""Other people's libraries with other people's files: in a process of its own, that may crash, hang or grow.

A module that is run so gets arrays and a description, and gives arrays; both ways through files of plain arrays.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

SECONDS = 600
# The exit code with a message on standard error: what the library itself has to say.
REFUSED = 3
# The name of the description among the arrays.
_DESCRIPTION = "description"
Arrays = Mapping[str, np.ndarray]
# Those that are under way, in whatever thread.
_running: set[subprocess.Popen[bytes]] = set()


class ChildError(Exception):
    """A process that did not do what it was asked; the message says why."""


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process that imports this package, and uses no graphics card."""
    paths = [str(Path(__file__).resolve().parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        **more,
    }


def exchange(module: str, description: Any, arrays: Arrays, seconds: float = SECONDS, **more: str) -> Arrays:
    """Return what a module makes of arrays in a process of its own.

    Args:
        module: its name; it ends with ``sys.exit(serve(...))``.
        description: what it needs to know beside arrays, as JSON.
        arrays: by name.
        seconds: after which the process is ended.
        more: of its environment.

    Raises:
        ChildError: if it refuses, crashes, or is not done in time.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "given.npz", Path(folder) / "made.npz"
        text: Any = np.frombuffer(json.dumps(description).encode(), np.uint8)
        np.savez(given, **{_DESCRIPTION: text, **arrays})
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(given), str(made)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment(**more),
        )
        _running.add(process)
        try:
            _, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise ChildError(f"it is not done after {seconds:.0f} s") from None
        finally:
            _running.discard(process)
            process.kill()
            process.wait()
        if process.returncode:
            said = [line for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
            crashed = process.returncode < 0 or not said
            raise ChildError(f"its process ends with code {process.returncode}" if crashed else said[-1].strip()[:300])
        try:
            with np.load(made, allow_pickle=False) as found:
                return {name: found[name] for name in found.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise ChildError(f"what it gives cannot be read: {error}") from None


def end_all() -> None:
    """End all processes that are under way, in whatever thread: what they were to do fails."""
    for process in list(_running):
        process.kill()


def serve(function: Callable[[Any, Arrays], Arrays], given: str, made: str) -> int:
    """In such a process: do what is asked, and return the exit code.

    Args:
        function: of description and arrays; its errors are told to the parent in one line.
        given: the file to read.
        made: the file to write.
    """
    with np.load(given, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    description = json.loads(arrays.pop(_DESCRIPTION).tobytes().decode())
    try:
        found = function(description, arrays)
    except Exception as error:  # whatever the library has to say
        print(f"{type(error).__name__}: {' '.join(str(error).split())[:250]}", file=sys.stderr)
        return REFUSED
    np.savez(made, **found)  # type: ignore[arg-type]
    return 0
