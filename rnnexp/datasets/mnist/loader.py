"""MNIST's handwritten digits of 28 x 28 pixels: each row of an image is a time step."""

from __future__ import annotations

import numpy as np

from rnnexp.config import ClassificationConfig
from rnnexp.datasets.dataset import Dataset, Split
from rnnexp.datasets.mnist import files as mnist_files
from rnnexp.datasets.support import splits as stratified
from rnnexp.datasets.support import tfds as prepared
from rnnexp.datasets.support.baselines import majority_class
from rnnexp.datasets.support.splits import Labelled

LARGEST = 255.0
SITE = "https://storage.googleapis.com/cvdf-datasets/mnist/"
DOWNLOAD = prepared.Download(
    "mnist",
    "MNIST",
    [f"{SITE}{name}.gz" for name in (*mnist_files.TRAIN, *mnist_files.TEST)],
    needed_gb=0.1,
    in_data_dir=mnist_files.LAYOUT,
    needs_neither="digits",
)


def load(config: ClassificationConfig) -> Dataset:
    """Load MNIST: from ``DATA_DIR``, or prepared by ``tensorflow_datasets``; 28 time steps of 28 pixels, 0 to 255.

    Where the source has a test part, that is what the figures are of, and the validation share is held out of the rest.
    Inputs are int16.

    Raises:
        UserError: if the data is not there, or cannot be used.
    """
    origin, kept, test = _source(config)
    if test is None:
        train, validation, test = stratified.split(*kept, config)
        tested_on = stratified.tested_on(config)
    else:
        train, validation = stratified.hold_out(*kept, config)
        tested_on = "test part"

    def part(labelled: Labelled) -> Split:
        images, labels = labelled
        return Split(images[:, : config.max_sequence_length].astype(np.int16), labels)

    validation_part = part(validation)
    return Dataset(
        name=config.dataset_name,
        task="classification",
        train=part(train),
        validation=validation_part,
        evaluation=validation_part if tested_on == "validation part" else part(test),
        evaluation_part=tested_on,
        baselines={"majority class": majority_class(train[1], len(test[1]), mnist_files.CLASSES)},
        outputs=mnist_files.CLASSES,
        source=f"MNIST (Y. LeCun, C. Cortes and C. Burges 1998), {origin}",
        units="class",
        normalization=f"none: the pixels as they are, 0 to {LARGEST:g}",
        input_scale=LARGEST,
        class_names=tuple(map(str, range(mnist_files.CLASSES))),
    )


def _source(config: ClassificationConfig) -> tuple[str, Labelled, Labelled | None]:
    """Return where the data is from, what to learn from, and the test part, if there is one."""
    if config.data_dir is not None:
        return f"from {config.data_dir.resolve().name}", *mnist_files.read(config.data_dir)
    builder = prepared.builder(DOWNLOAD, quiet=config.quiet)
    import tensorflow_datasets as tfds

    def part(name: str) -> Labelled:
        found = tfds.as_numpy(builder.as_dataset(split=name, batch_size=-1, shuffle_files=False))
        return found["image"][..., 0], found["label"].astype(np.int32)

    return f"tensorflow_datasets {builder.info.full_name}", part("train"), part("test")
