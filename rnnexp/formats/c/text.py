"""Numbers, names, texts and comments as C has them."""

from __future__ import annotations

import re
import textwrap
import unicodedata
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from rnnexp.quantization.scales import Affine

TEMPLATES = Path(__file__).parent / "templates"
NUMBERS_PER_LINE = 20
COMMENT_WIDTH = 116
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


def function(head: str, lines: Iterable[str]) -> str:
    """Return the definition of a function."""
    return f"{declaration(head)}\n{{\n{indented(lines)}\n}}"


def declaration(head: str) -> str:
    """Return the beginning of a function, up to its parameters; of a long one, with a line for each of these."""
    if len(head) <= LONGEST_CALL:
        return head
    name, parameters = head.split("(", 1)
    return f"{name}(\n    " + ",\n    ".join(parameters.split(", "))


def filled(template: str, values: Mapping[str, Any]) -> str:
    """Return the text of a template with its values."""
    return Template((TEMPLATES / template).read_text(encoding="utf-8")).substitute(values)


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
    return "\n".join(f" *   {_inside(f'{key}: {value}')}" for key, value in about.items())


def sentences(texts: Iterable[str]) -> str:
    """Return texts as lines inside a comment, each text on lines of its own."""
    lines = (line for text in texts for line in textwrap.wrap(_inside(text), COMMENT_WIDTH, subsequent_indent="  "))
    return "\n".join(f" * {line}" for line in lines)


def remark(text: str) -> str:
    """Return a text as a comment."""
    first, *others = textwrap.wrap(f"{_inside(text)} */", COMMENT_WIDTH)
    return "\n".join([f"/* {first}", *(f" * {line}" for line in others)])


def explained(text: str, code: str) -> str:
    """Return a declaration with what is said of it ahead of it."""
    return f"{remark(text)}\n{code}"


def _inside(text: str) -> str:
    """Return a text of one line that neither ends a comment, nor seems to begin one, nor has a trigraph."""
    for mark, apart in (("*/", "* /"), ("/*", "/ *"), ("??", "? ?")):
        text = text.replace(mark, apart)
    return " ".join(text.splitlines())
