"""Speech Commands from a folder in the official layout, with the labels and parts of ``tensorflow_datasets``.

yes/0a7c2a8d_nohash_0.wav ...        a folder of wav files for each word
_background_noise_/*.wav             long recordings without words
validation_list.txt                  clips of the validation part, one ``word/name.wav`` a line
testing_list.txt                     the same of the test part
speech_commands_test_set_v0.02/      optional: the official test archive, unpacked; then this is the test part
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rnnexp.errors import UserError
from rnnexp.preprocessing.wav import SAMPLE_RATE, UnusableClipError, read_wav

WORDS = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
SILENCE, UNKNOWN = "_silence_", "_unknown_"
LABELS = (*WORDS, SILENCE, UNKNOWN)
NOISE = "_background_noise_"
# The recording that the validation part's silence is cut from; training has the others.
VALIDATION_NOISE = f"{NOISE}/running_tap.wav"
VALIDATION_LIST, TESTING_LIST = "validation_list.txt", "testing_list.txt"
TEST_SET = "speech_commands_test_set_v0.02"
PARTS = ("train", "validation", "test")
LAYOUT = f"a folder of wav files for each word, {NOISE}, {VALIDATION_LIST} and {TESTING_LIST}"


@dataclass(frozen=True)
class Folder:
    """A data set in a folder.

    Attributes:
        path: of the folder.
        parts: part -> names of its files, relative to the folder.
        fingerprint: changes with the name, size or time of any file.
        notes: what a reader of the results must know.
    """

    path: Path
    parts: dict[str, list[str]]
    fingerprint: str
    notes: tuple[str, ...] = field(default=())

    @property
    def description(self) -> str:
        """Where the data is from."""
        return f"Speech Commands (P. Warden 2018, arXiv:1804.03209), from the folder {self.path.resolve().name}"

    def count(self, part: str) -> int:
        """Return how many files a part has."""
        return len(self.parts[part])

    def clips(self, part: str, skipped: list[str]) -> Iterator[list[tuple[np.ndarray, int]]]:
        """Yield, file by file, its clips: samples int16 ``[n]`` and number among ``LABELS``.

        Args:
            part: one of ``PARTS``.
            skipped: gets the name of, and what is wrong with, every file that cannot be used.
        """
        for name in self.parts[part]:
            word = name.rsplit("/", 2)[-2]
            try:
                samples = read_wav(self.path / name)
                found = one_second_windows(samples) if word == NOISE else [samples]
            except UnusableClipError as error:
                skipped.append(f"{name}: {error}")
                found = []
            yield [(clip, label(word)) for clip in found]


def label(word: str) -> int:
    """Return the number of the class of a word's folder."""
    if word in WORDS:
        return WORDS.index(word)
    return LABELS.index(SILENCE if word in (SILENCE, NOISE) else UNKNOWN)


def one_second_windows(samples: np.ndarray) -> list[np.ndarray]:
    """Cut a recording into clips of a second, one every half a second, as ``tensorflow_datasets`` does.

    Raises:
        UnusableClipError: if it is too short for one.
    """
    starts = range(0, len(samples) - SAMPLE_RATE, SAMPLE_RATE // 2)
    if not starts:
        raise UnusableClipError("not longer than a second")
    return [samples[start : start + SAMPLE_RATE] for start in starts]


def scan(path: Path) -> Folder:
    """Find out which file belongs to which part.

    Raises:
        UserError: if the folder does not have the official layout.
    """
    if not path.is_dir():
        what = "is not a folder" if path.exists() else "does not exist"
        raise UserError(f"DATA_DIR is {str(path)!r}, which {what}: it must hold Speech Commands, that is, {LAYOUT}")
    lists = {name: _read_list(path, name) for name in (VALIDATION_LIST, TESTING_LIST)}
    digest = hashlib.sha256()
    words = _wav_files(path, digest)
    test_set = _wav_files(path / TEST_SET, digest, f"{TEST_SET}/") if (path / TEST_SET).is_dir() else []
    for listed in lists.values():
        digest.update(repr(listed).encode())
    listed_validation, listed_testing = (set(listed) for listed in lists.values())
    noise = {name for name in words if name.startswith(f"{NOISE}/")}
    validation, testing = listed_validation | {VALIDATION_NOISE}, listed_testing | {VALIDATION_NOISE}
    held_out = validation | testing
    parts = {
        "train": [name for name in words if name not in held_out],
        "validation": [name for name in words if name in validation],
        "test": test_set or [name for name in words if name in testing],
    }
    for part, names in parts.items():
        if not set(names) - noise:
            raise UserError(
                f"DATA_DIR is {str(path)!r}, which has no clips for the {part} part: it must hold Speech Commands, "
                f"that is, {LAYOUT}"
            )
    notes = []
    absent = sorted((listed_validation | listed_testing) - set(words))
    if absent:
        notes.append(
            f"{len(absent)} clips that {VALIDATION_LIST} or {TESTING_LIST} name are not there: {shortened(absent)}."
        )
    if not test_set:
        notes.append(
            f"The folder has no {TEST_SET}: the test part is {TESTING_LIST}'s clips and, since that has no silence, "
            "the validation part's silence."
        )
    if not noise:
        notes.append(f"The folder has no {NOISE}: nothing to learn the class {SILENCE} from.")
    return Folder(path, parts, digest.hexdigest()[:16], tuple(notes))


def shortened(names: list[str], most: int = 10) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return "; ".join(names[:most]) + more


def _read_list(path: Path, name: str) -> list[str]:
    """Return the lines of a list of clips."""
    try:
        text = (path / name).read_text(encoding="ascii")
    except FileNotFoundError:
        nested = next((found.parent for found in sorted(path.glob(f"*/{name}"))), None)
        hint = f"; did you mean {str(nested)!r}?" if nested else f": it must hold Speech Commands, that is, {LAYOUT}"
        raise UserError(f"DATA_DIR is {str(path)!r}, which has no {name}{hint}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path / name} is not a list of clips: byte {error.start + 1} is not ASCII text") from None
    except OSError as error:
        raise UserError(f"{path / name} cannot be read: {error.strerror}") from None
    return [line.strip() for line in text.splitlines() if line.strip()]


def _wav_files(path: Path, digest: hashlib._Hash, prefix: str = "") -> list[str]:
    """Return ``prefix``, folder and name of every wav file one folder down, sorted, and digest their states."""
    found = []
    try:
        folders = sorted(entry.name for entry in os.scandir(path) if entry.is_dir() and entry.name != TEST_SET)
        for folder in folders:
            for entry in os.scandir(path / folder):
                if entry.name.endswith(".wav") and not entry.name.startswith("."):
                    state = entry.stat()
                    found.append((f"{prefix}{folder}/{entry.name}", state.st_size, state.st_mtime_ns))
    except OSError as error:
        raise UserError(f"{error.filename} cannot be read: {error.strerror}") from None
    found.sort()
    digest.update(repr(found).encode())
    return [name for name, _, _ in found]
