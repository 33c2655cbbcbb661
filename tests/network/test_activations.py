"""The activations' values, against their closed formulas."""

import numpy as np
import pytest
from helpers.activations import FORMULAS, POINTS

from rnnexp.network.activations import ACTIVATIONS, in_units, sigmoid, state_scale


def test_there_are_these_four():
    assert set(ACTIVATIONS) == set(FORMULAS)
    assert all(name == activation.name for name, activation in ACTIVATIONS.items())


@pytest.mark.parametrize("name", FORMULAS)
def test_values(name):
    expected = [FORMULAS[name](float(z)) for z in POINTS]
    np.testing.assert_allclose(ACTIVATIONS[name].table(POINTS.astype(np.float64)), expected, rtol=1e-12)


@pytest.mark.parametrize("max_value", [1.0, 255.0, 3.7])
@pytest.mark.parametrize("name", FORMULAS)
def test_values_in_the_users_numbers(name, max_value):
    """The custom one is ``M * sqrt(clip(x, 0, M) / M)``; the others have no scale."""
    scale = max_value if name == "custom" else 1.0
    assert state_scale(name, max_value) == scale
    z = POINTS.astype(np.float64) * scale
    expected = [scale * FORMULAS[name](value / scale) for value in z.tolist()]
    np.testing.assert_allclose(in_units(name, max_value)(z), expected, rtol=1e-12)


def test_the_gates_sigmoid_is_no_other_and_has_no_end():
    np.testing.assert_allclose(sigmoid(POINTS), ACTIVATIONS["sigmoid"].table(POINTS.astype(np.float64)), rtol=1e-6)
    with np.errstate(all="raise"):
        assert sigmoid(np.array([-1e30, 1e30])).tolist() == [pytest.approx(0.0, abs=1e-300), 1.0]
