"""Names from anywhere, as a terminal, a page or a paper can show them."""

from __future__ import annotations

import unicodedata

# They change the order in which letters around them are read.
_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Control characters, halves of characters, ends of lines and of paragraphs.
_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


def printable(text: str, keep: str = "") -> str:
    """Return a text in which what is no letter, and would do something, is written out; but for what is kept."""
    if text.isprintable():
        return text
    return "".join(each if each in keep or not _acts(each) else ascii(each)[1:-1] for each in text)


def in_utf_8(text: str) -> bool:
    """Tell whether a text can be written down: names of files can be other bytes, for which there are no letters."""
    return not any("\ud800" <= each <= "\udfff" for each in text)


def _acts(character: str) -> bool:
    return character in _TURNS or unicodedata.category(character) in _CATEGORIES
