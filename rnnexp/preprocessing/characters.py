"""Texts as the networks see them: one-hot characters for questions, class numbers for answers.

Shorter texts have blanks before them, so that they end in the same place.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# What texts are filled up with.
BLANK = " "


def numbers(texts: Sequence[str], characters: str, length: int) -> np.ndarray:
    """Return the places of the characters of texts in ``characters``, int32 ``[n, length]``.

    Raises:
        ValueError: if a text is longer, or has another character.
    """
    known = set(characters)
    for text in texts:
        if len(text) > length or not known.issuperset(text):
            raise ValueError(f"{text!r} is not up to {length} characters of {characters!r}")
    filled = "".join(text.rjust(length, BLANK) for text in texts)
    alphabet, codes = (np.frombuffer(some.encode("utf-32-le"), "<u4") for some in (characters, filled))
    order = np.argsort(alphabet)
    places = order[np.searchsorted(alphabet, codes, sorter=order)]
    return places.reshape(len(texts), length).astype(np.int32)


def one_hot(texts: Sequence[str], characters: str, length: int) -> np.ndarray:
    """Return texts as inputs, float32 ``[n, length, characters]``: 1 for the character that is there.

    Raises:
        ValueError: as ``numbers``.
    """
    return np.eye(len(characters), dtype=np.float32)[numbers(texts, characters, length)]


def texts(values: np.ndarray, characters: str) -> list[str]:
    """Return the texts of inputs, or of probabilities of the first ``characters``, ``[n, length, ...]``."""
    return ["".join(characters[place] for place in row).strip(BLANK) for row in values.argmax(axis=-1)]
