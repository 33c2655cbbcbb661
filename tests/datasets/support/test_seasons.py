"""Seasons from dates, and from how values repeat."""

import numpy as np
import pandas as pd
import pytest

from rnnexp.datasets.support.seasons import autocorrelation, periods

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("frequency", "found"),
    [
        ("30min", (48, 336)),
        ("h", (24, 168)),
        ("6h", (4, 28)),
        ("D", (7,)),
        ("B", (5,)),
        ("W", (52,)),
        ("MS", (12,)),
        ("ME", (12,)),
        ("QS", (4,)),
        ("YS", ()),
        ("5D", ()),
    ],
)
def test_dates_have_the_seasons_of_the_calendar(frequency, found):
    dates = pd.Series(pd.date_range("2020-01-01", periods=1100 if found else 200, freq=frequency, tz="UTC"))
    assert periods(dates, RANDOM.normal(size=len(dates))) == found


def test_a_season_must_be_there_three_times():
    dates = pd.Series(pd.date_range("2020-01-01", periods=100, freq="h", tz="UTC"))
    assert periods(dates, RANDOM.normal(size=80)) == (24,)
    assert periods(dates, RANDOM.normal(size=71)) == ()


def test_irregular_dates_have_none():
    days = pd.to_timedelta(RANDOM.choice([1, 2, 3, 9], 200).cumsum(), unit="D")
    assert periods(pd.Series(pd.Timestamp("2020-01-01", tz="UTC") + days), RANDOM.normal(size=200)) == ()


def test_without_dates_or_a_season_by_them_the_values_are_asked():
    time = np.arange(600)
    sine = np.sin(2 * np.pi * time / 40) + 0.3 * RANDOM.normal(size=600) + 0.01 * time
    assert periods(None, sine) == (40,)
    yearly = pd.Series(pd.to_datetime([f"{1000 + year}-01-01" for year in time], utc=True))
    assert periods(yearly, sine) == (40,)


@pytest.mark.parametrize(
    "values",
    [
        np.full(100, 2.5),
        0.1 * np.arange(100) - 3,
        0.1 * np.arange(100.0) ** 2,
        RANDOM.normal(size=300),
        RANDOM.normal(size=300).cumsum(),
        np.arange(5.0),
    ],
    ids=["constant", "line", "parabola", "noise", "walk", "short"],
)
def test_what_does_not_repeat_has_none(values):
    assert periods(None, values) == ()


def test_autocorrelation_is_the_sum_of_products():
    values = RANDOM.normal(size=50).cumsum()
    centered = values - values.mean()
    expected = [np.sum(centered[lag:] * centered[: 50 - lag]) / np.sum(centered**2) for lag in range(21)]
    np.testing.assert_allclose(autocorrelation(values, 20), expected, atol=1e-12)


@pytest.mark.parametrize("unit", [1e-300, 1e300])
def test_units_are_nothing_to_it(unit):
    values = np.sin(np.arange(120) * 2 * np.pi / 12)
    assert periods(None, values * unit) == periods(None, values) == (12,)
