"""FastGRNN (Kusupati et al. 2018), which Keras does not have, as its layers; ``rnnexp.cells.fastgrnn.cell`` has it all.

    a = x @ kernel + h[t - 1] @ recurrent_kernel
    z = sigmoid((a + gate_bias) / M)        candidate = g(a + bias)
    h[t] = (zeta * (1 - z) + nu) * candidate + z * h[t - 1]

``zeta, nu = sigmoid(mix)``; ``M`` is that of the custom activation, of others 1.
"""

from __future__ import annotations

from typing import Any

import keras
from typing_extensions import override

from rnnexp.cells.fastgrnn.cell import GATE_BIAS, NU, ZETA
from rnnexp.layers.activation import ScaledSqrt
from rnnexp.layers.bias import BlockBias
from rnnexp.network.cells import factored


@keras.saving.register_keras_serializable(package="rnnexp")
class FastGRNNCell(keras.layers.SimpleRNNCell):  # type: ignore[misc]
    """One step.

    Args:
        units: how many there are.
        rank: of kernels that are the product of two, wherever these have fewer weights; 0: none is.
        input_rank: of the inputs' kernel, where it is not that; None until inputs are known.
        options: as Keras' ``SimpleRNNCell`` has them.

    Raises:
        ValueError: if there is to be no bias.
    """

    def __init__(self, units: int, rank: int = 0, input_rank: int | None = None, **options: Any) -> None:
        super().__init__(units, **options)
        if not self.use_bias:
            raise ValueError("a FastGRNN has biases: its gate differs from its candidate by them alone")
        self.rank = rank
        self.input_rank = input_rank

    @override
    def build(self, input_shape: Any) -> None:
        inputs, units = input_shape[-1], self.units
        kernel = {"regularizer": self.kernel_regularizer, "constraint": self.kernel_constraint}
        recurrent = {"regularizer": self.recurrent_regularizer, "constraint": self.recurrent_constraint}
        bias = {"regularizer": self.bias_regularizer, "constraint": self.bias_constraint}
        if self.input_rank is None:
            self.input_rank = self.rank if factored(inputs, units, self.rank) else 0
        ranks = self.input_rank, self.rank if factored(units, units, self.rank) else 0

        def new(name: str, shape: tuple[int, ...], initializer: Any, **options: Any) -> Any:
            return self.add_weight(shape=shape, initializer=initializer, name=name, **options)

        self.kernel = new("kernel", (inputs, ranks[0] or units), self.kernel_initializer, **kernel)
        self.recurrent_kernel = new(
            "recurrent_kernel", (units, ranks[1] or units), self.recurrent_initializer, **recurrent
        )
        self.bias = new("bias", (units,), self.bias_initializer, **bias)
        self.gate_bias = new("gate_bias", (units,), keras.initializers.Constant(GATE_BIAS), **bias)
        self.mix = new("mix", (2,), BlockBias((ZETA, NU)))
        # They keep the variance of what they read.
        self.kernel_factor, self.recurrent_kernel_factor = (
            new(f"{name}_factor", (rank, units), keras.initializers.Orthogonal(), **options) if rank else None
            for name, options, rank in zip(("kernel", "recurrent_kernel"), (kernel, recurrent), ranks, strict=True)
        )

    def whole_kernels(self) -> tuple[Any, Any]:
        """Return kernel and recurrent kernel, multiplied where they are two."""
        pairs = (self.kernel, self.kernel_factor), (self.recurrent_kernel, self.recurrent_kernel_factor)
        kernel, recurrent = (first if second is None else keras.ops.matmul(first, second) for first, second in pairs)
        return kernel, recurrent

    @override
    def call(self, sequence: Any, states: Any, training: bool = False) -> Any:
        h = states[0] if isinstance(states, list | tuple) else states
        kernel, recurrent = self.whole_kernels()
        read = h
        if training:
            sequence, read = (
                values if mask is None else values * mask
                for values, mask in (
                    (sequence, self.get_dropout_mask(sequence)),
                    (h, self.get_recurrent_dropout_mask(h)),
                )
            )
        sums = keras.ops.matmul(sequence, kernel) + keras.ops.matmul(read, recurrent)
        scale = self.activation.max_value if isinstance(self.activation, ScaledSqrt) else 1.0
        z = keras.ops.sigmoid((sums + self.gate_bias) / scale)
        zeta, nu = keras.ops.unstack(keras.ops.sigmoid(self.mix), 2)
        h = (zeta * (1.0 - z) + nu) * self.activation(sums + self.bias) + z * h
        return h, [h]

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rank": self.rank, "input_rank": self.input_rank}


@keras.saving.register_keras_serializable(package="rnnexp")
class FastGRNN(keras.layers.SimpleRNN):  # type: ignore[misc]
    """Keras' loop around the step: the layer that the user keeps.

    Args:
        units: how many there are.
        rank: as ``FastGRNNCell`` has it, and
        input_rank: likewise.
        options: as Keras' ``SimpleRNN`` has them.
    """

    def __init__(self, units: int, rank: int = 0, input_rank: int | None = None, **options: Any) -> None:
        super().__init__(units, **options)
        own = {"rank": rank, "input_rank": input_rank, "name": "fastgrnn_cell"}
        settings = {**self.cell.get_config(), **own}
        del self.cell
        self.cell: Any = FastGRNNCell.from_config(settings)

    @override
    def get_config(self) -> dict[str, Any]:
        own = self.cell.get_config()
        return {**super().get_config(), "rank": own["rank"], "input_rank": own["input_rank"]}
