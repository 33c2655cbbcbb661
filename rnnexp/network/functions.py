"""The functions that other people's networks have in layers and gates, by name; ours train with four of them.

A name may have parameters, in the order of ``FUNCTIONS``: ``leaky_relu(0.2)``, ``hard_sigmoid(0.2, 0.5)``. Names and
what parameters are by default are Keras 3's; ``hard_sigmoid_keras2`` is what Keras 1 and 2 and ONNX call
``hard_sigmoid``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import TypeVar

import numpy as np

from rnnexp.errors import UserError
from rnnexp.network.activations import ACTIVATIONS, Function, in_units, sigmoid, state_scale

FunctionT = TypeVar("FunctionT")
_NAME = re.compile(r"(?P<name>\w+)(\((?P<parameters>[^()]*)\))?")
# Klambauer et al. 2017.
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805
# Beyond this, exp of it is no float64.
_LARGEST_EXPONENT = 700.0


@dataclass(frozen=True)
class Clip:
    """The identity, but for what is cut off at two limits: in integers, such a function needs no table."""

    low: float
    high: float

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Return the function of ``z``."""
        return np.clip(z, self.low, self.high)


@dataclass(frozen=True)
class Functions:
    """The functions of a layer.

    Attributes:
        activation: pre-activations -> outputs.
        gate: sums of a gate -> the gate, between 0 and 1.
    """

    activation: Function
    gate: Function = sigmoid


def _exp(z: np.ndarray) -> np.ndarray:
    return np.exp(np.minimum(z, _LARGEST_EXPONENT))


def _softplus(z: np.ndarray) -> np.ndarray:
    return np.logaddexp(0.0, z)


def _elu(alpha: float = 1.0) -> Function:
    return lambda z: np.where(z > 0.0, z, alpha * np.expm1(np.minimum(z, 0.0)))


def _celu(alpha: float = 1.0) -> Function:
    return lambda z: np.where(z > 0.0, z, alpha * np.expm1(np.minimum(z, 0.0) / alpha))


def _selu() -> Function:
    return lambda z: _SELU_SCALE * _elu(_SELU_ALPHA)(z)


def _leaky_relu(slope: float = 0.2) -> Function:
    return lambda z: np.where(z > 0.0, z, slope * z)


def _gelu(z: np.ndarray) -> np.ndarray:
    from scipy.special import erf

    return 0.5 * z * (1.0 + erf(z / np.sqrt(2.0)))


def _gelu_approximate(z: np.ndarray) -> np.ndarray:
    return 0.5 * z * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (z + 0.044715 * z**3)))


def _hard_sigmoid(alpha: float = 1.0 / 6.0, beta: float = 0.5) -> Function:
    return lambda z: np.clip(alpha * z + beta, 0.0, 1.0)


def _clipped_relu(slope: float = 0.0, most: float = np.inf, threshold: float = 0.0) -> Function:
    if slope == threshold == 0.0:
        return Clip(0.0, most)
    return lambda z: np.where(z >= threshold, np.minimum(z, most), slope * (z - threshold))


def _constant(function: Function) -> Callable[[], Function]:
    """Return what gives a function that has no parameters."""
    return lambda: function


# Name -> what makes the function of its parameters.
FUNCTIONS: dict[str, Callable[..., Function]] = {
    "linear": _constant(Clip(-np.inf, np.inf)),
    "relu": _constant(Clip(0.0, np.inf)),
    "relu6": _constant(Clip(0.0, 6.0)),
    "hard_tanh": _constant(Clip(-1.0, 1.0)),
    "clip": Clip,
    "tanh": _constant(np.tanh),
    "sigmoid": _constant(sigmoid),
    "hard_sigmoid": _hard_sigmoid,
    "hard_sigmoid_keras2": lambda: _hard_sigmoid(0.2),
    "leaky_relu": _leaky_relu,
    # slope below the threshold, largest value, threshold: as Keras has it
    "clipped_relu": _clipped_relu,
    "thresholded_relu": lambda threshold=1.0: lambda z: np.where(z > threshold, z, 0.0),
    "elu": _elu,
    "celu": _celu,
    "selu": _selu,
    "gelu": _constant(_gelu),
    "gelu_tanh": _constant(_gelu_approximate),
    "softplus": _constant(_softplus),
    "softsign": _constant(lambda z: z / (1.0 + np.abs(z))),
    "silu": _constant(lambda z: z * sigmoid(z)),
    "hard_silu": _constant(lambda z: z * _hard_sigmoid()(z)),
    "mish": _constant(lambda z: z * np.tanh(_softplus(z))),
    "log_sigmoid": _constant(lambda z: -_softplus(-z)),
    "exponential": _constant(_exp),
    # this project's custom activation; its parameter is the largest value
    "scaled_sqrt": lambda most=1.0: lambda z: most * np.sqrt(np.clip(z / most, 0.0, 1.0)),
    "affine": lambda alpha=1.0, beta=0.0: lambda z: alpha * z + beta,
    "scaled_tanh": lambda alpha=1.0, beta=1.0: lambda z: alpha * np.tanh(beta * z),
}
# Those that gates can have: nothing else stays between 0 and 1.
GATES = ("sigmoid", "hard_sigmoid", "hard_sigmoid_keras2")


def function(name: str) -> Function:
    """Return the function of a name, with parameters or without.

    Raises:
        UserError: if there is none.
    """
    return parsed(name, FUNCTIONS)


def parsed(name: str, functions: Mapping[str, Callable[..., FunctionT]]) -> FunctionT:
    """Return what a name stands for among functions, each a function of its parameters.

    Raises:
        UserError: if it is none of them.
    """
    parts = _NAME.fullmatch(name)
    if not parts or parts["name"] not in functions:
        raise UserError(f"there is no activation {name!r} (there are: {', '.join(functions)})")
    try:
        return functions[parts["name"]](*map(float, filter(None, re.split(r",\s*", parts["parameters"] or ""))))
    except (TypeError, ValueError):
        raise UserError(f"activation {name!r}: these are no parameters of {parts['name']}") from None


def in_own_units(name: str, max_value: float) -> Function:
    """Return the function of a name that a layer has, ours or somebody else's, in the user's numbers.

    Raises:
        UserError: if there is none.
    """
    # Of relu and the like there is more than one form, but custom is only there.
    return in_units(name, max_value) if name in ACTIVATIONS and name not in FUNCTIONS else function(name)


def scale(name: str, max_value: float = 1.0) -> float:
    """Return ``M`` of the custom activation, whichever name it has, and 1 of all others."""
    if name.startswith("scaled_sqrt"):
        # At its largest it is that.
        return float(function(name)(np.array(np.inf)))
    return state_scale(name, max_value)


def divided(function: Function, by: float) -> Function:
    """Return a function of numbers that are divided first."""
    return function if by == 1.0 else lambda z: function(z / by)


def gate(name: str) -> Function:
    """Return the function of a gate.

    Raises:
        UserError: if it is none that a gate can have.
    """
    parts = _NAME.fullmatch(name)
    if not parts or parts["name"] not in GATES:
        raise UserError(f"gates cannot have the function {name!r}: known are {', '.join(GATES)}")
    return function(name)


def with_parameters(name: str, *parameters: float) -> str:
    """Return the name of a function with these parameters; without them if they are those that it has anyway."""
    usual = tuple(parameter.default for parameter in signature(FUNCTIONS[name]).parameters.values())
    if parameters == usual:
        return name
    return f"{name}({', '.join(repr(float(parameter)) for parameter in parameters)})"
