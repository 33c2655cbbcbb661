"""The inputs of a data set beside each other and beside the answers: what tells nothing, or tells the answer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rnnexp.datasets.dataset import Dataset, Split
from rnnexp.network.lengths import without_padding

# Of large parts, so many rows are looked at, and so many time steps, both spread evenly.
MOST_ROWS = 2000
MOST_STEPS = 50_000
# Features beside each other, at most: more are no columns that somebody has chosen.
MOST_FEATURES = 200
# Correlations beyond it are equality, but for a factor and an offset, and float32's rounding.
EQUAL = 1.0 - 1e-6
# With fewer sequences, chance can do it.
FEWEST = 20


def check(dataset: Dataset) -> Iterator[str]:
    """Say which features of the training part are constant, are another one again, or give the class away."""
    train = dataset.train
    some, features = train.some(MOST_ROWS), train.x.shape[2]
    if not 1 < features <= MOST_FEATURES:
        return
    steps = without_padding(some.x, some.lengths).reshape(-1, features)
    values, names = np.asarray(steps[:: len(steps) // MOST_STEPS + 1], np.float64), _names(dataset, features)
    constant = [
        feature for feature in np.flatnonzero(np.ptp(values, axis=0) == 0).tolist() if _constant(train, feature)
    ]
    if constant:
        which = ", ".join(names[feature] for feature in constant)
        yield f"always the same in the training part, so that nothing can be learned from it: {which}"
    # Whether an input is a target of the series, its values say before they are normalised.
    targets = 0 if dataset.columns is None else len(dataset.columns.targets)
    yield from _again(values, names, [feature for feature in range(targets, features) if feature not in constant])
    if dataset.task == "classification" and dataset.answers == "once":
        for feature in range(features):
            # Few sequences rule most of them out.
            if all(_tells(part.x[..., feature], part) for part in (some, train)):
                yield (
                    f"{names[feature]} alone tells the class of every sequence of the training part: make sure that it "
                    "is known where the network is used, and not the answer itself"
                )


def _names(dataset: Dataset, features: int) -> list[str]:
    """Return what features are called in messages."""
    names: list[str] = []
    if dataset.columns is not None:
        names = [repr(name) for name in (*dataset.columns.targets, *dataset.columns.inputs)]
        names += [f"{part} of the {cycle}" for cycle in dataset.columns.calendar for part in ("sine", "cosine")]
    elif dataset.cutting is not None:
        together = dataset.cutting.samples_per_step
        names = [
            repr(name) if together == 1 else f"{name!r} (sample {number + 1})"
            for number in range(together)
            for name in dataset.cutting.columns
        ]
    return names if len(names) == features else [f"feature {number + 1}" for number in range(features)]


def _constant(part: Split, feature: int) -> bool:
    """Tell whether a feature has one value at all real steps."""
    values = without_padding(part.x[..., feature, None], part.lengths)
    return bool((values == values.reshape(-1)[0]).all())


def _again(values: np.ndarray, names: list[str], features: list[int]) -> Iterator[str]:
    """Say which features are others once more, step by step."""
    features = [feature for feature in features if np.ptp(values[:, feature]) > 0]
    if len(features) < 2 or len(values) < FEWEST:
        return
    alike = np.corrcoef(values[:, features], rowvar=False) > EQUAL
    for number, row in enumerate(alike):
        first = int(row.argmax())
        if first < number:
            one, other = names[features[number]], names[features[first]]
            yield f"{one} is {other} once more, but for its scale, and adds nothing to it: leave one of the two out"


def _tells(values: np.ndarray, part: Split) -> bool:
    """Tell whether a feature ``[n, time]`` has one value throughout each sequence, and another one in each class."""
    classes = np.unique(part.y)
    if len(part) < FEWEST or len(classes) < 2:
        return False
    lengths = np.full(len(values), values.shape[1]) if part.lengths is None else np.asarray(part.lengths)
    padding = np.arange(values.shape[1]) >= lengths[:, None]
    if not (padding | (values == values[:, :1])).all():
        return False
    found = [np.unique(values[part.y == number, 0]) for number in classes]
    return all(len(each) == 1 for each in found) and len(np.unique(found)) == len(classes)
