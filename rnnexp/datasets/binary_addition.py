"""Adding two numbers bit by bit: at every time step a bit of each comes in, and the sum's bit is asked for."""

from __future__ import annotations

import numpy as np

from rnnexp.config import ClassificationConfig
from rnnexp.datasets.dataset import Dataset, Split
from rnnexp.datasets.support.baselines import majority_class

BITS = 8
TRAIN_PAIRS, HELD_OUT_PAIRS = 10_000, 2_000


def load(config: ClassificationConfig) -> Dataset:
    """Draw different pairs of 8-bit numbers, least significant bit first; a ninth step is for the last carry.

    No pair is in two parts, in either order. The validation part is also the test part, unless it is to choose among
    epochs.
    """
    random = np.random.default_rng(config.seed)
    pairs = np.stack(np.triu_indices(2**BITS), axis=1)
    random.shuffle(pairs)
    random.permuted(pairs, axis=1, out=pairs)
    steps = min(BITS + 1, config.max_sequence_length)

    def part(first: int, count: int) -> Split:
        some = pairs[first : first + count]
        return Split(bits(some, steps).astype(np.float32), bits(some.sum(axis=1), steps).astype(np.int32))

    train, validation = part(0, TRAIN_PAIRS), part(TRAIN_PAIRS, HELD_OUT_PAIRS)
    test = part(TRAIN_PAIRS + HELD_OUT_PAIRS, HELD_OUT_PAIRS) if config.early_stopping else validation
    without_carry = test.x.sum(axis=2).astype(int) % 2
    return Dataset(
        name=config.dataset_name,
        task="classification",
        train=train,
        validation=validation,
        evaluation=test,
        evaluation_part="test part" if config.early_stopping else "validation part",
        baselines={
            "majority class": majority_class(train.y.ravel(), test.y.size, 2).reshape(*test.y.shape, 2),
            "sum without carry": np.eye(2)[without_carry],
        },
        outputs=1,
        source=f"pairs of {BITS}-bit numbers drawn from all there are",
        units="bit",
        normalization="none: bits are 0 and 1",
        answers="every step",
        class_names=("0", "1"),
        notes=("Accuracy is the share of all bits that are right; 'sequences' the share of sums with no bit wrong.",),
    )


def bits(numbers: np.ndarray, count: int) -> np.ndarray:
    """Return the bits of numbers ``[n, ...]``, least significant first, as ``[n, count, ...]``."""
    return np.stack([numbers >> place & 1 for place in range(count)], axis=1)
