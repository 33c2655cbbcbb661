"""Dates and times as people write them; pandas and dateutil read them, here it is decided how."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rnnexp.datasets.tables.numbers import MISSING_MARKS

# A column is one of times if at least this share of its cells that are not empty can be read so.
LEAST_SHARE = 0.8
MONTH_NAME = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s?[ap]\.?m\.?)?"
LOOKS = re.compile(
    rf"\d{{1,4}}\s?[-/.年]\s?\d{{1,2}}(\s?[-/.月]|$|\s|[T日])|.*\b{MONTH_NAME}.*\d|\d{{4}}\W?{MONTH_NAME}|\d{{4}}\W?第?[Qq四]?\W?[Qq]?[1-4]\b|[Qq][1-4]\W|"
    rf"(令和|平成|昭和)|\d{{8}}T|\d{{4}}年第|\d{{4}}-W\d\d|{CLOCK}$",
    re.IGNORECASE,
)
ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925}
QUARTER = re.compile(
    r"(?P<y>\d{4})[\s\-/年.:]*(?:第\s*)?(?:Q|四半期)?\s*(?P<q>[1-4])\s*(?:Q|四半期)?|Q(?P<q2>[1-4])[\s\-/.']*(?P<y2>\d{4})",
    re.I,
)
# Three numbers and perhaps a time of day.
THREE = re.compile(
    r"(?P<a>\d{1,4})\s?(?P<sign>[-/.])\s?(?P<b>\d{1,2})\s?[-/.]\s?(?P<c>\d{1,4})"
    rf"(?P<rest>(?:[T\s,]+{CLOCK}|[T\s]\d{{1,2}})?\s*(?:Z|[+-]\d\d:?\d\d)?)",
    re.IGNORECASE,
)
PIVOT = 70  # two digits of a year from here on are of the 20th century


@dataclass(frozen=True)
class Times:
    """A column read as times.

    Attributes:
        values: ``[n]`` datetime64[ns], NaT where there is none.
        bad: rows that are neither times nor marks for nothing.
        notes: how they were read, where that is not plain.
    """

    values: np.ndarray
    bad: np.ndarray
    notes: tuple[str, ...] = ()


def looks_like(cell: str) -> bool:
    """Tell whether a text begins like a date or a time."""
    return bool(LOOKS.match(unicodedata.normalize("NFKC", cell)))


def parse(cells: np.ndarray) -> Times | None:
    """Return a column of texts ``[n]`` as times; None if it is not one."""
    texts = pd.Series(cells, dtype=object)
    filled = ~texts.str.lower().isin(MISSING_MARKS).to_numpy()
    given = texts[filled]
    if not len(given) or sum(map(looks_like, given[:20])) < LEAST_SHARE * len(given[:20]):
        return None
    unique = pd.Series(given.unique(), dtype=object)
    plain = unique.map(_plain)
    best: Times | None = None
    for reader in (_quarters, _iso, _three_numbers, _named_months):
        found = reader(plain)
        if found is not None and (best is None or len(found.bad) < len(best.bad)):
            best = found
            if not len(best.bad):
                break
    if best is None or len(best.bad) > (1 - LEAST_SHARE) * len(plain):
        return None
    values = np.full(len(cells), np.datetime64("NaT"), "datetime64[ns]")
    values[filled] = best.values[pd.Index(unique).get_indexer(given)]
    return Times(values, np.flatnonzero(np.isnat(values) & filled), best.notes)


def of_day_and_clock(days: np.ndarray, clocks: np.ndarray) -> np.ndarray | None:
    """Return times of dates and of texts such as ``13:05``, ``[n]`` each; None where those are none."""
    texts = pd.Series(clocks, dtype=object).str.strip()
    if not texts.str.fullmatch(CLOCK, case=False).mean() >= LEAST_SHARE:
        return None
    return days + _clock(texts).to_numpy()


def _plain(text: str) -> str:
    """Return a date without what is Japanese about it, without weekdays, and with the hour 24 as it is."""
    if text.isascii() and text[:1].isdigit() and "(" not in text:
        return " ".join(text.split()).strip("'\"")
    text = unicodedata.normalize("NFKC", text).strip().strip("'\"")
    era = re.match(r"(令和|平成|昭和)(\d+|元)年?", text)
    if era:
        text = f"{ERAS[era[1]] + (1 if era[2] == '元' else int(era[2]))}年{text[era.end() :]}"
    text = re.sub(
        r"\([月火水木金土日]\)|\([A-Za-z]{3}\)|^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+", "", text, flags=re.I
    )
    if "年" in text and "四半期" not in text:
        text = re.sub(r"(\d+)年\s*(\d+)月\s*(\d+)日", r"\1-\2-\3", text)
        text = re.sub(r"(\d+)年\s*(\d+)月", r"\1-\2", text).replace("年", "").strip()
    text = re.sub(r"(\d+)時\s*(\d+)分\s*(\d+)秒", r"\1:\2:\3", text)
    text = re.sub(r"(\d+)時\s*(\d+)分", r"\1:\2", text)
    text = re.sub(r"(\d+)時", r"\1:00", text)
    return re.sub(r"\s+", " ", text).strip()


def nanoseconds(values: pd.Series) -> np.ndarray:
    """Return times as NumPy has them, ``[n]`` datetime64[ns]."""
    return np.asarray(values.to_numpy(), "datetime64[ns]")


def _times(values: pd.Series, notes: tuple[str, ...] = ()) -> Times | None:
    found = nanoseconds(values)
    return None if np.isnat(found).all() else Times(found, np.flatnonzero(np.isnat(found)), notes)


def _quarters(texts: pd.Series) -> Times | None:
    """Read ``1990Q1`` and the like, as the quarter's first day."""
    if not texts[:20].str.contains(r"q|四半期", case=False).all():
        return None
    matches = [QUARTER.fullmatch(text) for text in texts]
    months = [f"{m['y'] or m['y2']}-{3 * int(m['q'] or m['q2']) - 2:02}-01" if m else None for m in matches]
    return _times(pd.to_datetime(pd.Series(months), errors="coerce"))


