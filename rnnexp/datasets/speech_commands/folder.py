"""Spoken words from a folder: in the official layout of Speech Commands, with its labels and parts, or one's own.

yes/0a7c2a8d_nohash_0.wav ...        a folder of wav files for each word
_background_noise_/*.wav             optional: long recordings without words
validation_list.txt                  optional: clips of the validation part, one ``word/name.wav`` a line
testing_list.txt                     the same of the test part; without both the clips are divided by speaker
speech_commands_test_set_v0.02/      optional: the official test archive, unpacked; then this is the test part
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rnnexp.datasets.speech_commands import noise
from rnnexp.datasets.speech_commands.division import PARTS, Division, Parts, Rule, divide
from rnnexp.datasets.speech_commands.words import NOISE, RESERVED, SILENCE, UNKNOWN, WORDS, Classes, choose, plain
from rnnexp.datasets.tables.encoding import read_text
from rnnexp.errors import UserError
from rnnexp.preprocessing.wav import UnusableClipError, read_wav

VALIDATION_LIST, TESTING_LIST = "validation_list.txt", "testing_list.txt"
# How files of sound that is not read are named.
OTHER_SOUND = {".mp3", ".flac", ".ogg", ".opus", ".m4a", ".aac", ".wma", ".webm", ".amr", ".aif", ".aiff"}
TEST_SET = "speech_commands_test_set_v0.02"
LAYOUT = (
    f"a folder of wav files for each word, and, if you like, {NOISE}, and {VALIDATION_LIST} with {TESTING_LIST} "
    "(docs/speech-commands.md)"
)


@dataclass(frozen=True)
class Folder:
    """A data set in a folder.

    Attributes:
        path: of the folder.
        classes: what is told apart.
        parts: part -> names of its files, relative to the folder.
        official: whether it has the ten words of Speech Commands.
        fingerprint: changes with the name, size or time of any file.
        divided: what the parts came from where no lists say them.
        convert: whether files of other rates, bits and channels are converted.
        notes: what a reader of the results must know.
    """

    path: Path
    classes: Classes
    parts: Parts
    official: bool
    fingerprint: str
    divided: tuple[str | float, ...] = ()
    convert: bool = False
    notes: tuple[str, ...] = field(default=())

    @property
    def description(self) -> str:
        """Where the data is from."""
        what = "Speech Commands (P. Warden 2018, arXiv:1804.03209)" if self.official else "clips of spoken words"
        return f"{what}, from the folder {self.path.resolve().name}"

    def count(self, part: str) -> int:
        """Return how many files a part has."""
        return len(self.parts[part])

    def clips(self, part: str, skipped: list[str]) -> Iterator[list[tuple[np.ndarray, int]]]:
        """Yield, file by file, its clips: samples int16 ``[n]`` and the number of their class.

        Args:
            part: one of ``PARTS``.
            skipped: gets the name of, and what is wrong with, every file that cannot be used.
        """
        for name in self.parts[part]:
            number = self.classes.number(_word(name))
            assert number is not None
            try:
                samples = read_wav(self.path / name, convert=self.convert)
                found = [samples]
                if is_noise(name):
                    divided = name in self.parts["train"] and name in self.parts["validation"]
                    found = noise.windows(samples, part if divided else None)
            except UnusableClipError as error:
                skipped.append(f"{name}: {error}")
                found = []
            yield [(clip, number) for clip in found]


def is_noise(name: str) -> bool:
    """Return whether a file is one of the recordings without words."""
    return plain(_word(name)) == NOISE


def _word(name: str) -> str:
    """Return the folder that a file is in."""
    return name.rsplit("/", 2)[-2]


def scan(path: Path, wanted: Sequence[str], rule: Rule, *, convert: bool = False) -> Folder:
    """Find out what the classes are, and which file belongs to which part.

    Args:
        path: the folder.
        wanted: the words to tell apart; none for those that are there.
        rule: how clips are divided where no lists do it.
        convert: whether files of other rates, bits and channels are to be converted.

    Raises:
        UserError: if the folder does not have the layout, or not enough clips.
    """
    if not path.is_dir():
        what = "is not a folder" if path.exists() else "does not exist"
        raise UserError(f"DATA_DIR is {str(path)!r}, which {what}: it must hold {LAYOUT}")
    digest = hashlib.sha256()
    names = _wav_files(path, digest)
    test_set = _wav_files(path / TEST_SET, digest, f"{TEST_SET}/") if (path / TEST_SET).is_dir() else []
    lists = _read_lists(path)
    digest.update(repr(lists).encode())
    _check_names(path, [*names, *test_set])
    _check_words(path, names)
    classes = choose(wanted, {_word(name) for name in names}, path)
    recordings = [name for name in names if is_noise(name)]
    spoken = [name for name in names if not is_noise(name)]
    division = _listed(path, spoken, lists) if lists else _divided(path, spoken, classes, rule)
    held, learned = noise.divide(recordings)
    parts = {"train": {*division.parts["train"], *learned}}
    parts |= {part: {*division.parts[part], *held} for part in PARTS[1:]}
    ordered = {part: [name for name in names if name in found] for part, found in parts.items()}
    known = [name for name in test_set if classes.number(_word(name)) is not None]
    notes = [division.note] if division.note else []
    if known:
        ordered["test"] = known
    elif lists:
        silent = " and, since that has no silence, the validation part's silence" if held else ""
        notes.append(f"The folder has no {TEST_SET}: the test part is {TESTING_LIST}'s clips{silent}.")
    elif held:
        notes.append("The test part has the same silence as the validation part.")
    if not recordings and SILENCE not in classes.names:
        notes.append(f"The folder has no {NOISE}: there is no class {SILENCE}.")
    if UNKNOWN not in classes.names and not set(WORDS) - set(classes.names):
        notes.append(f"The folder has no other words: there is no class {UNKNOWN}.")
    official = set(WORDS) <= {plain(_word(name)) for name in names}
    return Folder(
        path, classes, ordered, official, digest.hexdigest()[:16], division.state, convert=convert, notes=tuple(notes)
    )


def _listed(path: Path, names: list[str], lists: tuple[list[str], list[str]]) -> Division:
    """Return the parts that the lists say.

    Raises:
        UserError: if one of them has no clip.
    """
    validation, testing = map(set, lists)
    there = {name: unicodedata.normalize("NFC", name) for name in names}
    parts = {
        "train": [name for name in names if there[name] not in validation | testing],
        "validation": [name for name in names if there[name] in validation],
        "test": [name for name in names if there[name] in testing],
    }
    for part, found in parts.items():
        if not found and not (part == "test" and (path / TEST_SET).is_dir()):
            raise UserError(
                f"DATA_DIR is {str(path)!r}, which has no clips for the {part} part: {VALIDATION_LIST} and "
                f"{TESTING_LIST} must leave some to each; or remove both, to have the clips divided by speaker"
            )
    absent = sorted((validation | testing) - set(there.values()))
    note = f"{len(absent)} clips that {VALIDATION_LIST} or {TESTING_LIST} name are not there: {shortened(absent)}."
    return Division(parts, (), note if absent else "")


def _divided(path: Path, names: list[str], classes: Classes, rule: Rule) -> Division:
    """Divide the clips of a folder without lists.

    Raises:
        UserError: if some class has too few.
    """
    found = divide(names, lambda name: classes.number(_word(name)), rule)
    if found is None:
        counts = Counter(classes.number(_word(name)) for name in names)
        few = [
            f"{name!r} has {counts[number]}"
            for number, name in enumerate(classes.names)
            if 0 < counts[number] < len(PARTS)
        ]
        raise UserError(
            f"DATA_DIR is {str(path)!r}, where the class {', '.join(few)} of the {len(PARTS)} clips that are needed: "
            "one to learn from, one to watch, one to judge by. Record more, or name other words in WORDS (--words)"
        )
    note = f"The folder has no {VALIDATION_LIST} and no {TESTING_LIST}: its clips are divided, {found.note}."
    return Division(found.parts, found.state, note)


def shortened(names: Sequence[str], most: int = 10) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return "; ".join(names[:most]) + more


def _read_lists(path: Path) -> tuple[list[str], list[str]] | None:
    """Return the clips of the validation and the test part; None where there are no lists."""
    there = [(path / name).exists() for name in (VALIDATION_LIST, TESTING_LIST)]
    if not any(there):
        nested = next((found.parent for found in sorted(path.glob(f"*/{VALIDATION_LIST}"))), None)
        if nested:
            raise UserError(f"DATA_DIR is {str(path)!r}, which has no {VALIDATION_LIST}; did you mean {str(nested)!r}?")
        return None
    if not all(there):
        name, other = (VALIDATION_LIST, TESTING_LIST) if there[0] else (TESTING_LIST, VALIDATION_LIST)
        raise UserError(
            f"DATA_DIR is {str(path)!r}, which has {name}, and no {other}: it needs both, or neither, to have the "
            "clips divided by speaker"
        )
    return _read_list(path / VALIDATION_LIST), _read_list(path / TESTING_LIST)


def _read_list(path: Path) -> list[str]:
    """Return the lines of a list of clips."""
    try:
        lines = unicodedata.normalize("NFC", read_text(path)).splitlines()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    return [line.strip().replace("\\", "/").removeprefix("./") for line in lines if line.strip()]


def _check_words(path: Path, names: Sequence[str]) -> None:
    """See that there is some word.

    Raises:
        UserError: if not, saying what there is instead.
    """
    if any(plain(_word(name)) not in RESERVED for name in names):
        return
    nested = next((found.parents[1] for found in sorted(path.glob("*/*/*.wav"))), None)
    others = {found.suffix.lower() for pattern in ("*", "*/*") for found in path.glob(pattern)} & OTHER_SOUND
    hint = (
        f"; did you mean {str(nested)!r}?"
        if nested
        else f"; files {', '.join(sorted(others))} must be converted to wav, such as by ffmpeg or sox"
        if others
        else ""
    )
    raise UserError(f"DATA_DIR is {str(path)!r}, which has no word: it must hold {LAYOUT}{hint}")


def _check_names(path: Path, names: Sequence[str]) -> None:
    """Refuse names that no report could show."""
    bad = next((name for name in names if not name.isprintable()), None)
    if bad is not None:
        raise UserError(f"{path / bad}: this name is no text in UTF-8 that can be shown: rename it")


def _wav_files(path: Path, digest: hashlib._Hash, prefix: str = "") -> list[str]:
    """Return ``prefix``, folder and name of every wav file one folder down, sorted, and digest their states."""
    found = []
    try:
        folders = sorted(
            entry.name
            for entry in os.scandir(path)
            if entry.is_dir() and entry.name != TEST_SET and not entry.name.startswith((".", "__MACOSX"))
        )
        for folder in folders:
            for entry in os.scandir(path / folder):
                if entry.name.lower().endswith(".wav") and not entry.name.startswith(".") and entry.is_file():
                    state = entry.stat()
                    found.append((f"{prefix}{folder}/{entry.name}", state.st_size, state.st_mtime_ns))
    except OSError as error:
        raise UserError(f"{error.filename} cannot be read: {error.strerror}") from None
    found.sort()
    digest.update(repr(found).encode())
    return [name for name, _, _ in found]
