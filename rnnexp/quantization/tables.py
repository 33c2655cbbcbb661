"""Functions as tables: where they have their entries, and what these are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnexp.network.activations import Function
from rnnexp.quantization.scales import LARGEST_STATE, TABLE_MARGIN, active_part, widened

TABLE_SIZE = 2048
# Gates count 2**-GATE_BITS.
GATE_BITS = 14
ONE = 1 << GATE_BITS
# The largest number of a word, which has all bits of int16.
LARGEST_WORD = 2**15 - 1
# What a table holds, without its offset and in its multiples.
LARGEST_ENTRY = ONE // 2


@dataclass(frozen=True, eq=False)
class Table:
    """A function at equally distant places.

    Attributes:
        values: int16; ``offset`` plus a multiple of ``multiple`` each, up to ``LARGEST_ENTRY`` of them up and down.
        start: the real place of the first entry.
        step: the real distance between places.
        scale: the real value of one unit of the values.
        multiple: a power of two, up to ``ONE``.
        offset: in the middle of the values, so that 14 bits hold what is left; itself such a multiple.
        name: to be read in files.

    Raises:
        ValueError: if values, multiple and offset do not go together: files could not hold them.
    """

    values: np.ndarray
    start: float
    step: float
    scale: float
    multiple: int = 1
    offset: int = 0
    name: str = "activation"

    def __post_init__(self) -> None:
        multiple, offset = self.multiple, self.offset
        if not 0 < multiple <= ONE or multiple & (multiple - 1) or offset % multiple or abs(offset) > ONE:
            raise ValueError(f"the table {self.name!r} counts multiples of {multiple} from {offset}")
        entries, left = np.divmod(self.values.astype(np.int64) - offset, multiple)
        if left.any() or np.abs(entries).max(initial=0) > LARGEST_ENTRY:
            raise ValueError(
                f"the table {self.name!r} has values that 14 bits do not hold: see its offset and multiple"
            )

    @property
    def limits(self) -> tuple[float, float]:
        """The smallest and the largest real value that it holds."""
        return float(self.values.min() * self.scale), float(self.values.max() * self.scale)


@dataclass(frozen=True)
class Places:
    """Where a table has its entries: ``size`` of them from ``start`` on, ``step`` apart."""

    start: float
    step: float
    size: int = TABLE_SIZE

    def peak(self, function: Function) -> float:
        """Return the largest magnitude of a function there; 1 if it is 0, which can have any scale."""
        return float(np.abs(function(self.start + self.step * np.arange(self.size))).max()) or 1.0

    def tabulate(
        self,
        function: Function,
        scale: float,
        *,
        limits: tuple[int, int] = (-LARGEST_STATE, LARGEST_STATE),
        multiple: int = 1,
        offset: int = 0,
        name: str = "activation",
    ) -> Table:
        """Return the table of a function, in multiples of ``scale``; limits are those of the multiples."""
        with np.errstate(over="ignore"):
            real = function(self.start + self.step * np.arange(self.size))
        low, high = limits
        # Of multiples of 8 or more, the largest one could leave int16.
        low, high = max(low, -LARGEST_WORD // multiple), min(high, LARGEST_WORD // multiple)
        values = multiple * np.clip(np.rint(real / (scale * multiple)), low, high)
        return Table(values.astype(np.int16), self.start, self.step, scale, multiple, offset, name)

    def gates(self, function: Function) -> Table:
        """Return the table of a gate's function, which is between 0 and 1."""
        return self.tabulate(function, 1 / ONE, limits=(0, ONE), offset=ONE // 2, name="gate")

    def times(self, factor: float) -> Places:
        """Return the places with another distance."""
        return Places(self.start, self.step * factor, self.size)


def places(function: Function, limits: tuple[float, float], levels: int = LARGEST_STATE) -> Places:
    """Return places over the part of a range, and a margin, in which a function changes by a ``levels``-th."""
    start, end = active_part(function, widened(limits, TABLE_MARGIN), levels)
    return Places(start, (end - start) / (TABLE_SIZE - 1))
