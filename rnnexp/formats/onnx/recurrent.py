"""ONNX' recurrent operators: RNN, LSTM and GRU, with gates in Keras' order.

ONNX has the gates of an LSTM as i, o, f, c, and two biases one after the other
(https://onnx.ai/onnx/operators/onnx__LSTM.html).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnnexp.formats.foreign import sequence
from rnnexp.formats.foreign.axes import Misfit, Value
from rnnexp.formats.foreign.constant import Constant
from rnnexp.formats.foreign.drawing import real
from rnnexp.formats.foreign.sequence import Cells, Sequences
from rnnexp.formats.onnx.operator import Operator, Tensor
from rnnexp.formats.onnx.states import FIRST, FirstState
from rnnexp.network.functions import with_parameters
from rnnexp.network.graph.recurrence import CellName

# Gates, and which functions each has by default.
_GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}
_FUNCTIONS = {"RNN": ("Tanh",), "LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh")}
# Where the file has i, f, c, o of an LSTM.
_LSTM_ORDER = (0, 2, 3, 1)
# What our own reader of PyTorch modules calls a layer of LSTMs with a projection.
PROJECTED = "rnnexp.ProjectedLSTM"
_DIRECTIONS = {"forward": 1, "reverse": 1, "bidirectional": 2}

# name in the file, in small letters -> our name, and its parameters' defaults: of alpha, of beta
_KNOWN: dict[str, tuple[str, tuple[float, ...]]] = {
    "relu": ("relu", ()),
    "tanh": ("tanh", ()),
    "sigmoid": ("sigmoid", ()),
    "softsign": ("softsign", ()),
    "softplus": ("softplus", ()),
    "leakyrelu": ("leaky_relu", (0.01,)),
    "elu": ("elu", (1.0,)),
    "hardsigmoid": ("hard_sigmoid", (0.2, 0.5)),
}


def recurrent(operator: Operator) -> list[Tensor]:
    """``RNN``, ``LSTM``, ``GRU``: values after every step, and at the end.

    Raises:
        Misfit: if it is one that graphs do not have.
    """
    kind = operator.kind
    value = operator.value()
    direction = operator.attribute("direction", "forward")
    if direction not in _DIRECTIONS:
        raise Misfit(f"its attribute 'direction' is {direction!r}")
    ways = _DIRECTIONS[direction]
    layout = operator.attribute("layout", 0)
    if layout not in (0, 1):
        raise Misfit(f"its attribute 'layout' is {layout}")
    if operator.attribute("clip", 0.0):
        raise Misfit("its attribute 'clip' is set: sums are cut off in it")
    operator.expect("input_forget", 0)
    operator.expect("output_sequence", 0, 1)
    activation, gate = _functions(operator, ways)
    cell, weights = _weights(operator, ways)
    _lengths(operator, value, layout)
    if len(value.axes) != 3:
        raise Misfit(f"it takes three axes, and here it is given {list(value.shape)}")
    units = weights[0][1].shape[0]
    shape = (value.shape[0], ways, units) if layout else (ways, value.shape[1], units)
    starts = [operator.tensor(number) for number in FIRST[kind] if operator.given(number)]
    for start in starts:
        _zeros(start, shape)
    stateful = any(isinstance(start, FirstState) and start.kept for start in starts)
    made = sequence.recurrent(
        operator.drawing,
        value,
        1 if layout else 0,
        0 if layout else 1,
        Cells(cell, tuple(weights), activation, gate, direction == "reverse", stateful=stateful),
    )
    every, last = _outputs(made, layout)
    if kind == "LSTM" and len(operator.outputs) > 2 and operator.outputs[2]:
        raise Misfit("its cell state is read at the end (output Y_c); known are its values (Y, Y_h)")
    return [every, last]


def projected(operator: Operator) -> list[Tensor]:
    """A layer of ``nn.LSTM`` with ``proj_size``, which ONNX does not have: weights as PyTorch has them.

    Its inputs are values ``[time, batch, features]``, the two kernels, the two biases, and the projection.

    Raises:
        Misfit: if the weights are not of the same units.
    """
    value = operator.value()
    kernel, recurrent_kernel, first, second, out = (operator.array(n) for n in range(1, 6))
    if out.ndim != 2 or first.shape != second.shape or first.shape != (4 * out.shape[1],):
        raise Misfit("its weights are not all of the same units")
    if kernel.ndim != 2 or len(kernel) != len(first) or recurrent_kernel.shape != (len(first), len(out)):
        raise Misfit("its weights are not all of the same units")
    # PyTorch has the gates in Keras' order.
    weights = (kernel.T, recurrent_kernel.T, real(first) + real(second))
    made = sequence.recurrent(operator.drawing, value, 0, 1, Cells("lstm", (weights,), projection=(out.T,)))
    return [made.every.transpose([1, 0, 2])]


def _outputs(made: Sequences, layout: int) -> tuple[Value, Value]:
    batch, time = made.every.layout[:2]
    ways, units = made.directions, made.units
    if layout:
        return replace(made.every, axes=(batch, time, ways, units)), replace(made.last, axes=(batch, ways, units))
    return replace(made.every, axes=(time, ways, batch, units)), replace(made.last, axes=(ways, batch, units))


def _weights(operator: Operator, ways: int) -> tuple[CellName, list[tuple[np.ndarray, ...]]]:
    """Return the cell and each direction's weights as Keras has them."""
    kind = operator.kind
    sums = _GATES[kind]
    kernels, recurrents = operator.array(1), operator.array(2)
    if recurrents.ndim != 3 or kernels.ndim != 3:
        raise Misfit("its weights have not three axes")
    units = operator.attribute("hidden_size", recurrents.shape[2])
    if recurrents.shape != (ways, sums * units, units) or kernels.shape[:2] != (ways, sums * units) or units < 1:
        raise Misfit(f"its weights {list(kernels.shape)} and {list(recurrents.shape)} are not those of {units} units")
    biases = operator.array(3) if operator.given(3) else np.zeros((ways, 2 * sums * units))
    if biases.shape != (ways, 2 * sums * units):
        raise Misfit(f"its biases {list(biases.shape)} are not those of {units} units")
    peepholes = operator.array(7) if kind == "LSTM" and operator.given(7) else None
    if peepholes is not None and peepholes.shape != (ways, 3 * units):
        raise Misfit(f"its peephole weights {list(peepholes.shape)} are not those of {units} units")
    resets_after = bool(operator.attribute("linear_before_reset", 0)) if kind == "GRU" else False
    order = np.arange(sums * units)
    if kind == "LSTM":
        order = order.reshape(4, units)[list(_LSTM_ORDER)].reshape(-1)
    cell: CellName = "simple" if kind == "RNN" else "lstm" if peepholes is None else "lstm-peephole"
    if kind == "GRU":
        cell = "gru" if resets_after else "gru-reset-before"
    found: list[tuple[np.ndarray, ...]] = []
    for way in range(ways):
        both = real(biases[way]).reshape(2, -1)[:, order]
        own = (kernels[way][order].T, recurrents[way][order].T, both if resets_after else both.sum(axis=0))
        if peepholes is not None:
            # Of i, o, f in the file.
            own = (*own, peepholes[way].reshape(3, units)[[0, 2, 1]])  # type: ignore[assignment]
        found.append(own)
    return cell, found


