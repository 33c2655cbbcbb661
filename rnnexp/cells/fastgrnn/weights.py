"""The weights of a FastGRNN, taken apart: kernels as they are, or as two factors each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnnexp.network.activations import sigmoid


@dataclass(frozen=True)
class FastWeights:
    """The weights.

    Attributes:
        kernel: ``[inputs, units]``; or its factors, ``[inputs, rank]`` and ``[rank, units]``.
        recurrent: the same for the state.
        bias: ``[units]``, of the candidate.
        gate_bias: ``[units]``.
        zeta: how much of what the gate does not keep is the candidate, 0 to 1.
        nu: how much of the candidate there is always, 0 to 1.
    """

    kernel: tuple[np.ndarray, ...]
    recurrent: tuple[np.ndarray, ...]
    bias: np.ndarray
    gate_bias: np.ndarray
    zeta: float
    nu: float

    @classmethod
    def of(cls, weights: Sequence[np.ndarray]) -> FastWeights:
        """Return them for arrays in the order of ``Cell.shapes``."""
        kernel, recurrent, bias, gate_bias, mix, *factors = weights
        further = iter(factors)

        def both(first: np.ndarray) -> tuple[np.ndarray, ...]:
            return (first, next(further)) if first.shape[1] < len(bias) else (first,)

        zeta, nu = sigmoid(mix)
        return cls(both(kernel), both(recurrent), bias, gate_bias, float(zeta), float(nu))
