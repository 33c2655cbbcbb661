"""Codes of values that products multiply in C: those of several arrays side by side, values with lower parts first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rnnexp.formats.c.rows import Columns, Sums


@dataclass(frozen=True)
class Segment:
    """Values that are side by side.

    Attributes:
        array: the C expression of them.
        size: the C name of how many there are.
        columns: of the products that read them.
        kind: ``inputs``, which come in as codes, or ``values``.
    """

    array: str
    size: str
    columns: Columns
    kind: str = "values"


@dataclass(frozen=True)
class Codes:
    """The codes of some arrays.

    Attributes:
        name: of their own array.
        added: the C expression for what the offset of all weights adds to each sum.
        values: the C expression for how many values with a lower part there are, and
        inputs: for how many without.
        segments: where the values are, in the order of the codes.
        ahead: where the statements are that read them.
        shares: the variables for what each segment's part of ``added`` is, where some products read a part of them
            alone; else empty, and ``added`` is one itself.
    """

    name: str
    added: str
    values: str
    inputs: str
    segments: tuple[Segment, ...]
    ahead: list[str | Sums]
    shares: tuple[str, ...] = ()

    @property
    def columns(self) -> list[Columns]:
        """The columns of products that read them."""
        return [segment.columns for segment in self.segments]

    @property
    def count(self) -> str:
        """The C expression for how many columns these are in pairs."""
        return f"{self.values} + EVEN({self.inputs})"

    @property
    def bytes(self) -> int:
        """What they take, at most."""
        return sum(columns.code_bytes for columns in self.columns)

    @property
    def arguments(self) -> str:
        """What products get of them."""
        return f"{self.values}, {self.inputs}, {self.name}, {self.added}"

    @property
    def array(self) -> str:
        """The definition of the array."""
        return f"value_code {self.name}[CODES({self.values}, EVEN({self.inputs}))];"

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables of what the offset of all weights adds."""
        return self.shares or (self.added,)

    @property
    def statements(self) -> list[str]:
        """What makes the codes, and these variables."""
        if not self.shares:
            return [f"{self.added} = {self.total};"]
        return [f"{share} = 32 * (row_sum){self._made(number)};" for number, share in enumerate(self.shares)]

    @property
    def total(self) -> str:
        """The C expression that makes them, and is what the offset of all weights adds."""
        return f"32 * (row_sum)({' + '.join(map(self._made, range(len(self.segments))))})"

    def part(self, first: int, end: int) -> Codes:
        """Return those of some neighbouring segments.

        Raises:
            ValueError: if what the offset adds is not known of each segment.
        """
        own = self.segments[first:end]
        if len(self.shares) != len(self.segments):
            raise ValueError(f"{self.name} was not made to be read in parts")
        return replace(
            self,
            name=f"{self.name}{self._offset(first)}",
            added=" + ".join(self.shares[first:end]),
            values=count(own, lower=True),
            inputs=count(own, lower=False),
            segments=own,
            shares=self.shares[first:end],
        )

    def _made(self, number: int) -> str:
        """Return the call that makes the codes of a segment."""
        segment = self.segments[number]
        return f"codes_of_{segment.kind}({segment.array}, {segment.size}, {self.name}{self._offset(number)})"

    def _offset(self, number: int) -> str:
        """Return what is added to where all codes are to get to those of a segment."""
        before = self.segments[:number]
        sizes = (count(before, lower=lower, followed=True) for lower in (True, False))
        return f" + CODES({', '.join(sizes)})" if before else ""


def count(segments: Sequence[Segment], *, lower: bool, followed: bool = False) -> str:
    """Return the C expression for how many columns there are of those with a lower part, or of the others.

    The last input of an odd number of them is not made a pair, unless more follow: only what reads pairs does that.
    """
    sizes = [segment.size for segment in segments if segment.columns.lower is lower]
    last = [] if lower or followed else sizes[-1:]
    return " + ".join([*(f"EVEN({size})" for size in sizes[: len(sizes) - len(last)]), *last]) or "0"


def ordered(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Return segments in the order of their codes."""
    return tuple(sorted(segments, key=lambda segment: not segment.columns.lower))
