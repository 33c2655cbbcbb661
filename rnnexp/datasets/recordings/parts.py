"""Archives' own parts: NAME_TRAIN.ts for training and NAME_TEST.ts, beside it, for testing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rnnexp.datasets.recordings.recording import TEST, TRAIN
from rnnexp.errors import UserError

NAME = re.compile(r"(?P<stem>.+)_(?P<part>train|test)(?P<suffix>\.[a-z]+)?", re.IGNORECASE)
# Of the same data in several forms, the first of these.
SUFFIXES = (".ts", ".arff", ".tsv", ".txt", ".csv", "")


@dataclass(frozen=True)
class Parts:
    """The files of one set.

    Attributes:
        stem: their common name.
        files: part -> file; the training part is always there.
    """

    stem: str
    files: dict[str, Path]


def of_file(path: Path) -> Parts | None:
    """Return the parts that a file is one of; None for a file of no part.

    Raises:
        UserError: if there is a part for testing alone.
    """
    found = NAME.fullmatch(path.name)
    if not found:
        return None
    own = {
        part: file
        for stem, suffix, part, file in _files(path.parent)
        if stem == found["stem"] and suffix == (found["suffix"] or "")
    }
    if TRAIN not in own:
        raise UserError(
            f"{path} is a part for testing, and there is no {found['stem']}_TRAIN{found['suffix'] or ''} "
            "beside it to learn from"
        )
    return Parts(found["stem"], own)


def of_folder(folder: Path) -> Parts | None:
    """Return the parts that a folder holds; None for a folder without any.

    Raises:
        UserError: if they are of several sets, none of which has the folder's name.
    """
    found: dict[tuple[str, str], dict[str, Path]] = {}
    for stem, suffix, part, file in _files(folder):
        found.setdefault((stem, suffix), {})[part] = file
    found = {key: files for key, files in found.items() if TRAIN in files}
    stems = sorted({stem for stem, _ in found})
    if not stems:
        return None
    stem = folder.resolve().name if folder.resolve().name in stems else stems[0]
    if len(stems) > 1 and stem != folder.resolve().name:
        raise UserError(
            f"{folder} has several sets: {', '.join(stems)}; name the file of one, such as "
            f"{folder / stems[0]}_TRAIN{next(suffix for name, suffix in found if name == stems[0])}"
        )
    suffix = min((suffix for name, suffix in found if name == stem), key=SUFFIXES.index)
    return Parts(stem, found[stem, suffix])


def of_stem(path: Path) -> Parts | None:
    """Return the parts whose files are named as a path is, but for _TRAIN and the suffix; None if there are none."""
    if not path.parent.is_dir():
        return None
    found: dict[str, dict[str, Path]] = {}
    for stem, suffix, part, file in _files(path.parent):
        if stem == path.name:
            found.setdefault(suffix, {})[part] = file
    usable = [suffix for suffix, files in found.items() if TRAIN in files]
    return Parts(path.name, found[min(usable, key=SUFFIXES.index)]) if usable else None


def _files(folder: Path) -> Iterator[tuple[str, str, str, Path]]:
    """Go through the files that are parts: stem, suffix, part, file."""
    for file in sorted(folder.iterdir()):
        found = NAME.fullmatch(file.name)
        suffix = (found["suffix"] or "").lower() if found else ""
        if found and file.is_file() and suffix in SUFFIXES:
            yield found["stem"], suffix, TRAIN if found["part"].lower() == "train" else TEST, file
