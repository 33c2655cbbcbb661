"""The example as a sketch for Arduino's ``setup()`` and ``loop()``, which prints to the serial port."""

from __future__ import annotations

from rnnexp.errors import UserError
from rnnexp.formats.c.boards.project import Filler
from rnnexp.formats.c.boards.sources import Sources

_END = "int main(void)\n"


def header(sources: Sources) -> dict[str, str]:
    """Return a header with a plain name where the network's own has other letters than a library's may have."""
    if sources.plain == sources.name:
        return {}
    return {
        f"{sources.plain}.h": f'/* {sources.prefix}: the network under a plain name. */\n#include "{sources.name}.h"\n'
    }


def sketch(sources: Sources) -> str:
    """Return the sketch: the example's sequences and its function ``answer``, and what prints instead of ``main``.

    Raises:
        UserError: if the example is no such one: of an earlier version, or of a network that takes no values.
    """
    _, own, after = sources.main.partition(f'#include "{sources.name}.h"\n')
    example, end, _ = after.partition(_END)
    if not own or not end or "static int answer(int sequence)" not in example:
        raise UserError(f"no sketch can be made of {sources.name}-main.c: {_why(sources)}")
    return Filler("arduino", sources).common("sketch.cpp", example=example.strip("\n"))


def _why(sources: Sources) -> str:
    if "fopen(" in sources.main:
        return "it reads a file, which there are none of; choose another board"
    return "it was written by an earlier version of rnnexp; run the experiment again"
