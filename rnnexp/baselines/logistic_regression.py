"""Logistic regression: the linear classifier of whole sequences."""

from __future__ import annotations

import warnings

import numpy as np

# Beyond these, what it predicts hardly changes.
ITERATIONS = 100


def logistic_regression(x: np.ndarray, labels: np.ndarray, asked: np.ndarray, classes: int) -> np.ndarray:
    """Return class probabilities ``[m, classes]`` of multinomial logistic regression.

    Every number is scaled to mean 0 and deviation 1 in the training part.

    Args:
        x: inputs of the training part, ``[n, numbers]``.
        labels: their class numbers, ``[n]``.
        asked: inputs to classify, ``[m, numbers]``.
        classes: how many there are; one that the training part does not have is never predicted.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=ITERATIONS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x, labels)
    probabilities = np.zeros((len(asked), classes))
    probabilities[:, model.classes_] = model.predict_proba(asked)
    return probabilities
