"""Ridge regression against NumPy's own solutions."""

import numpy as np
import pytest

from rnnexp.datasets.support.ridge import ridge


def autoregression(count, noise, seed=0):
    """Windows of three values, and the next one: 0.6, -0.3 and 0.5 times them, and 2."""
    random, values = np.random.default_rng(seed), [0.0, 1.0, 2.0]
    for _ in range(count):
        values.append(float(np.dot([0.6, -0.3, 0.5], values[-3:])) + 2 + noise * random.normal())
    x = np.lib.stride_tricks.sliding_window_view(np.array(values), 3)[:-1]
    return x, np.array(values[3:])[:, None]


def test_what_is_linear_is_predicted_exactly():
    x = autoregression(60, 1.0)[0]
    y = x @ np.array([[0.6], [-0.3], [0.5]]) + 2
    np.testing.assert_allclose(ridge(x[:40], y[:40]).predict(x[40:]), y[40:], rtol=1e-6)


def test_with_many_rows_it_is_the_least_squares_solution():
    x, y = autoregression(4000, 0.2)
    known = np.column_stack([x[:3000], np.ones(3000)])
    solution = np.linalg.lstsq(known, y[:3000], rcond=None)[0]
    expected = np.column_stack([x[3000:], np.ones(len(x) - 3000)]) @ solution
    np.testing.assert_allclose(ridge(x[:3000], y[:3000]).predict(x[3000:]), expected, atol=2e-3)


def test_of_several_outputs_each_is_predicted():
    x, y = autoregression(500, 0.3)
    two = np.column_stack([y[:, 0], -2 * y[:, 0] + 1])
    found = ridge(x[:400], two[:400]).predict(x[400:])
    assert found.shape == (100, 2)
    np.testing.assert_allclose(found[:, 1], -2 * found[:, 0] + 1)


@pytest.mark.parametrize("noise", [0.5, 2.0])
def test_the_strength_suits_the_noise(noise):
    """With as many numbers as rows, least squares learns the noise by heart, and ridge does not."""
    random = np.random.default_rng(3)
    x, slope = random.normal(size=(1060, 50)), random.normal(size=(50, 1)) / 7
    y = x @ slope + noise * random.normal(size=(1060, 1))
    by_heart = x[60:] @ np.linalg.lstsq(x[:60], y[:60], rcond=None)[0]
    best = x[60:] @ slope
    mean_squares = [np.mean((found - best) ** 2) for found in (ridge(x[:60], y[:60]).predict(x[60:]), by_heart)]
    assert mean_squares[0] < 0.5 * mean_squares[1]
