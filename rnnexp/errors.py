"""The errors that a user can mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from typing_extensions import override

from rnnexp.printable import printable


class UserError(Exception):
    """A bad setting or missing data: shown as one message, without a traceback, with exit code 2.

    Args:
        lines: of the message, mostly one.
    """

    exit_code = 2

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)

    @override
    def __str__(self) -> str:
        """Return the message; what a damaged file would do to a terminal by strange names is written out."""
        return "\n".join(map(printable, self.args))


class DivergedError(UserError):
    """A training whose loss was no longer a number: no setting was wrong by itself, so it ends with exit code 1.

    Args:
        epoch: in which it was none.
        remedy: what to do, in a sentence.
        weights: the file of those from before.

    Attributes:
        in_short: the message without that file, for where it is not kept.
    """

    exit_code = 1

    def __init__(self, epoch: int, remedy: str, weights: Path) -> None:
        lost = f"the loss was no longer a number in epoch {epoch}."
        super().__init__(f"{lost} The weights from before it are in {weights}; nothing was exported. {remedy}")
        self.in_short = f"{lost} {remedy}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the known name closest to ``name``, or an empty string."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[close[0]]!r}?" if close else ""
