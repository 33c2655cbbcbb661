"""The activations a recurrent cell can have: forward, slope and working point, by name.

``M`` is the custom activation's ``custom_max_value``. Training happens at unit scale (``M = 1``, see
``rnnexp.training.model``), so everything here is a plain function of the pre-activation ``z``, plus the one class that
a Keras model with another ``M`` needs.

TensorFlow is imported inside the functions, so that the names can be checked without loading it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

# The slope of sqrt grows without bound towards 0. Where it exceeds this, the gradient uses this instead.
MAX_SLOPE = 4.0


@dataclass(frozen=True)
class Activation:
    """One activation.

    Attributes:
        name: what the user writes in ``ACTIVATION``.
        forward: pre-activation tensor -> output tensor, at unit scale.
        slope: *output* tensor -> derivative of the output by the pre-activation. Written in the output, so that
            a backward pass needs to keep nothing else.
        table: pre-activation array -> output array, in NumPy and float64: the activation's specification.
        working_point: a ``(z, output)`` pair in the steep part: where training starts, and around which it is centred.
        scales: whether outputs grow with ``custom_max_value``.
        recurrent_gain: of the orthogonal initial recurrent kernel.
        input_gain: of the uniform initial input kernel (Keras' ``VarianceScaling``; 1 is Glorot's).
    """

    name: str
    forward: Callable[[Any], Any]
    slope: Callable[[Any], Any]
    table: Callable[[np.ndarray], np.ndarray]
    working_point: tuple[float, float]
    scales: bool = False
    recurrent_gain: float = 1.0
    input_gain: float = 1.0


def _tanh(z: Any) -> Any:
    import tensorflow as tf

    return tf.tanh(z)


def _sigmoid(z: Any) -> Any:
    import tensorflow as tf

    return tf.sigmoid(z)


def _relu(z: Any) -> Any:
    import tensorflow as tf

    return tf.nn.relu(z)


def _relu_slope(h: Any) -> Any:
    import tensorflow as tf

    return tf.cast(h > 0, h.dtype)


def _custom(z: Any) -> Any:
    import tensorflow as tf

    return tf.sqrt(tf.clip_by_value(z, 0.0, 1.0))


def _custom_slope(h: Any) -> Any:
    # h = sqrt(z), so dh/dz = 1 / (2 h); flat where clipped.
    import tensorflow as tf

    inside = (h > 0) & (h < 1)
    return tf.where(inside, 0.5 / tf.maximum(h, 0.5 / MAX_SLOPE), tf.zeros_like(h))


ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("relu", _relu, _relu_slope, lambda z: np.maximum(z, 0.0), (0.5, 0.5)),
        Activation("tanh", _tanh, lambda h: 1.0 - h * h, np.tanh, (0.0, 0.0)),
        Activation("sigmoid", _sigmoid, lambda h: h * (1.0 - h), lambda z: 1.0 / (1.0 + np.exp(-z)), (0.0, 0.5)),
        Activation(
            "custom",
            _custom,
            _custom_slope,
            lambda z: np.sqrt(np.clip(z, 0.0, 1.0)),
            (0.25, 0.5),
            scales=True,
            recurrent_gain=0.5,
            input_gain=0.3,
        ),
    )
}
