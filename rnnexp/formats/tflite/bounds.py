"""Reading flatbuffers that nobody vouches for: every offset and length is checked before it is followed.

The flatbuffers package for Python trusts what it reads, and has no verifier. The layout of the format: a table begins
with the distance back to its vtable, which has the vtable's size, the table's size, and where in the table each field
is (0: absent). Strings, vectors and other tables are elsewhere, and the field has the distance forward to them
(https://flatbuffers.dev/internals).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from rnnexp.errors import UserError

BYTE, INT32, UINT32, INT64, UINT64, FLOAT32 = (np.dtype(code) for code in ("i1", "<i4", "<u4", "<i8", "<u8", "<f4"))

# What may be read besides constants, so that a small file that refers to itself over and over cannot grow without
# limit in memory. Strings and vectors count as long as they are, a table counts as TABLE_COST.
READ_LIMIT = 32 * 2**20
READ_LIMIT_PER_BYTE = 32
READ_LIMIT_AT_LEAST = 2**16
TABLE_COST = 64

_PAIR = struct.Struct("<HH")
_OFFSET = struct.Struct("<I")
_BACK = struct.Struct("<i")


@dataclass(frozen=True, slots=True)
class Span:
    """A range of the file: its first byte, and how many there are."""

    start: int
    size: int

    @property
    def end(self) -> int:
        """The byte after the last."""
        return self.start + self.size


class Source:
    """The bytes of a flatbuffer.

    Args:
        content: the file; a memory map will do.
        name: what messages call it.
    """

    def __init__(self, content: Any, name: str) -> None:
        self.content = memoryview(content)
        self.size = len(self.content)
        self.name = name
        self._left = min(READ_LIMIT, READ_LIMIT_AT_LEAST + READ_LIMIT_PER_BYTE * self.size)
        self._vtables: dict[int, tuple[int, tuple[int, ...]]] = {}

    def fail(self, where: str, problem: str) -> NoReturn:
        """Raise the error that says what is wrong and where."""
        raise UserError(f"{self.name} is damaged or cut off: {where}: {problem}")

    def need(self, at: int, count: int, where: str) -> None:
        """See that ``count`` bytes from ``at`` on are in the file.

        Raises:
            UserError: if not.
        """
        if at < 0 or at + count > self.size:
            self.fail(where, f"is said to be at bytes {at:,} to {at + count:,} of a file of {self.size:,} bytes")

    def spend(self, count: int, where: str) -> None:
        """Count what is read.

        Raises:
            UserError: at the limit.
        """
        self._left -= count
        if self._left < 0:
            self.fail(where, "by here the file refers to the same bytes over and over, or has too much to list")

    def unpack(self, form: struct.Struct, at: int, where: str) -> tuple[Any, ...]:
        """Return the numbers at ``at``."""
        self.need(at, form.size, where)
        return form.unpack_from(self.content, at)

    def array(self, at: int, count: int, kind: np.dtype[Any], where: str) -> np.ndarray:
        """Return a view of ``count`` numbers at ``at``."""
        self.need(at, count * kind.itemsize, where)
        self.spend(count * kind.itemsize, where)
        return np.frombuffer(self.content, kind, count, at)

    def vtable(self, at: int, where: str) -> tuple[int, tuple[int, ...]]:
        """Return the size of the tables that the vtable at ``at`` describes, and the places of their fields."""
        if at not in self._vtables:
            size, table_size = self.unpack(_PAIR, at, where)
            if size < _PAIR.size or size % 2 or table_size < _BACK.size:
                self.fail(where, f"has an impossible vtable at byte {at:,}")
            places = self.array(at + _PAIR.size, (size - _PAIR.size) // 2, np.dtype("<u2"), where)
            self._vtables[at] = table_size, tuple(places.tolist())
        return self._vtables[at]


class Table:
    """A table at byte ``at``.

    Args:
        source: the file.
        at: of its first byte.
        where: what messages call it.
        layout: the names of its fields, in the order of the schema.
    """

    __slots__ = ("_at", "_layout", "_places", "_size", "_source", "where")

    def __init__(self, source: Source, at: int, where: str, layout: Sequence[str]) -> None:
        source.spend(TABLE_COST, where)
        (back,) = source.unpack(_BACK, at, where)
        self._size, self._places = source.vtable(at - back, where)
        source.need(at, self._size, where)
        self._source, self._at, self._layout, self.where = source, at, layout, where

    def number(self, field: str, kind: np.dtype[Any], default: int = 0) -> int:
        """Return a number, or ``default`` if it is absent."""
        at = self._place(field, kind.itemsize)
        if at is None:
            return default
        return int(np.frombuffer(self._source.content, kind, 1, at)[0])

    def real(self, field: str) -> float:
        """Return a float32 number, or 0 if it is absent."""
        at = self._place(field, FLOAT32.itemsize)
        return 0.0 if at is None else float(np.frombuffer(self._source.content, FLOAT32, 1, at)[0])

    def more(self) -> bool:
        """Tell whether it has fields beyond those of the layout."""
        return any(self._places[len(self._layout) :])

    def has(self, field: str) -> bool:
        """Return whether a table or vector is there."""
        return self._place(field, _OFFSET.size) is not None

    def span(self, field: str) -> Span:
        """Return where the bytes of a vector of bytes, or of a string, are; an empty span if it is absent."""
        return self._vector(field, 1) or Span(0, 0)

    def vector(self, field: str, kind: np.dtype[Any]) -> np.ndarray:
        """Return a view of a vector of numbers, empty if it is absent."""
        span = self._vector(field, kind.itemsize)
        if span is None:
            return np.empty(0, kind)
        return self._source.array(span.start, span.size // kind.itemsize, kind, f"{self.where}, {field}")

    def text(self, field: str) -> str:
        """Return a string, empty if it is absent.

        Raises:
            UserError: if it is not UTF-8.
        """
        span = self.span(field)
        where = f"{self.where}, {field}"
        self._source.spend(span.size, where)
        try:
            return str(self._source.content[span.start : span.end], "utf-8")
        except UnicodeDecodeError as error:
            self._source.fail(where, f"is not UTF-8 at byte {span.start + error.start:,} of the file")

    def table(self, field: str, layout: Sequence[str]) -> Table | None:
        """Return a table, or None if it is absent."""
        at = self._place(field, _OFFSET.size)
        if at is None:
            return None
        return Table(self._source, self._follow(at), f"{self.where}, {field}", layout)

    def tables(self, field: str, what: str, layout: Sequence[str]) -> Iterator[Table]:
        """Go through a vector of tables, which messages call ``what`` and their number."""
        offsets = self.vector(field, UINT32)
        if not offsets.size:
            return
        start = self.span(field).start
        for number, offset in enumerate(offsets):
            yield Table(
                self._source, start + number * _OFFSET.size + int(offset), f"{what} {number} of {self.where}", layout
            )

    def _place(self, field: str, width: int) -> int | None:
        """Return where the ``width`` bytes of a field are, or None if it is absent."""
        slot = self._layout.index(field)
        place = self._places[slot] if slot < len(self._places) else 0
        if not place:
            return None
        if place + width > self._size:
            self._source.fail(f"{self.where}, {field}", f"lies outside its table at byte {self._at:,}")
        return self._at + place

    def _vector(self, field: str, width: int) -> Span | None:
        """Return where the elements of a vector are, ``width`` bytes each, or None if it is absent."""
        at = self._place(field, _OFFSET.size)
        if at is None:
            return None
        at = self._follow(at)
        where = f"{self.where}, {field}"
        (count,) = self._source.unpack(_OFFSET, at, where)
        span = Span(at + _OFFSET.size, count * width)
        self._source.need(span.start, span.size, where)
        return span

    def _follow(self, at: int) -> int:
        return at + int(_OFFSET.unpack_from(self._source.content, at)[0])
