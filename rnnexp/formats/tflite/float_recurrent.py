"""TensorFlow Lite's fused recurrent operators in float32, with gates in Keras' order.

The operators' inputs are in the order of ``lstm_shared.h`` and its neighbours in TensorFlow Lite's kernels: weights
``[units, inputs]`` of i, f, c, o.
"""

from __future__ import annotations

import numpy as np

from rnnexp.formats.foreign import sequence
from rnnexp.formats.foreign.axes import Misfit, Value
from rnnexp.formats.foreign.constant import Constant
from rnnexp.formats.foreign.sequence import Cells, Sequences
from rnnexp.formats.tflite.float_operator import Operator
from rnnexp.network.graph.recurrence import CellName

Weights = tuple[CellName, tuple[np.ndarray, ...], np.ndarray | None]


def lstm(operator: Operator) -> list[Value]:
    """``UNIDIRECTIONAL_SEQUENCE_LSTM``."""
    operator.refuse(
        proj_clip="a limit of its projection (proj_clip)",
        diagonal_recurrent_tensors="recurrent weights that are a diagonal",
    )
    operator.absent(20, 21, 22, 23, what="layer normalisation")
    cell, weights, projection = _lstm(operator, (1, 5, 9, 12, 16, 17))
    for number in (18, 19):
        _state(operator, number)
    out = None if projection is None else (projection,)
    cells = Cells(cell, (weights,), operator.activation(), projection=out, cell_limit=_limit(operator))
    made = _recurrent(operator, cells)
    return [made.every]


def bidirectional_lstm(operator: Operator) -> list[Value]:
    """``BIDIRECTIONAL_SEQUENCE_LSTM``."""
    operator.refuse(proj_clip="a limit of its projection (proj_clip)")
    operator.absent(*range(39, 48), what="auxiliary inputs")
    both = [_lstm(operator, (1, 5, 9, 12, 16, 17)), _lstm(operator, (18, 22, 26, 29, 33, 34))]
    for number in range(35, 39):
        _state(operator, number)
    return _two(operator, both)


def rnn(operator: Operator) -> list[Value]:
    """``UNIDIRECTIONAL_SEQUENCE_RNN``."""
    weights = _simple(operator, 1)
    _state(operator, 4)
    made = _recurrent(operator, Cells("simple", (weights,), operator.activation()))
    return [made.every]


def bidirectional_rnn(operator: Operator) -> list[Value]:
    """``BIDIRECTIONAL_SEQUENCE_RNN``."""
    operator.absent(9, 10, 11, what="auxiliary inputs")
    both: list[Weights] = [("simple", _simple(operator, first), None) for first in (1, 5)]
    for number in (4, 8):
        _state(operator, number)
    return _two(operator, both)


def _two(operator: Operator, both: list[Weights]) -> list[Value]:
    """Return the values of two directions, side by side or one after the other."""
    activation, name = operator.activation(), operator.drawing.name
    limit = np.inf if both[0][0] == "simple" else _limit(operator)
    (cell, first, out), (other_cell, second, other_out) = both
    if cell != other_cell or (out is None) != (other_out is None):
        raise Misfit("its two directions are not alike")
    found = []
    for number, (weights, projection) in enumerate(((first, out), (second, other_out))):
        operator.drawing.name = f"{name}/{('forward', 'backward')[number]}"
        single = None if projection is None else (projection,)
        cells = Cells(cell, (weights,), activation, "sigmoid", bool(number), single, limit)
        made = _recurrent(operator, cells)
        found.append(made.every)
    operator.drawing.name = name
    if not operator.option("merge_outputs"):
        return found
    return [operator.drawing.concat(found, -1)]


def _recurrent(operator: Operator, cells: Cells) -> Sequences:
    # The operators for two directions of LSTMs are the only ones of which the schema's default is 1.
    two = operator.kind == "BIDIRECTIONAL_SEQUENCE_LSTM"
    major = operator.option("time_major", int(two))
    made = sequence.recurrent(operator.drawing, operator.value(0), 0 if major else 1, 1 if major else 0, cells)
    if not major:
        return made
    every = made.every.transpose([1, 0, 2])
    return Sequences(every, made.last, made.directions, made.units)


def _lstm(operator: Operator, first: tuple[int, int, int, int, int, int]) -> Weights:
    """Return an LSTM's cell, its weights and its projection; ``first`` are the numbers of the first input of each."""
    kernels, recurrents, peepholes, biases, projection, projection_bias = first
    if not operator.given(kernels) or not operator.given(recurrents):
        raise Misfit("it has no input gate (CIFG)")
    parts = [np.concatenate([operator.array(at + n).T for n in range(4)], axis=1) for at in (kernels, recurrents)]
    bias = np.concatenate([operator.array(biases + n) for n in range(4)])
    out = operator.array(projection).T if operator.given(projection) else None
    if operator.given(projection_bias) and np.any(operator.array(projection_bias)):
        raise Misfit("its projection has a bias")
    units = len(bias) // 4
    width = units if out is None else out.shape[1]
    if parts[0].shape[1] != 4 * units or parts[1].shape != (width, 4 * units):
        raise Misfit("its weights are not all of the same units")
    if out is not None and out.shape[0] != units:
        raise Misfit("its projection is not of as many numbers as it has units")
    if not any(operator.given(peepholes + n) for n in range(3)):
        return "lstm", (*parts, bias), out
    diagonals = [operator.array(peepholes + n) for n in range(3)]
    if any(array.shape != (units,) for array in diagonals):
        raise Misfit("its peephole weights are not of as many numbers as it has units")
    return "lstm-peephole", (*parts, bias, np.stack(diagonals)), out


def _limit(operator: Operator) -> float:
    """Return beyond what the cell state is cut off; 0 in the file is nowhere."""
    limit = operator.real("cell_clip")
    if not 0.0 <= limit < np.inf:
        raise Misfit(f"its option 'cell_clip' is {limit}")
    return limit or np.inf


def _simple(operator: Operator, first: int) -> tuple[np.ndarray, ...]:
    kernel, recurrent, bias = (operator.array(first + n) for n in range(3))
    units = len(bias)
    if kernel.ndim != 2 or kernel.shape[0] != units or recurrent.shape != (units, units):
        raise Misfit("its weights are not all of the same units")
    return kernel.T, recurrent.T, bias


def _state(operator: Operator, number: int) -> None:
    """See that a state begins at zero: a variable, or zeros."""
    found = operator.tensor(number)
    if not isinstance(found, Constant) or np.any(found.array):
        raise Misfit("its first state is not zero")
