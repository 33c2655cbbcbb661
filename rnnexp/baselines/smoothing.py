"""Exponential smoothing with trend and season (ETS; Holt-Winters): the model of a series that sees no window."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from rnnexp.datasets.dataset import Past

if TYPE_CHECKING:
    from statsmodels.tsa.exponential_smoothing.ets import ETSResults

# The last values that it is fitted to, at most, and the fewest that it can start from.
MOST, FEWEST = 3000, 10
# Longer seasons keep the shape that they seem to have in the first few: each of its values takes a parameter.
LONGEST_FITTED_SEASON = 24
ITERATIONS = 200


class Form(TypedDict, total=False):
    """What statsmodels calls the parts of such a model; all errors are additive."""

    trend: str | None
    damped_trend: bool
    seasonal: str | None
    seasonal_periods: int | None


def smoothing(past: Past, horizon: int) -> np.ndarray:
    """Return what it predicts for the evaluation part, each time from all values before, ``[n, horizon]``.

    Trend (none, additive, damped) and season (none, additive, multiplicative) are those of the least AICc on the
    training part, which the parameters and the first states are fitted to as well (Hyndman, Koehler, Ord and Snyder
    2008, "Forecasting with exponential smoothing: the state space approach").

    Raises:
        ValueError: if it cannot be fitted; the message says why.
    """
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    first = max(past.first_held_out - MOST, 0)
    values = past.values[first:].astype(np.float64)
    known = values[: past.first_held_out - first]
    if len(known) < FEWEST:
        raise ValueError(f"the training part has fewer than {FEWEST} values")
    if not np.ptp(known):
        raise ValueError("the training part is constant")
    with warnings.catch_warnings():
        # Of fits that do not converge, and of forms that do not suit the values: they have a worse AICc.
        warnings.simplefilter("ignore")
        fits = [(form, _fit(known, form, "heuristic")) for form in _forms(known, past.periods)]
        form, fitted = min(fits, key=lambda fit: np.inf if np.isnan(fit[1].aicc) else fit[1].aicc)
        if (form["seasonal_periods"] or 0) <= LONGEST_FITTED_SEASON:
            fitted = min(fitted, _fit(known, form, "estimated"), key=lambda fit: -fit.llf)
    start = {"initial_level": fitted.initial_level}
    start |= {"initial_trend": fitted.initial_trend} if form["trend"] else {}
    start |= {"initial_seasonal": fitted.initial_seasonal} if form["seasonal"] else {}
    model = ETSModel(values, **form, initialization_method="known", **start)
    found = _ahead(model.smooth(fitted.params[: model.k_params]), form, past.evaluated - first, horizon)
    if not np.isfinite(found).all():
        raise ValueError("its predictions are not finite")
    return found


def _forms(known: np.ndarray, periods: Sequence[int]) -> list[Form]:
    trends: list[Form] = [{"trend": None}, {"trend": "add"}, {"trend": "add", "damped_trend": True}]
    seasons: list[Form] = [{"seasonal": None, "seasonal_periods": None}]
    for period in periods:
        if 2 * period <= len(known):
            kinds = ("add", "mul") if known.min() > 0 else ("add",)
            seasons += [{"seasonal": kind, "seasonal_periods": period} for kind in kinds]
    return [{**trend, **season} for trend in trends for season in seasons]


def _fit(known: np.ndarray, form: Form, start: str) -> ETSResults:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    return ETSModel(known, **form, initialization_method=start).fit(disp=False, maxiter=ITERATIONS)


def _ahead(fitted: ETSResults, form: Form, targets: np.ndarray, horizon: int) -> np.ndarray:
    """Return predictions ``[n, horizon]`` from the states before each of the values ``[n]`` on."""
    steps = np.arange(horizon)
    found = np.repeat(fitted.level[targets - 1, None], horizon, axis=1)
    if form["trend"]:
        kept = fitted.damping_trend if form.get("damped_trend") else 1.0
        found += np.cumsum(kept ** (steps + 1)) * fitted.slope[targets - 1, None]
    period = form["seasonal_periods"]
    if period:
        season = fitted.season[targets[:, None] - period + steps % period]
        found = found + season if form["seasonal"] == "add" else found * season
    return found
