"""A recording, and what a file or a folder of them was understood to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

# Squares of these, and sums of many, still fit float32.
LARGEST_VALUE = 1e15
TRAIN, TEST = "train", "test"


@dataclass(frozen=True)
class Columns:
    """Which columns of a table are what, as far as the user says so; names that are plain are found.

    Attributes:
        label: what is to be told from a recording: its class, or a number; of files without such a column a regular
            expression that finds the class in a file's name.
        recording: what a recording is known by.
        inputs: what a network reads; none for all that hold numbers and are nothing else.
        group: what no two parts of the data may share, such as a person; or a regular expression for files' names.
        rows: of a recording, where nothing else in a file says where one ends.
        features: that a model reads, if one is there already.
        numbers: whether labels are numbers, of which a recording has one; where a class changes in the course of it,
            it is divided.
        asked_by: what names the inputs, for messages.
    """

    label: str | None = None
    recording: str | None = None
    inputs: tuple[str, ...] = ()
    group: str | None = None
    rows: int | None = None
    features: int | None = None
    numbers: bool = False
    asked_by: str = "INPUTS"

    @property
    def label_setting(self) -> str:
        """The setting that names the label."""
        return "TARGET" if self.numbers else "LABEL"


@dataclass(frozen=True)
class Recording:
    """One sequence.

    Attributes:
        values: ``[time, features]`` float64, NaN where there is none.
        name: where it is from, for people and for patterns.
        label: its class, or its number as text; empty where it has none.
        columns: what else is known of it, such as the person, by name.
        part: that it belongs to, ``train`` or ``test``, if the files say so.
        source: what it is a piece of, where that has several: they must not be in different parts.
    """

    values: np.ndarray
    name: str
    label: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    part: str = ""
    source: str = ""


@dataclass(frozen=True)
class Recordings:
    """What a file or a folder was understood to be.

    Attributes:
        path: where it was found.
        form: what kind of file or folder it is, for people to read.
        recordings: in the files' order.
        features: their names, where the files have some.
        classes: in order, where a file lists them.
        numeric: whether a file says that labels are numbers; None where it says nothing.
        notes: what was understood where that is not plain.
    """

    path: Path
    form: str
    recordings: tuple[Recording, ...]
    features: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    numeric: bool | None = None
    notes: tuple[str, ...] = ()

    def where(self, recording: Recording) -> str:
        """Return where a recording is from, for messages."""
        return str(self.path) if recording.name == self.path.name else f"{self.path}, {recording.name}"

    @property
    def parts(self) -> bool:
        """Whether the files say which recordings are for testing."""
        return any(recording.part == TEST for recording in self.recordings)

    @property
    def labels(self) -> dict[str, int]:
        """How many recordings each label has, in the order of the classes."""
        counts = dict.fromkeys(self.classes, 0)
        for recording in self.recordings:
            counts[recording.label] = counts.get(recording.label, 0) + 1
        return counts

    @property
    def lengths(self) -> tuple[int, int]:
        """Time steps of the shortest and of the longest recording."""
        lengths = [len(recording.values) for recording in self.recordings]
        return min(lengths), max(lengths)

    @property
    def missing(self) -> int:
        """Values that are not there."""
        return sum(int(np.isnan(recording.values).sum()) for recording in self.recordings)
