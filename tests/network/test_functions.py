"""The functions that networks from elsewhere have: Keras' values, parameters, and what is refused."""

import numpy as np
import pytest

from rnnexp.errors import UserError
from rnnexp.network import functions

POINTS = np.array([-800.0, -9.0, -3.0, -2.99, -1.0, -0.3, 0.0, 0.01, 0.5, 1.0, 2.5, 3.0, 6.5, 20.0])
# Those that Keras has by another name or not at all.
OTHERS = (
    *("clip", "hard_sigmoid_keras2", "thresholded_relu", "clipped_relu", "scaled_sqrt", "gelu_tanh"),
    *("affine", "scaled_tanh"),
)
IN_KERAS = [name for name in functions.FUNCTIONS if name not in OTHERS]


@pytest.mark.parametrize("name", IN_KERAS)
def test_functions_are_those_of_keras(name):
    keras = pytest.importorskip("keras")
    options = {"approximate": False} if name == "gelu" else {}
    expected = getattr(keras.activations, name)(keras.ops.convert_to_tensor(POINTS.astype("float32")), **options)
    with np.errstate(over="ignore"):
        found = functions.function(name)(POINTS.astype(np.float32).astype(np.float64))
    np.testing.assert_allclose(found, np.asarray(expected), rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "at_minus_one", "at_two"),
    [
        ("leaky_relu(0.5)", -0.5, 2.0),
        ("elu(2)", 2 * (np.exp(-1) - 1), 2.0),
        ("hard_sigmoid(0.1, 0.4)", 0.3, 0.6),
        ("hard_sigmoid_keras2", 0.3, 0.9),
        ("thresholded_relu(1.5)", 0.0, 2.0),
        ("clip(-0.5, 1)", -0.5, 1.0),
        ("affine(2, 1)", -1.0, 5.0),
        ("scaled_tanh(1.5, 0.5)", 1.5 * np.tanh(-0.5), 1.5 * np.tanh(1)),
    ],
)
def test_functions_with_parameters(name, at_minus_one, at_two):
    np.testing.assert_allclose(functions.function(name)(np.array([-1.0, 2.0])), [at_minus_one, at_two], atol=1e-12)


def test_a_name_with_parameters_is_read_back():
    name = functions.with_parameters("hard_sigmoid", 0.1, 1 / 3)
    np.testing.assert_array_equal(functions.gate(name)(np.array([1.0])), [0.1 + 1 / 3])


@pytest.mark.parametrize("name", ["", "softmax", "relu(1)", "elu(a)", "elu(1, 2)", "elu(1", "__class__", "elu(1);x"])
def test_what_is_no_function_is_refused(name):
    with pytest.raises(UserError, match="activation"):
        functions.function(name)


@pytest.mark.parametrize("name", ["tanh", "relu", "linear", "nothing"])
def test_gates_stay_between_0_and_1(name):
    with pytest.raises(UserError, match=r"gates cannot have .* known are sigmoid, hard_sigmoid"):
        functions.gate(name)
