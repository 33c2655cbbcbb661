"""Texts in Markdown that quote names from anywhere, which must not become markup there."""

from __future__ import annotations

from rnnexp.printable import printable


def plain(text: str) -> str:
    """Return a text in which Markdown sees no markup at all, in one line: names of layers can be anything."""
    for mark in "\\`*_<>|#[]":
        text = text.replace(mark, f"\\{mark}")
    return printable(" ".join(text.split()))


def harmless(text: str) -> str:
    """Return a sentence of ours in one line, in which no name begins HTML, or becomes a link."""
    # As entities: a backslash may stand before them, and would take one of ours away.
    return printable(" ".join(text.splitlines())).replace("<", "&lt;").replace("](", "]&#40;")


def cell(text: str) -> str:
    """Return a text as a cell of a table has it, which it must not end."""
    return harmless(text).replace("|", "&#124;")
