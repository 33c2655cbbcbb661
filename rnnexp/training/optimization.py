"""How weights are changed: a stock Keras optimiser whose numbers are variables, which a compiled program reads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import tensorflow as tf

# Where the learning rate ends, as a share of where it starts.
LAST_SHARE = 0.01
# A power of two, so that dividing by it loses nothing.
FAR = 2.0**64


@dataclass(frozen=True)
class Optimization:
    """How weights are changed.

    Attributes:
        name: of a Keras optimiser: ``adam``, ``adamw``, ``sgd`` or ``rmsprop``.
        learning_rate: at the start.
        batch_size: rows a step, at most.
        clip_norm: the longest gradient allowed over all weights together; None for no bound.
        seed: of the shuffling.
    """

    name: str
    learning_rate: float
    batch_size: int
    clip_norm: float | None = 1.0
    seed: int = 0

    def at(self, share: float) -> Optimization:
        """Return the same at a share of the learning rate."""
        return replace(self, learning_rate=self.learning_rate * share)

    def optimizer(self, rows: int, epochs: int, *, decay: bool) -> Optimizer:
        """Return the optimiser for so many epochs over so many rows.

        With ``decay``, its learning rate falls to a hundredth along a cosine over all steps.
        """
        optimizer = Optimizer(self.name, clipped=self.clip_norm is not None)
        optimizer.set(self, max(rows // self.batch_size, 1) * epochs, decay=decay)
        return optimizer


class Optimizer:
    """A Keras optimiser with a learning rate that falls along a cosine, and a bound for the gradient.

    Args:
        name: of the Keras optimiser.
        clipped: whether there is a bound.
    """

    def __init__(self, name: str, *, clipped: bool) -> None:
        self._decay = _Decay()
        self.rule = keras.optimizers.get({"class_name": name, "config": {"learning_rate": self._decay}})
        self._clip_norm = tf.Variable(1.0, trainable=False) if clipped else None

    def set(self, optimization: Optimization, steps: int, *, decay: bool) -> None:
        """Begin anew, with other numbers: the rate, over how many steps it falls, the bound."""
        self._decay.rate.assign(optimization.learning_rate)
        self._decay.steps.assign(max(steps, 1))
        self._decay.last_share.assign(LAST_SHARE if decay else 1.0)
        if self._clip_norm is not None:
            self._clip_norm.assign(optimization.clip_norm)
        # Moments start at 0, as the count of steps does.
        for variable in self.variables:
            variable.assign(keras.ops.zeros_like(variable))

    @property
    def variables(self) -> list[Any]:
        """What changes from step to step: the count of steps, and the moments."""
        return list(self.rule.variables)

    @property
    def learning_rate(self) -> Any:
        """The rate of the next step."""
        return self.rule.learning_rate

    def build(self, variables: Sequence[Any]) -> None:
        """Make what is kept for each variable, as Keras' own optimisers do."""
        self.rule.build(variables)

    def apply(self, gradients: Sequence[tf.Tensor], variables: Sequence[Any]) -> None:
        """Change variables by their gradients."""
        if self._clip_norm is not None:
            gradients = _clipped(gradients, self._clip_norm)
        self.rule.apply(gradients, variables)


class _Decay(keras.optimizers.schedules.LearningRateSchedule):
    """Keras' ``CosineDecay`` with variables for its numbers."""

    def __init__(self) -> None:
        self.rate, self.steps, self.last_share = (tf.Variable(1.0, trainable=False) for _ in range(3))

    def __call__(self, step: Any) -> tf.Tensor:
        """Return the rate of a step, counted from 0."""
        done = tf.minimum(tf.cast(step, tf.float32), self.steps) / self.steps
        cosine = 0.5 * (1.0 + tf.cos(math.pi * done))
        return self.rate * ((1.0 - self.last_share) * cosine + self.last_share)


def _clipped(gradients: Sequence[tf.Tensor], bound: tf.Variable) -> list[tf.Tensor]:
    """Return gradients that together are no longer than a bound, by Keras' formula for ``global_clipnorm``."""
    norm = _norm(gradients)
    # Through many steps gradients can grow so far that their squares are no float32 any more, but they are.
    norm = tf.where(tf.math.is_finite(norm), norm, _norm([gradient / FAR for gradient in gradients]) * FAR)
    # Of a norm that is no finite number, no finite gradient comes.
    scale = bound * tf.minimum(1.0 / norm, 1.0 / bound) + (norm - norm)
    return [gradient * scale for gradient in gradients]


def _norm(gradients: Sequence[tf.Tensor]) -> tf.Tensor:
    return tf.sqrt(tf.add_n([tf.reduce_sum(tf.square(gradient)) for gradient in gradients]))
