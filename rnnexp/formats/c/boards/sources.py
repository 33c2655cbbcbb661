"""The C of a network as it was exported, and what may be called after it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rnnexp.errors import UserError
from rnnexp.formats.c.text import identifier

# Arduino's limit, the narrowest of all; without spaces, since folders have these names too.
_PLAIN = re.compile(r"(?!arduino)[a-z0-9][a-z0-9_.-]{0,62}", re.IGNORECASE)
# What can stand between quotation marks in every project's files.
_QUOTABLE = re.compile(r"[\w.+][\w .+-]*")
LONGEST = 63
# What C itself and the frameworks include by these names: in a library's folder the network's header would be found
# first.
_HEADERS = re.compile(
    "arduino|assert|complex|ctype|errno|fenv|float|inttypes|iso646|limits|locale|math|setjmp|signal|stdarg|stdbool|"
    "stddef|stdint|stdio|stdlib|string|tgmath|threads|time|uchar|unistd|wchar|wctype",
    re.IGNORECASE,
)
SPARE_STACK = 6144


@dataclass(frozen=True)
class Sources:
    """The four C files of a network.

    Attributes:
        name: of the files, without suffix.
        header: the ``.h``.
        source: the ``.c``.
        test: the program with the golden vectors.
        main: the example program.
    """

    name: str
    header: str = field(repr=False)
    source: str = field(repr=False)
    test: str = field(repr=False)
    main: str = field(repr=False)

    def __post_init__(self) -> None:
        """Check the name.

        Raises:
            UserError: if it has what build systems read as something else.
        """
        if not _QUOTABLE.fullmatch(self.name):
            raise UserError(f"a project cannot have files named {self.name!r}: only letters, digits, space and . _ + -")
        if _HEADERS.fullmatch(self.name):
            raise UserError(
                f"a project cannot have a header {self.name}.h, which would be taken for that of C: give the network "
                "another name (rnnexp convert --name)"
            )

    @property
    def prefix(self) -> str:
        """What all names in the C begin with."""
        return identifier(self.name)

    @property
    def plain(self) -> str:
        """A name for folders and libraries, of ASCII alone: that of the files if it can be."""
        if _PLAIN.fullmatch(self.name):
            return self.name
        reserved = self.prefix.startswith("arduino")
        return f"{'rnn_' if reserved else ''}{self.prefix}"[:LONGEST].rstrip("_")

    @property
    def library(self) -> str:
        """The network's among other libraries, which none of a framework's own is called."""
        return f"{self.prefix}_network"

    @property
    def arguments(self) -> str:
        """What the example's ``main`` is called with, where there is no command line."""
        return "" if "int main(void)" in self.main else "0, 0"

    @property
    def stack_bytes(self) -> int:
        """Of a task that runs the network: enough for the codes of a sequence, and what a step and printing take."""
        steps, features = (
            int(found[1]) if (found := re.search(rf"_{size} (\d+)$", self.header, re.MULTILINE)) else 0
            for size in ("TIME_STEPS", "FEATURES")
        )
        return -(-(SPARE_STACK + 2 * steps * features) // 1024) * 1024

    @property
    def network(self) -> dict[str, str]:
        """The files that every project has: name -> text."""
        return {f"{self.name}.h": self.header, f"{self.name}.c": self.source}
