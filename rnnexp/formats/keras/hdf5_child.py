"""The process that reads an HDF5 file from its standard input: arrays and texts to standard output, as an npz.

It is run as a script, imports nothing of the package, and follows no link that leads out of the file.
"""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import numpy as np

# The exit code with a message on standard error that begins where the file's name ends.
REFUSED = 3

BYTES = 128 * 2**20
OBJECTS = 10_000
DEPTH = 32
TEXT = 16 * 2**20
# What this process can ask for, beyond what it has once everything is imported.
MEMORY = 640 * 2**20
CPU_SECONDS = 40

# What networks do not need: the optimiser's state.
SKIPPED = ("optimizer_weights", "optimizer", "_optimizer")
NAMES = ("model_config", "keras_version", "backend", "layer_names", "weight_names", "name")


class RefusedError(Exception):
    """What is wrong with the file, in words that follow its name."""


class Reading:
    """One file: its arrays by path, its texts, its groups."""

    def __init__(self, file: Any) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self.attributes: dict[str, dict[str, str | list[str]]] = {}
        self.groups: list[str] = []
        self._bytes = self._texts = self._objects = 0
        self._seen: set[Any] = set()
        self._group("", file, 0)

    def _group(self, path: str, group: Any, depth: int) -> None:
        import h5py

        if depth > DEPTH:
            raise RefusedError("is no Keras file: its groups are nested too deeply")
        self._once(path, group)
        self.groups.append(path)
        self._texts_of(path, group)
        for name in group:
            if not depth and name in SKIPPED:
                continue
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise RefusedError(f"has a link to somewhere else, {path}/{name}: that is not followed")
            child = group[name]
            below = f"{path}/{name}" if path else name
            if isinstance(child, h5py.Group):
                self._group(below, child, depth + 1)
            elif isinstance(child, h5py.Dataset):
                self._array(below, child)
            else:
                raise RefusedError(f"is no Keras file: {below} is neither a group nor an array")

    def _once(self, path: str, found: Any) -> None:
        import h5py

        self._objects += 1
        if self._objects > OBJECTS:
            raise RefusedError(f"is no Keras file: it has more than {OBJECTS} groups and arrays")
        address = h5py.h5o.get_info(found.id).addr
        if address in self._seen:
            raise RefusedError(f"is damaged: {path or 'its root'} is there twice")
        self._seen.add(address)

    def _array(self, path: str, data: Any) -> None:
        self._once(path, data)
        if data.is_virtual or data.external:
            raise RefusedError(f"keeps the numbers of {path} in other files: they are not read")
        self._texts_of(path, data)
        if data.shape is None or data.dtype.kind not in "fiub" or data.dtype.subdtype is not None:
            raise RefusedError(f"has something other than numbers in {path}")
        self._bytes += data.size * data.dtype.itemsize
        if self._bytes > BYTES:
            raise RefusedError(f"has more than {BYTES >> 20} MB of weights: too many for a small network")
        self.arrays[path] = np.asarray(data[()])

    def _texts_of(self, path: str, found: Any) -> None:
        texts = {}
        for name in found.attrs:
            # Long lists are there in parts: layer_names0, layer_names1.
            if name.rstrip("0123456789") in NAMES:
                texts[name] = self._text(f"{path}:{name}", found.attrs[name])
        if texts:
            self.attributes[path] = texts

    def _text(self, place: str, value: Any) -> str | list[str]:
        if isinstance(value, np.ndarray):
            if value.size > OBJECTS:
                raise RefusedError(f"is no Keras file: {place} has {value.size} entries")
            return [self._one(place, each) for each in value.ravel().tolist()]
        return self._one(place, value)

    def _one(self, place: str, value: Any) -> str:
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if not isinstance(value, str):
            raise RefusedError(f"is no Keras file: {place} is no text")
        self._texts += len(value)
        if self._texts > TEXT:
            raise RefusedError(f"is no Keras file: its texts have more than {TEXT >> 20} MB")
        return value


def _limit() -> None:
    if sys.platform == "linux":
        import resource
        from pathlib import Path

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def main() -> int:
    """Read standard input, write standard output; return the exit code."""
    import h5py

    _limit()
    try:
        source = sys.stdin.buffer
        file = source if source.seekable() else io.BytesIO(source.read())
        with h5py.File(file, "r") as opened:
            reading = Reading(opened)
    except RefusedError as problem:
        print(problem, file=sys.stderr)
        return REFUSED
    except MemoryError:
        print("is damaged: it asks for more memory than a small network needs", file=sys.stderr)
        return REFUSED
    except Exception as problem:  # the library raises whatever it comes across in a damaged file
        print(f"is damaged: {' '.join(str(problem).split())[:200]}", file=sys.stderr)
        return REFUSED
    index = {"arrays": list(reading.arrays), "attributes": reading.attributes, "groups": reading.groups}
    arrays = {f"array_{number}": array for number, array in enumerate(reading.arrays.values())}
    np.savez(sys.stdout.buffer, index=np.frombuffer(json.dumps(index).encode(), np.uint8), **arrays)  # type: ignore[arg-type]
    return 0


if __name__ == "__main__":
    sys.exit(main())
