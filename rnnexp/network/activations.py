"""The activations a recurrent cell can have, by name: their values in NumPy, and where training starts.

``M`` is the custom activation's ``custom_max_value``. Everything here is at unit scale, ``M = 1``; ``in_units`` has the
activation in the user's numbers. ``rnnexp.layers.activation`` has the same as tensors, with their slopes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Function = Callable[[np.ndarray], np.ndarray]

# The slope of sqrt grows without bound towards 0. Where it exceeds this, the gradient uses this instead.
MAX_SLOPE = 4.0


@dataclass(frozen=True)
class Activation:
    """One activation.

    Attributes:
        name: what the user writes in ``ACTIVATION``.
        table: pre-activations -> outputs, float64: the activation's specification.
        working_point: a ``(z, output)`` pair in the steep part: where training starts, and around which it is centred.
        scales: whether outputs grow with ``custom_max_value``.
        recurrent_gain: of the orthogonal initial recurrent kernel.
        input_gain: of the uniform initial input kernel (Keras' ``VarianceScaling``; 1 is Glorot's).
    """

    name: str
    table: Function
    working_point: tuple[float, float]
    scales: bool = False
    recurrent_gain: float = 1.0
    input_gain: float = 1.0


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Return ``1 / (1 + exp(-z))``, as the gates have it."""
    return 1.0 / (1.0 + np.exp(-np.clip(z, -700.0, 700.0)))


ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("relu", lambda z: np.maximum(z, 0.0), (0.5, 0.5)),
        Activation("tanh", np.tanh, (0.0, 0.0)),
        Activation("sigmoid", lambda z: 1.0 / (1.0 + np.exp(-z)), (0.0, 0.5)),
        Activation(
            "custom",
            lambda z: np.sqrt(np.clip(z, 0.0, 1.0)),
            (0.25, 0.5),
            scales=True,
            recurrent_gain=0.5,
            input_gain=0.3,
        ),
    )
}


def state_scale(name: str, max_value: float) -> float:
    """Return how many times their values at unit scale the outputs are in the user's numbers: ``M``, or 1."""
    return max_value if name in ACTIVATIONS and ACTIVATIONS[name].scales else 1.0


def in_units(name: str, max_value: float) -> Function:
    """Return an activation in the user's numbers: pre-activations -> outputs, float64."""
    table, scale = ACTIVATIONS[name].table, state_scale(name, max_value)
    return lambda z: scale * table(np.asarray(z, np.float64) / scale)
