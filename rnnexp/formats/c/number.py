"""Numbers of a cell's step in C, and where they are: in variables of a loop over units, in arrays, or still to come."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rnnexp.formats.c.rows import Sums
from rnnexp.quantization.scales import Affine

# The largest number that a word can be.
WORD = 2**15


@dataclass(frozen=True)
class Number:
    """A number of the unit at hand.

    Attributes:
        text: the C expression.
        width: how many units have one.
        name: of the variable that a product's sum becomes where it is not looked up; of all else empty.
        largest: how large it can be, as far as that is known, and ``ONE`` at least.
        loop: the number of the loop whose variable it is; None for what any loop can read.
        array: the C name of the array that has it, if one does.
        sums: the product whose sum it is, if it is one, and
        block: the number of its block.
    """

    text: str
    width: int
    name: str = ""
    largest: int = WORD
    loop: int | None = None
    array: str = ""
    sums: Sums | None = None
    block: int = 0


@dataclass(frozen=True)
class Given:
    """Numbers that come into a cell.

    Attributes:
        size: the C name of how many.
        limits: how large they can be, ``[inputs]``.
        codes: what these are codes of, where they are inputs and no values.
    """

    size: str
    limits: np.ndarray
    codes: Affine | None = None


@dataclass
class UnitLoop:
    """A loop over units.

    Attributes:
        width: how many units.
        ahead: statements before it, and sums to be made there.
        lines: of the loop.
    """

    width: int
    ahead: list[str | Sums] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
