"""When a process has trained enough: what libraries do not give back adds up over hundreds of trials."""

from __future__ import annotations

import os
from pathlib import Path

# What it may have grown by since its first trial, in bytes, and how many files it may hold open.
MOST_GROWTH = 2**31
MOST_HANDLES = 512
_OPEN = Path("/proc/self/fd")


class Wear:
    """Counts a process's trials and watches its memory.

    Args:
        most_trials: how many there may be.
    """

    def __init__(self, most_trials: int) -> None:
        self._most = most_trials
        self._trials, self._first = 0, 0

    def reason_to_retire(self) -> str:
        """Count a trial, and return why it shall be the last one; nothing if it shall not."""
        self._trials += 1
        memory = resident_bytes()
        self._first = self._first or memory
        if self._trials >= self._most:
            return f"{self._trials} trials"
        if memory - self._first > MOST_GROWTH:
            return f"memory grew by {(memory - self._first) / 2**20:.0f} MB"
        handles = len(list(_OPEN.iterdir())) if _OPEN.is_dir() else 0
        return f"{handles} open files" if handles > MOST_HANDLES else ""


def resident_bytes() -> int:
    """Return the memory that this process takes; 0 where the system does not say."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
