"""The process in which TensorFlow Lite Micro tries arenas: see ``arena``."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from rnnexp.formats.child import Arrays, serve

# What arenas are aligned to, the first that is tried, and the largest.
STEP, FIRST, MOST = 16, 1 << 18, 1 << 28


def run(_: Any, arrays: Arrays) -> Arrays:
    """Return the least arena of each file by name, in bytes; 0 where none is enough."""
    return {name: np.array(_least(content.tobytes())) for name, content in arrays.items()}


def _least(content: bytes) -> int:
    enough = FIRST
    while not _runs(content, enough):
        enough *= 2
        if enough > MOST:
            return 0
    # From above: in an arena that is far too small TensorFlow Lite Micro crashes.
    while _runs(content, enough // 2):
        enough //= 2
    too_small = enough // 2
    while enough - too_small > STEP:
        middle = (enough + too_small) // (2 * STEP) * STEP
        if _runs(content, middle):
            enough = middle
        else:
            too_small = middle
    return enough


def _runs(content: bytes, size: int) -> bool:
    """Tell whether a file can be allocated in an arena, and run there."""
    from tflite_micro import runtime

    try:
        runtime.Interpreter.from_bytes(content, arena_size=size).invoke()
    except RuntimeError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(serve(run, *sys.argv[1:]))
