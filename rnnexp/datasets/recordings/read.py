"""Recordings from whatever a path is: which form it is of, and what reads that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rnnexp import starter
from rnnexp.datasets import tables
from rnnexp.datasets.recordings import folder, parts, ucr
from rnnexp.datasets.recordings.arff import read_arff
from rnnexp.datasets.recordings.arrays import holds_recordings, read_npz
from rnnexp.datasets.recordings.recording import TEST, TRAIN, Columns, Recordings
from rnnexp.datasets.recordings.sktime import read_ts
from rnnexp.errors import UserError

ARCHIVES: dict[str, Callable[[Path], Recordings]] = {".ts": read_ts, ".arff": read_arff}
# In this order, for a name without suffix.
SUFFIXES = (".ts", ".arff", ".npz", *folder.TABLES)


def find(name: str) -> Path | None:
    """Return where the recordings of a name or a path are: there, or in ``data/``; None if there are none."""
    if Path(name).name in ("", ".."):
        return None  # nothing, the root, or the folder that this runs in
    for base in (Path(), Path("data"), starter.folder() / "data"):
        # A name alone is looked for in data/ only, where nothing else can be of that name.
        path = base / name
        if base == Path() and path.name == name and not path.suffix:
            continue
        if path.is_dir() or path.is_file():
            return path
        found = parts.of_stem(path)
        if found:
            return found.files[TRAIN]
        for suffix in SUFFIXES:
            if path.with_name(path.name + suffix).is_file():
                return path.with_name(path.name + suffix)
    return None


def is_recordings(path: Path, columns: Columns) -> bool:
    """Tell whether a path is one of recordings rather than of a series, which a table or an array may be too."""
    suffix = tables.suffix(path)
    if path.is_dir() or suffix in ARCHIVES:
        return True
    if suffix == ".npz":
        return holds_recordings(path)
    return bool(columns.recording or columns.rows) and suffix in folder.TABLES


def read(path: Path, columns: Columns | None = None) -> Recordings:
    """Read recordings.

    Args:
        path: of a ``.ts``, ``.arff`` or ``.npz`` file, of a table, or of a folder.
        columns: what the user says of a table's columns.

    Raises:
        UserError: naming the file and the place that cannot be used.
    """
    columns = columns or Columns()
    try:
        return _checked(_read(path, columns))
    except OSError as error:
        raise UserError(f"{error.filename or path} cannot be read: {error.strerror or error}") from None
    except MemoryError:
        raise UserError(f"{path} is larger than the memory") from None


def _read(path: Path, columns: Columns) -> Recordings:
    if not path.exists():
        raise UserError(f"there is no file and no folder {path}")
    own = parts.of_folder(path) if path.is_dir() else parts.of_file(path)
    if own:
        return _of_parts(path, own, columns)
    return folder.read_folder(path, columns) if path.is_dir() else read_one(path, columns)


def read_one(path: Path, columns: Columns) -> Recordings:
    """Read the recordings of one file.

    Raises:
        UserError: naming the place that cannot be used.
    """
    suffix = tables.suffix(path)
    if suffix in ARCHIVES:
        return ARCHIVES[suffix](path)
    if suffix == ".npz":
        return read_npz(path)
    if suffix in ("", ".txt", ".tsv", ".csv") and _may_be_ucr(columns) and ucr.is_ucr(path, columns.features):
        return ucr.read_ucr(path)
    if suffix not in folder.SUFFIXES:
        known = (*ARCHIVES, ".npz", *folder.SUFFIXES)
        raise UserError(
            f"{path} is no file of recordings that can be read: its name must end with {', '.join(known)}; "
            f"or it is a folder: {folder.FORMS}"
        )
    found, names = folder.read_file(path, columns, path.name)
    return Recordings(path, "table" if suffix in folder.TABLES else f"{suffix} file", tuple(found), names)


def _may_be_ucr(columns: Columns) -> bool:
    return not (columns.label or columns.recording or columns.inputs or columns.rows)


def _of_parts(path: Path, own: parts.Parts, columns: Columns) -> Recordings:
    read = {part: read_one(own.files[part], columns) for part in (TRAIN, TEST) if part in own.files}
    first = next(iter(read.values()))
    alone = len(read) == 1
    found = [
        replace(recording, part="" if alone else part, name=recording.name if alone else f"{part} {recording.name}")
        for part, recordings in read.items()
        for recording in recordings.recordings
    ]
    for recordings in read.values():
        if set(recordings.classes) != set(first.classes):
            raise UserError(
                f"{recordings.path} lists the classes {', '.join(recordings.classes)}, and {first.path} "
                f"{', '.join(first.classes)}"
            )
    return replace(first, path=path, recordings=tuple(found))


def _checked(found: Recordings) -> Recordings:
    """Return recordings that all have values, and as many features.

    Raises:
        UserError: naming the first that does not.
    """
    first = found.recordings[0]
    for recording in found.recordings:
        if not len(recording.values):
            raise UserError(f"{found.where(recording)}: it has no time step")
        if recording.values.shape[1] != first.values.shape[1]:
            raise UserError(
                f"{found.where(recording)}: it has {recording.values.shape[1]} features, and {first.name} has "
                f"{first.values.shape[1]}: all recordings need the same"
            )
    return found
