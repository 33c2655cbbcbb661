"""Handwritten digits of 8 x 8 pixels: each row of an image is a time step."""

from __future__ import annotations

import numpy as np

from rnnexp.config import ClassificationConfig
from rnnexp.datasets.dataset import Dataset, Split
from rnnexp.datasets.support import splits as stratified
from rnnexp.datasets.support.baselines import majority_class

# Of a pixel.
LARGEST = 16.0


def load(config: ClassificationConfig) -> Dataset:
    """Load the digits from scikit-learn: eight time steps of eight pixels, 0 to 16, ten classes, stratified split.

    Raises:
        UserError: if the validation share leaves a part without some class.
    """
    from sklearn.datasets import load_digits

    found = load_digits()
    images = found.images[:, : config.max_sequence_length].astype(np.float32)
    train, validation, test = stratified.split(images, found.target.astype(np.int32), config)
    validation_part = Split(*validation)
    return Dataset(
        name=config.dataset_name,
        task="classification",
        train=Split(*train),
        validation=validation_part,
        evaluation=Split(*test) if config.early_stopping else validation_part,
        evaluation_part=stratified.tested_on(config),
        baselines={"majority class": majority_class(train[1], len(test[1]), 10)},
        outputs=10,
        source="E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, test part, as "
        "scikit-learn ships it",
        units="class",
        normalization="none: the pixels as they are, 0 to 16",
        input_scale=LARGEST,
        class_names=tuple(map(str, found.target_names)),
    )
