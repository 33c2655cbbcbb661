"""Recordings, as they were understood: their files, classes and lengths, and what would be learned from them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from rnnexp.datasets.checks import checked
from rnnexp.datasets.dataset import Dataset
from rnnexp.datasets.recordings import Recordings, folder, loader, read
from rnnexp.datasets.recordings.loader import RecordingConfig
from rnnexp.datasets.recordings.sound import read_wav
from rnnexp.datasets.recordings.split import groups
from rnnexp.errors import UserError


@dataclass(frozen=True)
class Spread:
    """Of several numbers the smallest, the one in the middle, and the largest."""

    minimum: float
    median: float
    maximum: float


@dataclass(frozen=True)
class ClassOverview:
    """A class.

    Attributes:
        name: of the class.
        recordings: that are of it.
        train: sequences of it in the training part; None where none can be made.
        validation: in the validation part.
        evaluation: in the part that the figures are of.
    """

    name: str
    recordings: int
    train: int | None = None
    validation: int | None = None
    evaluation: int | None = None


@dataclass(frozen=True)
class Sequences:
    """What a run with these settings would learn from, and be judged by.

    Attributes:
        steps: time steps of a sequence, of the longest where they differ.
        features: of a time step.
        outputs: of the network.
        samples_per_step: consecutive samples that are one time step.
        train: sequences to learn from.
        validation: to watch while learning.
        evaluation: that the figures are of.
        evaluation_part: its name.
    """

    steps: int
    features: int
    outputs: int
    samples_per_step: int
    train: int
    validation: int
    evaluation: int
    evaluation_part: str


@dataclass(frozen=True)
class RecordingsOverview:
    """What was understood; what could not be is absent, and ``problem`` says why.

    Attributes:
        file: its path, or the folder's.
        kind: ``recordings``.
        task: what is asked of each: a class, or a number by ``regression``.
        form: what kind of file or folder it is.
        recordings: how many.
        features: numbers of each sample.
        feature_names: theirs, where the files have some.
        lengths: of the recordings, in samples.
        sample_rate: samples a second of sound; None of others.
        missing: values that are not there.
        classes: of classification.
        target: the numbers to be predicted, of regression.
        columns: what else is known of recordings: name -> how many different there are.
        groups: what ``SPLIT_BY`` finds: value -> recordings.
        sequences: what would be learned from.
        notes: what a reader must know.
        warnings: what is likely to be a mistake.
        problem: why it cannot be used, and what to do.
    """

    file: str
    kind: str
    task: str
    form: str
    recordings: int
    features: int
    feature_names: tuple[str, ...]
    lengths: Spread
    sample_rate: int | None
    missing: int
    classes: tuple[ClassOverview, ...] = ()
    target: Spread | None = None
    columns: dict[str, int] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    sequences: Sequences | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    problem: str | None = None


def understand(recordings: Recordings, config: RecordingConfig) -> RecordingsOverview:
    """Return what recordings were understood to be, and what would be learned from them."""
    found = recordings.recordings
    classes = config.task == "classification"
    overview = RecordingsOverview(
        file=str(recordings.path),
        kind="recordings",
        task=config.task,
        form=recordings.form,
        recordings=len(found),
        features=found[0].values.shape[1],
        feature_names=recordings.features,
        lengths=_spread([len(recording.values) for recording in found]),
        sample_rate=_sample_rate(recordings.path),
        missing=recordings.missing,
        classes=tuple(ClassOverview(*counted) for counted in recordings.labels.items()) if classes else (),
        columns=_columns(recordings),
        notes=recordings.notes,
    )
    try:
        if config.split_by:
            overview = replace(overview, groups=_counts(groups(found, config.split_by)))
        dataset = checked(loader.dataset(recordings, config), config.task)
    except UserError as error:
        return replace(overview, problem=str(error))
    return replace(
        overview,
        classes=tuple(_of_class(entry, dataset) for entry in overview.classes),
        target=None if classes else _spread([float(recording.label) for recording in found]),
        sequences=_sequences(dataset),
        notes=dataset.notes,
        warnings=dataset.warnings,
    )


def of_path(path: Path, config: RecordingConfig) -> Recordings:
    """Read recordings as a run with these settings would.

    Raises:
        UserError: naming the file and the place that cannot be used.
    """
    return read(path, loader.columns(config))


def _spread(numbers: list[int] | list[float]) -> Spread:
    return Spread(float(np.min(numbers)), float(np.median(numbers)), float(np.max(numbers)))


def _sample_rate(path: Path) -> int | None:
    """Return the samples a second of a wav file, or of those in a folder, which have to be the same for all."""
    files = folder.data_files(path) if path.is_dir() else [path]
    return next((read_wav(file).rate for file in files if file.suffix.lower() == ".wav"), None)


def _columns(recordings: Recordings) -> dict[str, int]:
    values: dict[str, set[str]] = {}
    for recording in recordings.recordings:
        for name, value in recording.columns.items():
            values.setdefault(name, set()).add(value)
    return {name: len(different) for name, different in values.items()}


def _counts(values: list[str]) -> dict[str, int]:
    return {value: values.count(value) for value in sorted(set(values))}


def _of_class(entry: ClassOverview, dataset: Dataset) -> ClassOverview:
    if entry.name not in dataset.class_names:
        return entry
    number = dataset.class_names.index(entry.name)
    train, validation, evaluation = (
        int((part.y == number).sum()) for part in (dataset.train, dataset.validation, dataset.evaluation)
    )
    return replace(entry, train=train, validation=validation, evaluation=evaluation)


def _sequences(dataset: Dataset) -> Sequences:
    return Sequences(
        steps=dataset.train.x.shape[1],
        features=dataset.train.x.shape[2],
        outputs=dataset.outputs,
        samples_per_step=dataset.cutting.samples_per_step if dataset.cutting else 1,
        train=len(dataset.train),
        validation=len(dataset.validation),
        evaluation=len(dataset.evaluation),
        evaluation_part=dataset.evaluation_part,
    )
