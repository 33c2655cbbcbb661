"""``.arff`` files, as Weka and the UEA and UCR archives have them: a recording a line, of one dimension or several."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rnnexp.datasets.recordings.numbers import numbers
from rnnexp.datasets.recordings.recording import Recording, Recordings
from rnnexp.datasets.tables.encoding import read_text
from rnnexp.errors import UserError

ATTRIBUTE = re.compile(r"@attribute\s+('(?:[^'\\]|\\.)*'|\"[^\"]*\"|\S+)\s+(.*)", re.IGNORECASE)
NUMERIC = ("numeric", "real", "integer")


@dataclass
class _Header:
    """What the lines above ``@data`` say.

    Attributes:
        names: of the attributes outside of any other.
        kinds: of the same: ``numeric``, ``relational``, or ``text``.
        classes: of the last one, if they are listed.
        inside: whether the lines are of a relational attribute.
    """

    names: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    inside: bool = False


def read_arff(path: Path) -> Recordings:
    """Read an ``.arff`` file: numeric attributes, or a relational one, and the label as the last attribute.

    Raises:
        UserError: naming the line that cannot be used.
    """
    text = read_text(path)
    header, begun = _Header(), False
    recordings: list[Recording] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("%"):
            continue
        where = f"{path}, line {number}"
        if begun:
            recordings.append(_recording(line, header, where, recordings))
        elif line.lower().startswith("@data"):
            _check(header, where)
            begun = True
        else:
            _declare(line, header, where)
    if not begun:
        raise UserError(f"{path} has no line @data, after which the recordings come: it is not whole, or no .arff file")
    if not recordings:
        raise UserError(f"{path} has no recording after its line @data")
    return Recordings(
        path=path,
        form=".arff file",
        recordings=tuple(recordings),
        classes=tuple(header.classes),
        numeric=header.kinds[-1] == "numeric",
    )


def _declare(line: str, header: _Header, where: str) -> None:
    lower = line.lower()
    if lower.startswith("@relation"):
        return
    if lower.startswith("@end"):
        header.inside = False
        return
    found = ATTRIBUTE.fullmatch(line)
    if not found:
        raise UserError(f"{where}: {line[:40]!r} is neither @relation, @attribute NAME TYPE, @end nor @data")
    name, kind = found[1].strip("'\""), found[2].strip()
    if header.inside:
        if kind.lower() not in NUMERIC:
            raise UserError(f"{where}: {name!r}, a time step, is {kind[:40]}; it must be numeric")
        return
    header.names.append(name)
    header.classes = []
    if kind.lower() in NUMERIC:
        header.kinds.append("numeric")
    elif kind.lower() == "relational":
        header.kinds.append("relational")
        header.inside = True
    elif kind.startswith("{") and kind.endswith("}"):
        header.kinds.append("text")
        header.classes = [_unquoted(word) for word in _fields(kind[1:-1], where)]
    elif kind.lower() == "string":
        header.kinds.append("text")
    else:
        raise UserError(
            f"{where}: {name!r} is of the type {kind[:40]!r}; those that can be used are numeric, relational, "
            "string and {a list of classes}"
        )


def _check(header: _Header, where: str) -> None:
    kinds = header.kinds
    if len(kinds) < 2:
        raise UserError(f"{where}: there are {len(kinds)} attributes above it; a recording needs values and a label")
    if kinds[-1] == "relational" or (kinds[0] == "relational") != (kinds.count("relational") == len(kinds) - 1 == 1):
        raise UserError(f"{where}: the attributes must be numeric ones, or one relational, and then the label")
    bad = [name for name, kind in zip(header.names[:-1], kinds[:-1], strict=True) if kind == "text"]
    if bad:
        raise UserError(
            f"{where}: the attribute {bad[0]!r} is text, and not the last one: the label comes last, and all "
            "others are numeric"
        )


def _recording(line: str, header: _Header, where: str, before: list[Recording]) -> Recording:
    if line.startswith("{"):
        raise UserError(f"{where}: it is sparse, with places before values; save the file in the dense form")
    cells = _fields(line, where)
    if len(cells) != len(header.names):
        raise UserError(f"{where}: it has {len(cells)} fields, and there are {len(header.names)} attributes")
    *given, label = cells
    if header.classes and label not in header.classes:
        raise UserError(f"{where}: the label {label!r} is none of those listed: {', '.join(header.classes)}")
    if not label or label == "?":
        raise UserError(f"{where}: there is no label at its end")
    if header.kinds[0] == "relational":
        rows = [row for row in re.split(r"\\n|\n", given[0]) if row.strip()]
        columns = [numbers(row.split(","), f"{where}, dimension {place}") for place, row in enumerate(rows, 1)]
        if len({len(column) for column in columns}) != 1:
            raise UserError(f"{where}: its dimensions have different numbers of time steps")
        if before and before[0].values.shape[1] != len(columns):
            raise UserError(
                f"{where}: it has {len(columns)} dimensions, separated by \\n, and the first recording "
                f"{before[0].values.shape[1]}"
            )
        values = np.stack(columns, axis=1)
    else:
        values = numbers(given, where)[:, None]
    return Recording(values, f"recording {len(before) + 1}", label)


def _fields(line: str, where: str) -> list[str]:
    quote = '"' if line.lstrip().startswith('"') or ',"' in line else "'"
    try:
        # In Weka's files a backslash stands before what would end the text, and \n for the end of a dimension.
        fields = next(csv.reader([line], quotechar=quote, skipinitialspace=True, strict=True))
    except csv.Error:
        raise UserError(f"{where}: a quotation mark is never closed") from None
    return [field.strip() for field in fields]


def _unquoted(word: str) -> str:
    return word.strip().strip("'\"")
