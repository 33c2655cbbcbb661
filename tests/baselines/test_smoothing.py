"""Exponential smoothing against statsmodels' own forecasts, and that it learns from nothing held out."""

import numpy as np
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from rnnexp.baselines.smoothing import smoothing
from rnnexp.datasets.dataset import Past


def seasonal(count=96, period=12, seed=0):
    """A trend, and a season that grows with it, under noise."""
    time, random = np.arange(count), np.random.default_rng(seed)
    return (50 + time) * (1 + 0.3 * np.sin(2 * np.pi * time / period)) + random.normal(size=count)


def past(values, held_out=24, horizon=1, periods=(12,)):
    first = len(values) - held_out
    return Past(values, first, np.arange(first, len(values) - horizon + 1), periods)


def test_level_alone_is_the_recursion_of_its_equation():
    """Without trend or season, it predicts a level that moves by a share of each error."""
    random = np.random.default_rng(1)
    values = np.cumsum(random.normal(size=300)) * 0.3 + random.normal(size=300)
    found = smoothing(past(values, 60, periods=()), 1)[:, 0]

    def predictions(share):
        level, made = values[:10].mean(), []
        for value in values:
            made.append(level)
            level += share * (value - level)
        return np.array(made)

    shares = np.linspace(0.01, 1, 200)
    best = min(shares, key=lambda share: np.sum((predictions(share) - values)[:240] ** 2))
    np.testing.assert_allclose(found, predictions(best)[240:], atol=0.1)


def test_it_predicts_what_statsmodels_forecasts_from_each_origin():
    """Fitted once to the training part; then from every origin, its values appended and nothing fitted again."""
    values, horizon = seasonal(), 15
    found = smoothing(past(values, horizon=horizon), horizon)
    known = values[:72]
    fits = [
        ETSModel(known, trend=trend, damped_trend=damped, seasonal=season, seasonal_periods=12).fit(disp=False)
        for trend, damped in ((None, False), ("add", False), ("add", True))
        for season in ("add", "mul")
    ]
    best = min(fits, key=lambda fit: fit.aicc)
    assert (best.model.trend, best.model.seasonal) == ("add", "mul")
    form = {name: getattr(best.model, name) for name in ("trend", "damped_trend", "seasonal", "seasonal_periods")}
    for row, origin in enumerate(range(72, 96 - horizon + 1)):
        expected = ETSModel(values[:origin], **form).smooth(best.params).forecast(horizon)
        np.testing.assert_allclose(found[row], expected, rtol=2e-2)
    one_step = smoothing(past(values), 1)
    np.testing.assert_allclose(one_step[: len(found), 0], found[:, 0], rtol=1e-12)
    seasonal_naive = values[60:84] - values[72:]
    assert np.std(one_step[:, 0] - values[72:]) < 0.5 * np.std(seasonal_naive)


def test_what_is_held_out_changes_no_prediction_made_before_it():
    values = seasonal()
    changed = np.concatenate([values[:80], values[80:][::-1] * 3 - 40])
    first, second = smoothing(past(values), 1), smoothing(past(changed), 1)
    np.testing.assert_array_equal(first[:9], second[:9])
    assert not np.allclose(first[9:], second[9:])


def test_rows_may_be_left_out():
    values = seasonal()
    whole = past(values)
    some = Past(values, whole.first_held_out, whole.evaluated[[0, 5, 23]], whole.periods)
    np.testing.assert_array_equal(smoothing(some, 1), smoothing(whole, 1)[[0, 5, 23]])


@pytest.mark.parametrize(("period", "count"), [(168, 800), (24, 3600), (2, 40)])
def test_seasons_of_any_length(period, count):
    values = seasonal(count, period)
    found = smoothing(past(values, count // 5, periods=(period,)), 1)[:, 0]
    error, naive = found - values[-len(found) :], np.diff(values)[-len(found) :]
    assert np.sqrt(np.mean(error**2)) < 0.8 * np.sqrt(np.mean(naive**2))


@pytest.mark.parametrize(
    ("values", "reason"),
    [(np.full(50, 3.0), "constant"), (np.arange(12.0), "fewer than 10 values")],
)
def test_what_it_cannot_be_fitted_to_has_a_reason(values, reason):
    with pytest.raises(ValueError, match=reason):
        smoothing(past(values, 5, periods=()), 1)


def test_a_straight_line_is_predicted_as_one():
    values = 3.0 * np.arange(60) - 20
    np.testing.assert_allclose(smoothing(past(values, 12, periods=()), 1)[:, 0], values[48:], atol=1e-3)
