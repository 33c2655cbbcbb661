"""HDF5 files from anywhere: their arrays and texts, read by a process of its own that may crash, hang or grow.

The HDF5 library follows what a file says, and a damaged file can make it read outside its memory. So it runs in a child
process (``hdf5_child``) with limits, which hands back plain arrays and texts.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.keras import hdf5_child

SIGNATURE = b"\x89HDF\r\n\x1a\n"
# A process that reads more slowly than this hangs.
SECONDS = 60


@dataclass(frozen=True)
class Hdf5:
    """What is in a file.

    Attributes:
        arrays: by path, without a slash before it.
        attributes: texts and lists of texts, by the path of the group or array that has them, and name.
        groups: the paths of all groups; of the file itself "".
    """

    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    attributes: Mapping[str, Mapping[str, str | list[str]]] = field(default_factory=dict)
    groups: frozenset[str] = frozenset()

    def attribute(self, path: str, name: str) -> str | list[str] | None:
        """Return an attribute, or None if there is none of this name."""
        return self.attributes.get(path, {}).get(name)


def read(source: BinaryIO | bytes, name: str, seconds: float = SECONDS) -> Hdf5:
    """Return what is in an HDF5 file.

    Args:
        source: the file, or its bytes.
        name: what messages call it.
        seconds: after which the reading process is ended.

    Raises:
        UserError: if it is damaged, refers to other files, or is larger than a small network can be.
    """
    command = [sys.executable, "-I", hdf5_child.__file__]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    options: dict[str, Any] = {"input": source} if isinstance(source, bytes) else {"stdin": source}
    try:
        done: subprocess.CompletedProcess[bytes] = subprocess.run(
            command, capture_output=True, timeout=seconds, env=environment, check=False, **options
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"{name} is damaged: the HDF5 library is not done with it after {seconds:.0f} s") from None
    if done.returncode == hdf5_child.REFUSED:
        raise UserError(f"{name} {done.stderr.decode('utf-8', 'replace').strip()}")
    if done.returncode:
        raise UserError(f"{name} is damaged: the HDF5 library ends with code {done.returncode} when it reads it")
    return _unpacked(done.stdout, name)


def _unpacked(content: bytes, name: str) -> Hdf5:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            index = json.loads(bytes(stored["index"]).decode())
            arrays = {path: stored[f"array_{number}"] for number, path in enumerate(index["arrays"])}
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error):
        raise UserError(f"{name} is damaged: what the HDF5 library makes of it cannot be read") from None
    return Hdf5(arrays, index["attributes"], frozenset(index["groups"]))
