"""Ridge regression: the linear model of whole sequences."""

from __future__ import annotations

import numpy as np

# Strengths of the penalty to choose from, for inputs and targets of about 1.
STRENGTHS = np.logspace(-8, 4, 25)


def ridge(x: np.ndarray, y: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return predictions ``[m, outputs]`` of ridge regression.

    Its strength is the one with the least error of the training part when each row is left out in turn (Golub, Heath
    and Wahba 1979, "Generalized cross-validation as a method for choosing a good ridge parameter").

    Args:
        x: inputs of the training part, ``[n, numbers]``, all of about 1.
        y: its targets, ``[n, outputs]``, of about 1 too.
        asked: inputs to predict for, ``[m, numbers]``.
    """
    from sklearn.linear_model import RidgeCV

    return RidgeCV(STRENGTHS).fit(x, y).predict(asked).reshape(len(asked), y.shape[1])
