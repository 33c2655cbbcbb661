"""Splitting labelled samples at random, so that every part has the same share of each class."""

from __future__ import annotations

import numpy as np

from rnnexp.config import ClassificationConfig
from rnnexp.errors import UserError

Labelled = tuple[np.ndarray, np.ndarray]


def split(values: np.ndarray, labels: np.ndarray, config: ClassificationConfig) -> tuple[Labelled, Labelled, Labelled]:
    """Return the training, validation and test parts of samples ``[n, ...]`` and their class numbers ``[n]``.

    The test part is the validation part, unless that one is to choose among epochs.

    Raises:
        UserError: if the validation share leaves a part without some class.
    """
    (kept, kept_labels), test = hold_out(values, labels, config)
    if not config.early_stopping:
        return (kept, kept_labels), test, test
    train, validation = hold_out(kept, kept_labels, config)
    return train, validation, test


def hold_out(values: np.ndarray, labels: np.ndarray, config: ClassificationConfig) -> tuple[Labelled, Labelled]:
    """Return the samples kept, and the validation share of them held out.

    Raises:
        UserError: if that leaves a part without some class.
    """
    from sklearn.model_selection import train_test_split

    try:
        kept, held_out, kept_labels, held_out_labels = train_test_split(
            values, labels, test_size=config.validation_share, stratify=labels, random_state=config.seed
        )
    except ValueError:
        raise UserError(
            f"VALIDATION_SHARE is {config.validation_share:g}: of the {len(values)} samples, that leaves fewer than "
            "one for each class in one of the parts; set it closer to 0.2"
        ) from None
    return (kept, kept_labels), (held_out, held_out_labels)


def tested_on(config: ClassificationConfig) -> str:
    """Return the name of the part that the figures are of."""
    return "test part" if config.early_stopping else "validation part"