def _functions(operator: Operator, ways: int) -> tuple[str, str]:
    """Return the names of activation and gate function."""
    kind = operator.kind
    usual = list(_FUNCTIONS[kind]) * ways
    names = list(operator.attribute("activations", usual))
    alphas = list(operator.attribute("activation_alpha", []))
    betas = list(operator.attribute("activation_beta", []))
    if len(names) != len(usual):
        raise Misfit(f"its attribute 'activations' names {len(names)} functions, not {len(usual)}")
    found = []
    for name in names:
        if name.lower() not in _KNOWN:
            raise Misfit(f"its attribute 'activations' has {name!r}; known are {', '.join(_KNOWN)}")
        own, parameters = _KNOWN[name.lower()]
        given = [(row.pop(0) if row else usual) for row, usual in zip((alphas, betas), parameters, strict=False)]
        found.append(with_parameters(own, *given))
    # With one for each function, whether it has any or not, it could not be told whose they are.
    if alphas or betas:
        raise Misfit(
            "its attributes 'activation_alpha' and 'activation_beta' have more numbers than its functions take"
        )
    rows = [tuple(found[n : n + len(_FUNCTIONS[kind])]) for n in range(0, len(found), len(_FUNCTIONS[kind]))]
    if len(set(rows)) > 1:
        raise Misfit("its two directions have different functions")
    if kind == "RNN":
        return rows[0][0], "sigmoid"
    if len(set(rows[0][1:])) > 1:
        raise Misfit(f"its candidates have {rows[0][1]} and its values {rows[0][2]}; known is one function for both")
    return rows[0][1], rows[0][0]


def _lengths(operator: Operator, value: Value, layout: int) -> None:
    """See that all steps of every sequence are read."""
    if not operator.given(4):
        return
    found = operator.tensor(4)
    if (
        not isinstance(found, Constant)
        or len(value.axes) != 3
        or np.any(found.array != value.shape[1 if layout else 0])
    ):
        raise Misfit("the lengths of its sequences are given to it (sequence_lens)")


def _zeros(found: Tensor, shape: tuple[int, ...]) -> None:
    """See that a state begins at zero, and is as large as the weights say."""
    if isinstance(found, FirstState):
        return
    if not isinstance(found, Constant):
        raise Misfit("its first state comes from elsewhere; known is one of zeros")
    if np.any(found.array):
        raise Misfit("its first state is not zero")
    if found.array.shape != shape:
        raise Misfit(f"its first state has the shape {list(found.array.shape)}, expected {list(shape)}")
