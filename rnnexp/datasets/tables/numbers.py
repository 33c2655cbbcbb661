"""Numbers as people write them: decimal points or commas, thousands, marks for nothing, signs of currencies."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

# What stands for no value, in lower case.
MISSING_MARKS = frozenset(
    ("", "na", "n/a", "#n/a", "#na", "nan", "null", "none", "nil", "missing", "n.a.", "n.d.", "nd", "-", "--", "---")
) | {".", "..", "...", "…", "?", "*", "/", "//", "///", "×", "欠測", "欠損", "#value!", "#div/0!"}
LIKE = re.compile(r"[^\w(\[]{0,3}\d[\d.,' \u00a0\u202f]*([eE][+-]?\d+)?\s?%?$")
COMMA_DECIMAL = re.compile(r'\s*"?[+-]?\d*(,\d+)?"?\s*$')
# A column is one of numbers if at least this share of its cells that are not empty can be read so.
LEAST_SHARE = 0.5
OTHER = {".": ",", ",": "."}
SIGNS = r"[$€£¥₩₹%]"
_CLEANED = str.maketrans({"−": "-", "–": "-", "▲": "-", "△": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " "})


@dataclass(frozen=True)
class Numbers:
    """A column read as numbers.

    Attributes:
        values: ``[n]``, NaN where there is none.
        bad: rows that are neither numbers nor marks for nothing.
        notes: how they were read, where that is not plain.
    """

    values: np.ndarray
    bad: np.ndarray
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Reading:
    """A column by one decimal sign."""

    values: np.ndarray
    bad: np.ndarray
    grouped: bool


def parse(columns: Mapping[str, np.ndarray], separator: str) -> dict[str, Numbers]:
    """Return those columns of a file that can be read as numbers; the decimal sign is decided by all of them.

    Args:
        columns: name -> cells ``[n]``, text.
        separator: of the file's fields: with a semicolon, ``1,234`` is rather a decimal comma.
    """
    readings = {}
    for name, cells in columns.items():
        texts, missing = _cleaned(cells)
        signs = {sign: _read(texts, missing, sign) for sign in ".,"}
        filled = int((~missing).sum())
        if filled and min(len(reading.bad) for reading in signs.values()) <= (1 - LEAST_SHARE) * filled:
            readings[name] = signs
    decided = {name: _certain(signs) for name, signs in readings.items()}
    known = {sign for sign in decided.values() if sign}
    usual = known.pop() if len(known) == 1 else ""
    found = {}
    for name, signs in readings.items():
        sign = decided[name] or usual or ("," if separator == ";" and signs["."].grouped else ".")
        notes = _notes(signs, sign, certain=bool(decided[name] or usual))
        found[name] = Numbers(signs[sign].values, signs[sign].bad, notes)
    return found


def _cleaned(cells: np.ndarray) -> tuple[pd.Series, pd.Series]:
    """Return cells without what is around and between the digits, and which of them are marks for nothing."""
    texts = pd.Series(cells, dtype=object)
    missing = texts.str.lower().isin(MISSING_MARKS)
    texts = texts.mask(missing, "")
    # Looked through as one text, which is fast: most columns have nothing of all this.
    together = "\n".join(texts)
    if not together.isascii():
        texts = texts.map(lambda text: unicodedata.normalize("NFKC", text).translate(_CLEANED))
        together = "\n".join(texts)
    # A mark of a currency, or of hundredths, in all cells says nothing; in some of them it would.
    if re.search(SIGNS, together) and texts.str.contains(SIGNS).sum() == (~missing).sum():
        texts = texts.str.replace(SIGNS, "", regex=True).str.strip()
    if re.search(r"\d[ '’]\d", together):
        whole = texts.str.fullmatch(r"[+-]?[1-9]\d{0,2}([ '’]\d{3})+([.,]\d*)?")
        texts = texts.mask(whole, texts.str.replace(r"[ '’]", "", regex=True))
    return texts, missing


def _read(texts: pd.Series, missing: pd.Series, sign: str) -> _Reading:
    """Read cells by a decimal sign; the other one may stand between thousands."""
    other = OTHER[sign]
    grouped = pd.Series(False, index=texts.index)
    together = "\n".join(texts)
    if other in together:
        grouped = texts.str.fullmatch(rf"[+-]?[1-9]\d{{0,2}}(\{other}\d{{3}})+(\{sign}\d*)?")
        texts = texts.mask(grouped, texts.str.replace(other, "", regex=False))
    if sign == "," and ("," in together or "." in together):
        # What still has a point is none of these.
        texts = texts.mask(texts.str.contains(".", regex=False), "x").str.replace(",", ".", regex=False)
    values = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64)
    bad = np.flatnonzero(np.isnan(values) & ~missing.to_numpy())
    return _Reading(values, bad, bool(grouped.any()))


def _certain(signs: Mapping[str, _Reading]) -> str:
    """Return the decimal sign that fits more cells; empty where both fit as well."""
    point, comma = (len(signs[sign].bad) for sign in ".,")
    return "." if point < comma else "," if comma < point else ""


def _differ(signs: Mapping[str, _Reading]) -> bool:
    """Tell whether the decimal sign makes other numbers of the same cells."""
    return not np.array_equal(signs["."].values, signs[","].values, equal_nan=True)


def _notes(signs: Mapping[str, _Reading], sign: str, *, certain: bool) -> tuple[str, ...]:
    reading = signs[sign]
    notes = []
    if reading.grouped:
        notes.append(f"{OTHER[sign]!r} is taken to stand between thousands")
    if sign == ",":
        notes.append("decimal commas")
    if notes and not certain and _differ(signs):
        notes.append(f"it could be read otherwise too; write the numbers with a decimal point and no {OTHER[sign]!r}")
    return tuple(notes)


def sentinels(values: np.ndarray, missing: Sequence[float]) -> np.ndarray:
    """Return values with NaN in place of the numbers that stand for no value."""
    return np.where(np.isin(values, list(missing)), np.nan, values) if missing else values


def suspected_sentinels(values: np.ndarray) -> list[float]:
    """Return numbers such as -9999 among values that are all far from them: they may stand for no value."""
    found = []
    for number in (-99.0, -999.0, -9999.0, -99999.0, 999.0, 9999.0, 99999.0, -99.9, -999.9, 999.9, 9999.9):
        others = values[np.isfinite(values) & (values != number)]
        if len(others) and len(others) < len(values[np.isfinite(values)]):
            low, high = others.min(), others.max()
            width = max(high - low, abs(high), abs(low))
            if number < low - 2 * width or number > high + 2 * width:
                found.append(number)
    return found
