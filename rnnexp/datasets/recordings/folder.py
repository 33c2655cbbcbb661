"""Recordings in a folder: a folder a class, a file a class, or files that say of every row what it is."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from rnnexp.datasets import tables
from rnnexp.datasets.recordings import table
from rnnexp.datasets.recordings.arrays import read_npy
from rnnexp.datasets.recordings.patterns import compiled, match
from rnnexp.datasets.recordings.recording import TEST, TRAIN, Columns, Recording, Recordings
from rnnexp.datasets.recordings.sound import read_wav
from rnnexp.errors import UserError

PARTS = {"train": TRAIN, "training": TRAIN, "test": TEST, "testing": TEST, "val": TEST, "validation": TEST}
TABLES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".parquet", ".xlsx")
SUFFIXES = (*TABLES, ".wav", ".npy")
FORMS = "a folder for each class with a CSV, wav or npy file a recording, or a CSV file for each class"


def read_folder(folder: Path, columns: Columns) -> Recordings:
    """Read a folder of recordings.

    Raises:
        UserError: naming the file that cannot be used.
    """
    files = data_files(folder)
    if not files:
        others = sorted({file.suffix for file in folder.rglob("*") if file.is_file()} - {""})
        held = f": it has files {', '.join(others)}" if others else ", and is empty"
        raise UserError(f"{folder} has no file with recordings ({', '.join(SUFFIXES)}){held}. It must be {FORMS}")
    paths = [file.relative_to(folder) for file in files]
    parts = [PARTS.get(path.parts[0].lower(), "") if len(path.parts) > 1 else "" for path in paths]
    if not (all(parts) and TRAIN in parts and TEST in parts):
        parts = [""] * len(parts)
    inner = [Path(*path.parts[1:]) if part else path for path, part in zip(paths, parts, strict=True)]
    # A class by the folder, or, of files that are all in one, by the file's name.
    by_folder = all(len(path.parts) > 1 for path in inner)
    if not by_folder and any(len(path.parts) > 1 for path in inner):
        loose = next(path for path in inner if len(path.parts) == 1)
        raise UserError(f"{folder} has folders, and beside them the file {loose.name}: it must be {FORMS}")
    pattern = compiled(columns.label, columns.label_setting) if columns.label else None
    found: list[Recording] = []
    features: tuple[str, ...] = ()
    rates: dict[int, Path] = {}
    told = False
    for file, path, part in zip(files, inner, parts, strict=True):
        name = path.as_posix()
        read, names = read_file(file, columns, name, rates)
        told |= any(recording.label for recording in read)
        own = path.parts[0] if by_folder else path.name.removesuffix(tables.suffix(path))
        if pattern and not any(recording.label for recording in read):
            own = match(pattern, name, columns.label_setting)
        found += [replace(recording, label=recording.label or own, part=part) for recording in read]
        features = features or names
        if names and features and names != features:
            raise UserError(
                f"{file} has the columns {', '.join(names)}, and {files[0]} has {', '.join(features)}: all "
                "files need the same, in the same order; or name those that are read in INPUTS"
            )
    form = (
        ("table" if len(files) == 1 else "tables that say what each row is of")
        if told
        else (
            "folder of files whose names have the class"
            if pattern
            else "folder a class, a file a recording"
            if by_folder
            else "a file a class"
        )
    )
    return Recordings(folder, form, tuple(found), features)


def read_file(
    file: Path, columns: Columns, name: str, rates: dict[int, Path] | None = None
) -> tuple[list[Recording], tuple[str, ...]]:
    """Return the recordings in a table, a wav or an npy file, and the names of their features.

    Args:
        file: the file.
        columns: what the user says of a table's columns.
        name: of the file, for people and patterns.
        rates: samples a second of the wav files so far, and the first file of each; the file's is added.

    Raises:
        UserError: if it cannot be used.
    """
    suffix = tables.suffix(file)
    if suffix == ".npy":
        return [Recording(read_npy(file), name)], ()
    if suffix == ".wav":
        sound = read_wav(file)
        rates = {} if rates is None else rates
        rates.setdefault(sound.rate, file)
        if len(rates) > 1:
            (first, first_file), (second, second_file) = list(rates.items())[:2]
            raise UserError(
                f"{second_file} has {second} samples a second, and {first_file} {first}: resample them to one"
            )
        return [Recording(sound.values, name)], ()
    found, part = table.read(file, columns)
    names = tuple(column.name for column in part.features) if found.header else ()
    return table.recordings(found, part, columns, name), names


def data_files(folder: Path) -> list[Path]:
    """Return the files with recordings in a folder and those below it, in order; hidden ones are left out."""
    return sorted(
        file
        for file in folder.rglob("*")
        if file.is_file()
        and tables.suffix(file) in SUFFIXES
        and not any(part.startswith((".", "__MACOSX")) for part in file.relative_to(folder).parts)
        and not re.fullmatch(r"readme.*", file.name, re.IGNORECASE)
    )
