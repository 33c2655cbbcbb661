"""The nodes of a foreign network: what each computes in float64, with the numbers that it was trained to.

Values are ``[n, time, ...]`` until a node takes the time away (``Last``, ``Flatten``, ``GlobalPooling``), and
``[n, width]`` from there on. Inside a network's convolutional part they can be ``[n, time, frequency, channels]``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np
from typing_extensions import override

from rnnexp.network.functions import divided, function, scale
from rnnexp.network.graph.recurrence import STEPS, CellName, lstm
from rnnexp.network.lengths import clamped, real, reverse


@dataclass(frozen=True)
class Node(ABC):
    """One of them.

    Attributes:
        name: in the file that it was read from, to be named in messages.
        reads: names of the nodes whose values it takes; of the graph's input it is ``INPUT``.
    """

    name: str
    reads: tuple[str, ...]

    @abstractmethod
    def run(self, values: Sequence[np.ndarray], lengths: np.ndarray | None) -> np.ndarray:
        """Return its values for those that it reads, and real steps of each sequence ``[n]``; None: all."""

    @property
    def kind(self) -> str:
        """What it is, in a word for messages."""
        return type(self).__name__


@dataclass(frozen=True)
class Embedding(Node):
    """Words to vectors: ``table`` ``[words, width]``."""

    table: np.ndarray = field(default_factory=lambda: np.zeros((1, 1)))

    @override
    def run(self, values: Sequence[np.ndarray], lengths: np.ndarray | None) -> np.ndarray:
        return self.table[np.clip(values[0].astype(np.int64), 0, len(self.table) - 1)]


@dataclass(frozen=True)
class Affine(Node):
    """``scale * x + offset`` for each number of the last axis: batch normalisation, normalisation, rescaling."""

    scale: np.ndarray = field(default_factory=lambda: np.ones(1))
    offset: np.ndarray = field(default_factory=lambda: np.zeros(1))

    @override
    def run(self, values: Sequence[np.ndarray], lengths: np.ndarray | None) -> np.ndarray:
        return values[0] * self.scale + self.offset


@dataclass(frozen=True)
class Activation(Node):
    """An activation function alone; ``softmax`` and its logarithm ``log_softmax`` (over the last axis) can be only at
    the end.
    """

    activation: str = "linear"

    @override
    def run(self, values: Sequence[np.ndarray], lengths: np.ndarray | None) -> np.ndarray:
        if self.activation in ("softmax", "log_softmax"):
            below = values[0] - values[0].max(axis=-1, keepdims=True)
            total = np.exp(below).sum(axis=-1, keepdims=True)
            return np.exp(below) / total if self.activation == "softmax" else below - np.log(total)
        return function(self.activation)(values[0])


@dataclass(frozen=True)
class Dense(Node):
    """``kernel`` ``[inputs, outputs]`` on the last axis, ``bias`` ``[outputs]``, and an activation function."""

    kernel: np.ndarray = field(default_factory=lambda: np.zeros((1, 1)))
    bias: np.ndarray = field(default_factory=lambda: np.zeros(1))
    activation: str = "linear"

    @override
    def run(self, values: Sequence[np.ndarray], lengths: np.ndarray | None) -> np.ndarray:
        return function(self.activation)(np.concatenate(values, axis=-1) @ self.kernel + self.bias)


@dataclass(frozen=True)
class GlobalPooling(Node):
    """The largest or the mean of all steps (and frequencies), of real ones alone where there are lengths."""

    what: Literal["max", "average"] = "average"

    @override
    def run(self, values: Sequence[np.ndarray], lengths: np.ndarray | None) -> np.ndarray:
        x = values[0]
        axes = tuple(range(1, x.ndim - 1))
        if lengths is None:
            return x.max(axis=axes) if self.what == "max" else x.mean(axis=axes)
        there = real(lengths, x.shape[1]).reshape(*x.shape[:2], *[1] * (x.ndim - 2))
        if self.what == "max":
            return np.where(there, x, -np.inf).max(axis=axes)
        return (x * there).sum(axis=axes) / there.sum(axis=axes)


@dataclass(frozen=True)
class Recurrent(Node):
    """A recurrent layer of one or two directions.

    Attributes:
        cell: its name.
        directions: the weights of each, see ``rnnexp.network.graph.recurrence``; the second one reads from the end.
        activation, gate: names of functions.
        backwards: whether an only direction reads from the end, and gives its values in that order.
        every_step: whether it gives its values after every step, or after the last alone (and then the time is gone).
        merge: how two directions are joined.
        projection: ``[units, width]`` of each direction, by which its values go out and back; None: as they are.
        stateful: whether states are kept from one call to the next, which is what a step file does.
        cell_limit: of an LSTM: its cell state is cut off beyond this, either side of 0.
    """

    cell: CellName = "simple"
    directions: tuple[tuple[np.ndarray, ...], ...] = ()
    activation: str = "tanh"
    gate: str = "sigmoid"
    backwards: bool = False
    every_step: bool = True
    merge: Literal["concat", "sum", "ave"] = "concat"
    projection: tuple[np.ndarray, ...] | None = None
    stateful: bool = False
    cell_limit: float = np.inf

    @property
    def units(self) -> int:
        """Of a direction: how many numbers of each kind its cell keeps, ahead of any projection."""
        sums = {"simple": 1, "lstm": 4, "lstm-peephole": 4, "gru": 3, "gru-reset-before": 3, "fastgrnn": 1}[self.cell]
        return self.directions[0][2].shape[-1] // sums

    @override
    def run(self, values: Sequence[np.ndarray], lengths: np.ndarray | None) -> np.ndarray:
        x = np.concatenate(values, axis=-1)
        x = x.reshape(*x.shape[:2], -1)
        found = []
        for number in range(len(self.directions)):
            turned = bool(number) or self.backwards
            own = self._direction(number, reverse(x, lengths) if turned else x, lengths)
            if self.every_step:
                found.append(reverse(own, lengths) if number else own)
            else:
                found.append(own[:, -1])
        if len(found) == 1:
            return found[0]
        if self.merge == "concat":
            return np.concatenate(found, axis=-1)
        return (found[0] + found[1]) * (0.5 if self.merge == "ave" else 1.0)

    def _direction(self, number: int, x: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
        """Return the values after every step; after the last real one they stay as they are."""
        weights, activation, gate = self.directions[number], function(self.activation), function(self.gate)
        if self.cell == "fastgrnn":
            # Of sums that have the activation's scale.
            gate = divided(gate, scale(self.activation))
        projection = self.projection[number] if self.projection else None
        width = self.units if projection is None else projection.shape[1]
        states = [np.zeros((len(x), width))] + [np.zeros((len(x), self.units))] * self.cell.startswith("lstm")
        most, found = None if lengths is None else clamped(lengths, x.shape[1]), []
        step = partial(lstm, limit=self.cell_limit) if self.cell_limit < np.inf else STEPS[self.cell]
        for time in range(x.shape[1]):
            after = step(weights, activation, gate, x[:, time], states)
            if projection is not None:
                after[0] = after[0] @ projection
            if most is not None:
                there = (most > time)[:, None]
                after = [np.where(there, new, old) for new, old in zip(after, states, strict=True)]
            states = after
            found.append(states[0])
        return np.stack(found, axis=1)


@dataclass(frozen=True)
class Merge(Node):
    """Several values joined along the last axis, or added, or their mean."""

    how: Literal["concat", "add", "average"] = "concat"

    @override
    def run(self, values: Sequence[np.ndarray], lengths: np.ndarray | None) -> np.ndarray:
        if self.how == "concat":
            return np.concatenate(values, axis=-1)
        return np.sum(values, axis=0) / (len(values) if self.how == "average" else 1)


@dataclass(frozen=True)
class Last(Node):
    """The values after the last real step."""

    @override
    def run(self, values: Sequence[np.ndarray], lengths: np.ndarray | None) -> np.ndarray:
        if lengths is None:
            return values[0][:, -1]
        return values[0][np.arange(len(lengths)), clamped(lengths, values[0].shape[1]) - 1]


@dataclass(frozen=True)
class Reverse(Node):
    """The real steps in the opposite order."""

    @override
    def run(self, values: Sequence[np.ndarray], lengths: np.ndarray | None) -> np.ndarray:
        return reverse(values[0], lengths)


@dataclass(frozen=True)
class Flatten(Node):
    """All numbers of a sequence in one row, or with ``keeps_time`` all numbers of each step."""

    keeps_time: bool = False

    @override
    def run(self, values: Sequence[np.ndarray], lengths: np.ndarray | None) -> np.ndarray:
        x = values[0]
        return x.reshape(*x.shape[:2], -1) if self.keeps_time else x.reshape(len(x), -1)


@dataclass(frozen=True)
class AddChannel(Node):
    """``[n, time, frequency]`` to ``[n, time, frequency, channels]``, where each frequency has so many channels."""

    channels: int = 1

    @override
    def run(self, values: Sequence[np.ndarray], lengths: np.ndarray | None) -> np.ndarray:
        x = values[0]
        return x.reshape(*x.shape[:2], -1, self.channels)


@dataclass(frozen=True)
class Repeat(Node):
    """Values ``[n, width]`` again at each of ``times`` steps."""

    times: int = 1

    @override
    def run(self, values: Sequence[np.ndarray], lengths: np.ndarray | None) -> np.ndarray:
        return np.repeat(values[0][:, None], self.times, axis=1)
