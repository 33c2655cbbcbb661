"""Recurrent layers with a hand-written backward pass: drop-in for Keras' own, with the same weights.

What automatic differentiation of a loop costs is bookkeeping: it stacks every intermediate of every step. Here the
product of the input is taken out of the loop, the loop back in time carries only the state's gradient, and the
weights' gradients are one matrix product each, after it.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from rnnexp.activations import ACTIVATIONS, Activation

# Up to this many units a step's product is faster as one fused multiply-and-add loop over the batch than as a call
# into the matrix library (benchmarks/train_speed.py: 0.36 against 0.57 ms a training step at 10 units, equal at 24).
FUSED_UNITS = 20


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


@keras.saving.register_keras_serializable(package="rnnexp")
class SimpleRNN(keras.layers.SimpleRNN):
    """Keras' ``SimpleRNN`` with the fast backward pass; what that does not cover runs as Keras has it.

    With centres it computes ``(x - input_center) @ kernel + (h - state_center) @ recurrent_kernel + bias``: the same
    family of networks (``rnnexp.model.fold`` gives the plain bias), but weights and bias no longer pull at the same
    thing, which activations whose outputs are all positive need in order to train.
    """

    def __init__(self, units: int, *, input_center: float = 0.0, state_center: float = 0.0, **options: Any) -> None:
        super().__init__(units, **options)
        self.input_center = input_center
        self.state_center = state_center

    def get_config(self) -> dict[str, Any]:
        """Return Keras' settings and the centres."""
        centers = {"input_center": self.input_center, "state_center": self.state_center}
        return {**super().get_config(), **centers}

    def call(
        self,
        sequences: tf.Tensor,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,
    ) -> tf.Tensor:
        """Return the last state ``[batch, units]``, or all of them with ``return_sequences``, as Keras does.

        Raises:
            ValueError: if centres are set together with something that only Keras' own loop can do.
        """
        rule = self._rule()
        dropping = training and (self.cell.dropout or self.cell.recurrent_dropout)
        special = self.stateful or self.return_state or initial_state is not None or mask is not None
        if rule is None or dropping or special:
            if self.input_center or self.state_center:
                raise ValueError("centres need one of our activations, and no mask, dropout, or state of one's own")
            return super().call(sequences, initial_state=initial_state, mask=mask, training=training)
        if self.go_backwards:
            sequences = tf.reverse(sequences, axis=(1,))
        kernel, recurrent_kernel = self.cell.kernel.value, self.cell.recurrent_kernel.value
        bias = -self.state_center * tf.reduce_sum(recurrent_kernel, axis=0)
        if self.cell.use_bias:
            bias += self.cell.bias.value
        time_first = tf.transpose(sequences, (1, 0, 2)) - self.input_center
        result = scan(time_first, kernel, recurrent_kernel, bias, rule, every_step=self.return_sequences)
        return tf.transpose(result, (1, 0, 2)) if self.return_sequences else result

    def _rule(self) -> Activation | None:
        """Return our form of this layer's activation, or None for one that we have no slope for."""
        if isinstance(self.activation, ScaledSqrt):
            return ACTIVATIONS["custom"] if self.activation.max_value == 1.0 else None
        if self.activation in (keras.activations.relu, keras.activations.tanh, keras.activations.sigmoid):
            return ACTIVATIONS[self.activation.__name__]
        return None


def scan(
    sequences: tf.Tensor,
    kernel: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    bias: tf.Tensor,
    activation: Activation,
    *,
    every_step: bool,
    states: tf.Tensor | None = None,
) -> tf.Tensor:
    """Run ``h[t] = activation(x[t] @ kernel + h[t - 1] @ recurrent_kernel + bias)`` from ``h = 0``.

    Args:
        sequences: ``x``, ``[time, batch, features]``; time and features static.
        kernel: ``[features, units]``.
        recurrent_kernel: ``[units, units]``.
        bias: ``[units]``.
        activation: forward and slope.
        every_step: return the states of every step, ``[time, batch, units]``, not just the last ``[batch, units]``.
        states: ``[time, batch, units]``, what some other arithmetic makes of the same: then these are returned, and
            only the gradient is that of the formula (a straight-through estimate).
    """
    if kernel.shape[1] > FUSED_UNITS:
        return _scan(
            sequences, kernel, recurrent_kernel, bias, activation, states, every_step=every_step, batch_last=False
        )
    sequences = tf.linalg.matrix_transpose(sequences)
    known = None if states is None else tf.linalg.matrix_transpose(states)
    result = _scan(sequences, kernel, recurrent_kernel, bias, activation, known, every_step=every_step, batch_last=True)
    return tf.linalg.matrix_transpose(result)


