"""Hour, weekday and month as sine and cosine."""

import numpy as np
import pytest

from rnnexp.preprocessing import calendar


def every(count, unit, start="2024-01-01"):
    return (np.datetime64(start, unit) + np.arange(count)).astype("datetime64[ns]")


@pytest.mark.parametrize(
    ("times", "cycles"),
    [
        (every(500, "h"), ("hour", "weekday")),
        (every(2000, "h"), ("hour", "weekday", "month")),
        (every(90, "D"), ("weekday", "month")),
        (every(30, "M"), ("month",)),
        (every(9, "Y"), ()),
        (every(30, "m"), ("hour",)),
        (every(90, "D")[::7], ("month",)),
    ],
)
def test_cycles_that_say_something(times, cycles):
    assert calendar.varying(times) == cycles


def test_features_go_round():
    found = calendar.features(np.array(["2024-01-01T06:00", "2024-07-07T18:30"], "datetime64[ns]"), calendar.CYCLES)
    angles = 2 * np.pi * np.array([[6 / 24, 0, 0], [18.5 / 24, 6 / 7, 6 / 12]])
    np.testing.assert_allclose(found[:, 0::2], np.sin(angles))
    np.testing.assert_allclose(found[:, 1::2], np.cos(angles))
    assert calendar.features(every(3, "D"), ()).shape == (3, 0)
