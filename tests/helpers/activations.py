"""The activations' closed formulas at unit scale, written apart from the library, and points to compare at."""

import math

import numpy as np

FORMULAS = {
    "relu": lambda z: max(z, 0.0),
    "tanh": math.tanh,
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)) if z > 0 else math.exp(z) / (1 + math.exp(z)),
    "custom": lambda z: math.sqrt(min(max(z, 0.0), 1.0)),
}
# No kink of any of them lies within 0.02 of these, nor does custom's slope exceed its bound there.
POINTS = np.array([-3.0, -1.1, -0.5, -0.04, 0.05, 0.25, 0.5, 0.97, 1.05, 1.5, 3.0], np.float32)
