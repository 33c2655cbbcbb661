"""What the rest of the project must know of a cell in integers, and what its integers are made with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rnnexp.network.functions import Functions
from rnnexp.network.ranges import Ranges
from rnnexp.quantization.arithmetic import Arithmetic
from rnnexp.quantization.cut import Activation
from rnnexp.quantization.product import CODE_UNIT, Product
from rnnexp.quantization.rounding import quantize_product, without_zero_point
from rnnexp.quantization.scales import Affine
from rnnexp.quantization.tables import Places, Table


@dataclass(frozen=True)
class State:
    """One of the numbers a unit keeps from step to step; the first one is its value.

    Attributes:
        name: to be read in files.
        scale: the real value of one unit.
        limits: the smallest and the largest real value that it can have.
        paired: whether it comes straight out of a table, and can stay the two int8 that it is there.
        fresh: whether a step makes it without reading what it was before.
        count: how many there are, where there is not one for each value of the cell; else 0.
    """

    name: str
    scale: float
    limits: tuple[float, float]
    paired: bool = False
    fresh: bool = False
    count: int = 0


@dataclass(frozen=True)
class Source:
    """The values that come into a cell besides its own.

    Attributes:
        scale: the real value of one unit of each, ``[inputs]``.
        zero_point: of input codes; 0 for another cell's values; of several kinds joined ``[inputs]``.
    """

    scale: np.ndarray
    zero_point: int | np.ndarray = 0

    @classmethod
    def joined(cls, sources: Sequence[Source]) -> Source:
        """Return several one behind the other."""
        if len(sources) == 1:
            return sources[0]
        zero_points = [np.broadcast_to(source.zero_point, len(source.scale)) for source in sources]
        return cls(np.concatenate([source.scale for source in sources]), np.concatenate(zero_points))


@dataclass(frozen=True)
class Block:
    """Some rows of a cell's product, one for each unit, and the function of their sums.

    Attributes:
        name: of the gate, or empty where there is but one.
        product: all rows.
        rows: those of the block.
        function: the table that sums are places of, or where they are cut off.
        finer: bits that the sums are finer than places, or than what is cut off; coarser, if it is negative.
        starts: whether the place is counted from the table's first entry; else it is added to one that is.
        source: what the product reads in the place of what comes into the cell, if it does, and
        own: the scale of what it reads in the place of the cell's own values.
    """

    name: str
    product: Product
    rows: slice
    function: Activation
    finer: int = 0
    starts: bool = True
    source: Source | None = None
    own: float | None = None

    @property
    def step(self) -> float:
        """The real value of one step of the sums."""
        return self.function.step * 2.0**-self.finer

    @property
    def start(self) -> float:
        """The real value that sums of 0 stand for."""
        return self.function.start if self.starts else 0.0

    @property
    def bias_scale(self) -> float:
        """The real value of one unit of the bias."""
        return self.step * 2.0**-self.product.shift

    @property
    def codes(self) -> np.ndarray:
        """The weights as single integers, ``[units, inputs + units]``, or ``[units, inputs]``."""
        return self.product.codes[self.rows]

    @property
    def recurrent_scale(self) -> float:
        """The real value of one unit of the weights of the cell's own values."""
        return self.product.scale * (self.step / self.product.step)

    def kernel_scales(self, source: Source, own: float) -> np.ndarray:
        """Return the same for the weights of each input; ``own`` is the scale of the cell's own values."""
        return self.recurrent_scale * (self.own or own) / (self.source or source).scale

    def real(self, source: Source, own: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the kernel ``[inputs, units]``, recurrent kernel and bias that the integers stand for."""
        source = self.source or source
        inputs, recurrent = np.split(self.codes, [len(source.scale)], axis=1)
        bias = self.product.bias[self.rows] + CODE_UNIT * (source.zero_point * inputs).sum(axis=1)
        kernel = inputs.T * self.kernel_scales(source, own)[:, None]
        return kernel, recurrent.T * self.recurrent_scale, bias * self.bias_scale + self.start


@dataclass(frozen=True)
class Extra:
    """Weights of a cell that are in none of its blocks.

    Attributes:
        name: to be read in files.
        codes: as integers.
        scale: the real value of one unit.
        product: whether they are a product's, and so two int8 each; else they are int16.
    """

    name: str
    codes: np.ndarray
    scale: float
    product: bool = True


class IntegerCell(Protocol):
    """A cell in integers."""

    @property
    def units(self) -> int:
        """How many units it has."""

    @property
    def states(self) -> tuple[State, ...]:
        """What it keeps; all of it is 0 at first."""

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Its weights, as blocks of rows of its products."""

    @property
    def extras(self) -> tuple[Extra, ...]:
        """Its other weights; of most cells none."""
        return ()

    @property
    def inner(self) -> Mapping[str, int]:
        """What a step makes of which there is one neither for each value nor of a state: name -> how many."""
        return {}

    @property
    def tables(self) -> tuple[Table, ...]:
        """Its functions, each once."""

    def real_weights(self, source: Source) -> list[np.ndarray]:
        """Return Keras' arrays that the integers stand for, float64."""

    def step(self, arithmetic: Arithmetic, inputs: Sequence[Any], states: Sequence[Any]) -> tuple[Any, ...]:
        """Return the states that follow on inputs, in the operations of an arithmetic."""


class Integers(Protocol):
    """How a cell gets its integers: a module with this function, ``integers`` in the cell's package."""

    def quantize(
        self, weights: Sequence[np.ndarray], functions: Functions, ranges: Ranges, source: Source
    ) -> IntegerCell:
        """Return the cell for Keras' weights, and ranges that the cell's step in real numbers has seen."""


def width_of(cell: IntegerCell, state: State) -> int:
    """Return how many numbers of a state a cell keeps."""
    return state.count or cell.units


def joined(blocks: Sequence[Block], source: Source, own: float) -> list[np.ndarray]:
    """Return kernel, recurrent kernel and bias of blocks, side by side as Keras has them."""
    parts = zip(*(block.real(source, own) for block in blocks), strict=True)
    return [np.concatenate(arrays, axis=-1) for arrays in parts]


def as_values(kernel: np.ndarray, recurrent: np.ndarray, source: Source, scale: float) -> np.ndarray:
    """Return real weights ``[rows, inputs + units]`` for values, all as if they had the state's ``scale``."""
    return np.concatenate([kernel * (source.scale / scale)[:, None], recurrent]).T


def input_source(codes: Affine, features: int) -> Source:
    """Return what input codes are: values, of which each counts ``codes.unit``."""
    return Source(np.full(features, codes.value_scale), codes.zero_point)


def sums_in_units(
    kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray, source: Source, scale: float, unit: float
) -> Product | None:
    """Return a product whose sums count ``unit``, for a function that only cuts them off.

    It is None where that is so little that weights would count too many of it.

    Args:
        kernel: ``[inputs, units]``.
        recurrent: ``[values, units]``.
        bias: ``[units]``.
        source: of the inputs.
        scale: of the state.
        unit: the real value of 1; it and the scale are both powers of two, or the same.
    """
    rows = as_values(kernel, recurrent, source, scale)
    sums = quantize_product(rows, bias, scale, unit, "pre-activation", fine=True)
    return without_zero_point(sums, source.zero_point, slice(len(kernel))) if sums.step == unit else None


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
        recurrent: ``[values, blocks * units]``.
        bias: ``[blocks * units]``.
        source: of the inputs.
        scale: of the state.
    """
    units = len(bias) // len(tables)
    steps, starts = np.repeat([(table.step, table.start) for table in tables], units, axis=0).T
    rows = as_values(kernel, recurrent, source, scale)
    sums = quantize_product(rows / steps[:, None], (bias - starts) / steps, scale, 1.0, "gates")
    moved = tuple(places.times(sums.step) for places in tables)
    return without_zero_point(sums, source.zero_point, slice(len(kernel))), moved
