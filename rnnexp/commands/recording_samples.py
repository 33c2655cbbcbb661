"""Recordings of the user's own, read as a model of recordings read them in training."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rnnexp.commands import padding, samples
from rnnexp.commands.array_samples import read_array
from rnnexp.commands.windows import Samples
from rnnexp.datasets import recordings, tables
from rnnexp.datasets.recordings import Columns, Recording, Recordings
from rnnexp.datasets.recordings.missing import filled
from rnnexp.datasets.recordings.sequences import cut
from rnnexp.errors import UserError
from rnnexp.formats.about import About
from rnnexp.preprocessing.cutting import Cutting

# Tables that a recording may be in, whatever the model says of it.
TABLES = (".csv", ".csv.gz")


def read(path: Path, shape: tuple[int, int], about: About) -> Samples:
    """Read recordings from any file or folder that a data set may be, labels or not, and cut them as in training.

    Args:
        path: the file or folder.
        shape: of the model's input without the batch, ``(time, features)``.
        about: what the model's file says of itself.

    Raises:
        UserError: if it cannot be read, or does not fit the model.
    """
    cutting = about.recordings or Cutting()
    features = shape[1] // cutting.samples_per_step
    if not path.exists():
        raise UserError(f"there is no file and no folder {path}")
    whole = _whole_samples(path, shape, about)
    if whole is not None:
        return whole
    found = _read(path, features, cutting)
    checked = [_fitting(recording, found.where(recording), shape, about) for recording in found.recordings]
    sequences = cut(checked, cutting)
    if not sequences.samples:
        raise UserError(f"{path}: no recording has the {cutting.window} samples of the model's windows")
    if not about.padding:
        return Samples(np.stack(sequences.values), "recording", names=sequences.names)
    if about.masking is not None:
        values = np.full((len(sequences.values), *shape), about.masking)
        for place, sequence in zip(values, sequences.values, strict=True):
            place[: len(sequence)] = sequence
        return padding.masked(Samples(values, "recording", names=sequences.names), about.masking, shape[0], path)
    # Whatever is in the padding, the last real step is as good as any.
    repeated = [values[np.minimum(np.arange(shape[0]), len(values) - 1)] for values in sequences.values]
    lengths = np.array(sequences.steps, np.int64)
    return Samples(np.stack(repeated), "recording", names=sequences.names, lengths=lengths)


def _fitting(recording: Recording, where: str, shape: tuple[int, int], about: About) -> Recording:
    """Return a recording without gaps, if it is one that the model can read."""
    cutting = about.recordings or Cutting()
    steps, features = shape[0], shape[1] // cutting.samples_per_step
    count, own = recording.values.shape
    if own != features:
        named = f" ({', '.join(cutting.columns)})" if cutting.columns else ""
        raise UserError(f"{where}: it has {own} columns of numbers, and the model reads {features}{named}")
    most = (steps + 1) * cutting.samples_per_step - 1
    least = (1 if about.padding else steps) * cutting.samples_per_step
    if not cutting.window and not (least <= count and (cutting.longest or count <= most)):
        read = f"{least}" if least == most else f"{least} to {most}"
        raise UserError(
            f"{where}: it has {count} samples, and the model reads recordings of {read}: give it as many, or train "
            "with WINDOW"
        )
    return filled(recording, where)


def _read(path: Path, features: int, cutting: Cutting) -> Recordings:
    if tables.suffix(path) == ".npy" and path.is_file():
        values = read_array(path)
        if values.ndim == 3 or (values.ndim == 2 and features == 1 and values.shape[1] > 1):
            several = values if values.ndim == 3 else values[:, :, None]
            found = (Recording(one, f"{path.name}[{row}]") for row, one in enumerate(several))
            return Recordings(path, ".npy file", tuple(found))
    return recordings.read(path, Columns(inputs=cutting.columns, features=features, asked_by="the model"))


def is_recording(path: Path, about: About, features: int) -> bool:
    """Tell whether a file is a recording for a model: it says so, or reads several features, as many as a table has."""
    if about.recordings is not None:
        return True
    if about.columns is not None or features < 2 or not path.is_file() or tables.suffix(path) not in TABLES:
        return False
    return len(tables.read(path).of_kind("numbers")) == features


def _whole_samples(path: Path, shape: tuple[int, int], about: About) -> Samples | None:
    """Return the samples of a file that has one in each row, with all numbers of its time steps; None if it has not."""
    if not path.is_file() or tables.suffix(path) not in TABLES:
        return None
    features = shape[1] // (about.recordings or Cutting()).samples_per_step
    table = tables.read(path)
    columns = table.of_kind("numbers")
    if len(columns) != len(table.columns) or len(columns) != shape[0] * shape[1] or len(columns) == features:
        return None
    return samples.read(path, shape, about)
