"""Recurrent networks in PyTorch. Imports PyTorch, which is optional: ``rnnexp.formats.torch.load`` asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from rnnexp.network.activations import MAX_SLOPE
from rnnexp.network.architecture import Architecture
from rnnexp.network.network import Network


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


# name -> M -> pre-activations to states.
ACTIVATIONS: dict[str, Callable[[float], nn.Module]] = {
    "relu": lambda _: nn.ReLU(),
    "tanh": lambda _: nn.Tanh(),
    "sigmoid": lambda _: nn.Sigmoid(),
    "custom": ScaledSqrt,
}
# Those that nn.RNN has.
NONLINEARITIES = ("relu", "tanh")
# Cells that PyTorch has with tanh only.
GATED: dict[str, type[nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU}


class LoopedRNN(nn.RNNBase):
    """``nn.RNN``, batch first, with an activation that PyTorch's own does not have.

    Args:
        features: of the input.
        units: of the state.
        activation: pre-activations -> states.
        num_layers: each reading all states of the one before.
        bidirectional: whether they read from both ends.
    """

    def __init__(
        self, features: int, units: int, activation: nn.Module, *, num_layers: int = 1, bidirectional: bool = False
    ) -> None:
        # The mode decides which parameters there are; it is not what is computed.
        options = {"num_layers": num_layers, "bidirectional": bidirectional}
        super().__init__("RNN_TANH", features, units, batch_first=True, **options)
        self.activation = activation

    def forward(
        self, x: Tensor | PackedSequence, state: Tensor | None = None
    ) -> tuple[Tensor | PackedSequence, Tensor]:
        """Return the last layer's states ``[batch, time, values]`` and all last ones, as ``nn.RNN`` does.

        Args:
            x: ``[batch, time, features]``, or sequences of different lengths, packed.
            state: before the first step, ``[layers and directions, batch, units]``; zeros if None.
        """
        if isinstance(x, PackedSequence):
            padded, lengths = pad_packed_sequence(x, batch_first=True)
            states, ends = self._layers(padded, state, lengths)
            return pack_padded_sequence(states, lengths, batch_first=True, enforce_sorted=False), ends
        return self._layers(x, state, torch.full((len(x),), x.shape[1]))

    def _layers(self, x: Tensor, state: Tensor | None, lengths: Tensor) -> tuple[Tensor, Tensor]:
        suffixes = ("", "_reverse") if self.bidirectional else ("",)
        rows = torch.arange(len(x))
        ends: list[Tensor] = []
        for layer in range(self.num_layers):
            ways = []
            for suffix in suffixes:
                begin = x.new_zeros(len(x), self.hidden_size) if state is None else state[len(ends)]
                found = self._direction(reverse(x, lengths) if suffix else x, begin, f"l{layer}{suffix}")
                ends.append(found[rows, lengths - 1])
                ways.append(reverse(found, lengths) if suffix else found)
            x = torch.cat(ways, dim=2)
        return x, torch.stack(ends)

    def _direction(self, x: Tensor, last: Tensor, place: str) -> Tensor:
        """Return the states of one direction of a layer, in the order in which it reads."""
        kinds = ("weight_ih", "bias_ih", "weight_hh", "bias_hh")
        kernel, bias, recurrent, recurrent_bias = (getattr(self, f"{kind}_{place}") for kind in kinds)
        states = []
        for projected in nn.functional.linear(x, kernel, bias).unbind(dim=1):
            last = self.activation(projected + nn.functional.linear(last, recurrent, recurrent_bias))
            states.append(last)
        return torch.stack(states, dim=1)


def reverse(x: Tensor, lengths: Tensor) -> Tensor:
    """Return sequences ``[batch, time, ...]`` from their last real step to their first, and then the padding."""
    places = torch.arange(x.shape[1])
    return _picked(x, torch.where(places < lengths[:, None], lengths[:, None] - 1 - places, places))


def rolled(x: Tensor, shift: Tensor) -> Tensor:
    """Return sequences ``[batch, time, ...]``, each shifted by so many steps."""
    return _picked(x, (torch.arange(x.shape[1]) - shift[:, None]) % x.shape[1])


def _picked(x: Tensor, places: Tensor) -> Tensor:
    return torch.take_along_dim(x, places[..., None].to(x.device), dim=1)


def recurrent(architecture: Architecture) -> nn.RNNBase:
    """Return the recurrent module of an architecture, whose cell and activation must be known here."""
    structure, activation = architecture.structure, architecture.activation
    sizes = architecture.features, architecture.layers[0].units
    options: dict[str, Any] = {"num_layers": structure.num_layers, "bidirectional": structure.bidirectional}
    if structure.cell in GATED:
        projection = {"proj_size": structure.projection} if structure.projection else {}
        return GATED[structure.cell](*sizes, batch_first=True, **options, **projection)
    if activation in NONLINEARITIES:
        return nn.RNN(*sizes, nonlinearity=activation, batch_first=True, **options)
    return LoopedRNN(*sizes, ACTIVATIONS[activation](architecture.max_value), **options)


class RecurrentModule(nn.Module):
    """Recurrent layers, ``rnn``, a dense one, ``linear``, and what makes probabilities of its outputs.

    A linear path from the whole sequence to the outputs is ``path``.

    Args:
        network: whose weights it gets.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.architecture, self.structure = network.architecture, network.architecture.structure
        self.rnn = recurrent(network.architecture)
        self.linear = nn.Linear(*network.kernel.shape)
        kernel, bias = (torch.from_numpy(np.array(values, np.float32)) for values in (network.kernel, network.bias))
        self.rnn.load_state_dict(_parameters(network))
        self.linear.load_state_dict({"weight": kernel.T, "bias": bias})
        if self.architecture.linear_path:
            path = torch.from_numpy(np.array(network.linear_kernel, np.float32))
            self.path = nn.Linear(*path.shape, bias=False)
            self.path.load_state_dict({"weight": path.T})

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return what the Keras model does for ``[batch, time, features]``: ``[batch, outputs]``, or of every step.

        Args:
            x: the sequences, with any padding where the architecture has it.
            lengths: real steps of each, integers ``[batch]``; None: all.
        """
        logits = self.logits(x, lengths)
        if not self.architecture.softmax:
            return logits
        # A single output is the probability of the second of two classes.
        return torch.sigmoid(logits) if logits.shape[-1] == 1 else torch.softmax(logits, dim=-1)

    def logits(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the outputs before softmax, on which PyTorch's cross-entropy is defined; 0 at steps of padding."""
        if lengths is not None:
            return self._of_lengths(x, lengths.cpu().clamp(1, x.shape[1]))
        states, last = self.rnn(x.flip(1) if self.structure.go_backwards else x)
        outputs = self.linear(states if self.architecture.every_step else self._last(last))
        return outputs + self.path(x.flatten(1)) if self.architecture.linear_path else outputs

    def _of_lengths(self, x: Tensor, lengths: Tensor) -> Tensor:
        steps = x.shape[1]
        shift = (steps - lengths) * (self.architecture.padding == "begin")
        x = rolled(x, -shift)
        x = reverse(x, lengths) if self.structure.go_backwards else x
        states, last = self.rnn(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
        if not self.architecture.every_step:
            return self.linear(self._last(last))
        found, _ = pad_packed_sequence(states, batch_first=True, total_length=steps)
        there = (torch.arange(steps) < lengths[:, None])[..., None].to(x.device)
        return rolled(torch.where(there, self.linear(found), 0.0), shift)

    def _last(self, last: Tensor | tuple[Tensor, Tensor]) -> Tensor:
        """Return what the last layer has come to."""
        # Of an LSTM also the cell states are there.
        last = last[0] if isinstance(last, tuple) else last
        return torch.cat(tuple(last[-2:]), dim=1) if self.structure.bidirectional else last[-1]


def _parameters(network: Network) -> dict[str, Tensor]:
    """Return the state dict of a recurrent module for Keras' weights."""
    found, suffixes = {}, ("", "_reverse")
    for number, directions in enumerate(network.layer_weights()):
        for suffix, weights in zip(suffixes, directions, strict=False):
            kernel, recurrent_kernel, bias, *projection = (
                torch.from_numpy(np.array(values, np.float32)) for values in weights
            )
            # PyTorch always has two biases, and adds them.
            biases = bias if bias.ndim == 2 else torch.stack([bias, torch.zeros_like(bias)])
            if network.architecture.structure.cell == "gru":
                # Keras has the update gate first, PyTorch the reset gate.
                order = torch.arange(kernel.shape[1]).reshape(3, -1)[[1, 0, 2]].reshape(-1)
                kernel, recurrent_kernel, biases = kernel[:, order], recurrent_kernel[:, order], biases[:, order]
            place = f"l{number}{suffix}"
            found[f"weight_ih_{place}"], found[f"weight_hh_{place}"] = kernel.T, recurrent_kernel.T
            found[f"bias_ih_{place}"], found[f"bias_hh_{place}"] = biases
            found |= {f"weight_hr_{place}": values.T for values in projection}
    return found
