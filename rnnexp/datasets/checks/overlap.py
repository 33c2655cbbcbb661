"""Sequences that are in the training part and in another one: figures of those are of what was learned by heart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pandas.util import hash_array

from rnnexp.datasets.checks.unfit import UnfitError
from rnnexp.datasets.dataset import Dataset, Split

# Of large parts, rows of about so many bytes are compared, drawn at random.
MOST_BYTES = 2**23
# A larger share than that of a part, beyond what the training part's own repetitions lead one to expect, is a mistake,
LARGEST_SHARE = 0.1
# if it shows in so many rows: fewer may be chance, where few are compared.
FEWEST = 10


def check(dataset: Dataset) -> Iterator[str]:
    """Compare the training part with the others, and say how many sequences are in both, answers and all.

    Data of few values repeats itself honestly, and then the training part does so too: that is the measure. So does a
    series, which is divided by time whatever it holds. The memory task has no split.

    Raises:
        UnfitError: if a part overlaps with the training part.
    """
    train = dataset.train
    if dataset.task == "memory" and dataset.evaluation is train:
        return
    known, seen = _fingerprints(train)
    values, counts = np.unique(known, return_counts=True)
    # Of a pair, the other one is among the rows that are looked at with the probability ``seen``.
    repeated = min(counts[counts > 1].sum() / len(known) / seen, 1.0)
    parts = {"evaluation": dataset.evaluation, "validation": dataset.validation}
    for name, part in parts.items():
        if name == "validation" and part is dataset.evaluation:
            continue
        rows, _ = _fingerprints(part)
        found = np.isin(rows, values)
        share = min(float(found.mean()) / seen, 1.0)
        enough = found.sum() >= min(FEWEST, len(rows))
        copied = dataset.columns is None and enough and share > LARGEST_SHARE + 2 * repeated
        if part is train or copied:
            raise UnfitError(
                f"{name} overlaps with train: {share:.0%} of its sequences are in both, inputs and answers alike, so "
                "that its figures would be of what was learned by heart; split the data before anything is made of it"
            )
        number = round(share * len(part))
        if number:
            about = "About " if seen < 1 or len(rows) < len(part) else ""
            which = dataset.evaluation_part if name == "evaluation" else "validation part"
            yield (
                f"{about}{number} of the {len(part)} sequences of the {which} are in the training part too, inputs and "
                "answers alike: what is right there may have been learned by heart."
            )


def _fingerprints(part: Split) -> tuple[np.ndarray, float]:
    """Return a number for each sequence, the same only for the same one in own units, and the share looked at."""
    arrays = [part.x, part.y]
    if not np.issubdtype(part.y.dtype, np.integer):
        arrays += [part.offset, part.scale]
    if part.lengths is not None:
        arrays.append(part.lengths)
    row_bytes = sum(values[0].nbytes for values in arrays)
    random, most = np.random.default_rng(0), max(MOST_BYTES // row_bytes, 1)
    whole = len(part) <= most
    # Not evenly: where one part is a slice of the other, two even samples meet too often, or never.
    rows = np.arange(len(part)) if whole else np.sort(random.choice(len(part), most, replace=False))
    found, factors = np.zeros(len(rows), np.uint64), np.random.default_rng(1)
    for values in arrays:
        some = np.ascontiguousarray(values if whole or len(values) == 1 else values[rows])
        width = next(size for size in (8, 4, 2, 1) if some[0].nbytes % size == 0)
        words = some.reshape(len(some), -1).view(f"u{width}")
        # Without it, words that differ in their highest bits alone would hardly differ after the product.
        mixed = hash_array(words.astype(np.uint64).ravel()).reshape(words.shape)
        found += mixed @ factors.integers(2**64, size=words.shape[1], dtype=np.uint64)
    return found, len(rows) / len(part)
