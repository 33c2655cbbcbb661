"""Networks as files hold them, for tests: random weights, our own npz, a PyTorch state dict, and what they compute."""

import numpy as np

from rnnexp.formats.about import About
from rnnexp.formats.npz import weights
from rnnexp.network.architecture import Architecture
from rnnexp.network.layer import Layer
from rnnexp.network.network import Network
from rnnexp.preprocessing.input_map import AS_IT_IS

ACTIVATIONS = {
    "relu": lambda z, _: np.maximum(z, 0),
    "tanh": lambda z, _: np.tanh(z),
    "sigmoid": lambda z, _: 1 / (1 + np.exp(-z)),
    "custom": lambda z, m: m * np.sqrt(np.clip(z, 0, m) / m),
}


def random_weights(features=1, units=5, outputs=1, seed=0):
    """Keras' order, float32; the recurrence neither dies out nor explodes."""
    random = np.random.default_rng(seed)
    shapes = (features, units), (units, units), (units,), (units, outputs), (outputs,)
    return [(random.uniform(-0.6, 0.6, shape) / np.sqrt(shape[0])).astype(np.float32) for shape in shapes]


def own(float_weights, *, activation="tanh", max_value=1.0, softmax=False, sequence_length=20):
    """What a run's ``-weights.npz`` holds of a float network of one layer of simple cells."""
    (features, units), outputs = np.shape(float_weights[0]), len(float_weights[-1])
    architecture = Architecture(
        sequence_length, features, (Layer("simple", units),), False, outputs, activation, max_value, softmax
    )
    return arrays(Network.of(architecture, float_weights))


def about(network, **facts):
    """What files say of a network."""
    task = "classification" if network.architecture.softmax else "regression"
    said = {"task": task, "dataset": "random", "input_map": AS_IT_IS, "units": "", **facts}
    return About.of(network.architecture, **said)


def arrays(network, integers=None):
    """What a run's ``-weights.npz`` holds of any network."""
    return weights.arrays(network, integers, about(network))


def state_dict(float_weights, *, rnn="rnn.", linear="linear.", dtype=np.float32):
    """What ``np.savez`` gets of a PyTorch module with an ``nn.RNN`` and an ``nn.Linear`` of these weights."""
    kernel, recurrent, bias, out_kernel, out_bias = (np.asarray(values, np.float64) for values in float_weights)
    parameters = {
        f"{rnn}weight_ih_l0": kernel.T,
        f"{rnn}weight_hh_l0": recurrent.T,
        f"{rnn}bias_ih_l0": 0.75 * bias,
        f"{rnn}bias_hh_l0": 0.25 * bias,
        f"{linear}weight": out_kernel.T,
        f"{linear}bias": out_bias,
    }
    return {key: values.astype(dtype) for key, values in parameters.items()}


def saved(path, found):
    np.savez(path, **found)
    return path


def outputs(float_weights, x, *, activation="tanh", max_value=1.0):
    """Before softmax, float64: one sample and one step at a time, in column vectors."""
    w_x, w_h, b, w_o, b_o = (np.asarray(values, np.float64).T for values in float_weights)
    found = []
    for sample in x:
        h = np.zeros(len(b))
        for x_t in sample:
            h = ACTIVATIONS[activation](w_x @ x_t + w_h @ h + b, max_value)
        found.append(w_o @ h + b_o)
    return np.array(found)


def share_of_range(got, expected):
    """The largest difference, as a share of the range of what is expected."""
    return np.abs(got - expected).max() / np.ptp(expected)
