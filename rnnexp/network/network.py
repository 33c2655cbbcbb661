"""Networks of several recurrent layers in real numbers: where their values lie, and what integers are compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from rnnexp.network import cells as registry
from rnnexp.quantization.cell import Activation, Ranges

# Numbers of a layer that are kept at once, so that long sequences do not fill the memory.
BATCH_NUMBERS = 2**24


@dataclass(frozen=True)
class FloatLayer:
    """One recurrent layer in real numbers.

    Attributes:
        cell: its name in ``rnnexp.network.cells``.
        weights: Keras' arrays, float64; for both directions two of such lists.
        activation: of the cell.
        backwards: as in ``Layer``.
        repeats: as in ``Layer``.
    """

    cell: str
    weights: tuple[Sequence[np.ndarray], ...]
    activation: Activation
    backwards: bool = False
    repeats: int = 0

    @property
    def units(self) -> int:
        """Those of all directions."""
        return sum(len(recurrent) for _, recurrent, _ in self.weights)

    def run(self, values: np.ndarray, ranges: Sequence[Ranges], *, last: bool = False) -> np.ndarray:
        """Return the values after every step, ``[n, time, units]``; with ``last``, only the last ones count."""
        return self.run_all(values, ranges, last=last)[0]

    def run_all(self, values: np.ndarray, ranges: Sequence[Ranges], *, last: bool = False) -> list[np.ndarray]:
        """The same for all that the units keep; their values come first."""
        directions = [partial(self._states, weights, into) for weights, into in zip(self.weights, ranges, strict=True)]
        return through(directions, values, backwards=self.backwards, last=last or bool(self.repeats))

    def _states(self, weights: Sequence[np.ndarray], ranges: Ranges, values: np.ndarray) -> list[np.ndarray]:
        cell, units = registry.load(self.cell).integers, len(weights[1])
        states = [np.zeros((len(values), units))] * 2
        found = []
        # Long sequences, read a column at a time, would be fetched from memory again for every step.
        for inputs in np.ascontiguousarray(values.transpose(1, 0, 2)):
            states = cell.float_step(weights, self.activation, inputs, states, ranges)
            found.append(states)
        return [np.stack(kept, axis=1) for kept in zip(*found, strict=True)]


@dataclass(frozen=True)
class FloatNetwork:
    """A network in real numbers, in the user's: where its values lie, and what the integers are compared with.

    Attributes:
        layers: from the input on.
        kernel: of the output layer ``[values, outputs]``.
        bias: of the output layer.
        every_step: as in ``LayeredNetwork``.
    """

    layers: tuple[FloatLayer, ...]
    kernel: np.ndarray
    bias: np.ndarray
    every_step: bool = False

    def run(self, x: np.ndarray, ranges: Sequence[Sequence[Ranges]] | None = None) -> np.ndarray:
        """Return the outputs before any softmax, float64 ``[n, outputs]``, or ``[n, time, outputs]``.

        Args:
            x: ``[n, time, features]``.
            ranges: of each layer and direction; take in what lies where.
        """
        seen = ranges or self.ranges()
        found = []
        for part in batches(x, max(layer.units for layer in self.layers)):
            values = part.astype(np.float64)
            for layer, into in zip(self.layers, seen, strict=True):
                values = layer.run(values, into, last=layer is self.layers[-1] and not self.every_step)
                values = repeated(values, layer.repeats)
            found.append((values if self.every_step else values[:, -1]) @ self.kernel + self.bias)
        return np.concatenate(found)

    def states(self, x: np.ndarray) -> list[list[np.ndarray]]:
        """Return for each layer all that its units keep, after every step, float64 ``[n, time, units]`` each."""
        values, found = np.asarray(x, np.float64), []
        for layer, into in zip(self.layers, self.ranges(), strict=True):
            found.append(layer.run_all(values, into))
            values = repeated(found[-1][0], layer.repeats)
        return found

    @classmethod
    def of_keras(
        cls,
        weights: Sequence[np.ndarray],
        cell: str,
        activation: Activation,
        *,
        bidirectional: bool = False,
        backwards: bool = False,
        every_step: bool = False,
        answer_steps: int = 0,
    ) -> FloatNetwork:
        """Return the network of a Keras model: recurrent layers, all alike, and a dense one.

        Args:
            weights: the model's, in Keras' order: three arrays a cell, then the dense layer's two.
            cell: its name in ``rnnexp.network.cells``.
            activation: of the cells.
            bidirectional: whether the layers have two directions.
            backwards: whether the first layer, of one direction, reads from the sequence's end; the others read what
                it gives, in its order.
            every_step: whether the dense layer is applied at every step.
            answer_steps: if the last cell is a decoder's, the steps that it takes.
        """
        arrays = [np.asarray(values, np.float64) for values in weights]
        kernel, bias = arrays[-2:]
        cells = [arrays[begin : begin + 3] for begin in range(0, len(arrays) - 2, 3)]
        ways = 2 if bidirectional else 1
        reading = len(cells) - (1 if answer_steps else 0)
        layers = [
            FloatLayer(cell, tuple(cells[begin : begin + ways]), activation, backwards and begin == 0)
            for begin in range(0, reading, ways)
        ]
        if answer_steps:
            layers = [*layers[:-1], replace(layers[-1], repeats=answer_steps)]
            layers.append(FloatLayer(cell, (cells[-1],), activation))
        return cls(tuple(layers), kernel, bias, every_step)

    def with_weights(self, weights: Sequence[np.ndarray]) -> FloatNetwork:
        """Return the same network with other weights, in Keras' order."""
        arrays, layers = iter(weights), []
        for layer in self.layers:
            own = tuple([next(arrays) for _ in range(3)] for _ in layer.weights)
            layers.append(replace(layer, weights=own))
        return replace(self, layers=tuple(layers), kernel=next(arrays), bias=next(arrays))

    def ranges(self) -> list[list[Ranges]]:
        """Return empty ranges for each layer and direction."""
        return [[Ranges() for _ in layer.weights] for layer in self.layers]


def batches(x: np.ndarray, units: int) -> list[np.ndarray]:
    """Return sequences ``[n, time, ...]``, some at a time; ``units`` are those of the widest layer."""
    size = max(BATCH_NUMBERS // (x.shape[1] * units), 1)
    return [x[begin : begin + size] for begin in range(0, len(x), size)]


def repeated(values: np.ndarray, times: int) -> np.ndarray:
    """Return the last of values ``[n, time, ...]`` so many times; the values as they are for 0 times."""
    return np.repeat(values[:, -1:], times, axis=1) if times else values


def through(
    directions: Sequence[Callable[[np.ndarray], list[np.ndarray]]], values: np.ndarray, *, backwards: bool, last: bool
) -> list[np.ndarray]:
    """Send sequences through the one or two directions of a layer and join what comes out.

    Args:
        directions: functions of ``[n, time, inputs]``, in the order in which steps are taken, to all that units keep;
            the second one starts at the sequence's end.
        values: the sequences.
        backwards: whether an only one does.
        last: whether only the last values count. Then those of both directions are joined, as Keras does, and else
            those of the same place in the sequence.
    """
    first, *second = directions
    found = first(values[:, ::-1] if backwards else values)
    if not second:
        return found
    others = second[0](values[:, ::-1])
    return [
        np.concatenate([one, other if last else other[:, ::-1]], axis=2)
        for one, other in zip(found, others, strict=True)
    ]
