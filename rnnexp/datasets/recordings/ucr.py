"""Tables of the UCR archive: a recording a line, its class in the first column, and no header (``.tsv``, ``.txt``)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from rnnexp.datasets.recordings.numbers import numbers
from rnnexp.datasets.recordings.recording import Recording, Recordings
from rnnexp.datasets.tables.encoding import decode, read_text
from rnnexp.errors import UserError


def read_ucr(path: Path) -> Recordings:
    """Read a table of the UCR archive; what is missing at the end of a line makes its recording shorter.

    Raises:
        UserError: naming the line that cannot be used.
    """
    text = read_text(path)
    recordings: list[Recording] = []
    width = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        label, *cells = _cells(line)
        if not cells:
            raise UserError(
                f"{where}: it has one field; a line is a class and the values of a recording, separated by "
                "tabs, commas or blanks"
            )
        width = width or len(cells)
        if len(cells) != width:
            raise UserError(
                f"{where}: it has {len(cells)} values, and the first line {width}: fill shorter recordings "
                "up with NaN at the end"
            )
        values = numbers(cells, where)
        there = np.flatnonzero(~np.isnan(values))
        if not len(there):
            raise UserError(f"{where}: it has no value at all; remove the line")
        recordings.append(Recording(values[: there[-1] + 1, None], f"recording {number}", _plain(label)))
    if not recordings:
        raise UserError(f"{path} is empty: a line is a class and the values of a recording, separated by tabs")
    return Recordings(path, "table of a recording a line, as the UCR archive has it", tuple(recordings))


def is_ucr(path: Path, features: int | None = None) -> bool:
    """Tell whether a text file is one, by its first line: a whole number, then numbers."""
    try:
        with path.open("rb") as file:
            line = decode(file.readline(2**20))[0]
    except ValueError:
        return False
    if not line.strip():
        return False
    label, *cells = _cells(line)
    try:
        return (
            len(cells) > 2 and len(cells) + 1 != features and float(label).is_integer() and np.isfinite(float(cells[0]))
        )
    except ValueError:
        return False


def _cells(line: str) -> list[str]:
    line = line.strip()
    separator = "\t" if "\t" in line else "," if "," in line else None
    return [cell.strip() for cell in line.split(separator)]


def _plain(label: str) -> str:
    """Return a class without the decimals of the archive's older files: ``1.0000000e+00`` is ``1``."""
    if re.fullmatch(r"[+-]?\d+\.?\d*(e[+-]?\d+)?", label, re.IGNORECASE) and float(label).is_integer():
        return str(int(float(label)))
    return label
