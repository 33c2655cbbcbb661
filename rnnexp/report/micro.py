"""What a .tflite file takes in TensorFlow Lite Micro: operators to link, and memory."""

from __future__ import annotations

from collections.abc import Iterable

from rnnexp.report.part import Part

MEANING = (
    "The arena is the least in which a file runs, measured where pointers have 64 bits; with 32 it is less. The "
    "operators are the calls of the resolver."
)


class Micro(Part):
    """What a file takes in TensorFlow Lite Micro.

    Attributes:
        resolver: the calls of its resolver that add the file's operators.
        arena_bytes: the least arena that is enough, on a machine with pointers of 64 bits.
        absent: why it is not known.
    """

    resolver: list[str]
    arena_bytes: int | None = None
    absent: str | None = None

    @property
    def arena(self) -> str:
        """How large an arena it needs, in words."""
        return f"not measured: {self.absent}" if self.arena_bytes is None else f"{self.arena_bytes:,} bytes"

    @property
    def code(self) -> str:
        """The resolver, in C++."""
        calls = "\n".join(f"resolver.{call};" for call in self.resolver)
        return f"tflite::MicroMutableOpResolver<{len(self.resolver)}> resolver;\n{calls}"


def lines(files: Iterable[tuple[str, Micro | None]]) -> list[str]:
    """Return the section of a report in Markdown on files by name; nothing where nothing is known of them."""
    known = [(name, micro) for name, micro in files if micro]
    found = ["## On TensorFlow Lite Micro", "", MEANING, ""] if known else []
    for name, micro in known:
        found += [f"`{name}`: arena {micro.arena}.", "", "```cpp", micro.code, "```", ""]
    return found
