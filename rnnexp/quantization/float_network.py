"""Networks of several recurrent layers in real numbers: where their values lie, and what integers are compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from rnnexp.quantization.cells import CELLS
from rnnexp.quantization.cells.cell import Activation, Ranges

# Samples run at once, so that long sequences do not fill the memory.
BATCH = 2048


@dataclass(frozen=True)
class FloatLayer:
    """One recurrent layer in real numbers.

    Attributes:
        cell: its name in ``CELLS``.
        weights: Keras' arrays, float64; for both directions two of such lists.
        activation: of the cell.
        backwards: as in ``Layer``.
    """

    cell: str
    weights: tuple[Sequence[np.ndarray], ...]
    activation: Activation
    backwards: bool = False

    def run(self, values: np.ndarray, ranges: Sequence[Ranges], *, last: bool = False) -> np.ndarray:
        """Return the values after every step, ``[n, time, units]``; with ``last``, only the last ones count."""
        directions = [partial(self._states, weights, into) for weights, into in zip(self.weights, ranges, strict=True)]
        return through(directions, values, backwards=self.backwards, last=last)

    def _states(self, weights: Sequence[np.ndarray], ranges: Ranges, values: np.ndarray) -> np.ndarray:
        cell, units = CELLS[self.cell], len(weights[1])
        states, found = [np.zeros((len(values), units))] * 2, []
        for time in range(values.shape[1]):
            states = cell.float_step(weights, self.activation, values[:, time], states, ranges)
            found.append(states[0])
        return np.stack(found, axis=1)


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
        for begin in range(0, len(x), BATCH):
            values = np.asarray(x[begin : begin + BATCH], np.float64)
            for layer, into in zip(self.layers, seen, strict=True):
                values = layer.run(values, into, last=layer is self.layers[-1] and not self.every_step)
            found.append((values if self.every_step else values[:, -1]) @ self.kernel + self.bias)
        return np.concatenate(found)

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
    ) -> FloatNetwork:
        """Return the network of a Keras model: recurrent layers, all alike, and a dense one.

        Args:
            weights: the model's, in Keras' order: three arrays a cell, then the dense layer's two.
            cell: its name in ``CELLS``.
            activation: of the cells.
            bidirectional: whether the layers have two directions.
            backwards: whether layers of one direction read from the sequence's end.
            every_step: whether the dense layer is applied at every step.
        """
        arrays = [np.asarray(values, np.float64) for values in weights]
        kernel, bias = arrays[-2:]
        cells = [arrays[begin : begin + 3] for begin in range(0, len(arrays) - 2, 3)]
        ways = 2 if bidirectional else 1
        layers = [
            FloatLayer(cell, tuple(cells[begin : begin + ways]), activation, backwards)
            for begin in range(0, len(cells), ways)
        ]
        return cls(tuple(layers), kernel, bias, every_step)

    def ranges(self) -> list[list[Ranges]]:
        """Return empty ranges for each layer and direction."""
        return [[Ranges() for _ in layer.weights] for layer in self.layers]


def through(
    directions: Sequence[Callable[[np.ndarray], np.ndarray]], values: np.ndarray, *, backwards: bool, last: bool
) -> np.ndarray:
    """Send sequences through the one or two directions of a layer and join what comes out.

    Args:
        directions: functions of ``[n, time, inputs]``, in the order in which steps are taken; the second one starts at
            the sequence's end.
        values: the sequences.
        backwards: whether an only one does.
        last: whether only the last values count. Then those of both directions are joined, as Keras does, and else
            those of the same place in the sequence.
    """
    first, *second = directions
    found = [first(values[:, ::-1] if backwards else values)]
    if second:
        other = second[0](values[:, ::-1])
        found.append(other if last else other[:, ::-1])
    return np.concatenate(found, axis=2)
