"""Activation functions that are spelled out, and what only looks like one of them."""

import numpy as np
import pytest
from scipy.special import erf, expit

from rnnexp.formats.foreign.axes import Value, axis
from rnnexp.formats.foreign.drawing import Drawing
from rnnexp.formats.foreign.pointwise import Unfinished, finished, unary
from rnnexp.network.graph.nodes import Activation

LAYOUT = (axis(3, "batch"), axis(5, "time"), axis(4))


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda z: z * 0.5 * (1.0 + erf(z * np.float32(0.70710678))), "gelu"),
        (lambda z: z * expit(z), "silu"),
        (lambda z: np.log(1.0 + np.exp(z)), "softplus"),
        (lambda z: np.where(z > 20.0, z, np.log1p(np.exp(z))), "softplus"),
        (lambda z: z * np.minimum(np.maximum(z + 3.0, 0.0), 6.0) / 6.0, "hard_silu"),
        (lambda z: (z > 0.0) * z, "relu"),
        # What is like a relu up to 100, a tanh that is a little weaker, and a gelu with another constant.
        (lambda z: np.minimum(np.maximum(z, 0.0), 100.0), ""),
        (lambda z: np.where(z < -50.0, 1.0, np.maximum(z, 0.0)), ""),
        (lambda z: 0.9999 * np.tanh(z), ""),
        (lambda z: z * expit(1.702 * z), ""),
    ],
)
def test_only_what_is_one_is_taken_for_one(function, name):
    drawing = Drawing({}, name="spelled")
    given = Value("", LAYOUT, LAYOUT)
    found = drawing.nodes[finished(drawing, unary(drawing, given, "Spelled", function)).node]
    if name:
        assert isinstance(found, Activation)
        assert (found.activation, found.reads) == (name, ("",))
    else:
        assert isinstance(found, Unfinished)
