"""Functions as tables: where they have their entries, and what these are."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
# Tables of gates end where the function is as near to 0 and 1, which are their last entries.
GATE_MARGIN = 2.0**-11
# A table that all layers share has at most so many times the steps that one of a layer's own would have.
COARSER = 2.0


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
    def entries(self) -> np.ndarray:
        """The values without the offset, in multiples, int64."""
        return (self.values.astype(np.int64) - self.offset) // self.multiple

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
        """Return the table of a gate's function, which is between 0 and 1, and that where it comes near to them."""
        table = self.tabulate(function, 1 / ONE, limits=(0, ONE), offset=ONE // 2, name="gate")
        values, near = table.values.copy(), GATE_MARGIN * ONE
        if values[0] <= near and values[-1] >= ONE - near:
            values[[0, -1]] = 0, ONE
        return replace(table, values=values)

    def times(self, factor: float) -> Places:
        """Return the places with another distance."""
        return Places(self.start, self.step * factor, self.size)


def places(function: Function, limits: tuple[float, float], levels: int = LARGEST_STATE) -> Places:
    """Return places over the part of a range, and a margin, in which a function changes by a ``levels``-th."""
    start, end = active_part(function, widened(limits, TABLE_MARGIN), levels)
    return Places(start, (end - start) / (TABLE_SIZE - 1))


def common_places(function: Function) -> Places:
    """Return places for a gate's function, a power of two apart: all layers have them, and so the same table."""
    step = 2.0**-16
    while function(np.array([-step * TABLE_SIZE / 2]))[0] > GATE_MARGIN:
        step *= 2.0
    return Places(-step * (TABLE_SIZE // 2), step)


def gate_places(function: Function, limits: tuple[float, float]) -> Places:
    """Return those places; or finer ones, where the gates of a layer all lie close to each other."""
    common, own = common_places(function), places(function, limits, 2 * ONE)
    return own if own.step * COARSER < common.step else common


def shares(gate: Function, function: Function, where: Places, limits: tuple[float, float]) -> bool:
    """Tell whether a function can have the table that its gates have at ``where``, stretched by two.

    It can if it is to them as tanh is to the sigmoid, where they have the common places, and if a table of its own over
    ``limits`` would not be much finer.
    """
    if where != common_places(gate):
        return False
    real = where.start + where.step * np.arange(where.size)
    with np.errstate(over="ignore"):
        alike = np.allclose(function(real / 2.0), 2.0 * gate(real) - 1.0, rtol=0.0, atol=0.25 / ONE)
    return bool(alike) and places(function, limits).step * COARSER >= where.step / 2.0


def stretched(gate: Table, multiple: int = 1, name: str = "activation") -> Table:
    """Return tanh from the table of the sigmoid, ``2 * sigmoid(2 * x) - 1``: the entries are the same.

    Args:
        gate: its table.
        multiple: 1 or 2; the values count as many times less.
        name: to be read in files.
    """
    values = (gate.values - gate.offset) * multiple
    return Table(values.astype(np.int16), gate.start / 2, gate.step / 2, 2 / (ONE * multiple), multiple, 0, name)
