"""Activation functions of foreign networks, by name, some with parameters: ``leaky_relu(0.2)``."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from scipy.special import erf, expit

from rnnexp.network.activations import Function

_CALL = re.compile(r"(?P<name>[a-z0-9_]+)(\((?P<parameters>[-+0-9.e]+(,[-+0-9.e]+)*)\))?")

# name -> (function of z and its parameters, these parameters' values where none are given)
FUNCTIONS: dict[str, tuple[Callable[..., np.ndarray], tuple[float, ...]]] = {
    "linear": (lambda z: z, ()),
    "relu": (lambda z: np.maximum(z, 0.0), ()),
    "relu6": (lambda z: np.clip(z, 0.0, 6.0), ()),
    # slope below the threshold, largest value, threshold: as Keras has it
    "clipped_relu": (
        lambda z, slope, most, threshold: np.where(z >= threshold, np.minimum(z, most), slope * (z - threshold)),
        (0.0, np.inf, 0.0),
    ),
    "leaky_relu": (lambda z, slope: np.where(z >= 0.0, z, slope * z), (0.2,)),
    "elu": (lambda z, alpha: np.where(z >= 0.0, z, alpha * np.expm1(np.minimum(z, 0.0))), (1.0,)),
    "selu": (
        lambda z: 1.0507009873554805 * np.where(z >= 0.0, z, 1.6732632423543772 * np.expm1(np.minimum(z, 0.0))),
        (),
    ),
    "gelu": (lambda z: 0.5 * z * (1.0 + erf(z / np.sqrt(2.0))), ()),
    "gelu_tanh": (
        lambda z: 0.5 * z * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (z + 0.044715 * z**3))),
        (),
    ),
    "silu": (lambda z: z * expit(z), ()),
    "hard_silu": (lambda z: z * np.clip(z / 6.0 + 0.5, 0.0, 1.0), ()),
    "celu": (lambda z, alpha: np.where(z >= 0.0, z, alpha * np.expm1(np.minimum(z, 0.0) / alpha)), (1.0,)),
    "mish": (lambda z: z * np.tanh(np.logaddexp(z, 0.0)), ()),
    "softplus": (lambda z: np.logaddexp(z, 0.0), ()),
    "softsign": (lambda z: z / (1.0 + np.abs(z)), ()),
    "tanh": (np.tanh, ()),
    "hard_tanh": (lambda z: np.clip(z, -1.0, 1.0), ()),
    "sigmoid": (expit, ()),
    # slope and offset: 1/6 and 1/2 of Keras 3 and PyTorch, 1/5 and 1/2 of Keras 2 and ONNX
    "hard_sigmoid": (lambda z, slope, offset: np.clip(slope * z + offset, 0.0, 1.0), (1 / 6, 0.5)),
    "exponential": (lambda z: np.exp(np.minimum(z, 700.0)), ()),
}


def function(text: str) -> Function:
    """Return the function that a text names.

    Raises:
        ValueError: if there is none of this name, or it has other parameters.
    """
    found = _CALL.fullmatch(text)
    if not found or found["name"] not in FUNCTIONS:
        raise ValueError(f"there is no activation function {text!r} (there are: {', '.join(FUNCTIONS)})")
    made, defaults = FUNCTIONS[found["name"]]
    given = tuple(float(number) for number in found["parameters"].split(",")) if found["parameters"] else defaults
    if len(given) != len(defaults):
        raise ValueError(f"{found['name']} has {len(defaults)} parameters, not those of {text!r}")
    return lambda z: made(np.asarray(z, np.float64), *given)


def with_parameters(name: str, *parameters: float) -> str:
    """Return the text that names a function with parameters; without them if they are those that it has anyway.

    Raises:
        ValueError: if there is no such function.
    """
    if name not in FUNCTIONS:
        raise ValueError(f"there is no activation function {name!r} (there are: {', '.join(FUNCTIONS)})")
    if tuple(parameters) == FUNCTIONS[name][1]:
        return name
    return f"{name}({','.join(repr(float(number)) for number in parameters)})"
