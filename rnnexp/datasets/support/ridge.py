"""Ridge regression: the linear model of whole sequences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Strengths of the penalty to choose from, for inputs and targets of about 1.
STRENGTHS = np.logspace(-8, 4, 25)


@dataclass(frozen=True)
class LinearModel:
    """Outputs ``inputs @ kernel + bias``.

    Attributes:
        kernel: ``[numbers, outputs]``.
        bias: ``[outputs]``.
    """

    kernel: np.ndarray
    bias: np.ndarray

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the outputs ``[n, outputs]`` for inputs ``[n, numbers]``."""
        return x @ self.kernel + self.bias

    def times(self, factor: float) -> LinearModel:
        """Return the model whose outputs are so many times these."""
        return LinearModel(factor * self.kernel, factor * self.bias)


def ridge(x: np.ndarray, y: np.ndarray) -> LinearModel:
    """Return the ridge regression of targets on inputs.

    Its strength is the one with the least error of the training part when each row is left out in turn (Golub, Heath
    and Wahba 1979, "Generalized cross-validation as a method for choosing a good ridge parameter").

    Args:
        x: inputs of the training part, ``[n, numbers]``, all of about 1.
        y: its targets, ``[n, outputs]``, of about 1 too.
    """
    from sklearn.linear_model import RidgeCV

    if len(x) < 2:
        # There is no strength to choose by one row.
        return LinearModel(np.zeros((x.shape[1], y.shape[1])), y[0].astype(np.float64))
    fitted, outputs = RidgeCV(STRENGTHS).fit(x, y), y.shape[1]
    return LinearModel(fitted.coef_.reshape(outputs, -1).T, np.broadcast_to(fitted.intercept_, outputs).copy())