def _iso(texts: pd.Series) -> Times | None:
    """Read what ISO 8601 has, and years and months alone; of several offsets from UTC, UTC."""
    texts = texts.str.replace(r"^(\d{4})/(\d{1,2})(?=/|$)", r"\1-\2", regex=True)
    texts = texts.str.replace(r"^(\d{4})-(\d)(?=-|$)", r"\1-0\2", regex=True)
    if not texts[:20].str.match(r"\d{4}-|\d{8}T").all():
        return None
    offsets = texts.str.extract(r"\d{1,2}:\d{2}.*?(Z|[+-]\d\d:?\d\d)$")[0].dropna().unique()
    return _in_one_clock(texts, offsets, lambda text: pd.to_datetime(text, errors="coerce", format="ISO8601", utc=True))


def _in_one_clock(texts: pd.Series, offsets: np.ndarray, read: Callable[[pd.Series], pd.Series]) -> Times | None:
    """Return times by the clock of their offset from UTC, where that is the same for all; else in UTC."""
    if len(offsets) > 1:
        return _times(read(texts).dt.tz_localize(None), ("times with several offsets from UTC are taken in UTC",))
    if len(offsets):
        texts = texts.str.replace(r"\s?(?:Z|[+-]\d\d:?\d\d)$", "", regex=True)
    return _times(read(texts).dt.tz_localize(None))


