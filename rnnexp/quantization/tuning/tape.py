"""The operations of ``Arithmetic`` with gradients: the exact integers forwards, straight-through estimates backwards.

Whatever an operation rounds, its gradient is that of the real numbers that were rounded (Bengio et al. 2013,
"Estimating or propagating gradients through stochastic neurons"); what saturates has none. So a cell that is written
once in the operations can be trained in its integers. Numbers are float64, which holds them exactly, ``[n, units]``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from typing_extensions import override

from rnnexp.quantization.arithmetic import LARGEST_TOTAL, Arithmetic, checked_shift
from rnnexp.quantization.product import Product
from rnnexp.quantization.tables import ONE, Table
from rnnexp.quantization.tuning.weights import Weights

# The slope of a table is taken over so many places on both sides: between two of them it is mostly rounding.
SLOPE_PLACES = 4
_LOWEST, _HIGHEST = -(2.0**15), 2.0**15 - 1


class Number:
    """A number of each unit, and the gradient of the loss by it, once that is known; None: nothing depends on it."""

    __slots__ = ("gradient", "value")

    def __init__(self, value: np.ndarray) -> None:
        self.value = value
        self.gradient: np.ndarray | None = None

    def add(self, gradient: np.ndarray) -> None:
        """Take in what comes from one of the things that depend on it."""
        self.gradient = gradient if self.gradient is None else self.gradient + gradient


class Tape(Arithmetic):
    """Computes, and remembers how, so that gradients can go all the way back.

    Args:
        weights: of the products, by ``id``: what is computed with in their place, and collects gradients.
        seen: called with each product, its rows, and the values that they are multiplied with, ``[n, inputs]``.

    Attributes:
        counted: which sequences have not ended, bool ``[n]``: of others, ``seen`` is told nothing; None: all.
    """

    def __init__(
        self, weights: Mapping[int, Weights], seen: Callable[[Product, slice, np.ndarray], None] | None = None
    ) -> None:
        self._weights, self._seen = weights, seen
        self.counted: np.ndarray | None = None
        self._steps: list[Callable[[], None]] = []
        self._slopes: dict[Table, tuple[np.ndarray, np.ndarray]] = {}

    def backward(self) -> None:
        """Take gradients from the numbers that have them back to all that these depend on, and forget everything."""
        while self._steps:
            self._steps.pop()()

    def made(self, value: np.ndarray, back: Callable[[np.ndarray], None]) -> Number:
        """Return a number, with what is to be done with its gradient, if it gets one."""
        number = Number(value)

        def step() -> None:
            if number.gradient is not None:
                back(number.gradient)

        self._steps.append(step)
        return number

    @override
    def multiply(self, product: Product, values: Sequence[Number], blocks: int, name: str) -> list[Number]:
        return self.parts(self.rounded(self.sums(product, self.joined(values))), blocks)

    def sums(self, product: Product, values: Number, rows: slice = slice(None)) -> Number:
        """Return the sums of some of a product's rows before they are rounded, in steps of the result."""
        weights = self._weights[id(product)]
        if self._seen:
            self._seen(product, rows, values.value if self.counted is None else values.value[self.counted])

        def back(gradient: np.ndarray) -> None:
            values.add(weights.backward(values.value, gradient, rows))

        return self.made(weights.forward(values.value, rows), back)

    def rounded(self, sums: Number) -> Number:
        """Return numbers rounded to nearest and saturated."""
        rounded = np.floor(sums.value + 0.5)
        kept = np.clip(rounded, _LOWEST, _HIGHEST)
        return self.made(kept, lambda gradient: sums.add(gradient * (kept == rounded)))

    @override
    def look_up(self, tables: Sequence[Table], indices: Sequence[Number], name: str) -> list[Number]:
        return [self._entry(table, index) for table, index in zip(tables, indices, strict=True)]

    def _entry(self, table: Table, index: Number) -> Number:
        if table not in self._slopes:
            self._slopes[table] = table.values.astype(np.float64), slopes(table.values)
        values, steepness = self._slopes[table]
        kept = np.clip(index.value, 0.0, len(values) - 1.0)
        places = kept.astype(np.intp)

        def back(gradient: np.ndarray) -> None:
            index.add(gradient * steepness[places] * (kept == index.value))

        return self.made(values[places], back)

    @override
    def clip(self, value: Number, low: int, high: int, name: str) -> Number:
        kept = np.clip(value.value, low, high)
        return self.made(kept, lambda gradient: value.add(gradient * (kept == value.value)))

    @override
    def dot(self, terms: Sequence[tuple[Any, Any]], shift: int, name: str) -> Number:
        factors, values = (
            [number.value if isinstance(number, Number) else number for number in numbers]
            for numbers in zip(*terms, strict=True)
        )
        total: Any = 0.0
        inside: Any = True
        for factor, value in zip(factors, values, strict=True):
            added = total + np.multiply(factor, value, dtype=np.float64)
            total = np.clip(added, -LARGEST_TOTAL - 1.0, LARGEST_TOTAL)
            inside = inside & (total == added)
        unit = 2.0 ** -checked_shift(shift)
        rounded = np.floor(total * unit + 0.5)
        kept = np.clip(rounded, _LOWEST, _HIGHEST)

        def back(gradient: np.ndarray) -> None:
            gradient = gradient * (unit * ((kept == rounded) & inside))
            for (by, of), factor, value in zip(terms, factors, values, strict=True):
                if isinstance(of, Number):
                    of.add(gradient * factor)
                if isinstance(by, Number):
                    by.add(gradient * value)

        return self.made(kept, back)

    @override
    def shift(self, value: Number, bits: int, offset: int, name: str) -> Number:
        unit = 2.0 ** -checked_shift(bits, offset)
        rounded = np.floor(value.value * unit + 0.5) + offset
        kept = np.clip(rounded, _LOWEST, _HIGHEST)
        return self.made(kept, lambda gradient: value.add(gradient * (unit * (kept == rounded))))

    @override
    def complement(self, gate: Number) -> Number:
        return self.made(ONE - gate.value, lambda gradient: gate.add(-gradient))

    def joined(self, numbers: Sequence[Number]) -> Number:
        """Return numbers ``[..., units]`` one behind the other."""
        if len(numbers) == 1:
            return numbers[0]
        ends = np.cumsum([number.value.shape[-1] for number in numbers])[:-1]

        def back(gradient: np.ndarray) -> None:
            for number, part in zip(numbers, np.split(gradient, ends, axis=-1), strict=True):
                number.add(part)

        return self.made(np.concatenate([number.value for number in numbers], axis=-1), back)

    def parts(self, number: Number, blocks: int) -> list[Number]:
        """Return a number in so many parts of as many units."""
        units = number.value.shape[-1] // blocks
        return self._cut(number, [(..., slice(block * units, (block + 1) * units)) for block in range(blocks)])

    def steps(self, number: Number) -> list[Number]:
        """Return the steps of sequences ``[n, time, units]``."""
        return self._cut(number, [(slice(None), step) for step in range(number.value.shape[1])])

    def _cut(self, number: Number, parts: Sequence[tuple[Any, ...]]) -> list[Number]:
        found = [Number(number.value[part]) for part in parts]

        def back() -> None:
            gradient = np.zeros_like(number.value)
            for part, made in zip(parts, found, strict=True):
                if made.gradient is not None:
                    gradient[part] = made.gradient
            number.add(gradient)

        self._steps.append(back)
        return found

    def sequence(self, steps: Sequence[Number]) -> Number:
        """Return steps as sequences ``[n, time, units]``."""

        def back(gradient: np.ndarray) -> None:
            for step, number in enumerate(steps):
                number.add(gradient[:, step])

        return self.made(np.stack([number.value for number in steps], axis=1), back)

    def moved(self, sequences: Number, places: np.ndarray) -> Number:
        """Return sequences whose steps ``[n, time]`` come from other places of them, each from one."""
        places = places[..., None]

        def back(gradient: np.ndarray) -> None:
            found = np.empty_like(gradient)
            np.put_along_axis(found, places, gradient, axis=1)
            sequences.add(found)

        return self.made(np.take_along_axis(sequences.value, places, axis=1), back)

    def reshaped(self, number: Number, shape: tuple[int, ...]) -> Number:
        """Return the same numbers in another shape."""
        return self.made(number.value.reshape(shape), lambda gradient: number.add(gradient.reshape(number.value.shape)))

    def largest(self, number: Number, axes: tuple[int, ...]) -> Number:
        """Return the largest of numbers along axes."""
        most = number.value.max(axis=axes, keepdims=True)

        def back(gradient: np.ndarray) -> None:
            number.add(gradient.reshape(most.shape) * (number.value == most))

        return self.made(most.squeeze(axes), back)

    def picked(self, number: Number, places: np.ndarray, padding: float = 0.0) -> Number:
        """Return some of the numbers of each row, ``[n, *places]``, of a number ``[n, ...]``; -1 is the padding."""
        rows = len(number.value)
        flat = np.concatenate([number.value.reshape(rows, -1), np.full((rows, 1), padding)], axis=1)

        def back(gradient: np.ndarray) -> None:
            found = np.zeros_like(flat.T)
            np.add.at(found, places.reshape(-1), gradient.reshape(rows, -1).T)
            number.add(found[:-1].T.reshape(number.value.shape))

        return self.made(flat[:, places], back)

    def held(self, fresh: Number, before: Number, goes_on: np.ndarray) -> Number:
        """Return a state that has changed only in the rows, ``[n, 1]``, that go on."""

        def back(gradient: np.ndarray) -> None:
            fresh.add(gradient * goes_on)
            before.add(gradient * ~goes_on)

        return self.made(np.where(goes_on, fresh.value, before.value), back)


def slopes(values: np.ndarray) -> np.ndarray:
    """Return the slope of a table's values at each place, float64."""
    around = np.arange(len(values))
    before, after = np.maximum(around - SLOPE_PLACES, 0), np.minimum(around + SLOPE_PLACES, len(values) - 1)
    return (values[after].astype(np.float64) - values[before]) / (after - before)
