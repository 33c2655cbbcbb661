"""The adding problem: of a long sequence of random values, add the two that are marked."""

from __future__ import annotations

import numpy as np

from rnnexp.config import RegressionConfig
from rnnexp.datasets.dataset import Dataset, Split
from rnnexp.errors import UserError

SEQUENCES = 20_000
VALIDATION_SHARE = 0.1
SHORTEST = 2


def load(config: RegressionConfig) -> Dataset:
    """Draw the sequences with the seed: ``SEQUENCE_LENGTH`` steps of two features, a value and a mark.

    Values are uniform in [0, 1]; a mark is 1 at one step of each half, and 0 elsewhere; the target is the sum of the
    two marked values. The best constant, 1, has a mean squared error of 1/6. The problem is from Hochreiter and
    Schmidhuber 1997, "Long short-term memory", this form of it from Le et al. 2015, "A simple way to initialize
    recurrent networks of rectified linear units", with a mark in each half as in Arjovsky et al. 2016, "Unitary
    evolution recurrent neural networks".

    Raises:
        UserError: if the sequences are too short for two marks, a part would be empty, or steps are to be generated.
    """
    if config.generate_steps:
        raise UserError(
            f"GENERATE_STEPS is {config.generate_steps}, but {config.dataset_name} is no series: set it to 0"
        )
    length = config.sequence_length
    if length < SHORTEST:
        raise UserError(f"SEQUENCE_LENGTH is {length}, but two values are to be added: set it to {SHORTEST} or more")
    share = VALIDATION_SHARE if config.validation_share is None else config.validation_share
    held_out = round(share * SEQUENCES)
    parts = 2 if config.early_stopping else 1
    if parts * held_out >= SEQUENCES:
        raise UserError(
            f"VALIDATION_SHARE is {share:g}, of each of the validation and the test part: that leaves nothing to train "
            "on; set a smaller one"
        )
    random = np.random.default_rng(config.seed)
    x = np.zeros((SEQUENCES, length, 2), np.float32)
    x[..., 0] = random.random((SEQUENCES, length), np.float32)
    rows, half = np.arange(SEQUENCES), length // 2
    for begin, end in ((0, half), (half, length)):
        x[rows, random.integers(begin, end, SEQUENCES), 1] = 1.0
    y = (x[..., 0] * x[..., 1]).sum(axis=1, keepdims=True)

    def part(begin: int, end: int) -> Split:
        return Split(x[begin:end], y[begin:end])

    first = SEQUENCES - parts * held_out
    validation = part(first, first + held_out)
    evaluation = part(SEQUENCES - held_out, SEQUENCES) if config.early_stopping else validation
    return Dataset(
        name=config.dataset_name,
        task="regression",
        train=part(0, first),
        validation=validation,
        evaluation=evaluation,
        evaluation_part="test part" if config.early_stopping else "validation part",
        baselines={"always 1": np.ones(evaluation.y.shape)},
        outputs=1,
        source=f"{SEQUENCES} sequences drawn at random, seed {config.seed}",
        units="sum of the marked values",
        normalization="none: values in [0, 1], marks 0 or 1",
        defaults={"validation_share": share},
    )
