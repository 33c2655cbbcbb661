"""Our activations as Keras layers take them."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from rnnexp.network.activations import ACTIVATIONS, Activation


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
    rule = ACTIVATIONS["custom"]
    output = rule.forward(z)
    return output, lambda upstream: upstream * rule.slope(output)


def keras_activation(name: str, max_value: float) -> Any:
    """Return what a Keras layer takes as ``activation`` for one of ours; ``max_value`` is the custom one's ``M``."""
    return ScaledSqrt(max_value) if ACTIVATIONS[name].scales else name


def rule_of(activation: Any) -> Activation | None:
    """Return our form of a Keras layer's activation, or None for one that we have no slope for."""
    if isinstance(activation, ScaledSqrt):
        return ACTIVATIONS["custom"] if activation.max_value == 1.0 else None
    if activation in (keras.activations.relu, keras.activations.tanh, keras.activations.sigmoid):
        return ACTIVATIONS[activation.__name__]
    return None
