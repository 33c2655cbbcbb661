"""Which clips are to learn from, to watch and to judge by: the lists', or by speaker, or at random."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

PARTS = ("train", "validation", "test")
Parts = dict[str, list[str]]
# Of ``which_set`` in the README of Speech Commands, by which its lists were made.
LARGEST_HASH = 2**27 - 1
MARK = "_nohash_"
UNKNOWN_SPEAKERS = f"by files' names, which tell no speakers (SPEAKER{MARK}0.wav does): training may know the voices"


@dataclass(frozen=True)
class Rule:
    """How clips are divided where no lists do it.

    Attributes:
        share: of them that is held out, half of it to watch and half to judge by.
        seed: of what is drawn at random.
    """

    share: float
    seed: int


@dataclass(frozen=True)
class Division:
    """Clips, divided.

    Attributes:
        parts: part -> names.
        state: what it came from besides the names.
        note: how it was done, for people.
    """

    parts: Parts
    state: tuple[str | float, ...]
    note: str


def divide(names: Sequence[str], number: Callable[[str], int | None], rule: Rule) -> Division | None:
    """Divide clips so that every class is in every part: by speaker, if that is possible, else at random.

    Speakers are told apart as in Speech Commands, by what comes before ``MARK`` in a file's name.

    Args:
        names: of the clips, ``word/name.wav``.
        number: name -> the number of its class.
        rule: how.

    Returns:
        None if some class has fewer clips than there are parts.
    """
    classes = {name: number(name) for name in names}
    known = any(MARK in name for name in names)
    how = f"no speaker, who is what comes before {MARK} in a file's name, is in two parts"
    by_hash = _by_hash(names, rule.share)
    wanted = len(names) * rule.share / 2
    close = all(abs(len(by_hash[part]) - wanted) <= wanted / 2 for part in PARTS[1:])
    for parts in (*([by_hash] if close else []), _by_order(names, rule.share)):
        if all({classes[name] for name in part} == set(classes.values()) for part in parts.values()):
            return Division(parts, ("speakers", rule.share), how if known else UNKNOWN_SPEAKERS)
    rows: dict[int | None, list[str]] = {}
    for name in names:
        rows.setdefault(classes[name], []).append(name)
    if min(map(len, rows.values())) < len(PARTS):
        return None
    random = np.random.default_rng(rule.seed)
    held = {
        name: part
        for clips in rows.values()
        for name, part in zip(random.permutation(clips).tolist(), _few_held_out(len(clips), rule.share), strict=False)
    }
    how = (
        f"at random: too few speakers, who are what comes before {MARK} in a file's name; training may know the voices"
    )
    return Division(_parts(names, held), ("random", rule.share, rule.seed), how if known else UNKNOWN_SPEAKERS)


def speaker(name: str) -> str:
    """Return who speaks in a clip."""
    return PurePosixPath(name).name.split(MARK)[0]


def _hash(name: str) -> float:
    """Return where a speaker is between 0 and 1."""
    digest = hashlib.sha1(speaker(name).encode(errors="surrogateescape"), usedforsecurity=False).hexdigest()
    return (int(digest, 16) % (LARGEST_HASH + 1)) / LARGEST_HASH


def _by_hash(names: Sequence[str], share: float) -> Parts:
    """Divide as Speech Commands was, by the speaker's hash alone, so that a clip that is added moves no other one."""
    return _parts(
        names,
        {name: "validation" if place < share / 2 else "test" for name in names if (place := _hash(name)) < share},
    )


def _by_order(names: Sequence[str], share: float) -> Parts:
    """Divide few speakers, or those of a part alone, of whom their hashes may leave some part next to none."""
    order = sorted({speaker(name): _hash(name) for name in names}.items(), key=lambda found: found[1])
    held = dict(zip((who for who, _ in order), _few_held_out(len(order), share), strict=False))
    return _parts(names, {name: held[speaker(name)] for name in names if speaker(name) in held})


def _few_held_out(count: int, share: float) -> list[str]:
    """Return the parts of those that are held out of so many: one at least in each, if there are three."""
    each = min(max(round(count * share / 2), 1), (count - 1) // 2)
    return ["validation"] * each + ["test"] * each


def _parts(names: Sequence[str], held: dict[str, str]) -> Parts:
    return {part: [name for name in names if held.get(name, "train") == part] for part in PARTS}
