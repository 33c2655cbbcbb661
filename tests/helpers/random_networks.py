"""Float networks with random weights, for the tests of what integers make of them."""

from dataclasses import dataclass

import numpy as np

from rnnexp.network.activations import ACTIVATIONS
from rnnexp.quantization.quantizer import Ranges, quantize


@dataclass(frozen=True)
class FloatNetwork:
    """A simple recurrent network in float64: weights in Keras' order, and the activation."""

    weights: list[np.ndarray]
    activation: object

    def run(self, x):
        """Return outputs ``[n, outputs]``, and all states and pre-activations ``[n, time, units]``."""
        kernel, recurrent, bias, out_kernel, out_bias = self.weights
        state, states, sums = np.zeros((len(x), len(bias))), [], []
        for time in range(x.shape[1]):
            sums.append(x[:, time] @ kernel + state @ recurrent + bias)
            with np.errstate(over="ignore"):
                state = self.activation(sums[-1])
            states.append(state)
        return state @ out_kernel + out_bias, np.stack(states, 1), np.stack(sums, 1)

    def ranges(self, x):
        outputs, _, sums = self.run(x)
        return Ranges((x.min(), x.max()), (sums.min(), sums.max()), (outputs.min(), outputs.max()))

    def quantize(self, x, **options):
        return quantize(self.weights, self.activation, self.ranges(x), sequence_length=x.shape[1], **options)


def float_network(hidden, *, features=1, outputs=1, activation="tanh", gain=1.0, seed=0):
    """Return a network that neither explodes nor forgets at once: orthogonal recurrent weights."""
    random = np.random.default_rng(seed)
    orthogonal, _ = np.linalg.qr(random.normal(size=(hidden, hidden)))
    # relu is kept from growing; the custom activation's slope is about 1 at a quarter.
    recurrent = orthogonal * {"relu": 0.7, "custom": 0.5}.get(activation, 1.0) * gain
    weights = [
        random.normal(size=(features, hidden)) * gain / features**0.5,
        recurrent,
        random.normal(size=hidden) * 0.1 + (0.25 if activation == "custom" else 0.0),
        random.normal(size=(hidden, outputs)),
        random.normal(size=outputs),
    ]
    return FloatNetwork(weights, ACTIVATIONS[activation].table)


def inputs(samples, steps, features=1, seed=1):
    """Return inputs in [-1, 1], slow and fast."""
    random = np.random.default_rng(seed)
    slow = np.cumsum(random.normal(size=(samples, steps, features)), axis=1)
    return np.tanh(0.2 * slow + 0.5 * random.normal(size=slow.shape))
