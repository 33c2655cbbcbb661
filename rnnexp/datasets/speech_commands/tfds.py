"""Speech Commands as ``tensorflow_datasets`` has it: downloaded and prepared when it is first used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnexp.datasets.speech_commands.words import LABELS, Classes
from rnnexp.datasets.support import tfds as prepared
from rnnexp.preprocessing.wav import CLIP_SAMPLES

DOWNLOAD = prepared.Download(
    "speech_commands",
    "Speech Commands",
    [f"http://download.tensorflow.org/data/speech_commands{kind}_v0.02.tar.gz" for kind in ("", "_test_set")],
    # The two archives, and the records that are made of them: each sample takes 2 to 10 bytes there.
    needed_gb=12,
    in_data_dir="a folder that has it in the official layout",
    needs_neither="iris",
)
READ_AT_ONCE = 512


@dataclass(frozen=True)
class Prepared:
    """The prepared data set.

    Attributes:
        builder: ``tensorflow_datasets``' own.
        classes: what is told apart.
        notes: what a reader of the results must know.
    """

    builder: Any
    classes: Classes
    notes: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        """Where the data is from."""
        return f"Speech Commands (P. Warden 2018, arXiv:1804.03209), tensorflow_datasets {self.builder.info.full_name}"

    def count(self, part: str) -> int:
        """Return how many clips a part has."""
        return int(self.builder.info.splits[part].num_examples)

    def clips(self, part: str, skipped: list[str]) -> Iterator[list[tuple[np.ndarray, int]]]:  # noqa: ARG002  (none is)
        """Yield every clip, in a list of its own: samples int16 ``[CLIP_SAMPLES]`` and number of its class."""
        import tensorflow as tf
        import tensorflow_datasets as tfds

        def one_second(example: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
            samples = example["audio"][:CLIP_SAMPLES]
            padded = tf.pad(samples, [[0, CLIP_SAMPLES - tf.shape(samples)[0]]])
            return tf.ensure_shape(padded, [CLIP_SAMPLES]), example["label"]

        numbers = [self.classes.number(name) for name in LABELS]
        # One file after the other: the same order whatever the machine.
        order = tfds.ReadConfig(interleave_cycle_length=1)
        examples = self.builder.as_dataset(split=part, read_config=order, shuffle_files=False)
        for samples, labels in tfds.as_numpy(
            examples.map(one_second, tf.data.AUTOTUNE).batch(READ_AT_ONCE).prefetch(2)
        ):
            for row, label in zip(samples, labels, strict=True):
                number = numbers[label]
                assert number is not None
                yield [(row, number)]


def prepare(classes: Classes, *, quiet: bool) -> Prepared:
    """Return the data set, prepared, and downloaded first if need be, which shows its progress unless ``quiet``.

    Raises:
        UserError: without network, disk space, or permission to write.
    """
    return Prepared(prepared.builder(DOWNLOAD, quiet=quiet), classes)
