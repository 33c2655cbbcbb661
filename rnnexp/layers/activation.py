"""The activations as tensors, with the slopes that hand-written gradients need, and as Keras layers take them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from rnnexp.network.activations import ACTIVATIONS, MAX_SLOPE


@dataclass(frozen=True)
class TensorActivation:
    """One activation at unit scale.

    Attributes:
        forward: pre-activation tensor -> output tensor.
        slope: *output* tensor -> derivative of the output by the pre-activation. Written in the output, so that
            a backward pass needs to keep nothing else.
    """

    forward: Callable[[Any], Any]
    slope: Callable[[Any], Any]


def _custom_slope(h: tf.Tensor) -> tf.Tensor:
    # h = sqrt(z), so dh/dz = 1 / (2 h); flat where clipped.
    inside = (h > 0) & (h < 1)
    return tf.where(inside, 0.5 / tf.maximum(h, 0.5 / MAX_SLOPE), tf.zeros_like(h))


# By name: those of ``rnnexp.network.activations``.
TENSOR_ACTIVATIONS = {
    "relu": TensorActivation(tf.nn.relu, lambda h: tf.cast(h > 0, h.dtype)),
    "tanh": TensorActivation(tf.tanh, lambda h: 1.0 - h * h),
    "sigmoid": TensorActivation(tf.sigmoid, lambda h: h * (1.0 - h)),
    "custom": TensorActivation(lambda z: tf.sqrt(tf.clip_by_value(z, 0.0, 1.0)), _custom_slope),
}


@keras.saving.register_keras_serializable(package="rnnexp")
class ScaledSqrt:
    """The custom activation as Keras takes it: ``f(x) = M * sqrt(clip(x, 0, M) / M)``.

    Args:
        max_value: ``M``, positive: the output's upper end, and the input from which it is reached.
    """

    def __init__(self, max_value: float = 1.0) -> None:
        self.max_value = float(max_value)
        self.__name__ = "custom"  # what Keras prints for it

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """Return the activation of ``x``, of any shape."""
        return self.max_value * _unit_sqrt(x / self.max_value)

    def get_config(self) -> dict[str, float]:
        """Return what ``from_config`` needs."""
        return {"max_value": self.max_value}

    @classmethod
    def from_config(cls, config: dict[str, float]) -> ScaledSqrt:
        """Return what ``get_config`` came from."""
        return cls(**config)


@tf.custom_gradient
def _unit_sqrt(z: tf.Tensor) -> Any:
    activation = TENSOR_ACTIVATIONS["custom"]
    output = activation.forward(z)
    return output, lambda upstream: upstream * activation.slope(output)


def keras_activation(name: str, max_value: float) -> Any:
    """Return what a Keras layer takes as ``activation`` for one of ours; ``max_value`` is the custom one's ``M``."""
    return ScaledSqrt(max_value) if ACTIVATIONS[name].scales else name


def tensor_activation(activation: Any) -> TensorActivation | None:
    """Return our form of a Keras layer's activation, or None for one that we have no slope for."""
    if isinstance(activation, ScaledSqrt):
        return TENSOR_ACTIVATIONS["custom"] if activation.max_value == 1.0 else None
    if activation in (keras.activations.relu, keras.activations.tanh, keras.activations.sigmoid):
        return TENSOR_ACTIVATIONS[activation.__name__]
    return None
