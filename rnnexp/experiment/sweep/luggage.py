"""Files that a trial on another machine needs, or leaves: the same paths there as here, from the current folder on."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rnnexp import files
from rnnexp.errors import UserError

# Path, from the current folder on -> content.
Luggage = dict[str, bytes]
# What is sent to every worker, at most.
MOST_BYTES = 2**30
# Settings that name files or folders to read, and to write.
READ, WRITTEN = ("dataset_name", "weights", "data_dir"), ("output_dir", "runs_dir")
# What a file's name has behind its data set's: there may be one for each part.
_BEHIND = re.compile(rf"(?:{'|'.join(files.PARTS)})?(?:\.[\w.]+)?", re.IGNORECASE)


def needed(settings: Mapping[str, Any]) -> tuple[Path, ...]:
    """Return the files here that a trial reads: what is of the package, or downloaded, every machine has by itself."""
    found = {path: None for name in READ for path in _named(name, settings.get(name))}
    return tuple(found)


def pack(paths: tuple[Path, ...]) -> Luggage:
    """Return files to send.

    Raises:
        UserError: if they are too large, or cannot be read.
    """
    try:
        size = sum(path.stat().st_size for path in paths)
        if size > MOST_BYTES:
            raise UserError(
                f"{paths[0].parent}: {size / 1e9:.1f} GB of data would be sent to every worker of the cluster, and "
                f"{MOST_BYTES / 1e9:.1f} GB are the most: run this sweep without --ray, or with less data"
            )
        return {relative(path): path.read_bytes() for path in paths}
    except OSError as error:
        raise UserError(f"{error.filename} cannot be read: {error.strerror}") from None


def unpack(luggage: Luggage, here: Path) -> None:
    """Put files in place, from a folder on."""
    for name, content in luggage.items():
        path = Path(os.path.normpath(here / name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def translated(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings whose paths are from the current folder on, where they name what is here."""
    found = dict(settings)
    for name in (*READ, *WRITTEN):
        value = found.get(name)
        if isinstance(value, str) and Path(value).is_absolute() and (name in WRITTEN or Path(value).exists()):
            found[name] = relative(Path(value))
    return found


def collect(folder: Path, here: Path) -> Luggage:
    """Take all files out of a folder that is somewhere from ``here`` on."""
    found = {os.path.relpath(path, here): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    shutil.rmtree(folder, ignore_errors=True)
    return found


def relative(path: Path) -> str:
    """Return a path as seen from the current folder."""
    return os.path.relpath(path) if path.is_absolute() else str(path)


def _named(name: str, value: Any) -> Iterator[Path]:
    """Yield the files that a setting's value names."""
    if not isinstance(value, str) or Path(value).name in ("", ".."):
        return
    # A data set's name is looked for in data/, too.
    for path in (Path(value), Path("data") / value) if name == "dataset_name" else (Path(value),):
        if path.is_dir() and (name != "dataset_name" or len(path.parts) > 1):
            yield from sorted(inner for inner in path.rglob("*") if inner.is_file())
        elif path.parent.is_dir():
            stem = _stem(path.name) if name == "dataset_name" else path.name
            beside = (other for other in path.parent.iterdir() if other.name.startswith(stem) and other.is_file())
            yield from sorted(other for other in beside if _BEHIND.fullmatch(other.name.removeprefix(stem)))


def _stem(name: str) -> str:
    """Return the name of a data set's file without what there is behind it."""
    suffix = max((suffix for suffix in files.DATA if name.lower().endswith(suffix)), key=len, default="")
    plain = name[: len(name) - len(suffix)]
    part = next((part for part in files.PARTS if plain.upper().endswith(part)), "")
    return plain[: len(plain) - len(part)]
