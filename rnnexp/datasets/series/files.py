"""Where series are: in ``data/`` by name, or anywhere by their path; and what is known of those that come along."""

from __future__ import annotations

import filecmp
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnnexp import files, starter
from rnnexp.datasets import tables
from rnnexp.errors import UserError, did_you_mean


@dataclass(frozen=True)
class Known:
    """What is known of a series that the project ships."""

    source: str
    units: str
    validation_share: float = 0.2
    defaults: Mapping[str, Any] = field(default_factory=dict)


KNOWN = {
    "SP500": Known(
        "S&P 500, daily close, 1990-01-02 to 2022-12-28 (see data/README.md)",
        "index points",
        defaults={"learning_rate": 0.003},
    ),
    "airline-passengers": Known(
        "monthly airline passengers, 1949 to 1960, Box and Jenkins (see data/README.md)",
        "thousands of passengers",
        validation_share=1 / 3,
    ),
}


def folders() -> tuple[Path, ...]:
    """Return where series are looked for: ``data/`` here, then those that come with the project."""
    return Path("data"), starter.folder() / "data"


def is_shipped(path: Path) -> bool:
    """Tell whether a series is one that comes with the project, or a copy of it."""
    shipped = folders()[-1] / path.name
    return shipped.is_file() and filecmp.cmp(path, shipped, shallow=False)


def available() -> list[str]:
    """Return the names of the series that are there."""
    return sorted({path.name.removesuffix(tables.suffix(path)) for folder in folders() for path in _files(folder)})


def find(name: str) -> Path:
    """Return the file of a series.

    Raises:
        UserError: if there is none.
    """
    if files.is_path(name):
        path = Path(name)
        if path.is_file():
            return path
        if path.is_dir():
            raise UserError(f"DATASET_NAME is {name!r}, which is a folder: a series is one file")
        beside = [other.name for other in _files(path.parent)]
        raise UserError(f"DATASET_NAME is {name!r}, and there is no such file{did_you_mean(path.name, beside)}")
    for folder in folders():
        found = [path for path in _files(folder) if path.name.removesuffix(tables.suffix(path)) == name]
        if len(found) > 1:
            raise UserError(
                f"there are several files of the name {name!r} in {folder}: {', '.join(path.name for path in found)}; "
                f"set DATASET_NAME to one of them, as {str(found[0])!r}"
            )
        if found:
            return found[0]
    raise UserError(f"no file data/{name}.csv")


def _files(folder: Path) -> list[Path]:
    """Return the files of a folder that may be series: README.txt and the like aside."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if tables.is_table(path) and tables.suffix(path) != ".txt")
