"""The classes of spoken words: the words themselves, silence, and any other word."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from rnnexp.errors import UserError, did_you_mean

WORDS = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
SILENCE, UNKNOWN = "_silence_", "_unknown_"
LABELS = (*WORDS, SILENCE, UNKNOWN)
NOISE = "_background_noise_"
# Folders that are no words.
RESERVED = (SILENCE, UNKNOWN, NOISE)


@dataclass(frozen=True)
class Classes:
    """What is told apart.

    Attributes:
        names: the words, then ``_silence_`` and ``_unknown_``, as far as there is something to learn them from.
    """

    names: tuple[str, ...]

    @property
    def with_silence(self) -> Classes:
        """These classes, and silence behind them where it is none of them."""
        return self if SILENCE in self.names else Classes((*self.names, SILENCE))

    def number(self, folder: str) -> int | None:
        """Return the number of the class of what is in a folder; None where it is of none."""
        name = plain(folder)
        if name not in self.names:
            name = SILENCE if name in (SILENCE, NOISE) else UNKNOWN
        return self.names.index(name) if name in self.names else None


def plain(folder: str) -> str:
    """Return the word that a folder's name is: letters with marks in one piece, which some systems take apart."""
    name = unicodedata.normalize("NFC", folder)
    return name.casefold() if name.casefold() in RESERVED else name


def choose(wanted: Sequence[str], folders: Collection[str], path: Path) -> Classes:
    """Return the classes of a folder.

    Args:
        wanted: the words that are asked for; none for the ten of Speech Commands where all are there, else for all.
        folders: names of those with clips in them, one of a word at least.
        path: where they are, for messages.

    Raises:
        UserError: if a word has no folder, or there are not two classes.
    """
    there = sorted({plain(folder) for folder in folders})
    words = [name for name in there if name not in RESERVED]
    asked = tuple(dict.fromkeys(map(plain, wanted)))
    _check_wanted(asked, words, path)
    chosen = asked or (WORDS if set(WORDS) <= set(words) else tuple(words))
    silence = (SILENCE,) if SILENCE in there or NOISE in there else ()
    unknown = (UNKNOWN,) if UNKNOWN in there or set(words) - set(chosen) else ()
    names = (*chosen, *silence, *unknown)
    if len(names) < 2:
        raise UserError(
            f"DATA_DIR is {str(path)!r}, which has the word {names[0]!r} alone, and nothing to tell it from: add a "
            f"folder of another word, of any other words ({UNKNOWN}), or of recordings without words ({NOISE})"
        )
    return Classes(names)


def _check_wanted(wanted: Sequence[str], words: Sequence[str], path: Path) -> None:
    reserved = [word for word in wanted if word in RESERVED]
    if reserved:
        raise UserError(
            f"WORDS names {', '.join(reserved)}, which is no word: {SILENCE} and {UNKNOWN} are classes wherever there "
            "is something to learn them from; leave it out"
        )
    absent = [word for word in wanted if word not in words]
    if absent:
        raise UserError(
            f"WORDS names {', '.join(map(repr, absent))}, and {path} has no folder of that name with .wav files"
            f"{did_you_mean(absent[0], words)} (there are: {', '.join(words)})"
        )


def of_the_ten(wanted: Sequence[str]) -> Classes:
    """Return the classes of what knows no words but the ten, any other one, and silence.

    Raises:
        UserError: if another word is asked for.
    """
    others = [word for word in wanted if word not in WORDS]
    if others:
        raise UserError(
            f"WORDS names {', '.join(map(repr, others))}, and tensorflow_datasets tells {', '.join(WORDS)} from all "
            "other words alone: set DATA_DIR (--data-dir) to a folder that has the clips of each word in a folder"
        )
    return Classes((*(dict.fromkeys(wanted) or WORDS), SILENCE, UNKNOWN))
