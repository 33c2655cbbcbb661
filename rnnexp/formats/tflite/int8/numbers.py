"""Numbers of units in a TensorFlow Lite graph: taken apart, widened, scaled, shifted and limited, all exactly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.formats.tflite.int8.operators import (
    MAXIMUM_VERSION,
    NO_ACTIVATION,
    RELU,
    RELU6,
    RELU_N1_TO_1,
    SPLIT_VERSION,
    Op,
    Operators,
)
from rnnexp.formats.tflite.int8.value import Joined, Part, Value
from rnnexp.quantization.product import RADIX


@dataclass(frozen=True)
class Shifting:
    """How a number is shifted: ``round_shift(number + before, bits) + offset``."""

    bits: int
    offset: int = 0
    before: int = 0


# From a value to its upper part.
UPPER = Shifting(RADIX.bit_length() - 1)


@dataclass(frozen=True)
class Scaling:
    """How numbers are made of those of a tensor: ``2**bits * (weights @ x + offset)``; and the scales of both."""

    given: float
    made: float
    weights: tuple[int, ...]
    offset: int = 0
    bits: int = 0


@dataclass
class NumberWriter(Operators):
    """Adds numbers to a subgraph, in the forms that operators take."""

    _constants: dict[bytes, Value] = field(default_factory=dict)

    def as_pairs(self, value: Value, name: str) -> int:
        """Return a value's upper and lower part, int8 ``[1, units, 2]``."""
        shape, scale = [1, value.units, 2], value.scale
        if value.codes is not None:
            zeros = self.graph.constant("no_lower_part", np.zeros((1, value.units, 1), np.int8), scale=scale)
            return self.concatenate([value.codes, zeros], shape, 2, np.int8, scale, f"{name}_pairs")
        if value.pairs is None:
            number = self.number(value)
            upper = self._shifted(number, scale, UPPER, f"{name}_upper", scale)
            both = self.concatenate([number, upper], [value.units, 2], 1, np.int16, scale, f"{name}_number")
            parts = self.combine(both, [value.units, 2], [[0, 1], [1, -RADIX]], scale, f"{name}_parts")
            value.pairs = self.cast(parts, np.int8, scale, f"{name}_int8")
        if self.graph.shape(value.pairs) != shape:
            value.pairs = self.reshape(value.pairs, shape, np.int8, scale, f"{name}_pairs")
        return value.pairs

    def number(self, value: Value) -> int:
        """Return a value as int16 ``[units, 1]``."""
        if value.tensor is None:
            value.tensor = self._number(value)
        return value.tensor

    def _number(self, value: Value) -> int:
        part = value.part
        if value.make is not None:
            return value.make(None)
        if part is not None:
            block = self._block(part)
            if (part.offset, part.bits, part.joined.scale) == (0, 0, value.scale):
                return block
            scaling = Scaling(part.joined.scale, value.scale, (1,), part.offset, part.bits)
            return self._linear(block, scaling, "number")
        pairs = value.pairs if value.codes is None else self.as_pairs(value, "input")
        if pairs is None and value.wide is not None:
            return self.cast(value.wide, np.int16, value.scale, "number")
        if pairs is None:
            raise ValueError("a value must be there in some form")
        wide = self.cast(pairs, np.int16, value.scale, "wide_pairs")
        return self._linear(wide, Scaling(value.scale, value.scale, (RADIX, 1)), "number")

    def _block(self, part: Part) -> int:
        """Return the numbers of a block, int16 ``[units, 1]``."""
        joined = part.joined
        if not joined.parts and joined.wide:
            return self.cast(joined.wide[part.block], np.int16, joined.scale, "block_int16")
        if not joined.parts:
            joined.parts = self._split(self._tensor(joined), joined, np.int16)
        return joined.parts[part.block]

    def _wide_part(self, part: Part, units: int) -> int:
        """Return numbers made of those of a block, int32 ``[units, 1]``."""
        joined = part.joined
        if joined.parts:
            joined.wide = joined.wide or [self.cast(block, np.int32, None, "block_int32") for block in joined.parts]
        if not joined.wide:
            joined.wide = self._split(self.cast(self._tensor(joined), np.int32, None, "all_int32"), joined, np.int32)
        found = joined.wide[part.block]
        if part.offset:
            found = self._added(found, self._wide(self._constant(part.offset, units)), "with_offset")
        return self._times(found, self._wide(self._constant(1 << part.bits, units)), "multiple") if part.bits else found

    def _split(self, numbers: int, joined: Joined, dtype: Any) -> list[int]:
        """Return the blocks of all numbers, ``[units, 1]`` each."""
        scale = joined.scale if dtype is np.int16 else None
        count = self.graph.size(numbers)
        column = self._column(numbers, count, scale, "blocks", dtype)
        if joined.blocks == 1:
            return [column]
        blocks = [self.tensor("block", [count // joined.blocks, 1], dtype, scale) for _ in range(joined.blocks)]
        options = schema.SplitOptionsT()
        options.numSplits = joined.blocks
        axis = self.graph.constant("first_axis", np.int32(0))
        self.graph.operator(Op.SPLIT, [axis, column], blocks, options, version=SPLIT_VERSION)
        return blocks

    def _tensor(self, joined: Joined) -> int:
        """Return the numbers of all blocks."""
        if joined.tensor is None:
            joined.tensor = joined.make(None)
        return joined.tensor

    def _column(self, numbers: int, units: int, scale: float | None, name: str, dtype: Any = np.int16) -> int:
        shape = [units, 1]
        same = self.graph.shape(numbers) == shape
        return numbers if same else self.reshape(numbers, shape, dtype, scale, f"{name}_column")

    def _wide(self, value: Value) -> int:
        """Return a value as int32 ``[units, 1]``."""
        if value.wide is None:
            part = value.part if value.tensor is None else None
            if part is None:
                value.wide = self.cast(self.number(value), np.int32, None, "wide")
            else:
                value.wide = self._wide_part(part, value.units)
        return value.wide

    def _constant(self, numbers: np.ndarray | int, units: int) -> Value:
        """Return a constant, one for all units or for each its own."""
        array = np.broadcast_to(numbers, units).astype(np.int32)
        if array.tobytes() not in self._constants:
            tensor = self.graph.constant("constants", array.reshape(units, 1))
            largest = int(np.abs(array.astype(np.int64)).max())
            self._constants[array.tobytes()] = Value(units, 1.0, wide=tensor, largest=largest)
        return self._constants[array.tobytes()]

    def _linear(self, source: int, scaling: Scaling, name: str) -> int:
        """Return numbers made of those of another tensor, int16 ``[numbers, 1]``, exactly."""
        scale, made = scaling.given, scaling.made
        # The kernel multiplies with the ratio of scales: 2**bits, by the choice of the weights' one.
        weight = made / scale * 2.0**scaling.bits
        if ratio(scale, weight, made) != 2.0**scaling.bits:
            # There is no such weight in float32: the same numbers, said to be in the result's units.
            shape = self.graph.shape(source)
            source = self.reshape(source, shape, np.int16, made, f"{name}_in_its_units")
            scale, weight = made, 2.0**scaling.bits
        weights = self.graph.constant(f"{self.scope}{name}_from", np.array([scaling.weights], np.int8), scale=weight)
        offset = np.array([scaling.offset], np.int64)
        bias = self.graph.constant(f"{self.scope}{name}_offset", offset, scale=weight * scale)
        count = self.graph.size(source) // len(scaling.weights)
        result = self.tensor(name, [count, 1], np.int16, made)
        self.fully_connected([source, weights, bias], result)
        return result

    def _shifted(
        self, number: int, scale: float, shifting: Shifting, name: str, made: float, last: int | None = None
    ) -> int:
        """Return shifted numbers, int16 of the same shape; ``made`` is the real value of one of them.

        With ``last``, they are places, none below 0 or beyond it.
        """
        bits = shifting.bits
        made, activation = limiting(scale, 2.0 ** -(bits + 1), made, last)
        weight = made / scale * 2.0 ** -(bits + 1)
        twice = self.graph.constant("twice", np.array([[2]], np.int8), scale=weight)
        one = np.array([2 * shifting.before + 1 + (shifting.offset << (bits + 1))], np.int64)
        bias = self.graph.constant(f"{self.scope}{name}_offset", one, scale=weight * scale)
        result = self.tensor(name, self.graph.shape(number), np.int16, made)
        self.fully_connected([number, twice, bias], result, keep_dimensions=True, activation=activation)
        return result if activation != RELU else self._not_beyond(result, made, last, name)

    def _limited(
        self,
        source: int,
        limits: tuple[np.ndarray | None, np.ndarray | None],
        dtype: Any,
        scale: float | None,
        name: str,
    ) -> int:
        """Return numbers between limits of each, or of all, which takes kernels several times longer."""
        shape = self.graph.shape(source)
        for kind, limit, end in zip((Op.MAXIMUM, Op.MINIMUM), limits, ("lowest", "highest"), strict=True):
            if limit is None:
                continue
            bound = self.graph.constant(
                f"{name}_{end}", limit.astype(dtype).reshape(shape if limit.ndim else ()), scale=scale
            )
            result = self.tensor(f"{name}_from_{end}", shape, dtype, scale)
            options = schema.MaximumMinimumOptionsT()
            self.graph.operator(kind, [source, bound], [result], options, version=MAXIMUM_VERSION)
            source = result
        return source

    def cut_off(self, numbers: int, low: int, high: int, scale: float, name: str, *, small: bool = False) -> int:
        """Return numbers between two limits, int16 of the same shape; ``small`` takes fewer bytes, but longer."""
        size, ends = () if small else self.graph.size(numbers), np.iinfo(np.int16)
        lowest = np.full(size, low) if low > ends.min else None
        highest = np.full(size, high) if high < ends.max else None
        return self._limited(numbers, (lowest, highest), np.int16, scale, name)

    def _times(self, one: int, other: int, name: str, scale: float | None = None, zero_point: int = 0) -> int:
        result = self.graph.tensor(
            f"{self.scope}{name}", self.graph.shape(one), np.int32, scale=scale, zero_point=zero_point
        )
        self.graph.operator(Op.MUL, [one, other], [result], schema.MulOptionsT())
        return result

    def _added(self, one: int, other: int, name: str) -> int:
        result = self.tensor(name, self.graph.shape(one), np.int32)
        self.graph.operator(Op.ADD, [one, other], [result], schema.AddOptionsT())
        return result

    def _not_beyond(self, places: int, scale: float, last: int | None, name: str) -> int:
        """Return places that are not negative, and that are not beyond the last one."""
        highest = np.full(self.graph.size(places), last)
        return self._limited(places, (None, highest), np.int16, scale, f"{name}_entry")


def limiting(
    given: float, power: float, made: float, last: int | None, *, both_ways: bool = False
) -> tuple[float, int]:
    """Return the scale of a product's result, and the activation that limits it to 0 and a last number.

    RELU6 does, if the last one stands for 6; where float32 does not hold the scales for that, RELU is half of it.
    RELU_N1_TO_1 limits it to that number and its negative, or nothing does.

    Args:
        given: the scale of what comes in.
        power: what the kernel multiplies with.
        made: the scale of the result, where nothing limits it.
        last: the last number, if there is one.
        both_ways: whether the limit is not 0 but its negative.
    """
    real, activation, otherwise = (1.0, RELU_N1_TO_1, NO_ACTIVATION) if both_ways else (6.0, RELU6, RELU)
    if not last:
        return made, NO_ACTIVATION if last is None else otherwise
    scale = float(np.float32(real / last))
    exact = ratio(given, scale / given * power, scale) == power
    exact = exact and round(float(np.float32(real) / np.float32(scale))) == last
    return (scale, activation) if exact else (made, otherwise)


def ratio(first: float, second: float, result: float) -> float:
    """Return what kernels multiply a product of two numbers with, of the scales as a file has them.

    It has to be a power of two exactly: TensorFlow Lite Micro keeps 16 bits of what is just below one, all of them set.
    """
    with np.errstate(over="ignore"):
        one, other, made = (float(np.float32(scale)) for scale in (first, second, result))
    return one * other / made
