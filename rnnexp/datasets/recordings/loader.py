"""A data set of recordings of one's own: read, divided, cut into sequences, and scaled feature by feature."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rnnexp.config import ClassificationConfig, RegressionConfig
from rnnexp.datasets.dataset import Dataset, Split
from rnnexp.datasets.recordings import labels
from rnnexp.datasets.recordings.augmentation import Augmentation
from rnnexp.datasets.recordings.missing import filled
from rnnexp.datasets.recordings.read import read
from rnnexp.datasets.recordings.recording import Columns, Recordings
from rnnexp.datasets.recordings.scale import standardized
from rnnexp.datasets.recordings.sequences import Sequences, cut, longest_step
from rnnexp.datasets.recordings.split import Rule, divide
from rnnexp.datasets.support.baselines import majority_class
from rnnexp.errors import UserError
from rnnexp.preprocessing.cutting import Cutting
from rnnexp.preprocessing.standard import Standardized, Target

RecordingConfig = ClassificationConfig | RegressionConfig
# Time steps of a sequence that SAMPLES_PER_STEP aims at where it is automatic, and how much is held out where that is.
AUTOMATIC_STEPS, AUTOMATIC_SHARE = 30, 0.2
# Such a share of all samples may be left over at the ends of recordings.
LITTLE = 0.05


def load(config: RecordingConfig, path: Path) -> Dataset:
    """Read recordings and make a data set of them.

    Raises:
        UserError: if they cannot be used; the message says where and what to do.
    """
    return dataset(read(path, columns(config)), config)


def dataset(recordings: Recordings, config: RecordingConfig) -> Dataset:
    """Make a data set of recordings that were read.

    Raises:
        UserError: if they cannot be used; the message says where and what to do.
    """
    found = _without_gaps(recordings)
    classes = labels.classes(found) if config.task == "classification" else ()
    if not classes:
        labels.check_numbers(found)
    share = AUTOMATIC_SHARE if config.validation_share is None else config.validation_share
    cutting = cutting_of(found, config)
    rule = Rule(share, config.seed, config.split_by, bool(classes), bool(config.early_stopping), bool(config.window))
    parts = divide(found, rule)
    train, validation = cut(parts.train, cutting), cut(parts.validation, cutting)
    evaluation = validation if parts.evaluation is parts.validation else cut(parts.evaluation, cutting)
    together = (train, validation, evaluation)
    if not all(map(len, together)):
        raise _too_short(found, cutting)
    input_map = standardized(parts.train, cutting.samples_per_step, numeric=not classes)
    steps = {steps for part in together for steps in part.steps}
    shape = Shape(max(steps), variable=len(steps) > 1, classes=classes)
    splits = {id(part): _split(part, input_map, shape) for part in together}
    baselines = (
        {"majority class": majority_class(splits[id(train)].y, len(evaluation), len(classes))}
        if classes
        else {"mean": np.full((len(evaluation), 1), input_map.target.offset if input_map.target else 0.0)}
    )
    little, much = _left_out({id(part): part for part in together}.values(), cutting)
    return Dataset(
        name=config.data_stem,
        task=config.task,
        train=splits[id(train)],
        validation=splits[id(validation)],
        evaluation=splits[id(evaluation)],
        evaluation_part=parts.evaluation_part,
        baselines=baselines,
        outputs=1 if len(classes) <= 2 else len(classes),
        source=f"{len(found.recordings)} recordings: {found.path.name}, {found.form}",
        units="class" if classes else "as in the file",
        normalization="each feature less its mean in the training part, by its deviation there",
        input_map=input_map,
        cutting=cutting,
        class_names=classes,
        defaults={"samples_per_step": cutting.samples_per_step}
        | ({"stride": cutting.stride} if config.window else {})
        | ({} if classes else {"validation_share": share, "generate_steps": 0}),
        notes=(*found.notes, *parts.notes, *_notes(cutting), *little),
        warnings=tuple(much),
        augment=_augmentation(train, input_map, cutting, shape, getattr(config, "augmentation", 0.0)),
    )


def columns(config: RecordingConfig) -> Columns:
    """Return what the settings say of a table's columns."""
    return Columns(
        label=next(iter(config.target), None) if isinstance(config, RegressionConfig) else config.label,
        recording=config.recording,
        inputs=config.inputs,
        group=config.split_by,
        rows=config.recording_rows,
        numbers=isinstance(config, RegressionConfig),
    )


