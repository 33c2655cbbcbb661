"""Numbers, names, texts and comments as C has them."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from rnnexp.quantization.scales import Affine

NUMBERS_PER_LINE = 20
# Longer calls have a line for each argument.
LONGEST_CALL = 100


def identifier(name: str) -> str:
    """Return what all C names of a model begin with: lower-case letters, digits and underscores of ASCII.

    Of a name in other letters the digits of a checksum are a part, so that two such names never make the same.

    Raises:
        ValueError: if nothing of the name can be used.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    if not name.isascii():
        plain = f"{zlib.crc32(unicodedata.normalize('NFC', name).encode()):08x}_{plain}"
    found = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    if not found:
        raise ValueError(f"no C identifier can be made of {name!r}")
    return f"rnn_{found}" if found[0].isdigit() or not name.isascii() else found


def array(kind: str, name: str, sizes: Sequence[str | int], values: np.ndarray, attribute: str = "") -> str:
    """Return the definition of a constant array of a type, with the C names or numbers of its sizes.

    Where flash is another memory than RAM, it stays there; ``attribute`` says what else the compiler should know.
    """
    places = "".join(f"[{size}]" for size in sizes)
    return f"static const {kind} FLASH {attribute}{name}{places} = {{\n{numbers(values)}\n}};"


def code_type(codes: Affine) -> str:
    """Return the C type of codes."""
    return f"{np.dtype(codes.dtype).name}_t"


def call(function: str, *arguments: str) -> str:
    """Return the statement that calls a function."""
    one_line = f"{function}({', '.join(arguments)});"
    return one_line if len(one_line) <= LONGEST_CALL else f"{function}(\n    " + ",\n    ".join(arguments) + ");"


def indented(lines: Iterable[str]) -> str:
    """Return statements, of one or more lines each, one level further in."""
    return "\n".join(f"    {line}" for statement in lines for line in statement.splitlines())


def numbers(values: np.ndarray, indent: str = "    ") -> str:
    """Return the inside of an array's initialiser."""
    if values.ndim > 1:
        return ",\n".join(f"{indent}{{\n{numbers(row, indent + '    ')}\n{indent}}}" for row in values)
    texts = [str(value) for value in values.tolist()]
    lines = [", ".join(texts[i : i + NUMBERS_PER_LINE]) for i in range(0, len(texts), NUMBERS_PER_LINE)]
    return ",\n".join(indent + line for line in lines)


def string(text: str) -> str:
    """Return a string literal: everything but plain ASCII in octal."""
    plain = (chr(byte) if 32 <= byte < 127 and byte not in b'"\\?' else f"\\{byte:03o}" for byte in text.encode())
    return f'"{"".join(plain)}"'


def comment(about: Mapping[str, Any]) -> str:
    """Return names and what is said of them as lines inside a comment."""
    lines = (f"{key}: {value}".replace("*/", "* /").replace("\n", " ") for key, value in about.items())
    return "\n".join(f" *   {line}" for line in lines)
