"""The numbers of a layer's units in a TensorFlow Lite graph, in the forms that operators take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnexp.formats.tflite.int8.operators import Operators
from rnnexp.quantization.cell import IntegerCell, State, width_of
from rnnexp.quantization.network import IntegerNetwork


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
    def of_codes(cls, operators: Operators, codes: int, count: int, scale: float) -> Value:
        """Return what ``count`` input codes, int8, stand for: they are upper parts without lower ones."""
        column = operators.reshape(codes, [1, count, 1], np.int8, scale, "inputs")
        return cls.of_column(operators, column, count, scale)

    @classmethod
    def of_window(cls, operators: Operators, codes: int, network: IntegerNetwork) -> Value:
        """Return what the input codes of a whole sequence stand for, as the linear path reads them.

        They are said to be in units of the last layer's values, to be joined with these: the path's weights make up for
        their true scale, the bias for their true zero point.
        """
        scale = network.layers[-1].cells[-1].states[0].scale
        return cls.of_codes(operators, codes, network.path_inputs, scale)

    @classmethod
    def of_column(cls, operators: Operators, column: int, count: int, scale: float) -> Value:
        """The same, for codes in the shape ``[1, count, 1]``."""
        zeros = operators.graph.constant("no_lower_part", np.zeros((1, count, 1), np.int8), scale=scale)
        pairs = operators.concatenate([column, zeros], [1, count, 2], 2, np.int8, scale, "input_pairs")
        return cls(count, scale, pairs=pairs)
