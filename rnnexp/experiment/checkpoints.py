"""The checkpoints of a run: states of its training on the disk, the newest two."""

from __future__ import annotations

import hashlib
import io
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnexp import files
from rnnexp.errors import UserError

if TYPE_CHECKING:
    from rnnexp.training.state import TrainingState

# At most so many seconds are lost when a run is killed; an epoch that takes longer is kept at its end.
SECONDS = 30.0
KEPT = 2
_NAME = re.compile(r"checkpoint-(\d+)\.npz")
_BEGUN, _FIRST, _STATE = "begun_from", "first", "state"


@dataclass
class Checkpoints:
    """The checkpoints in a run's folder; a ``rnnexp.training.state.StateKeeper``.

    Attributes:
        folder: of the run.
        begun_from: of what the training began from, see ``fingerprint``.
        first: the weights after the first epoch, as soon as there are some, which the report shows too.
    """

    folder: Path
    begun_from: str
    first: Sequence[np.ndarray] = ()
    _last: float = field(default_factory=time.monotonic)

    def due(self) -> bool:
        """Tell whether the last one is so old that another one is due."""
        return time.monotonic() - self._last >= SECONDS

    def keep(self, state: TrainingState) -> None:
        """Write a checkpoint, and remove those before the last two."""
        content = io.BytesIO()
        arrays: dict[str, Any] = {f"{_FIRST}/{number}": array for number, array in enumerate(self.first)}
        arrays |= {_BEGUN: np.array(self.begun_from), _STATE: np.frombuffer(state.to_bytes(), np.uint8)}
        np.savez(content, **arrays)
        epoch = state.history.epochs[-1].number
        files.write_atomically(self.folder / f"checkpoint-{epoch}.npz", content.getvalue())
        for path in paths(self.folder)[:-KEPT]:
            path.unlink(missing_ok=True)
        self._last = time.monotonic()

    def newest(self) -> TrainingState | None:
        """Return the newest state that can be read, and remember the weights after the first epoch; None without one.

        Raises:
            UserError: if the training did not begin from the same.
        """
        from rnnexp.training.state import TrainingState

        for path in reversed(paths(self.folder)):
            try:
                with np.load(path, allow_pickle=False) as file:
                    arrays = dict(file)
                state = TrainingState.from_bytes(arrays[_STATE].tobytes())
                begun_from = str(arrays[_BEGUN])
            # Of what is no such file, NumPy and zipfile raise many kinds; then there is the one before it.
            except Exception:
                continue
            if begun_from != self.begun_from:
                raise UserError(
                    f"RESUME: {self.folder} did not begin from the same data and weights: its data, its WEIGHTS or the "
                    "version of a package is another one by now; begin anew, without RESUME"
                )
            self.first = [arrays[f"{_FIRST}/{number}"] for number in range(len(arrays) - 2)]
            return state
        return None

    def clear(self) -> None:
        """Remove them all: of a run that has ended nothing is to be resumed."""
        for path in paths(self.folder):
            path.unlink(missing_ok=True)


def fingerprint(arrays: Iterable[np.ndarray | None]) -> str:
    """Return a checksum of arrays, their shapes and types: of what a training learns from and begins with."""
    found = hashlib.sha256()
    for array in arrays:
        if array is None:
            found.update(b"none")
        else:
            found.update(f"{array.dtype.str}{array.shape}".encode())
            found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def paths(folder: Path) -> list[Path]:
    """Return the checkpoints in a folder, oldest first."""
    numbered = [(int(match[1]), path) for path in folder.iterdir() if (match := _NAME.fullmatch(path.name))]
    return [path for _, path in sorted(numbered)]
