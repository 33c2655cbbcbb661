"""``.ts`` files, as the UEA and UCR archives and the packages sktime and aeon have them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rnnexp.datasets.recordings.numbers import numbers
from rnnexp.datasets.recordings.recording import Recording, Recordings
from rnnexp.datasets.tables.encoding import read_text
from rnnexp.errors import UserError, did_you_mean

KNOWN = (
    "problemname", "timestamps", "missing", "univariate", "dimension", "dimensions", "equallength", "serieslength",
    "classlabel", "targetlabel", "data",
)  # fmt: skip
TIMED = re.compile(r"\(([^()]*),([^(),]*)\)\s*,?")


@dataclass
class _Header:
    """What the lines above ``@data`` say."""

    labelled: bool | None = None
    numeric: bool | None = None
    classes: list[str] = field(default_factory=list)
    timed: bool = False
    dimensions: int | None = None
    univariate: bool | None = None
    steps: int | None = None


def read_ts(path: Path) -> Recordings:
    """Read a ``.ts`` file.

    Raises:
        UserError: naming the line that cannot be used.
    """
    text = read_text(path)
    header, begun = _Header(), False
    recordings: list[Recording] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line[0] in "#%":
            continue
        where = f"{path}, line {number}"
        if begun:
            recordings.append(_recording(line, header, where, recordings))
        elif line.startswith("@"):
            begun = _tag(line, header, where)
        else:
            raise UserError(f"{where}: {line[:40]!r} comes before @data: a .ts file has its values after that line")
    if not begun:
        raise UserError(f"{path} has no line @data, after which the recordings come: it is not whole, or no .ts file")
    if not recordings:
        raise UserError(f"{path} has no recording after its line @data")
    notes = ("time stamps are not looked at: steps are taken to be regular",) if header.timed else ()
    return Recordings(
        path=path,
        form=".ts file",
        recordings=tuple(recordings),
        classes=tuple(header.classes),
        numeric=header.numeric,
        notes=notes,
    )


def _tag(line: str, header: _Header, where: str) -> bool:
    """Take in a line of the header; return whether it is the last one."""
    tag, *words = line[1:].split()
    name = tag.lower()
    if name not in KNOWN:
        raise UserError(f"{where}: @{tag} is none of a .ts file's tags{did_you_mean(name, KNOWN)}")
    value = words[0].lower() if words else ""
    truth = {"true": True, "false": False}.get(value)
    if name in ("timestamps", "univariate", "classlabel", "targetlabel") and truth is None:
        raise UserError(f"{where}: @{tag} is {value!r}; it must be true or false")
    if name in ("dimension", "dimensions", "serieslength") and not (value.isdecimal() and int(value)):
        raise UserError(f"{where}: @{tag} is {value!r}; it must be a number from 1 on")
    if name == "timestamps":
        header.timed = bool(truth)
    elif name == "univariate":
        header.univariate = truth
    elif name.startswith("dimension"):
        header.dimensions = int(value)
    elif name == "serieslength":
        header.steps = int(value)
    elif name == "classlabel":
        header.labelled, header.classes = truth, words[1:]
        header.numeric = False if truth else header.numeric
        if len(set(header.classes)) != len(header.classes):
            raise UserError(f"{where}: @{tag} lists a class twice")
    elif name == "targetlabel" and truth:
        header.labelled = header.numeric = True
    return name == "data"


def _recording(line: str, header: _Header, where: str, before: list[Recording]) -> Recording:
    label = ""
    if header.timed:
        body, _, label = line.rpartition(":") if header.labelled else (line, "", "")
        dimensions = re.split(r"\)\s*:\s*(?=\()", body)
        dimensions = [f"{text})" if not text.endswith(")") else text for text in dimensions]
        if header.labelled and not body:
            raise UserError(f"{where}: there is no label at its end, after a colon")
    else:
        dimensions = line.split(":")
        if header.labelled:
            *dimensions, label = dimensions
        if not dimensions:
            raise UserError(f"{where}: there is nothing but a label; values come before it, separated by commas")
    label = label.strip()
    if header.labelled and not label:
        raise UserError(f"{where}: there is no label after the last colon")
    if header.labelled and "," in label:
        raise UserError(
            f"{where}: it ends in values, not in a label after a colon, as @classLabel or @targetLabel says"
        )
    if header.classes and label not in header.classes:
        raise UserError(f"{where}: the label {label!r} is none of @classLabel's: {', '.join(header.classes)}")
    columns = [
        numbers(_values(text, header.timed, where), f"{where}, dimension {place}")
        for place, text in enumerate(dimensions, 1)
    ]
    expected = header.dimensions or (1 if header.univariate else before[0].values.shape[1] if before else len(columns))
    if len(columns) != expected:
        raise UserError(f"{where}: it has {len(columns)} dimensions, separated by colons, and not {expected}")
    lengths = {len(column) for column in columns}
    if len(lengths) > 1:
        longest = max(lengths)
        place = next(place for place, column in enumerate(columns, 1) if len(column) < longest)
        raise UserError(
            f"{where}, dimension {place}: it has {len(columns[place - 1])} values, and another one has {longest}: all "
            "dimensions of a recording need the same time steps; resample them first"
        )
    if header.steps and lengths != {header.steps}:
        raise UserError(f"{where}: it has {lengths.pop()} time steps, and @seriesLength says {header.steps}")
    return Recording(np.stack(columns, axis=1), f"recording {len(before) + 1}", label)


def _values(text: str, timed: bool, where: str) -> list[str]:
    if not timed:
        return text.split(",")
    found = TIMED.findall(text)
    if not found or TIMED.sub("", text).strip():
        raise UserError(f"{where}: {text[:40]!r} is no list of (time stamp,value), as @timeStamps true asks for")
    return [value for _, value in found]
