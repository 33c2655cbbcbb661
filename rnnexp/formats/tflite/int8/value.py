"""The numbers of a layer's units in a TensorFlow Lite graph, in the forms that operators take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.formats.tflite.int8.operators import MAXIMUM_VERSION, Op, Operators
from rnnexp.quantization.cell import IntegerCell, State, width_of
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.scales import Affine


@dataclass(frozen=True)
class Row:
    """How a number of each unit is made of those of a tensor: ``2**bits * (weights @ x + offset)``.

    The tensor is int16 ``[units, 1, width]``.
    """

    tensor: int
    scale: float
    weights: tuple[int, ...]
    offset: int = 0
    bits: int = 0


@dataclass
class Value:
    """A number of each unit, in the forms that there are of it already.

    Attributes:
        units: how many.
        scale: the real value of 1.
        tensor: int16 ``[units, 1, 1]``.
        pairs: int8 ``[1, units, 2]``: upper and lower part.
        row: how to make it.
    """

    units: int
    scale: float
    tensor: int | None = None
    pairs: int | None = None
    row: Row | None = None

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
            return cls.of_column(operators, column, count, scale)
        numbers = operators.reshape(codes, [count, 1, 1], np.int16, scale, "inputs")
        # int16 has codes beyond those of inputs, and their upper part would be no int8.
        for operator, end, name in ((Op.MAXIMUM, affine.lowest, "lowest"), (Op.MINIMUM, affine.highest, "highest")):
            limit = operators.graph.constant(f"{name}_code", np.int16(end), scale=scale)
            result = operators.tensor(f"inputs_{name}", [count, 1, 1], np.int16, scale)
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

    @classmethod
    def of_column(cls, operators: Operators, column: int, count: int, scale: float) -> Value:
        """Return what int8 codes stand for that are in the shape ``[1, count, 1]``."""
        zeros = operators.graph.constant("no_lower_part", np.zeros((1, count, 1), np.int8), scale=scale)
        pairs = operators.concatenate([column, zeros], [1, count, 2], 2, np.int8, scale, "input_pairs")
        return cls(count, scale, pairs=pairs)