def _three_numbers(texts: pd.Series) -> Times | None:
    """Read ``28.12.2022``, ``12/28/2022 1:05 PM`` and the like; the whole column decides which is the day."""
    parts = pd.DataFrame([match.groupdict() if (match := THREE.fullmatch(text)) else {} for text in texts])
    if "a" not in parts:
        return None
    rows = parts["a"].notna()
    first, second, third = (pd.to_numeric(parts[name]) for name in "abc")
    notes: tuple[str, ...] = ()
    if (parts["a"].str.len() == 4)[rows].all():
        year, month, day = first, second, third
    else:
        year = third.where(parts["c"].str.len() != 2, third + np.where(third >= PIVOT, 1900, 2000))
        if (first > 12).any():
            month, day = second, first
        elif (second > 12).any():
            month, day = first, second
        else:
            month, day, notes = _day_first(first, second, parts["sign"].iloc[0], year)
    dates = pd.DataFrame({"year": year, "month": month, "day": day})
    found = pd.to_datetime(dates.where(rows, -1), errors="coerce")
    clock = parts["rest"].fillna("").str.strip(" T,")
    offsets = clock.str.extract(r"(Z|[+-]\d\d:?\d\d)$")[0]
    clock = clock.str.replace(r"\s*(?:Z|[+-]\d\d:?\d\d)$", "", regex=True)
    found = found + _clock(clock)
    if offsets.nunique() > 1:
        found -= pd.to_timedelta(
            offsets.str.replace("Z", "+00:00").str.replace(r"([+-])(\d\d):?(\d\d)", r"\1\2:\3:00", regex=True)
        )
        notes = (*notes, "times with several offsets from UTC are taken in UTC")
    return _times(found, notes)


def _day_first(
    first: pd.Series, second: pd.Series, sign: str, year: pd.Series
) -> tuple[pd.Series, pd.Series, tuple[str, ...]]:
    """Return month and day where both orders are possible: the one with more even steps, else what the sign means."""
    steps = []
    for month, day in ((second, first), (first, second)):
        dates = pd.to_datetime(pd.DataFrame({"year": year, "month": month, "day": day}), errors="coerce")
        steps.append(dates.drop_duplicates().diff().abs().nunique() if dates.notna().all() else len(dates))
    even = steps[0] < steps[1] if steps[0] != steps[1] else None
    day_first = even if even is not None else sign == "."
    order = "day, month, year" if day_first else "month, day, year"
    note = f"dates are taken for {order}, which not one of them decides; write them as 2022-12-28 to be sure"
    return (second, first, (note,)) if day_first else (first, second, (note,))


def _clock(texts: pd.Series) -> pd.Series:
    """Return the times of day of texts, such as ``1:05 PM``, ``13:05:00.5``, ``24:00`` or ``7``; none is midnight."""
    parts = texts.str.extract(r"^(\d{1,2})(?::(\d{2}))?(?::(\d{2}(?:[.,]\d+)?))?\s*(?:([ap])\.?m\.?)?$", flags=re.I)
    hours = pd.to_numeric(parts[0])
    half = parts[3].str.lower()
    hours = hours.where(half.isna(), hours % 12) + np.where(half == "p", 12, 0)
    minutes = pd.to_numeric(parts[1]).fillna(0)
    seconds = pd.to_numeric(parts[2].str.replace(",", ".")).fillna(0)
    total = (hours * 3600 + minutes * 60 + seconds).where(texts != "", 0.0)
    # Hour 24 is midnight of the next day.
    return pd.to_timedelta(total.where(total <= 86_400), unit="s")


def _named_months(texts: pd.Series) -> Times | None:
    """Read ``Dec 28 2022``, ``28-Dec-22 13:00``, ``Jan 1990``, ``Jan-90`` and the like."""
    if not texts[:20].str.contains(MONTH_NAME, case=False).all():
        return None
    short = texts.str.fullmatch(rf"{MONTH_NAME}[\s\-/']*\d{{2}}", case=False)
    if short.all():  # a year, which dateutil takes for a day
        return _times(
            pd.to_datetime("1 " + texts.str.replace(r"[\W]+", " ", regex=True), errors="coerce", format="%d %b %y")
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that every text is read by itself
        return _times(pd.to_datetime(texts, errors="coerce", format="mixed", utc=True).dt.tz_localize(None))
