"""Initial biases of cells with gates."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


@keras.saving.register_keras_serializable(package="rnnexp")
class BlockBias(keras.initializers.Initializer):
    """A bias with one value for each block of units; a bias of the state's sum beside it starts at 0.

    Args:
        values: of the blocks.
    """

    def __init__(self, values: tuple[float, ...]) -> None:
        self.values = tuple(values)

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Return a bias ``[blocks * units]``, or two of them ``[2, blocks * units]``."""
        bias = np.zeros(shape)
        bias.reshape(-1, shape[-1])[0] = np.repeat(self.values, shape[-1] // len(self.values))
        return keras.ops.convert_to_tensor(bias, dtype)

    def get_config(self) -> dict[str, Any]:
        """Return what ``from_config`` needs."""
        return {"values": self.values}
