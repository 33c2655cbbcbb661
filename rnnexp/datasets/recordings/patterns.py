"""Regular expressions that find a class, a person or a session in a file's name."""

from __future__ import annotations

import re

from rnnexp.errors import UserError


def compiled(pattern: str, setting: str) -> re.Pattern[str]:
    """Return a regular expression.

    Raises:
        UserError: if it is none.
    """
    try:
        return re.compile(pattern)
    except re.error as error:
        raise UserError(
            f"{setting} is {pattern!r}, which is no column here, and no regular expression: {error}"
        ) from None


def match(pattern: re.Pattern[str], name: str, setting: str) -> str:
    """Return what a pattern finds in a name: its first group, or all of it if it has none.

    Raises:
        UserError: if it finds nothing.
    """
    found = pattern.search(name)
    if not found:
        raise UserError(
            f"{setting} is {pattern.pattern!r}, which is no column here, and as a pattern it finds nothing in "
            f"the name {name!r}"
        )
    return str(found[1] if pattern.groups else found[0])
