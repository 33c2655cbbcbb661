"""Data sets as a user's module might return them, and some that do not fit."""

import dataclasses

import numpy as np

from rnnexp.datasets.dataset import Dataset, Split

random = np.random.default_rng(0)
ROWS, STEPS, FEATURES = 40, 6, 2
X = random.normal(size=(3 * ROWS, STEPS, FEATURES)).astype(np.float32)
Y = random.normal(size=(3 * ROWS, 1)).astype(np.float32)
LABELS = np.arange(3 * ROWS, dtype=np.int32) % 3


def parts(y, **fields):
    names = ("train", "validation", "evaluation")
    return {
        name: Split(X[rows], y[rows], **fields)
        for name, rows in zip(names, (slice(i * ROWS, (i + 1) * ROWS) for i in range(3)), strict=True)
    }


GOOD = {"name": "mine", "source": "made up", "normalization": "none"}
REGRESSION = Dataset(
    **GOOD, **parts(Y), task="regression", units="m", outputs=1, baselines={"zero": np.zeros((ROWS, 1))}
)
CLASSIFICATION = Dataset(
    **GOOD,
    **parts(LABELS),
    task="classification",
    units="class",
    outputs=3,
    class_names=("a", "b", "c"),
    baselines={"any": np.full((ROWS, 3), 1 / 3)},
)


def replaced(dataset, name, values):
    """Return a data set with a field, or a part's field, replaced."""
    part, _, field = name.rpartition(".")
    if part:
        values = dataclasses.replace(getattr(dataset, part), **{field: values})
    return dataclasses.replace(dataset, **{part or field: values})


def with_value(values, place, value):
    values = values.copy()
    values[place] = value
    return values
