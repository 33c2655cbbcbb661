"""The simple recurrent network in PyTorch. Imports PyTorch, which is optional: ``rnnexp.export.torch`` asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from rnnexp.activations import MAX_SLOPE


class ScaledSqrt(nn.Module):
    """The custom activation: ``f(x) = M * sqrt(clip(x, 0, M) / M)``, its slope bounded at 0 as in our training.

    Args:
        max_value: ``M``.
    """

    def __init__(self, max_value: float) -> None:
        super().__init__()
        self.max_value = max_value

    def forward(self, x: Tensor) -> Tensor:
        """Return the activation of ``x``, of any shape."""
        z = x / self.max_value
        with torch.no_grad():
            h = torch.sqrt(torch.clamp(z, 0.0, 1.0))
            inside = (h > 0) & (h < 1)
            slope = torch.where(inside, 0.5 / torch.clamp(h, min=0.5 / MAX_SLOPE), torch.zeros_like(h))
        # The second term is 0, but carries the gradient.
        return self.max_value * (h + (z - z.detach()) * slope)


class LoopedRNN(nn.RNNBase):
    """``nn.RNN``, one layer, batch first, with an activation that PyTorch's own does not have.

    Args:
        features: of the input.
        units: of the state.
        activation: pre-activations -> states.
    """

    # Of nn.RNNBase, which makes them by name.
    weight_ih_l0: Tensor
    weight_hh_l0: Tensor
    bias_ih_l0: Tensor
    bias_hh_l0: Tensor

    def __init__(self, features: int, units: int, activation: nn.Module) -> None:
        # The mode decides which parameters there are; it is not what is computed.
        super().__init__("RNN_TANH", features, units, batch_first=True)
        self.activation = activation

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return all states ``[batch, time, units]`` and the last one ``[1, batch, units]``, as ``nn.RNN`` does.

        Args:
            x: ``[batch, time, features]``.
            state: before the first step, ``[1, batch, units]``; zeros if None.
        """
        last = x.new_zeros(len(x), self.hidden_size) if state is None else state[0]
        states = []
        for projected in nn.functional.linear(x, self.weight_ih_l0, self.bias_ih_l0).unbind(dim=1):
            last = self.activation(projected + nn.functional.linear(last, self.weight_hh_l0, self.bias_hh_l0))
            states.append(last)
        return torch.stack(states, dim=1), last[None]


# name -> (features, units, M) -> layer with the weights of nn.RNN
ACTIVATIONS: dict[str, Callable[[int, int, float], nn.RNNBase]] = {
    "relu": lambda features, units, _: nn.RNN(features, units, nonlinearity="relu", batch_first=True),
    "tanh": lambda features, units, _: nn.RNN(features, units, nonlinearity="tanh", batch_first=True),
    "sigmoid": lambda features, units, _: LoopedRNN(features, units, nn.Sigmoid()),
    "custom": lambda features, units, max_value: LoopedRNN(features, units, ScaledSqrt(max_value)),
}


class Network(nn.Module):
    """A simple recurrent layer, ``rnn``, a dense one, ``linear``, and, for classes, softmax.

    Args:
        weights: kernel ``[features, units]``, recurrent kernel ``[units, units]``, bias, output kernel
            ``[units, outputs]``, output bias, as Keras orders them.
        activation: a name in ``ACTIVATIONS``.
        max_value: the custom activation's ``M``.
        softmax: whether the outputs are probabilities.
    """

    def __init__(
        self, weights: Sequence[np.ndarray], *, activation: str, max_value: float = 1.0, softmax: bool = False
    ) -> None:
        super().__init__()
        kernel, recurrent, bias, out_kernel, out_bias = (
            torch.from_numpy(np.array(values, np.float32)) for values in weights
        )
        units, outputs = out_kernel.shape
        self.rnn = ACTIVATIONS[activation](len(kernel), units, max_value)
        self.linear = nn.Linear(units, outputs)
        self.softmax = softmax
        self.load_state_dict(
            {
                "rnn.weight_ih_l0": kernel.T,
                "rnn.weight_hh_l0": recurrent.T,
                "rnn.bias_ih_l0": bias,
                "rnn.bias_hh_l0": torch.zeros_like(bias),  # PyTorch has two, and adds them
                "linear.weight": out_kernel.T,
                "linear.bias": out_bias,
            }
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return what the Keras model does for inputs ``[batch, time, features]``: ``[batch, outputs]``."""
        logits = self.logits(x)
        return torch.softmax(logits, dim=1) if self.softmax else logits

    def logits(self, x: Tensor) -> Tensor:
        """Return the outputs before softmax, ``[batch, outputs]``, on which PyTorch's cross-entropy is defined."""
        _, last = self.rnn(x)
        return self.linear(last[0])
