"""What the rest of the project must know of a cell in integers, and of the float numbers it is made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from rnnexp.quantization.arithmetic import ONE, Arithmetic, Table
from rnnexp.quantization.network import CODE_UNIT, RADIX, Product
from rnnexp.quantization.quantizer import (
    LARGEST_STATE,
    TABLE_MARGIN,
    TABLE_SIZE,
    active_part,
    finite,
    product,
    widened,
    without_zero_point,
)

Activation = Callable[[np.ndarray], np.ndarray]

LARGEST_WORD = 2**15 - 1


@dataclass(frozen=True)
class State:
    """One of the numbers a unit keeps from step to step; the first one is its value.

    Attributes:
        name: to be read in files.
        scale: the real value of one unit.
        limits: the smallest and the largest real value that it can have.
        paired: whether it comes straight out of a table, and can stay the two int8 that it is there.
    """

    name: str
    scale: float
    limits: tuple[float, float]
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


@dataclass(frozen=True)
class Block:
    """Some rows of a cell's product, one for each unit, and the table that their sums are places of.

    Attributes:
        name: of the gate, or empty where there is but one.
        product: all rows.
        rows: those of the block.
        table: what is looked up.
        finer: bits that the sums are finer than the table's places.
        starts: whether the place is counted from the table's first entry; else it is added to one that is.
    """

    name: str
    product: Product
    rows: slice
    table: Table
    finer: int = 0
    starts: bool = True

    @property
    def step(self) -> float:
        """The real value of one step of the sums."""
        return self.table.step * 2.0**-self.finer

    @property
    def start(self) -> float:
        """The real value that sums of 0 stand for."""
        return self.table.start if self.starts else 0.0

    @property
    def bias_scale(self) -> float:
        """The real value of one unit of the bias."""
        return self.step * 2.0**-self.product.shift

    @property
    def codes(self) -> np.ndarray:
        """The weights as single integers, ``[units, inputs + units]``."""
        return self.product.codes[self.rows]

    @property
    def recurrent_scale(self) -> float:
        """The real value of one unit of the weights of the cell's own values."""
        return self.product.scale * (self.step / self.product.step)

    def kernel_scales(self, source: Source, own: float) -> np.ndarray:
        """Return the same for the weights of each input; ``own`` is the scale of the cell's own values."""
        return self.recurrent_scale * own / source.scale

    def real(self, source: Source, own: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the kernel ``[inputs, units]``, recurrent kernel and bias that the integers stand for."""
        inputs, recurrent = np.split(self.codes, [len(source.scale)], axis=1)
        bias = self.product.bias[self.rows] + CODE_UNIT * source.zero_point * inputs.sum(axis=1)
        kernel = inputs.T * self.kernel_scales(source, own)[:, None]
        return kernel, recurrent.T * self.recurrent_scale, bias * self.bias_scale + self.start


class Cell(Protocol):
    """A cell in integers."""

    @property
    def units(self) -> int:
        """How many."""

    @property
    def states(self) -> tuple[State, ...]:
        """What it keeps; all of it is 0 at first."""

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Its weights."""

    @property
    def tables(self) -> tuple[Table, ...]:
        """Its functions."""

    def real_weights(self, source: Source) -> list[np.ndarray]:
        """Return Keras' arrays that the integers stand for, float64."""

    def step(self, arithmetic: Arithmetic, inputs: Sequence[Any], states: Sequence[Any]) -> tuple[Any, ...]:
        """Return the states that follow."""


class Integers(Protocol):
    """How a cell gets its integers: a module with these two functions."""

    def float_step(
        self,
        weights: Sequence[np.ndarray],
        activation: Activation,
        x: np.ndarray,
        states: Sequence[np.ndarray],
        ranges: Ranges,
    ) -> list[np.ndarray]:
        """Return the states ``[n, units]`` that follow in real numbers, and see what lies where."""

    def quantize(self, weights: Sequence[np.ndarray], activation: Activation, ranges: Ranges, source: Source) -> Cell:
        """Return the cell for Keras' weights."""


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
        """Return the range of a name, or that of several together.

        Raises:
            UserError: if it is not finite.
        """
        found = [finite(self.found[name], name) for name in ([names] if isinstance(names, str) else names)]
        return min(low for low, _ in found), max(high for _, high in found)


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Return ``1 / (1 + exp(-z))``."""
    return 1.0 / (1.0 + np.exp(-np.clip(z, -700.0, 700.0)))


def table_limits(table: Table) -> tuple[float, float]:
    """Return the smallest and the largest real value that a table holds."""
    return float(table.values.min() * table.scale), float(table.values.max() * table.scale)


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
        low, high = limits
        # Of multiples of 8 or more, the largest one could leave int16.
        low, high = max(low, -LARGEST_WORD // multiple), min(high, LARGEST_WORD // multiple)
        values = multiple * np.clip(np.rint(real / (scale * multiple)), low, high)
        return Table(values.astype(np.int16), self.start, self.step, scale, multiple, offset, name)

    def gates(self) -> Table:
        """Return the table of the sigmoid."""
        return self.tabulate(sigmoid, 1 / ONE, limits=(0, ONE), offset=ONE // 2, name="gate")

    def times(self, factor: float) -> Places:
        """Return the places with another distance."""
        return Places(self.start, self.step * factor, self.size)


def joined(blocks: Sequence[Block], source: Source, own: float) -> list[np.ndarray]:
    """Return kernel, recurrent kernel and bias of blocks, side by side as Keras has them."""
    parts = zip(*(block.real(source, own) for block in blocks), strict=True)
    return [np.concatenate(arrays, axis=-1) for arrays in parts]


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


def sums_in_places(
    tables: Sequence[Places],
    kernel: np.ndarray,
    recurrent: np.ndarray,
    bias: np.ndarray,
    source: Source,
    scale: float,
) -> tuple[Product, tuple[Places, ...]]:
    """Return a product whose sums are places in tables, one table a block, and where those have their entries now.

    Args:
        tables: of the blocks; the steps of all of them are rounded up alike.
        kernel: ``[inputs, blocks * units]``.
        recurrent: ``[units, blocks * units]``.
        bias: ``[blocks * units]``.
        source: of the inputs.
        scale: of the state.
    """
    steps, starts = np.repeat([(table.step, table.start) for table in tables], len(recurrent), axis=0).T
    rows = as_values(kernel, recurrent, source, scale)
    sums = product(rows / steps[:, None], (bias - starts) / steps, scale, 1.0, 2, "gates")
    moved = tuple(places.times(sums.step) for places in tables)
    return without_zero_point(sums, source.zero_point, len(kernel)), moved
