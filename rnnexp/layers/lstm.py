"""LSTMs that Keras does not have, as its layers: with a projection, and with peepholes.

Sak, Senior and Beaufays 2014, "Long short-term memory recurrent neural network architectures for large scale acoustic
modeling": the output is a product of what the units give, with a kernel and no bias. Gers and Schmidhuber 2000,
"Recurrent nets that time and count": gates also read ``c`` of their unit, times a weight.
"""

from __future__ import annotations

from typing import Any

import keras
from typing_extensions import override

from rnnexp.layers.bias import BlockBias


@keras.saving.register_keras_serializable(package="rnnexp")
class ProjectedLSTMCell(keras.layers.LSTMCell):
    """One step; the states are the output, ``[batch, projection]``, and ``c``, ``[batch, units]``.

    Args:
        units: how many there are.
        projection: how many outputs; 0: what the units give.
        options: as Keras' ``LSTMCell`` has them. Regularizers and constraints of the recurrent kernel are also those of
            the projection.
    """

    def __init__(self, units: int, projection: int = 0, **options: Any) -> None:
        super().__init__(units, **options)
        self.projection = projection
        self.output_size = projection or units
        self.state_size = [self.output_size, units]

    @override
    def build(self, input_shape: Any) -> None:
        columns = 4 * self.units
        self.kernel = self.add_weight(
            shape=(input_shape[-1], columns),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.recurrent_kernel = self._recurrent_weight(
            (self.output_size, columns), self.recurrent_initializer, "recurrent_kernel"
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(columns,),
                initializer=BlockBias((0.0, 1.0, 0.0, 0.0)) if self.unit_forget_bias else self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self._build_further()
        self.projection_kernel = None
        if self.projection:
            # It keeps the variance of what the units give.
            self.projection_kernel = self._recurrent_weight(
                (self.units, self.projection), keras.initializers.Orthogonal(), "projection"
            )

    def _build_further(self) -> None:
        """Make weights that go before the projection's."""

    def _recurrent_weight(self, shape: tuple[int, ...], initializer: Any, name: str) -> Any:
        return self.add_weight(
            shape=shape,
            initializer=initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
            name=name,
        )

    @override
    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        h, c = states
        if training:
            # The same for all gates, as in our loops.
            inputs = _dropped(inputs, self.get_dropout_mask(inputs))
            h = _dropped(h, self.get_recurrent_dropout_mask(h))
        sums = inputs @ self.kernel + h @ self.recurrent_kernel
        if self.bias is not None:
            sums += self.bias
        i, f, candidate, o = keras.ops.split(sums, 4, axis=-1)
        gate = self.recurrent_activation
        i, f = gate(self.reading(i, 0, c)), gate(self.reading(f, 1, c))
        c = f * c + i * self.activation(candidate)
        h = gate(self.reading(o, 2, c)) * self.activation(c)
        if self.projection_kernel is not None:
            h = h @ self.projection_kernel
        return h, [h, c]

    def reading(self, sums: Any, gate: int, c: Any) -> Any:  # noqa: ARG002
        """Return the sums of a gate, of i, f, o by its number, which may read ``c``; here it does not."""
        return sums

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "projection": self.projection}


@keras.saving.register_keras_serializable(package="rnnexp")
class ProjectedLSTM(keras.layers.LSTM):
    """Keras' loop around the step.

    Args:
        units: how many there are.
        projection: how many outputs; 0: what the units give.
        options: as Keras' ``LSTM`` has them.
    """

    CELL = ProjectedLSTMCell

    def __init__(self, units: int, projection: int = 0, **options: Any) -> None:
        super().__init__(units, **options)
        settings = {**self.cell.get_config(), "projection": projection}
        del self.cell
        self.cell: Any = self.CELL.from_config(settings)
        self.state_size = self.cell.state_size
        self.use_cudnn = False

    @property
    def projection(self) -> int:
        """How many outputs; 0: what the units give."""
        return int(self.cell.projection)

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "projection": self.projection}


@keras.saving.register_keras_serializable(package="rnnexp")
class PeepholeLSTMCell(ProjectedLSTMCell):
    """One step; ``peepholes`` are ``[3, units]``, of the gates i, f, o."""

    @override
    def _build_further(self) -> None:
        # Closed, as if there were none.
        self.peepholes = self._recurrent_weight((3, self.units), "zeros", "peepholes")

    @override
    def reading(self, sums: Any, gate: int, c: Any) -> Any:
        return sums + self.peepholes[gate] * c


@keras.saving.register_keras_serializable(package="rnnexp")
class PeepholeLSTM(ProjectedLSTM):
    """Keras' loop around the step: the layer that the user keeps."""

    CELL = PeepholeLSTMCell


def _dropped(values: Any, mask: Any) -> Any:
    """Return values times a mask, if there is one; of several, the first."""
    first = mask[0] if isinstance(mask, list) else mask
    return values if first is None else values * first