def product(state: tf.Tensor, weights: tf.Tensor, *, batch_last: bool) -> tf.Tensor:
    """Return ``state @ weights``; with ``batch_last`` both state and result are ``[units, batch]``."""
    if batch_last:
        return tf.reduce_sum(weights[:, :, None] * state[:, None, :], axis=0)
    return state @ weights


def _scan(
    sequences: tf.Tensor,
    kernel: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    bias: tf.Tensor,
    activation: Activation,
    known: tf.Tensor | None,
    *,
    every_step: bool,
    batch_last: bool,
) -> tf.Tensor:
    """Do what ``scan`` says; with ``batch_last``, the last two dimensions of everything but weights are exchanged."""
    steps, units, features = sequences.shape[0], kernel.shape[1], kernel.shape[0]
    axes = "tib" if batch_last else "tbi"

    @tf.custom_gradient
    def run(sequences: tf.Tensor, kernel: tf.Tensor, recurrent_kernel: tf.Tensor, bias: tf.Tensor) -> Any:
        projected = tf.einsum(f"{axes},io->{axes.replace('i', 'o')}", sequences, kernel)
        projected += bias[:, None] if batch_last else bias

        def loop(body: Any, start: tf.Tensor, *, first: int = 0, written: Any = lambda array: array) -> tf.Tensor:
            """Run ``body`` for ``first <= i < steps``, carrying ``start`` and an array to write each result into."""
            array = written(tf.TensorArray(tf.float32, steps, element_shape=projected.shape[1:]))
            *_, array = tf.while_loop(lambda i, *_: i < steps, body, (first, start, array), maximum_iterations=steps)
            return array.stack()

        def forward(i: tf.Tensor, state: tf.Tensor, states: tf.TensorArray) -> Any:
            state = activation.forward(projected[i] + product(state, recurrent_kernel, batch_last=batch_last))
            return i + 1, state, states.write(i, state)

        states = loop(forward, tf.zeros_like(projected[0])) if known is None else known

        def gradient(upstream: tf.Tensor) -> Any:
            kernel_transposed = tf.transpose(recurrent_kernel)
            slope = activation.slope(states)

            # What is carried is the gradient by z, not by h: so the loop's one product comes first in each step, and
            # XLA fuses what follows into it; a factor before it would be computed once for every unit.
            def backward(i: tf.Tensor, by_z: tf.Tensor, written: tf.TensorArray) -> Any:
                t = steps - 1 - i
                by_state = product(by_z, kernel_transposed, batch_last=batch_last)
                if every_step:
                    by_state += upstream[t]
                by_z = by_state * slope[t]
                return i + 1, by_z, written.write(t, by_z)

            last = (upstream[-1] if every_step else upstream) * slope[-1]
            by_z = loop(backward, last, first=1, written=lambda array: array.write(steps - 1, last))
            # The gradients of all weights in one matrix product: sums over time and batch on their own are slow, since
            # XLA must not reorder them.
            previous = tf.concat([tf.zeros_like(states[:1]), states[:-1]], axis=0)
            unit_axis = axes.index("i")
            ones = tf.ones_like(sequences[:, :1] if batch_last else sequences[..., :1])
            everything = tf.concat([previous, sequences, ones], axis=unit_axis)
            by_weights = tf.einsum(f"{axes},{axes.replace('i', 'o')}->io", everything, by_z)
            by_recurrent, by_kernel, by_bias = tf.split(by_weights, [units, features, 1])
            by_sequences = tf.einsum(f"{axes.replace('i', 'o')},io->{axes}", by_z, kernel)
            return by_sequences, by_kernel, by_recurrent, by_bias[0]

        return states if every_step else states[-1], gradient

    return run(sequences, kernel, recurrent_kernel, bias)
