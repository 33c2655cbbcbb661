"""The numbers of a layer's units in a TensorFlow Lite graph, in the forms that operators take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.formats.tflite.int8.operators import MAXIMUM_VERSION, Op, Operators
from rnnexp.quantization.cell import IntegerCell, State, width_of
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.scales import Affine


@dataclass(eq=False)
class Joined:
    """Numbers of several blocks of units, one block behind the other.

    Attributes:
        make: writes them, int16 ``[1, numbers]`` or ``[numbers, 1]``; as places, if the last one is given.
        scale: the real value of 1.
        blocks: how many.
        tensor: them, once they have been written, but not as places.
        parts: of each block, int16 ``[units, 1]``, once they have been taken apart.
        wide: the same as int32.
    """

    make: Callable[[int | None], int]
    scale: float
    blocks: int = 1
    tensor: int | None = None
    parts: list[int] = field(default_factory=list)
    wide: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Part:
    """How numbers are made of those of a block: ``2**bits * (number + offset)``."""

    joined: Joined
    block: int = 0
    offset: int = 0
    bits: int = 0


@dataclass(eq=False)
class Value:
    """A number of each unit, in the forms that there are of it already.

    Attributes:
        units: how many.
        scale: the real value of 1.
        tensor: int16 ``[units, 1]``.
        pairs: int8 ``[..., 2]``: upper and lower part.
        part: how to make it of others.
        make: writes it; as places, from 0 to the last one, if that is given.
        wide: int32 ``[units, 1]``.
        codes: int8 ``[1, units, 1]``: upper parts, where there are no lower ones.
        largest: a bound on its magnitude.
        rest_of: of a complement, the gate.
    """

    units: int
    scale: float
    tensor: int | None = None
    pairs: int | None = None
    part: Part | None = None
    make: Callable[[int | None], int] | None = None
    wide: int | None = None
    codes: int | None = None
    largest: int = 2**15
    rest_of: Value | None = None

    @property
    def is_int8(self) -> bool:
        """Whether it is there as int8."""
        return self.pairs is not None or self.codes is not None

    @classmethod
    def of_state(cls, cell: IntegerCell, state: State, tensor: int) -> Value:
        """Return what a tensor that holds a cell's state stands for."""
        if state.paired:
            return cls(cell.units, state.scale, pairs=tensor)
        return cls(width_of(cell, state), state.scale, tensor=tensor)

    @classmethod
    def of_codes(cls, operators: Operators, codes: int, count: int, scale: float, affine: Affine) -> Value:
        """Return what ``count`` input codes stand for: int8 ones are upper parts without lower ones, int16 ones whole.

        Args:
            operators: where they are written.
            codes: the tensor.
            count: how many.
            scale: said to be that of the values.
            affine: of the codes.
        """
        if affine.dtype is np.int8:
            column = operators.reshape(codes, [1, count, 1], np.int8, scale, "inputs")
            return cls(count, scale, codes=column)
        numbers = operators.reshape(codes, [count, 1], np.int16, scale, "inputs")
        # int16 has codes beyond those of inputs, and their upper part would be no int8.
        for operator, end, name in ((Op.MAXIMUM, affine.lowest, "lowest"), (Op.MINIMUM, affine.highest, "highest")):
            limit = operators.graph.constant(f"{name}_code", np.int16(end), scale=scale)
            result = operators.tensor(f"inputs_{name}", [count, 1], np.int16, scale)
            options = schema.MaximumMinimumOptionsT()
            operators.graph.operator(operator, [numbers, limit], [result], options, version=MAXIMUM_VERSION)
            numbers = result
        return cls(count, scale, tensor=numbers)

    @classmethod
    def of_window(cls, operators: Operators, codes: int, network: IntegerNetwork) -> Value:
        """Return what the input codes of a whole sequence stand for, as the linear path reads them.

        They are said to be in units of the last layer's values, to be joined with these: the path's weights make up for
        their true scale, the bias for their true zero point.
        """
        scale = network.layers[-1].cells[-1].states[0].scale
        return cls.of_codes(operators, codes, network.path_inputs, scale, network.input)
