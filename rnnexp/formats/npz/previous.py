"""Names that version 0.1.0 gave to the integers of one layer of simple cells that reads forwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rnnexp.cells.simple.integers import SimpleCell
from rnnexp.quantization.network import IntegerNetwork, Layer
from rnnexp.quantization.product import Product
from rnnexp.quantization.scales import Affine
from rnnexp.quantization.tables import Table


def is_previous(integers: Mapping[str, np.ndarray]) -> bool:
    """Tell whether integers have these names."""
    return "table" in integers


def from_arrays(
    integers: Mapping[str, np.ndarray], *, sequence_length: int, features: int, softmax: bool
) -> IntegerNetwork:
    """Return the network.

    Args:
        integers: by name.
        sequence_length: time steps.
        features: inputs a time step.
        softmax: whether probabilities follow.

    Raises:
        KeyError: if an array is missing.
        ValueError: if they cannot be joined.
    """

    def number(name: str) -> float:
        return float(integers[name])

    def product(matrices: Sequence[str], bias: str, shift: str, scale: str, step: str) -> Product:
        high, low = (
            np.concatenate([integers[f"{name}_{part}"] for name in matrices], axis=1) for part in ("high", "low")
        )
        return Product(high, low, integers[bias].astype(np.int64), int(integers[shift]), number(scale), number(step))

    table = Table(integers["table"], number("table_start"), number("table_step"), number("state_scale"))
    return IntegerNetwork(
        sequence_length=sequence_length,
        features=features,
        layers=(Layer((SimpleCell(product(("W_x", "W_h"), "b", "shift", "W_h_scale", "table_step"), table),)),),
        every_step=False,
        input=Affine(number("input_scale"), int(integers["input_zero_point"])),
        output=Affine(number("output_scale"), int(integers["output_zero_point"])),
        output_layer=product(("W_o",), "b_o", "output_shift", "W_o_scale", "output_scale"),
        softmax=softmax,
    )
