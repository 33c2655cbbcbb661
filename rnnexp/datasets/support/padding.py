"""Data sets of sequences of different lengths, checked, and padded in one way whoever has loaded them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnnexp.datasets.dataset import IGNORED, Dataset, Split
from rnnexp.errors import UserError
from rnnexp.network.lengths import real


def evened(dataset: Dataset) -> Dataset:
    """Return a data set whose padding has inputs of 0, and labels at every step that do not count.

    Where one part has lengths, all parts have: those of a part without are the whole array's.

    Raises:
        UserError: if lengths do not fit the sequences.
    """
    parts = {"train": dataset.train, "validation": dataset.validation, "evaluation": dataset.evaluation}
    if all(part.lengths is None for part in parts.values()):
        return dataset
    # The same part may be there twice, and is known by being the same.
    distinct = {id(part): (name, part) for name, part in parts.items()}
    found = {key: _evened(part, f"{name}.lengths of {dataset.name}", dataset) for key, (name, part) in distinct.items()}
    train, validation, evaluation = (found[id(part)] for part in parts.values())
    return replace(dataset, train=train, validation=validation, evaluation=evaluation)


def _evened(part: Split, name: str, dataset: Dataset) -> Split:
    rows, steps = part.x.shape[:2]
    lengths = np.full(rows, steps, np.int32) if part.lengths is None else np.asarray(part.lengths)
    if lengths.shape != (rows,) or not np.issubdtype(lengths.dtype, np.integer):
        raise UserError(
            f"{name}: they are {lengths.dtype} of shape {list(lengths.shape)}, expected an integer for each of the "
            f"{rows} sequences"
        )
    bad = np.flatnonzero((lengths < 1) | (lengths > steps))
    if len(bad):
        raise UserError(f"{name}: sequence {bad[0] + 1} has the length {lengths[bad[0]]}, expected 1 to {steps}")
    there = real(lengths, steps)
    x, y = np.where(there[..., None], part.x, part.x.dtype.type(0)), part.y
    if dataset.answers == "every step":
        y = np.where(there, y, y.dtype.type(IGNORED))
    return replace(part, x=x, y=y, lengths=lengths.astype(np.int32))
