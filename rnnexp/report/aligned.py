"""Text in aligned columns, and names from anywhere made safe for a terminal."""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Iterator, Sequence

from rich.cells import cell_len

from rnnexp.printable import printable

COLUMN_WIDTH = 40


def aligned(rows: Iterable[Sequence[str]], right: int | Container[int], widest: int = COLUMN_WIDTH) -> Iterator[str]:
    """Align cells in columns, some to the right. The last one is never padded behind: it can be of any length.

    Args:
        rows: of cells.
        right: numbers of the columns that are aligned to the right.
        widest: wider cells do not widen their column.
    """
    to_the_right: Container[int] = {right} if isinstance(right, int) else right
    rows = list(rows)
    if not rows:
        return
    widths = [
        max((width for width in map(cell_len, column) if width <= widest), default=0)
        for column in itertools.islice(zip(*rows, strict=True), len(rows[0]) - 1)
    ]
    for *cells, last in rows:
        padded = []
        for number, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            space = " " * (width - cell_len(cell))
            padded.append(space + cell if number in to_the_right else cell + space)
        yield "  ".join([*padded, last]).rstrip()


def shown(text: str) -> str:
    """Return a name with its control characters, which could do anything to a terminal, escaped."""
    return printable(text)
