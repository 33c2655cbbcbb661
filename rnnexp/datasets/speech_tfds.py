"""Speech Commands as ``tensorflow_datasets`` has it: downloaded and prepared when it is first used."""

from __future__ import annotations

import json
import os
import shutil
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from rnnexp import files, native
from rnnexp.datasets.audio import CLIP_SAMPLES
from rnnexp.errors import UserError

NAME = "speech_commands"
ARCHIVES = tuple(
    f"http://download.tensorflow.org/data/speech_commands{kind}_v0.02.tar.gz" for kind in ("", "_test_set")
)
# The two archives, and the records that are made of them: each sample takes 2 to 10 bytes there.
NEEDED_GB = 12
# What a network that is there needs to answer in.
REACHED_SECONDS = 4.0
READ_AT_ONCE = 512


@dataclass(frozen=True)
class Prepared:
    """The prepared data set; ``builder`` is ``tensorflow_datasets``' own."""

    builder: Any
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

        # One file after the other: the same order whatever the machine.
        order = tfds.ReadConfig(interleave_cycle_length=1)
        examples = self.builder.as_dataset(split=part, read_config=order, shuffle_files=False)
        for samples, labels in tfds.as_numpy(
            examples.map(one_second, tf.data.AUTOTUNE).batch(READ_AT_ONCE).prefetch(2)
        ):
            for row, number in zip(samples, labels, strict=True):
                yield [(row, int(number))]


def folder() -> Path:
    """Return where ``tensorflow_datasets`` keeps its data sets."""
    return Path(os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")).expanduser()


def prepare(*, quiet: bool) -> Prepared:
    """Return the data set, prepared, and downloaded first if need be, which shows its progress unless ``quiet``.

    Raises:
        UserError: without network, disk space, or permission to write.
    """
    ready = any((folder() / NAME).glob("*/dataset_info.json"))
    if not ready:
        if not _archives_are_there() and not reachable(ARCHIVES[0]):
            raise UserError(
                f"there is no Speech Commands data set in {folder()}, and no network to download it from "
                f"{ARCHIVES[0].split('/')[2]}. Either run again with a network (about {NEEDED_GB} GB of disk space, "
                "once), or set DATA_DIR (--data-dir) to a folder that has it in the official layout; "
                "DATASET_NAME = 'iris' needs neither"
            )
        _check_space(folder())
    with warnings.catch_warnings():
        # pydub's, that there is no ffmpeg, which wav files do not need, and what its code is made of.
        warnings.filterwarnings("ignore", module="pydub")
        with native.silenced():
            import tensorflow as tf
            import tensorflow_datasets as tfds

            tf.config.list_logical_devices()

        if quiet:
            tfds.disable_progress_bar()
        builder = tfds.builder(NAME, data_dir=folder())
        if not builder.is_prepared():
            _prepare(builder)
    return Prepared(builder)


def _prepare(builder: Any) -> None:
    from requests.exceptions import RequestException
    from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError
    from tensorflow_datasets.core.download.util import DownloadError

    with files.explained(folder()):
        folder().mkdir(parents=True, exist_ok=True)
        # Two runs at once would write the same files.
        with FileLock(folder() / f".{NAME}.lock"):
            try:
                builder.download_and_prepare()
            except (RequestException, DownloadError, NonMatchingChecksumError) as error:
                raise UserError(
                    f"the download of Speech Commands failed: {error}. Run again to try again, or set DATA_DIR "
                    "(--data-dir) to a folder that has it in the official layout"
                ) from error


def _archives_are_there() -> bool:
    """Return whether both archives were downloaded before."""
    found: set[str] = set()
    for about in (folder() / "downloads").rglob("*.INFO"):
        found.update(json.loads(about.read_text(encoding="utf-8")).get("urls", ()))
    return found >= set(ARCHIVES)


def reachable(url: str) -> bool:
    """Return whether a server offers a file, through whatever proxy is set."""
    import requests

    answers: list[bool] = []

    def ask() -> None:
        try:
            answers.append(requests.head(url, timeout=REACHED_SECONDS, allow_redirects=True).ok)
        except requests.RequestException:
            return

    # Looking up a name can take longer than any timeout that requests knows of.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(REACHED_SECONDS + 1.0)
    return any(answers)


def _check_space(path: Path) -> None:
    """Raise a UserError if the disk has no room for the archives and what is made of them."""
    there = next(parent for parent in (path, *path.parents) if parent.exists())
    free = shutil.disk_usage(there).free / 1e9
    if free < NEEDED_GB:
        raise UserError(
            f"Speech Commands needs about {NEEDED_GB} GB of disk space in {path}, where {free:.1f} GB are free: free "
            "some, or set the environment variable TFDS_DATA_DIR to a folder elsewhere, or DATA_DIR (--data-dir) to "
            "one that has the data in the official layout"
        )
