"""What native code prints to standard error, which no logger can reach."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def errors_to(descriptor: int) -> Iterator[None]:
    """Send all that this process prints to standard error to another file descriptor."""
    sys.stderr.flush()
    kept = os.dup(2)
    os.dup2(descriptor, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextmanager
def silenced() -> Iterator[None]:
    """Drop all that this process prints to standard error, as for the import of TensorFlow."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        with errors_to(nowhere):
            yield
    finally:
        os.close(nowhere)
