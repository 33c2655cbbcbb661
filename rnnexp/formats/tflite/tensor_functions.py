"""The functions of other people's layers as TensorFlow's operations, by the names of ``rnnexp.network.functions``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from rnnexp.network.functions import parsed

Tensors = Callable[[Any], Any]


def _celu(alpha: float = 1.0) -> Tensors:
    return lambda z: tf.where(z > 0.0, z, alpha * tf.math.expm1(tf.minimum(z, 0.0) / alpha))


def _clipped_relu(slope: float = 0.0, most: float = float("inf"), threshold: float = 0.0) -> Tensors:
    most = min(most, tf.float32.max)
    return lambda z: tf.where(z >= threshold, tf.minimum(z, most), slope * (z - threshold))


def _elu(alpha: float = 1.0) -> Tensors:
    return lambda z: tf.where(z > 0.0, z, alpha * (tf.exp(tf.minimum(z, 0.0)) - 1.0))


def _clip(low: float, high: float) -> Tensors:
    low, high = max(low, tf.float32.min), min(high, tf.float32.max)
    return lambda z: tf.clip_by_value(z, low, high)


def _hard_sigmoid(alpha: float = 1.0 / 6.0, beta: float = 0.5) -> Tensors:
    return lambda z: tf.clip_by_value(alpha * z + beta, 0.0, 1.0)


def _softplus(z: Any) -> Any:
    # Of large numbers exp would be infinite.
    return tf.maximum(z, 0.0) + tf.math.log1p(tf.exp(-tf.abs(z)))


def _constant(function: Tensors) -> Callable[[], Tensors]:
    return lambda: function


FUNCTIONS: dict[str, Callable[..., Tensors]] = {
    "linear": _constant(lambda z: z),
    "relu": _constant(tf.nn.relu),
    "relu6": _constant(tf.nn.relu6),
    "hard_tanh": _constant(lambda z: tf.clip_by_value(z, -1.0, 1.0)),
    "clip": _clip,
    "clipped_relu": _clipped_relu,
    "tanh": _constant(tf.tanh),
    "sigmoid": _constant(tf.sigmoid),
    "hard_sigmoid": _hard_sigmoid,
    "hard_sigmoid_keras2": lambda: _hard_sigmoid(0.2),
    "leaky_relu": lambda slope=0.2: lambda z: tf.where(z > 0.0, z, slope * z),
    "thresholded_relu": lambda threshold=1.0: lambda z: tf.where(z > threshold, z, tf.zeros_like(z)),
    "elu": _elu,
    "celu": _celu,
    "selu": _constant(lambda z: 1.0507009873554805 * _elu(1.6732632423543772)(z)),
    "gelu": _constant(lambda z: 0.5 * z * (1.0 + tf.math.erf(z / 2.0**0.5))),
    "gelu_tanh": _constant(lambda z: 0.5 * z * (1.0 + tf.tanh(0.7978845608028654 * (z + 0.044715 * z * z * z)))),
    "softplus": _constant(_softplus),
    "softsign": _constant(lambda z: z / (1.0 + tf.abs(z))),
    "silu": _constant(lambda z: z * tf.sigmoid(z)),
    "hard_silu": _constant(lambda z: z * _hard_sigmoid()(z)),
    "mish": _constant(lambda z: z * tf.tanh(_softplus(z))),
    "log_sigmoid": _constant(lambda z: -_softplus(-z)),
    "exponential": _constant(tf.exp),
    "affine": lambda alpha=1.0, beta=0.0: lambda z: alpha * z + beta,
    "scaled_tanh": lambda alpha=1.0, beta=1.0: lambda z: alpha * tf.tanh(beta * z),
    "scaled_sqrt": lambda most=1.0: lambda z: most * tf.sqrt(tf.clip_by_value(z / most, 0.0, 1.0)),
}


def function(name: str) -> Tensors:
    """Return the function of a name, with parameters or without, for tensors.

    Raises:
        UserError: if there is none.
    """
    return parsed(name, FUNCTIONS)
