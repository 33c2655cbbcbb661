"""Bytes of a text file into text, whatever encoding it is in."""

from __future__ import annotations

import codecs
from pathlib import Path

from rnnexp.errors import UserError

BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: ("utf-8-sig", "UTF-8"),
    codecs.BOM_UTF16_LE: ("utf-16", "UTF-16"),
    codecs.BOM_UTF16_BE: ("utf-16", "UTF-16"),
}
# Lead bytes of kana and the commoner kanji in CP932, where Western encodings have no letters.
JAPANESE_LEADS = range(0x81, 0xA0)


def decode(content: bytes) -> tuple[str, str]:
    """Return the text, and the name of its encoding for people to read.

    UTF-8 and UTF-16 are certain. What is neither is CP932, as Japanese Excel writes it, if most of what is not ASCII
    reads as Japanese; else Windows' Western encoding.

    Raises:
        ValueError: if the bytes are no text.
    """
    for mark, (codec, name) in BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            try:
                return content.decode(codec), name
            except UnicodeDecodeError as error:
                raise ValueError(f"its byte order mark says {name}, but byte {error.start} is not") from None
    if b"\0" in content[:1000]:
        return _utf16_without_mark(content)
    try:
        return content.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        pass
    try:
        japanese = content.decode("cp932")
    except UnicodeDecodeError:
        japanese = ""
    if japanese and _is_japanese(japanese):
        return japanese, "CP932 (Shift JIS)"
    # Its five undefined bytes stay what they are in Latin-1.
    return "".join(content.decode("cp1252", "surrogateescape")).translate(_UNDEFINED), "Windows-1252 (Latin-1)"


_UNDEFINED = {0xDC00 + byte: byte for byte in range(0x80, 0x100)}


def _utf16_without_mark(content: bytes) -> tuple[str, str]:
    odd, even = content[1:1000:2].count(0), content[:1000:2].count(0)
    codec = "utf-16-le" if odd > even else "utf-16-be"
    try:
        text = content.decode(codec)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ValueError("it holds zero bytes, which no text has")
    return text, "UTF-16 without byte order mark"


def _is_japanese(text: str) -> bool:
    others = "".join(character for character in text if not character.isascii())[:10_000]
    leads = [character.encode("cp932")[0] for character in others]
    return sum(lead in JAPANESE_LEADS for lead in leads) * 2 > len(leads)


def read_text(path: Path) -> str:
    """Return the text of a file, in whatever encoding it is.

    Raises:
        UserError: if it is no text.
    """
    try:
        text, _ = decode(path.read_bytes())
    except ValueError as error:
        raise UserError(f"{path} is no text: {error}") from None
    return text
