"""The file that an Optuna study is kept in: a line of JSON for each change, as Optuna's own file backend writes it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from optuna.storages.journal import BaseJournalBackend


class Journal(BaseJournalBackend):
    """Changes in a file that one process has for itself.

    Optuna's own backend shares the file between processes by a lock that is a file, too, and stays behind when one of
    them is killed; and it cannot read a line that a killed process has not finished. Here such a line is cut off when
    the next one is written.

    Args:
        path: of the file; made, if it is not there.

    Raises:
        ValueError: if a line before the last one cannot be read.
    """

    def __init__(self, path: Path) -> None:
        content = path.read_bytes() if path.exists() else b""
        self._whole = content.rfind(b"\n") + 1
        lines, unfinished = content[: self._whole].splitlines(), content[self._whole :]
        self._changes: list[dict[str, Any]] = [json.loads(line) for line in lines]
        for number, change in enumerate(self._changes, 1):
            if not isinstance(change, dict):
                raise ValueError(f"line {number} is no change of a study")
        if unfinished and not unfinished.startswith(b"{"):
            raise ValueError(f"line {len(lines) + 1} is no change of a study")
        self._file = path.open("ab")

    def read_logs(self, log_number_from: int) -> list[dict[str, Any]]:
        """Return the changes from a number on."""
        return self._changes[log_number_from:]

    def append_logs(self, logs: Iterable[dict[str, Any]]) -> None:
        """Write changes, down to the disk."""
        # Not before: what is only read is left as it is.
        self._file.truncate(self._whole)
        lines = [json.dumps(log, separators=(",", ":")) for log in logs]
        self._file.write("".join(f"{line}\n" for line in lines).encode())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._whole = os.fstat(self._file.fileno()).st_size
        # As they will be read: Optuna changes what it has handed over.
        self._changes += [json.loads(line) for line in lines]

    def close(self) -> None:
        """Close the file."""
        self._file.close()
