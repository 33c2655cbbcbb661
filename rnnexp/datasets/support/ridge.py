"""Ridge regression on whole sequences: the linear model that networks are measured by, and that a linear path is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Strengths of the penalty to choose from, for inputs and targets at unit scale.
STRENGTHS = np.logspace(-4, 4, 25)


@dataclass(frozen=True)
class LinearModel:
    """Outputs ``flattened inputs @ kernel + bias``.

    Attributes:
        kernel: ``[time * features, outputs]``.
        bias: ``[outputs]``.
    """

    kernel: np.ndarray
    bias: np.ndarray

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the outputs ``[n, outputs]`` for sequences ``[n, time, features]``."""
        return x.reshape(len(x), -1) @ self.kernel + self.bias


def ridge(x: np.ndarray, y: np.ndarray) -> LinearModel:
    """Return the ridge regression of targets on sequences, its strength chosen by generalised cross-validation.

    Golub, Heath and Wahba (1979), "Generalized cross-validation as a method for choosing a good ridge parameter".

    Args:
        x: ``[n, time, features]``, at unit scale.
        y: ``[n, outputs]``, at unit scale.
    """
    from sklearn.linear_model import RidgeCV

    fitted = RidgeCV(STRENGTHS).fit(x.reshape(len(x), -1).astype(np.float64), y.astype(np.float64))
    outputs = y.shape[1]
    return LinearModel(fitted.coef_.reshape(outputs, -1).T, np.broadcast_to(fitted.intercept_, outputs).copy())
