"""What the rest of the project must know of a cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from rnnexp.network.activations import Activation
from rnnexp.quantization.cell import Integers


@dataclass(frozen=True)
class Cell:
    """One kind of recurrent cell.

    Attributes:
        layer: ours, which trains.
        plain: Keras' own, which the user keeps.
        activated: for each block of units in the kernels' columns, whether ``ACTIVATION`` comes after it; the others
            are gates.
        start: activation -> the initial bias of each block, and the output that this leads to: around these training
            starts, and is centred.
        integers: how it gets those of the int8 model.
        options: what the layer needs to start with that bias.
    """

    layer: type[keras.layers.RNN]
    plain: type[keras.layers.RNN]
    activated: tuple[bool, ...]
    start: Callable[[Activation], tuple[tuple[float, ...], float]]
    integers: Integers
    options: Mapping[str, Any] = field(default_factory=dict)

    def scale_of_sums(self, scale: float, units: int) -> Any:
        """Return how many times their values at unit scale the sums are where states are ``scale`` times theirs.

        A number, or ``[blocks * units]``: gates have no scale.
        """
        return scale if all(self.activated) else np.repeat(np.where(self.activated, scale, 1.0), units)


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