def cutting_of(found: Recordings, config: RecordingConfig) -> Cutting:
    """Return how recordings become sequences: as the settings say, or of about ``AUTOMATIC_STEPS`` steps.

    Raises:
        UserError: if windows are of less than a step.
    """
    samples = config.window or found.lengths[1]
    together = config.samples_per_step or longest_step(found, config.window, AUTOMATIC_STEPS)
    if config.window and config.window < together:
        raise UserError(f"WINDOW is {config.window}, less than SAMPLES_PER_STEP, {together}: a window must have a step")
    if config.stride and not config.window:
        raise UserError("STRIDE is from one window to the next: set WINDOW too")
    steps = getattr(config, "max_sequence_length", None)
    return Cutting(
        columns=found.features,
        window=config.window,
        stride=(config.stride or max(config.window // 2, 1)) if config.window else None,
        samples_per_step=together,
        longest=steps * together if steps and not config.window and samples > steps * together else None,
    )


@dataclass(frozen=True)
class Shape:
    """What all parts of a data set have in common.

    Attributes:
        steps: of the longest sequence.
        variable: whether there are shorter ones.
        classes: their names; none where a number is predicted.
    """

    steps: int
    variable: bool
    classes: tuple[str, ...]


def _split(part: Sequences, input_map: Standardized, shape: Shape) -> Split:
    """Return sequences as the network sees them, padded with zeros to as many steps."""
    offset, scale = input_map.scaling(part.values[0][None])
    x = np.zeros((len(part), shape.steps, offset.shape[2]), np.float32)
    for row, values in enumerate(part.values):
        x[row, : len(values)] = (values - offset[0]) / scale[0]
    lengths = np.array(part.steps, np.int32) if shape.variable else None
    if shape.classes:
        number = {name: place for place, name in enumerate(shape.classes)}
        return Split(x, np.array([number[label] for label in part.labels], np.int32), lengths=lengths)
    target = np.array([[float(label)] for label in part.labels])
    of = input_map.target or Target()
    y = ((target - of.offset) / of.scale).astype(np.float32)
    return Split(x, y, np.full((1, 1), of.offset), np.full((1, 1), of.scale), target, lengths)


def _augmentation(
    train: Sequences, input_map: Standardized, cutting: Cutting, shape: Shape, strength: float
) -> Augmentation | None:
    """Return what distorts the training part, if there is to be any."""
    if not strength:
        return None
    samples = np.zeros((len(train), shape.steps * cutting.samples_per_step, len(input_map.mean)), np.float32)
    for row, values in enumerate(train.samples):
        samples[row, : len(values)] = (values - np.array(input_map.mean)) / np.array(input_map.deviation)
    return Augmentation(samples, train.lengths, cutting, strength)


def _without_gaps(found: Recordings) -> Recordings:
    """Return recordings whose missing values are filled in, with a note on how many there were."""
    if not found.missing:
        return found
    note = f"{found.missing} missing values are on the line between their neighbours in time"
    whole = tuple(filled(recording, found.where(recording)) for recording in found.recordings)
    return replace(found, recordings=whole, notes=(*found.notes, note))


def _notes(cutting: Cutting) -> list[str]:
    """Return what a reader must know of how recordings become sequences."""
    together = cutting.samples_per_step
    return [f"{together} consecutive samples are one time step (SAMPLES_PER_STEP)"] if together > 1 else []


def _left_out(parts: Iterable[Sequences], cutting: Cutting) -> tuple[list[str], list[str]]:
    """Return what there is to say of samples that are in no sequence: notes on a little, warnings of more."""
    parts = list(parts)
    notes: list[str] = []
    warnings: list[str] = []
    short = sum(part.too_short for part in parts)
    if short:
        warnings.append(f"{short} recordings are shorter than a {'window' if cutting.window else 'step'} and left out")
    given = sum(part.given for part in parts)
    unseen = given - sum(part.seen for part in parts)
    if unseen:
        if cutting.longest:
            why = f"of longer recordings, the first {cutting.longest} samples are seen (MAX_SEQUENCE_LENGTH)"
        elif cutting.window:
            why = "what is behind the last window of a recording, or between two, is not seen (WINDOW, STRIDE)"
        else:
            why = "what is behind the last time step of a recording is not seen (SAMPLES_PER_STEP)"
        (warnings if unseen > LITTLE * given else notes).append(f"{unseen} of the {given} samples are left out: {why}")
    return notes, warnings


def _too_short(found: Recordings, cutting: Cutting) -> UserError:
    shortest, longest = found.lengths
    what = f"WINDOW is {cutting.window}" if cutting.window else f"SAMPLES_PER_STEP is {cutting.samples_per_step}"
    return UserError(
        f"{what}, and the recordings of {found.path} have {shortest} to {longest} samples: that leaves a part without "
        f"any sequence; set it to {max(shortest // 2, 1)} or less"
    )
