"""What the rest of the project must know of a cell in integers, and of the float numbers it is made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from rnnexp.quantization.arithmetic import ONE, Arithmetic, Table
from rnnexp.quantization.network import RADIX
from rnnexp.quantization.quantizer import LARGEST_STATE, TABLE_MARGIN, TABLE_SIZE, active_part, widened

Activation = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class State:
    """One of the numbers a unit keeps from step to step; the first one is its value.

    Attributes:
        name: to be read in files.
        scale: the real value of one unit.
        paired: whether it comes straight out of a table, and can stay the two int8 that it is there.
    """

    name: str
    scale: float
    paired: bool = False


@dataclass(frozen=True)
class Source:
    """The values that come into a cell besides its own.

    Attributes:
        scale: the real value of one unit of each, ``[inputs]``.
        zero_point: of input codes; 0 for another cell's values.
    """

    scale: np.ndarray
    zero_point: int = 0


class Cell(Protocol):
    """A cell in integers."""

    @property
    def units(self) -> int:
        """How many."""

    @property
    def states(self) -> tuple[State, ...]:
        """What it keeps; all of it is 0 at first."""

    def step(self, arithmetic: Arithmetic, inputs: Sequence[Any], states: Sequence[Any]) -> tuple[Any, ...]:
        """Return the states that follow."""


@dataclass
class Ranges:
    """The smallest and largest of everything that is seen, by name."""

    found: dict[str, tuple[float, float]] = field(default_factory=dict)

    def see(self, name: str, values: np.ndarray) -> np.ndarray:
        """Take the values in, and return them."""
        low, high = self.found.get(name, (np.inf, -np.inf))
        self.found[name] = min(low, float(values.min())), max(high, float(values.max()))
        return values

    def __getitem__(self, names: str | tuple[str, ...]) -> tuple[float, float]:
        """Return the range of a name, or that of several together."""
        found = [self.found[name] for name in ([names] if isinstance(names, str) else names)]
        return min(low for low, _ in found), max(high for _, high in found)


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Return ``1 / (1 + exp(-z))``."""
    return 1.0 / (1.0 + np.exp(-np.clip(z, -700.0, 700.0)))


@dataclass(frozen=True)
class Places:
    """Where a table has its entries: ``size`` of them from ``start`` on, ``step`` apart."""

    start: float
    step: float
    size: int = TABLE_SIZE

    def tabulate(
        self,
        function: Activation,
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
        values = multiple * np.clip(np.rint(real / (scale * multiple)), *limits)
        return Table(values.astype(np.int16), self.start, self.step, scale, multiple, offset, name)

    def gates(self) -> Table:
        """Return the table of the sigmoid."""
        return self.tabulate(sigmoid, 1 / ONE, limits=(0, ONE), offset=ONE // 2, name="gate")

    def times(self, factor: float) -> Places:
        """Return the places with another distance."""
        return Places(self.start, self.step * factor, self.size)


def places(function: Activation, limits: tuple[float, float], levels: int = LARGEST_STATE) -> Places:
    """Return places over the part of a range, and a margin, in which a function changes by a ``levels``-th."""
    start, end = active_part(function, widened(limits, TABLE_MARGIN), levels)
    return Places(start, (end - start) / (TABLE_SIZE - 1))


def as_values(kernel: np.ndarray, recurrent: np.ndarray, source: Source, scale: float) -> np.ndarray:
    """Return real weights ``[rows, inputs + units]`` for values, all as if they had the state's ``scale``."""
    return np.concatenate([kernel * (source.scale / scale)[:, None], recurrent]).T


def input_source(scale: float, zero_point: int, features: int) -> Source:
    """Return what input codes are: values ``RADIX`` times as large."""
    return Source(np.full(features, scale / RADIX), zero_point)
