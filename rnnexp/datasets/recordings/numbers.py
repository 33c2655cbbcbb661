"""Lists of numbers in text files that computers have written: decimal points, ``?`` or nothing for missing values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnnexp.datasets.recordings.recording import LARGEST_VALUE
from rnnexp.errors import UserError

MISSING = frozenset(["", "?", "nan", "na"])


def numbers(texts: Sequence[str], where: str) -> np.ndarray:
    """Return numbers as float64 ``[n]``, NaN where there is none.

    Args:
        texts: a number each.
        where: they are, for messages.

    Raises:
        UserError: naming the first that is no number that can be used.
    """
    try:
        values = np.array(texts, np.float64)
    except ValueError:
        values = np.array([_number(text, f"{where}, value {place}") for place, text in enumerate(texts, 1)])
    bad = np.flatnonzero(~(np.abs(values) <= LARGEST_VALUE) & ~np.isnan(values))
    if len(bad):
        raise UserError(f"{where}, value {bad[0] + 1}: {texts[bad[0]].strip()} is infinite or too large to be used")
    return values


def _number(text: str, where: str) -> float:
    text = text.strip()
    if text.lower() in MISSING:
        return np.nan
    try:
        return float(text)
    except ValueError:
        shown = text if len(text) <= 40 else f"{text[:40]}..."
        raise UserError(f"{where}: {shown!r} is not a number; a missing value is written ?") from None
