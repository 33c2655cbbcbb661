"""ONNX operators that act on numbers one by one: sums and products with constants, activation functions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import erf

from rnnexp.formats.foreign.axes import Misfit, Value
from rnnexp.formats.foreign.constant import Constant
from rnnexp.formats.foreign.pointwise import combined, finished, has_unfinished, unary
from rnnexp.formats.onnx.operator import Operator, Tensor
from rnnexp.network.activations import Function
from rnnexp.network.functions import with_parameters

Read = Callable[[Operator], list[Tensor]]


def _pair(operator: Operator) -> tuple[Tensor, Tensor]:
    operator.expect("broadcast", 1)  # opset 6 and before
    return operator.tensor(0), operator.tensor(1)


def add(operator: Operator) -> list[Tensor]:
    """``Add``, ``Sum``: of a constant, or of values."""
    drawing = operator.drawing
    parts = [operator.tensor(n) for n in range(len(operator.inputs))]
    values = [part for part in parts if isinstance(part, Value)]
    constants = [part.fixed() for part in parts if isinstance(part, Constant)]
    if len(values) + len(constants) < len(parts):
        raise Misfit("it adds several layers' states")
    found = values[0]
    if len(values) == 2 and any(has_unfinished(drawing, value) for value in values):
        found = _both(operator, values[0], values[1], np.add)
    elif len(values) > 1:
        found = drawing.add(values)
    for array in constants:
        found = finished(drawing, drawing.affine(_outer(found, array), None, array))
    return [found]


def subtract(operator: Operator) -> list[Tensor]:
    """``Sub``: of a constant, or of values."""
    drawing = operator.drawing
    one, other = _pair(operator)
    if isinstance(one, Value) and isinstance(other, Constant):
        return [finished(drawing, drawing.affine(_outer(one, other.array), None, -other.fixed()))]
    if isinstance(one, Constant) and isinstance(other, Value):
        return [finished(drawing, drawing.affine(_outer(other, one.array), np.array(-1.0), one.fixed()))]
    if isinstance(one, Value) and isinstance(other, Value):
        if has_unfinished(drawing, one) or has_unfinished(drawing, other):
            return [_both(operator, one, other, np.subtract)]
        return [drawing.add([one, drawing.affine(other, np.array(-1.0))])]
    raise Misfit("it takes several layers' states")


def multiply(operator: Operator) -> list[Tensor]:
    """``Mul``: by a constant, or of two functions of the same values, as in a silu."""
    one, other = _pair(operator)
    if isinstance(one, Constant):
        one, other = other, one
    if isinstance(one, Value) and isinstance(other, Constant):
        drawing = operator.drawing
        return [finished(drawing, drawing.affine(_outer(one, other.array), other.fixed()))]
    if isinstance(one, Value) and isinstance(other, Value):
        return [_both(operator, one, other, np.multiply)]
    raise Misfit("it takes several layers' states")


def divide(operator: Operator) -> list[Tensor]:
    """``Div`` by a constant."""
    one, other = _pair(operator)
    if isinstance(one, Value) and isinstance(other, Constant):
        if not np.all(other.fixed()):
            raise Misfit("it divides by 0")
        scale = 1.0 / other.fixed().astype(np.float64)
        return [finished(operator.drawing, operator.drawing.affine(_outer(one, scale), scale))]
    if isinstance(one, Value) and isinstance(other, Value):
        return [_both(operator, one, other, np.divide)]
    raise Misfit("it divides a constant by values")


def negative(operator: Operator) -> list[Tensor]:
    """``Neg``."""
    return [operator.drawing.affine(operator.value(), np.array(-1.0))]


def power(operator: Operator) -> list[Tensor]:
    """``Pow`` with a constant exponent, as a gelu has it."""
    exponent = operator.array(1)
    if exponent.size != 1:
        raise Misfit("its exponent is not one number")
    number = float(exponent.item())
    return [unary(operator.drawing, operator.value(), "Pow", lambda z: np.power(z, number))]


def _both(operator: Operator, one: Value, other: Value, how: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Value:
    found = combined(operator.drawing, [one, other], how, f"{operator.kind} of two values")
    if found is None:
        raise Misfit(OF_TWO)
    return found


def _outer(value: Value, array: np.ndarray) -> Value:
    """Return a tensor with as many axes as a constant beside it, where that has more of size 1."""
    extra = np.ndim(array) - len(value.axes)
    return value.unsqueeze(range(extra)) if extra > 0 else value


def _function(name: str) -> Read:
    def read(operator: Operator) -> list[Tensor]:
        made = operator.drawing.activation(operator.value(), name)
        return [finished(operator.drawing, made)]

    return read


def _partial(function: Function) -> Read:
    def read(operator: Operator) -> list[Tensor]:
        return [finished(operator.drawing, unary(operator.drawing, operator.value(), operator.kind, function))]

    return read


def leaky_relu(operator: Operator) -> list[Tensor]:
    """``LeakyRelu``."""
    name = with_parameters("leaky_relu", operator.attribute("alpha", 0.01))
    return [operator.drawing.activation(operator.value(), name)]


def prelu(operator: Operator) -> list[Tensor]:
    """``PRelu`` of one slope."""
    slope = operator.array(1)
    if np.ptp(slope) != 0.0:
        raise Misfit("it has a slope for each channel; known is one for all")
    name = with_parameters("leaky_relu", float(slope.reshape(-1)[0]))
    return [operator.drawing.activation(operator.value(), name)]


def elu(operator: Operator) -> list[Tensor]:
    """``Elu``."""
    name = with_parameters("elu", operator.attribute("alpha", 1.0))
    return [operator.drawing.activation(operator.value(), name)]


def celu(operator: Operator) -> list[Tensor]:
    """``Celu``."""
    name = with_parameters("celu", operator.attribute("alpha", 1.0))
    return [operator.drawing.activation(operator.value(), name)]


def compare(operator: Operator) -> list[Tensor]:
    """``Greater``, ``Less`` than a number, as a spelled out softplus has it."""
    limit = operator.array(1)
    if limit.size != 1:
        raise Misfit("it compares with more than one number")
    number, than = float(limit.item()), np.greater if operator.kind == "Greater" else np.less
    return [unary(operator.drawing, operator.value(), operator.kind, lambda z: than(z, number).astype(float))]


def limited(operator: Operator) -> list[Tensor]:
    """``Max``, ``Min`` of values and a number, as part of something that is spelled out."""
    parts = [operator.tensor(n) for n in range(len(operator.inputs))]
    values = [part for part in parts if isinstance(part, Value)]
    limits = [part.fixed() for part in parts if isinstance(part, Constant)]
    if len(values) != 1 or len(limits) != 1 or limits[0].size != 1:
        raise Misfit("it is of values and more than one number")
    number, choice = float(limits[0].item()), np.maximum if operator.kind == "Max" else np.minimum
    made = unary(operator.drawing, values[0], operator.kind, lambda z: choice(z, number))
    return [finished(operator.drawing, made)]


def choose(operator: Operator) -> list[Tensor]:
    """``Where``: of functions of the same values."""
    found = combined(operator.drawing, [operator.value(n) for n in range(3)], np.where, "Where")
    if found is None:
        raise Misfit("it chooses by what the network computes")
    return [found]


def selu(operator: Operator) -> list[Tensor]:
    """``Selu``."""
    alpha, gamma = operator.attribute("alpha", 1.67326319217681), operator.attribute("gamma", 1.0507010221481323)
    if abs(alpha - 1.6732632) > 1e-6 or abs(gamma - 1.0507010) > 1e-6:
        raise Misfit("it is a selu with other constants")
    return [operator.drawing.activation(operator.value(), "selu")]


def hard_sigmoid(operator: Operator) -> list[Tensor]:
    """``HardSigmoid``."""
    slope, offset = operator.attribute("alpha", 0.2), operator.attribute("beta", 0.5)
    return [operator.drawing.activation(operator.value(), with_parameters("hard_sigmoid", slope, offset))]


def gelu(operator: Operator) -> list[Tensor]:
    """``Gelu``."""
    operator.expect("approximate", "none", "tanh")
    name = "gelu_tanh" if operator.attribute("approximate", "none") == "tanh" else "gelu"
    return [operator.drawing.activation(operator.value(), name)]


def clip(operator: Operator) -> list[Tensor]:
    """``Clip``: relu, relu6, a hard tanh, or one of other limits by way of that."""
    low, high = operator.attribute("min", None), operator.attribute("max", None)
    low = float(operator.array(1).item()) if operator.given(1) else low
    high = float(operator.array(2).item()) if operator.given(2) else high
    low = -np.inf if low is None or low < -3e38 else low
    high = np.inf if high is None or high > 3e38 else high
    drawing, value = operator.drawing, operator.value()
    if not low < high:
        raise Misfit(f"its limits are {low} and {high}")
    if low == -np.inf and high == np.inf:
        return [value]
    if low == 0.0:
        name = "relu" if high == np.inf else "relu6" if high == 6.0 else f"clipped_relu(0.0,{high!r},0.0)"
        return [finished(drawing, drawing.activation(value, name))]
    if low == -np.inf or high == np.inf:
        raise Misfit("it has one limit, and that is not 0")
    middle, half = (low + high) / 2.0, (high - low) / 2.0
    inner = drawing.activation(drawing.affine(value, np.array(1.0 / half), np.array(-middle / half)), "hard_tanh")
    return [finished(drawing, drawing.affine(inner, np.array(half), np.array(middle)))]


def softmax(operator: Operator) -> list[Tensor]:
    """``Softmax``, ``LogSoftmax``."""
    value = operator.value()
    axis = operator.attribute("axis", -1 if operator.options.opset >= 13 else 1)
    if operator.options.opset < 13:
        # Until then all axes from this one on are one.
        places = [n for n in range(value.place(axis), len(value.axes)) if value.axes[n]]
        if len(places) > 1:
            raise Misfit("its shares are of several axes together")
        axis = places[0] if places else -1
    name = "softmax" if operator.kind == "Softmax" else "log_softmax"
    return [operator.drawing.softmax(value, axis, name)]


OF_TWO = "it is of two values that the network computes"

ELEMENTWISE: dict[str, Read] = {
    "Add": add,
    "Sum": add,
    "Sub": subtract,
    "Mul": multiply,
    "Div": divide,
    "Neg": negative,
    "Pow": power,
    "Erf": _partial(erf),
    "Sqrt": _partial(np.sqrt),
    "Log": _partial(np.log),
    "Max": limited,
    "Min": limited,
    "Abs": _partial(np.abs),
    "HardSwish": _function("hard_silu"),
    "Celu": celu,
    "Greater": compare,
    "Less": compare,
    "Where": choose,
    "Relu": _function("relu"),
    "Tanh": _function("tanh"),
    "Sigmoid": _function("sigmoid"),
    "Softplus": _function("softplus"),
    "Softsign": _function("softsign"),
    "Exp": _function("exponential"),
    "Mish": _function("mish"),
    "LeakyRelu": leaky_relu,
    "PRelu": prelu,
    "Elu": elu,
    "Selu": selu,
    "HardSigmoid": hard_sigmoid,
    "Gelu": gelu,
    "Clip": clip,
    "Softmax": softmax,
    "LogSoftmax": softmax,
}
