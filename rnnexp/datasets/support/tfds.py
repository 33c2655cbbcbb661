"""Data sets that ``tensorflow_datasets`` downloads and prepares when they are first used, or a clear word why not."""

from __future__ import annotations

import json
import os
import shutil
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from rnnexp import files
from rnnexp import stderr as native
from rnnexp.errors import UserError

# What a network that is there needs to answer in.
REACHED_SECONDS = 4.0


@dataclass(frozen=True)
class Download:
    """One data set.

    Attributes:
        name: as ``tensorflow_datasets`` has it.
        title: for people to read.
        archives: the addresses of what is downloaded.
        needed_gb: disk space for these, and what is made of them.
        in_data_dir: what can be in ``DATA_DIR`` instead.
        needs_neither: the name of a data set that is always there.
    """

    name: str
    title: str
    archives: Sequence[str]
    needed_gb: float
    in_data_dir: str
    needs_neither: str


def folder() -> Path:
    """Return where ``tensorflow_datasets`` keeps its data sets."""
    return Path(os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")).expanduser()


def builder(wanted: Download, *, quiet: bool) -> Any:
    """Return ``tensorflow_datasets``' builder, prepared; a download shows its progress unless ``quiet``.

    Raises:
        UserError: without network, disk space, or permission to write.
    """
    ready = any((folder() / wanted.name).glob("*/dataset_info.json"))
    if not ready:
        if not _archives_are_there(wanted) and not reachable(wanted.archives[0]):
            raise UserError(
                f"there is no {wanted.title} data set in {folder()}, and no network to download it from "
                f"{wanted.archives[0].split('/')[2]}. Either run again with a network (about {wanted.needed_gb:g} GB "
                f"of disk space, once), or set DATA_DIR (--data-dir) to {wanted.in_data_dir}; "
                f"DATASET_NAME = {wanted.needs_neither!r} needs neither"
            )
        _check_space(wanted)
    with warnings.catch_warnings():
        # pydub's, that there is no ffmpeg, which wav files do not need, and what its code is made of.
        warnings.filterwarnings("ignore", module="pydub")
        with native.silenced():
            import tensorflow as tf
            import tensorflow_datasets as tfds

            tf.config.list_logical_devices()

        if quiet:
            tfds.disable_progress_bar()
        found = tfds.builder(wanted.name, data_dir=folder())
        if not found.is_prepared():
            _prepare(found, wanted)
    return found


def _prepare(found: Any, wanted: Download) -> None:
    from requests.exceptions import RequestException
    from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError
    from tensorflow_datasets.core.download.util import DownloadError

    with files.explained(folder()):
        folder().mkdir(parents=True, exist_ok=True)
        # Two runs at once would write the same files.
        with FileLock(folder() / f".{wanted.name}.lock"):
            try:
                found.download_and_prepare()
            except (RequestException, DownloadError, NonMatchingChecksumError) as error:
                raise UserError(
                    f"the download of {wanted.title} failed: {error}. Run again to try again, or set DATA_DIR "
                    f"(--data-dir) to {wanted.in_data_dir}"
                ) from error


def _archives_are_there(wanted: Download) -> bool:
    """Return whether all archives were downloaded before."""
    found: set[str] = set()
    for about in (folder() / "downloads").rglob("*.INFO"):
        found.update(json.loads(about.read_text(encoding="utf-8")).get("urls", ()))
    return found >= set(wanted.archives)


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


def _check_space(wanted: Download) -> None:
    """Raise a UserError if the disk has no room for the archives and what is made of them."""
    path = folder()
    there = next(parent for parent in (path, *path.parents) if parent.exists())
    free = shutil.disk_usage(there).free / 1e9
    if free < wanted.needed_gb:
        raise UserError(
            f"{wanted.title} needs about {wanted.needed_gb:g} GB of disk space in {path}, where {free:.1f} GB are "
            "free: free some, or set the environment variable TFDS_DATA_DIR to a folder elsewhere, or DATA_DIR "
            f"(--data-dir) to {wanted.in_data_dir}"
        )
