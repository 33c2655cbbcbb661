"""Arrays that take long to make, kept on disk: made once, then memory-mapped.

An entry is a folder of ``.npy`` files and a ``meta.json`` that says what they were made from. It is written under
another name and renamed when it is whole, so that a run that is killed leaves none; a lock makes a second run wait for
the first one's instead of making its own.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
from filelock import FileLock

from rnnexp import files

META = "meta.json"


@dataclass(frozen=True)
class Entry:
    """What was kept.

    Attributes:
        arrays: by name, read-only and memory-mapped.
        facts: what else is known of them, as JSON has it.
    """

    arrays: Mapping[str, np.ndarray]
    facts: Mapping[str, Any]


class Writer:
    """Writes the arrays of an entry, row by row, so that they need not fit in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, BinaryIO] = {}
        self._shapes: dict[str, tuple[np.dtype[Any], list[int]]] = {}

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files.values():
            file.close()

    @property
    def names(self) -> list[str]:
        """The arrays written so far."""
        return list(self._files)

    def append(self, name: str, rows: np.ndarray) -> None:
        """Add rows ``[n, ...]`` to an array; the first ones decide its type."""
        if name not in self._files:
            self._files[name] = (self._folder / f"{name}.npy").open("w+b")
            self._shapes[name] = rows.dtype, [0, *rows.shape[1:]]
            self._write_header(name)
        dtype, shape = self._shapes[name]
        self._files[name].write(np.ascontiguousarray(rows, dtype).data)
        shape[0] += len(rows)

    def array(self, name: str) -> np.ndarray:
        """Return what was written so far as an array that can be changed in place."""
        file = self._files[name]
        self._write_header(name)
        file.flush()
        return np.load(self._folder / f"{name}.npy", mmap_mode="r+")

    def finish(self) -> None:
        """Write everything down to the disk."""
        for name, file in self._files.items():
            self._write_header(name)
            file.flush()
            os.fsync(file.fileno())

    def _write_header(self, name: str) -> None:
        dtype, shape = self._shapes[name]
        file = self._files[name]
        file.seek(0)
        # The header is padded so that a first dimension that grows always fits.
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": tuple(shape)}
        np.lib.format.write_array_header_1_0(file, header)
        file.seek(0, os.SEEK_END)


class Cache:
    """One entry of a folder.

    Args:
        folder: of all entries.
        name: of this one; what is found under it but was made from something else is replaced.
        key: what the entry is made from, as JSON has it.
    """

    def __init__(self, folder: Path, name: str, key: Mapping[str, Any]) -> None:
        self._path = folder / name
        self._key = json.loads(json.dumps(key))
        self._lock = FileLock(folder / f".{name}.lock")

    def find(self) -> Entry | None:
        """Return the entry, if it is there, whole, and made from this key."""
        if not self._path.is_dir():
            return None
        with files.explained(self._path), self._lock:
            return self._read()

    def make(self, fill: Callable[[Writer], Mapping[str, Any]]) -> Entry:
        """Make the entry, unless another run has done it meanwhile, and return it.

        Args:
            fill: writes the arrays, and returns the facts.

        Raises:
            UserError: if the folder cannot be written to, or the disk is full.
        """
        files.check_folder(self._path.parent, "CACHE_DIR")
        with files.explained(self._path), self._lock:
            found = self._read()
            if found is None:
                self._write(fill)
                found = self._read()
        if found is None:
            raise RuntimeError(f"{self._path} cannot be read back")
        return found

    def _read(self) -> Entry | None:
        try:
            meta = json.loads((self._path / META).read_text(encoding="utf-8"))
            if meta["key"] != self._key:
                return None
            arrays = {name: np.load(self._path / f"{name}.npy", mmap_mode="r") for name in meta["arrays"]}
        except (FileNotFoundError, ValueError, KeyError):
            return None  # nothing there, or damaged: it is made again
        return Entry(arrays, meta["facts"])

    def _write(self, fill: Callable[[Writer], Mapping[str, Any]]) -> None:
        parent, prefix = self._path.parent, f".{self._path.name}-"
        for left_over in parent.glob(f"{prefix}*"):  # of a run that was killed; under the lock, nobody else's
            shutil.rmtree(left_over)
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=prefix))
        try:
            new = folder / "new"
            new.mkdir()
            with Writer(new) as writer:
                facts = fill(writer)
                writer.finish()
                meta = {"key": self._key, "arrays": sorted(writer.names), "facts": facts}
            files.write_atomically(new / META, json.dumps(meta, indent=2, ensure_ascii=False) + "\n")
            if self._path.exists():
                self._path.rename(folder / "old")
            new.rename(self._path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
