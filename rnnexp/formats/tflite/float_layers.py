"""Operators of float32 TensorFlow Lite files as nodes of a graph."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnnexp.formats.foreign import sequence, spatial
from rnnexp.formats.foreign.axes import Misfit, Value
from rnnexp.formats.foreign.constant import Constant
from rnnexp.formats.foreign.pointwise import combined, finished, has_unfinished, unary
from rnnexp.formats.foreign.spatial import Window, same_padding
from rnnexp.formats.tflite.float_operator import Operator
from rnnexp.formats.tflite.float_recurrent import bidirectional_lstm, bidirectional_rnn, lstm, rnn
from rnnexp.network.activations import Function
from rnnexp.network.functions import with_parameters

Read = Callable[[Operator], list[Value]]
OF_TWO = "it is of two values that the network computes"
_SAME = 0


def fully_connected(operator: Operator) -> list[Value]:
    """``FULLY_CONNECTED``: rows of as many numbers as its weights take."""
    value, kernel = operator.value(), operator.array(1)
    bias = operator.array(2) if operator.given(2) else None
    operator.refuse(weights_format="shuffled weights")
    if kernel.ndim != 2 or (bias is not None and bias.shape != (kernel.shape[0],)):
        raise Misfit(f"its weights have the shape {list(kernel.shape)}")
    if not operator.option("keep_num_dims"):
        value = value.reshape([-1, kernel.shape[1]])
    return [operator.activated(operator.drawing.dense(value, kernel.T, bias))]


def convolution(operator: Operator) -> list[Value]:
    """``CONV_2D``, ``DEPTHWISE_CONV_2D``."""
    value, kernel = operator.value(), operator.array(1)
    bias = operator.array(2) if operator.given(2) else None
    if kernel.ndim != 4 or len(value.axes) != 4:
        raise Misfit("it has not four axes")
    channels = value.shape[-1]
    if operator.kind == "CONV_2D":
        taps = kernel.transpose(1, 2, 3, 0)
        if not taps.shape[2] or channels % taps.shape[2]:
            raise Misfit(f"its weights {list(kernel.shape)} do not fit {channels} channels")
        groups = channels // taps.shape[2]
    else:
        taps, groups = kernel.transpose(1, 2, 0, 3), channels
        operator.option("depth_multiplier")
        if taps.shape[2] != 1 or taps.shape[3] % channels:
            raise Misfit(f"its weights {list(kernel.shape)} do not fit {channels} channels")
    dilations = (operator.option("dilation_h", 1), operator.option("dilation_w", 1))
    window = _window(operator, value, (taps.shape[0], taps.shape[1]), dilations)
    return [operator.activated(spatial.convolution(operator.drawing, value, taps, bias, window, groups))]


def pooling(operator: Operator) -> list[Value]:
    """``MAX_POOL_2D``, ``AVERAGE_POOL_2D``."""
    value = operator.value()
    window = _window(operator, value, (operator.option("filter_height"), operator.option("filter_width")), (1, 1))
    what = "max" if operator.kind == "MAX_POOL_2D" else "average"
    return [operator.activated(spatial.pooling(operator.drawing, value, what, window))]


def _window(operator: Operator, value: Value, size: tuple[int, int], dilations: tuple[int, int]) -> Window:
    strides = (operator.option("stride_h"), operator.option("stride_w"))
    padding = operator.option("padding")
    if min(*size, *strides, *dilations) < 1 or padding not in (0, 1) or len(value.axes) != 4:
        raise Misfit("its strides, dilations and padding are not those of a kernel")
    window = Window(size, strides, dilations, ((0, 0), (0, 0)))
    if padding != _SAME:
        return window
    if any(value.open[1 + n] and strides[n] > 1 for n in range(2)):
        raise Misfit("its padding depends on the number of steps, which the file leaves open")
    return Window(size, strides, dilations, tuple(same_padding(value.shape[1 + n], window, n) for n in range(2)))


def arithmetic(operator: Operator) -> list[Value]:
    """``ADD``, ``SUB``, ``MUL``, ``DIV``: of values and a constant, or the sum of values."""
    one, other = operator.tensor(0), operator.tensor(1)
    return [operator.activated(_arithmetic(operator, one, other))]


def _arithmetic(operator: Operator, one: Value | Constant, other: Value | Constant) -> Value:
    drawing, kind = operator.drawing, operator.kind
    if isinstance(one, Value) and isinstance(other, Value):
        function = {"ADD": np.add, "SUB": np.subtract, "MUL": np.multiply, "DIV": np.divide}[kind]
        partial = has_unfinished(drawing, one) or has_unfinished(drawing, other)
        if kind == "ADD" and not partial:
            return drawing.add([one, other])
        if kind == "SUB" and not partial:
            return drawing.add([one, drawing.affine(other, np.array(-1.0))])
        found = combined(drawing, [one, other], function, f"{kind} of two values")
        if found is None:
            raise Misfit(OF_TWO)
        return found
    if isinstance(one, Constant) and isinstance(other, Value) and kind != "DIV":
        array, value = one.fixed(), other
        scale: np.ndarray | None = array if kind == "MUL" else np.array(1.0 if kind == "ADD" else -1.0)
        offset = None if kind == "MUL" else array
    elif isinstance(one, Value) and isinstance(other, Constant):
        array, value = other.fixed().astype(np.float64), one
        if kind == "DIV" and not np.all(array):
            raise Misfit("it divides by 0")
        scale = array if kind == "MUL" else 1.0 / array if kind == "DIV" else None
        offset = array if kind == "ADD" else -array if kind == "SUB" else None
    else:
        raise Misfit("it divides a constant by values")
    extra = array.ndim - len(value.axes)
    value = value.unsqueeze(range(extra)) if extra > 0 else value
    return finished(drawing, drawing.affine(value, scale, offset))


def negative(operator: Operator) -> list[Value]:
    """``NEG``."""
    return [finished(operator.drawing, operator.drawing.affine(operator.value(), np.array(-1.0)))]


def compare(operator: Operator) -> list[Value]:
    """``LESS``, ``GREATER`` than a number, as part of something that is spelled out."""
    limit, than = operator.array(1), np.less if operator.kind == "LESS" else np.greater
    if limit.size != 1:
        raise Misfit("it compares with more than one number")
    number = float(limit.item())
    return [unary(operator.drawing, operator.value(), operator.kind, lambda z: than(z, number).astype(float))]


def choose(operator: Operator) -> list[Value]:
    """``SELECT``, ``SELECT_V2``: of functions of the same values."""
    found = combined(operator.drawing, [operator.value(n) for n in range(3)], np.where, operator.kind)
    if found is None:
        raise Misfit("it chooses by what the network computes")
    return [found]


def concatenation(operator: Operator) -> list[Value]:
    """``CONCATENATION`` of features."""
    parts = [operator.value(n) for n in range(len(operator.inputs))]
    return [operator.activated(operator.drawing.concat(parts, operator.option("axis")))]


def reduction(operator: Operator) -> list[Value]:
    """``MEAN``, ``REDUCE_MAX``, ``SUM`` over steps or frequencies."""
    what = {"MEAN": "average", "REDUCE_MAX": "max", "SUM": "sum"}[operator.kind]
    axes = operator.constant(1).integers()
    keeps = bool(operator.option("keep_dims"))
    return [sequence.over_steps(operator.drawing, operator.value(), axes, what, keeps)]


def padding(operator: Operator) -> list[Value]:
    """``PAD`` with zeros, ahead of a convolution."""
    value, pads = operator.value(), operator.array(1)
    if pads.shape != (len(value.axes), 2):
        raise Misfit("its padding is not that of its axes")
    return [spatial.pad(operator.drawing, value, [(int(first), int(last)) for first, last in pads])]


def softmax(operator: Operator) -> list[Value]:
    """``SOFTMAX``, ``LOG_SOFTMAX``."""
    if operator.kind == "SOFTMAX" and operator.real("beta") != 1.0:
        raise Misfit("its option 'beta' is not 1")
    name = "softmax" if operator.kind == "SOFTMAX" else "log_softmax"
    return [operator.drawing.softmax(operator.value(), -1, name)]


def gelu(operator: Operator) -> list[Value]:
    """``GELU``."""
    name = "gelu_tanh" if operator.option("approximate") else "gelu"
    return [operator.drawing.activation(operator.value(), name)]


def leaky_relu(operator: Operator) -> list[Value]:
    """``LEAKY_RELU``."""
    return [operator.drawing.activation(operator.value(), with_parameters("leaky_relu", operator.real("alpha")))]


def prelu(operator: Operator) -> list[Value]:
    """``PRELU`` of one slope."""
    slope = operator.array(1)
    if not slope.size or np.ptp(slope) != 0.0:
        raise Misfit("it has a slope for each channel; known is one for all")
    name = with_parameters("leaky_relu", float(slope.reshape(-1)[0]))
    return [operator.drawing.activation(operator.value(), name)]


def embedding(operator: Operator) -> list[Value]:
    """``EMBEDDING_LOOKUP``: the rows of a table for words."""
    return [operator.drawing.embedding(operator.value(0), operator.array(1))]


def _function(name: str) -> Read:
    def read(operator: Operator) -> list[Value]:
        return [finished(operator.drawing, operator.drawing.activation(operator.value(), name))]

    return read


def _partial(function: Function) -> Read:
    def read(operator: Operator) -> list[Value]:
        return [finished(operator.drawing, unary(operator.drawing, operator.value(), operator.kind, function))]

    return read


def limited(operator: Operator) -> list[Value]:
    """``MAXIMUM``, ``MINIMUM`` of values and a number, as part of something that is spelled out."""
    one, other = operator.tensor(0), operator.tensor(1)
    value, limit = (other, one) if isinstance(one, Constant) else (one, other)
    if not isinstance(value, Value) or not isinstance(limit, Constant) or limit.fixed().size != 1:
        raise Misfit("it is of values and more than one number")
    number, choice = float(limit.array.item()), np.maximum if operator.kind == "MAXIMUM" else np.minimum
    return [finished(operator.drawing, unary(operator.drawing, value, operator.kind, lambda z: choice(z, number)))]


LAYERS: dict[str, Read] = {
    "UNIDIRECTIONAL_SEQUENCE_LSTM": lstm,
    "BIDIRECTIONAL_SEQUENCE_LSTM": bidirectional_lstm,
    "UNIDIRECTIONAL_SEQUENCE_RNN": rnn,
    "BIDIRECTIONAL_SEQUENCE_RNN": bidirectional_rnn,
    "FULLY_CONNECTED": fully_connected,
    "CONV_2D": convolution,
    "DEPTHWISE_CONV_2D": convolution,
    "MAX_POOL_2D": pooling,
    "AVERAGE_POOL_2D": pooling,
    "ADD": arithmetic,
    "SUB": arithmetic,
    "MUL": arithmetic,
    "DIV": arithmetic,
    "NEG": negative,
    "LESS": compare,
    "GREATER": compare,
    "SELECT": choose,
    "SELECT_V2": choose,
    "CONCATENATION": concatenation,
    "MEAN": reduction,
    "REDUCE_MAX": reduction,
    "SUM": reduction,
    "PAD": padding,
    "SOFTMAX": softmax,
    "LOG_SOFTMAX": softmax,
    "EMBEDDING_LOOKUP": embedding,
    "GELU": gelu,
    "LEAKY_RELU": leaky_relu,
    "PRELU": prelu,
    "MAXIMUM": limited,
    "MINIMUM": limited,
    "LOG": _partial(np.log),
    "ABS": _partial(np.abs),
    "SQRT": _partial(np.sqrt),
    "SQUARE": _partial(np.square),
    "RELU": _function("relu"),
    "RELU6": _function("relu6"),
    "RELU_N1_TO_1": _function("hard_tanh"),
    "ELU": _function("elu"),
    "TANH": _function("tanh"),
    "LOGISTIC": _function("sigmoid"),
    "HARD_SWISH": _function("hard_silu"),
    "EXP": _function("exponential"),
}
