"""The best simple models of the same inputs: what a network has to be better than to deserve its place.

All of them learn from the training part alone, and are asked once about the evaluation part.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping

import numpy as np

from rnnexp.datasets.dataset import Dataset, Past, Split
from rnnexp.datasets.support.seasons import is_seasonal

# Numbers that a model is fitted to, at most: of a larger training part some sequences, spread evenly.
FIT_NUMBERS = 2**23
# Strengths of the penalty that ridge regression chooses from, for inputs and targets at unit scale.
RIDGE_STRENGTHS = np.logspace(-4, 4, 25)
# Values of the past that exponential smoothing is fitted to, and the longest season that it has, at most.
SMOOTHED_VALUES = 5000
LONGEST_SMOOTHED_SEASON = 24
# Distances that are computed in less than about 10 seconds: multiplications of a nearest neighbour, cells of a warping.
EUCLIDEAN_WORK = 2**36
WARPING_WORK = 2**30
LOGISTIC_ITERATIONS = 300


def predictions(dataset: Dataset) -> Mapping[str, np.ndarray]:
    """Return what simple models predict for the evaluation part, by name.

    Own units ``[n, outputs]``, or class probabilities ``[n, classes]``; nothing where there is an answer at every step.
    """
    if dataset.every_step:
        return {}
    return dict(_classifiers(dataset) if dataset.task == "classification" else _regressions(dataset))


def _regressions(dataset: Dataset) -> Iterator[tuple[str, np.ndarray]]:
    yield "ridge", ridge(dataset)
    if dataset.past is not None:
        smoothed = exponential_smoothing(dataset.past)
        if smoothed is not None:
            yield "ETS", smoothed


def ridge(dataset: Dataset) -> np.ndarray:
    """Return the predictions of ridge regression on whole sequences, normalised as the network sees them.

    The strength is chosen inside the training part, by generalised cross-validation (Golub, Heath and Wahba 1979,
    "Generalized cross-validation as a method for choosing a good ridge parameter").
    """
    from sklearn.linear_model import RidgeCV

    train = _some(dataset.train)
    model = RidgeCV(RIDGE_STRENGTHS).fit(_flat(train.x, dataset.input_scale), train.y / dataset.output_scale)
    found = model.predict(_flat(dataset.evaluation.x, dataset.input_scale))
    return dataset.evaluation.to_units(found.reshape(dataset.evaluation.y.shape) * dataset.output_scale)


def exponential_smoothing(past: Past) -> np.ndarray | None:
    """Return predictions one step ahead of exponential smoothing, ``[n, 1]``; None where it cannot be fitted.

    Trend (none, additive, damped) and season (none, additive, multiplicative) are chosen by AICc on the training part,
    where the parameters are fitted too (Hyndman, Koehler, Ord and Snyder 2008, "Forecasting with exponential smoothing:
    the state space approach").
    """
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    known = past.values[max(past.first_held_out - SMOOTHED_VALUES, 0) : past.first_held_out]
    seasons = [period for period in past.periods if period <= LONGEST_SMOOTHED_SEASON and is_seasonal(known, period)]
    forms = [
        {"trend": trend, "damped_trend": damped} for trend, damped in ((None, False), ("add", False), ("add", True))
    ]
    kinds = ["add", "mul"] if known.min() > 0 else ["add"]
    for period in seasons[-1:]:
        forms += [{**form, "seasonal": kind, "seasonal_periods": period} for form in forms[:3] for kind in kinds]
    best, chosen = np.inf, None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fits that do not converge, which have a worse AICc
        for form in forms:
            try:
                fitted = ETSModel(known, **form).fit(disp=False, maxiter=200)
            except (ValueError, np.linalg.LinAlgError):
                continue
            if np.isfinite(fitted.aicc) and fitted.aicc < best:
                best, chosen = fitted.aicc, (form, fitted.params)
        if chosen is None:
            return None
        form, parameters = chosen
        values = past.values[max(past.first_held_out - SMOOTHED_VALUES, 0) :]
        ahead = np.asarray(ETSModel(values, **form).smooth(parameters).fittedvalues)
    count = len(past.values) - past.first_evaluated
    found = ahead[len(ahead) - count :, None]
    return found if np.isfinite(found).all() else None


def _classifiers(dataset: Dataset) -> Iterator[tuple[str, np.ndarray]]:
    train = _some(dataset.train)
    x, asked = (_flat(part.x, dataset.input_scale) for part in (train, dataset.evaluation))
    classes = max(dataset.outputs, 2)
    yield "logistic regression", logistic_regression(x, train.y, asked, classes)
    if x.size * len(asked) <= EUCLIDEAN_WORK:
        yield "1-nearest neighbour", _one_hot(nearest_neighbour(x, train.y, asked), classes)
    length = train.x.shape[1]
    if len(x) * len(asked) * length**2 * train.x.shape[2] <= WARPING_WORK and length > 1:
        found = warped_neighbour(train.x.astype(np.float64), train.y, dataset.evaluation.x.astype(np.float64))
        yield "1-nearest neighbour, DTW", _one_hot(found, classes)


def logistic_regression(x: np.ndarray, labels: np.ndarray, asked: np.ndarray, classes: int) -> np.ndarray:
    """Return class probabilities ``[n, classes]`` of logistic regression on flattened sequences.

    Every number is scaled to mean 0 and deviation 1 of the training part.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=LOGISTIC_ITERATIONS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = model.fit(x, labels).predict_proba(asked)
    # A class that the training part does not have is never predicted.
    probabilities = np.zeros((len(asked), classes))
    probabilities[:, model.classes_] = found
    return probabilities


def nearest_neighbour(x: np.ndarray, labels: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return the class numbers ``[n]`` of the nearest training sequences, by Euclidean distance."""
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(1, algorithm="brute").fit(x, labels).predict(asked)


def warped_neighbour(x: np.ndarray, labels: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return the same by dynamic time warping, all features warped together: sequences ``[n, time, features]``."""
    from dtaidistance import dtw_ndim

    both = np.ascontiguousarray(np.concatenate([asked, x]))
    block = ((0, len(asked)), (len(asked), len(both)))
    distances = dtw_ndim.distance_matrix_fast(both, ndim=x.shape[2], block=block, compact=False)
    return labels[distances[: len(asked), len(asked) :].argmin(axis=1)]


def _some(part: Split) -> Split:
    return part.some(max(FIT_NUMBERS // part.x[0].size, 1))


def _flat(x: np.ndarray, scale: float) -> np.ndarray:
    return x.reshape(len(x), -1).astype(np.float64) / scale


def _one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    return np.eye(classes)[labels]
