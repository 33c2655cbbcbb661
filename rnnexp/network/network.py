"""Networks in real numbers, the user's: what they compute, where their values lie, what integers are compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from rnnexp.network import cells
from rnnexp.network import front as parallel
from rnnexp.network import functions as names
from rnnexp.network.activations import Function
from rnnexp.network.architecture import LINEAR_KERNEL, Architecture
from rnnexp.network.front import FrontLayer
from rnnexp.network.functions import Functions
from rnnexp.network.layer import Layer
from rnnexp.network.lengths import clamped, real, reverse
from rnnexp.network.ranges import Ranges
from rnnexp.network.taps import Taps

# Numbers of a layer that are kept at once, so that long sequences do not fill the memory.
BATCH_NUMBERS = 2**24


@dataclass(frozen=True)
class Network:
    """A network of recurrent layers and a dense one, to which a linear path may lead beside them.

    Attributes:
        architecture: everything but the weights.
        weights: float64, in the order of ``architecture.shapes``, which is Keras'.
    """

    architecture: Architecture
    weights: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, architecture: Architecture, weights: Sequence[np.ndarray]) -> Network:
        """Return the network of weights of any floating-point type.

        Raises:
            ValueError: if they are not of the architecture.
        """
        arrays = tuple(np.asarray(values, np.float64) for values in weights)
        for (name, shape), values in zip(architecture.shapes.items(), arrays, strict=True):
            if values.shape != shape:
                raise ValueError(f"{name} has the shape {values.shape}, not {shape}")
        return cls(architecture, arrays)

    @property
    def kernel(self) -> np.ndarray:
        """Of the dense layer, ``[values, outputs]``."""
        return self.weights[-2]

    @property
    def bias(self) -> np.ndarray:
        """Of the dense layer, ``[outputs]``."""
        return self.weights[-1]

    @property
    def linear_kernel(self) -> np.ndarray:
        """Of the linear path, ``[time * features, outputs]``; without rows where there is none."""
        return self.weights[-3] if self.architecture.linear_path else np.zeros((0, self.architecture.outputs))

    @property
    def activation(self) -> Function:
        """Of the cells, in the user's numbers, where a layer has none of its own."""
        return self._function(self.architecture.activation)

    def functions(self, layer: Layer) -> Functions:
        """Return a layer's functions.

        Raises:
            UserError: if there is none of a name.
        """
        name, gate = layer.activation or self.architecture.activation, names.gate(layer.gate)
        if cells.load(layer.cell).shared:
            gate = names.divided(gate, names.scale(name, self.architecture.max_value))
        return Functions(self._function(name), gate)

    def _function(self, name: str) -> Function:
        return names.in_own_units(name, self.architecture.max_value)

    def layer_weights(self) -> list[list[tuple[np.ndarray, ...]]]:
        """Return the weights of each direction of each recurrent layer."""
        arrays, found = iter(self.weights[self._front_arrays :]), []
        for layer, width in zip(self.architecture.layers, self.architecture.reading_widths, strict=False):
            count = len(layer.shapes(width))
            found.append([tuple(next(arrays) for _ in range(count)) for _ in layer.directions])
        return found

    def front_weights(self) -> list[list[np.ndarray]]:
        """Return the weights of each layer ahead of the recurrent ones."""
        return _shared_out(self.weights, self.architecture.front)

    def back_weights(self) -> list[list[np.ndarray]]:
        """Return the weights of each layer behind them."""
        recurrent = sum(len(arrays) for layer in self.layer_weights() for arrays in layer)
        return _shared_out(self.weights[self._front_arrays + recurrent :], self.architecture.back)

    @property
    def _front_arrays(self) -> int:
        return sum(len(arrays) for arrays in self.front_weights())

    def with_weights(self, weights: Sequence[np.ndarray]) -> Network:
        """Return the same network with other weights."""
        return replace(self, weights=tuple(weights))

    def without_linear_path(self) -> Network:
        """Return the recurrent layers and the dense one alone."""
        names = self.architecture.shapes
        kept = [values for name, values in zip(names, self.weights, strict=True) if name != LINEAR_KERNEL]
        return Network(replace(self.architecture, linear_path=False), tuple(kept))

    def ranges(self) -> list[list[Ranges]]:
        """Return empty ranges for each layer and direction."""
        return [[Ranges() for _ in layer.directions] for layer in self.architecture.layers]

    def run(
        self,
        x: np.ndarray,
        ranges: Sequence[Sequence[Ranges]] | None = None,
        lengths: np.ndarray | None = None,
        around: tuple[Sequence[Ranges], Sequence[Ranges]] | None = None,
    ) -> np.ndarray:
        """Return the outputs before any softmax, float64 ``[n, outputs]``, or ``[n, steps, outputs]``.

        Args:
            x: ``[n, time, features]``; or words, ``[n, time]``.
            ranges: of each layer and direction; take in what lies where.
            lengths: real steps of each sequence, ``[n]``, before the padding, of which the outputs are 0; None: all.
            around: ranges of the layers ahead of the recurrent ones and of those behind them.
        """
        layers, every_step = self.architecture.layers, self.architecture.every_step
        found, begin = [], 0
        for part in self._batches(x):
            values, own = part.astype(np.float64), lengths if lengths is None else lengths[begin : begin + len(part)]
            begin += len(part)
            ahead, behind = around or (None, None)
            values = [values, *self._through(self.architecture.front, self.front_weights(), values, ahead, own)][-1]
            stacked = zip(layers, self.layer_weights(), ranges or self.ranges(), strict=True)
            made = Taps(self.architecture.reads, values)
            for number, (layer, weights, seen) in enumerate(stacked):
                last = number == len(layers) - 1 and not (every_step or self.architecture.waits)
                values = self._run(layer, weights, made.read(number), seen, own, last=last)[0]
                values = repeated(values, layer.repeats)
                made.keep(number, values)
                own = None if layer.repeats else own
            values = [values, *self._through(self.architecture.back, self.back_weights(), values, behind)][-1]
            if self.architecture.flattened:
                values = values.reshape(len(values), 1, -1)
            outputs = (values if every_step else values[:, -1]) @ self.kernel + self.bias
            if self.architecture.linear_path:
                outputs += part.reshape(len(part), -1).astype(np.float64) @ self.linear_kernel
            found.append(outputs if own is None or not every_step else outputs * real(own, x.shape[1])[..., None])
        return np.concatenate(found)

    def states(self, x: np.ndarray, lengths: np.ndarray | None = None) -> list[list[np.ndarray]]:
        """Return for each layer all that its units keep, after every step, float64 ``[n, time, units]`` each.

        After the real steps, of which there are ``lengths``, nothing changes any more.
        """
        made, found = Taps(self.architecture.reads, [np.asarray(x, np.float64), *self.front_values(x, lengths)][-1]), []
        stacked = zip(self.architecture.layers, self.layer_weights(), self.ranges(), strict=True)
        for number, (layer, weights, seen) in enumerate(stacked):
            found.append(self._run(layer, weights, made.read(number), seen, lengths))
            made.keep(number, repeated(found[-1][0], layer.repeats))
            lengths = None if layer.repeats else lengths
        return found

    def front_values(self, x: np.ndarray, lengths: np.ndarray | None = None) -> list[np.ndarray]:
        """Return what each layer ahead of the recurrent ones makes of inputs, float64 ``[n, time, width]``."""
        return self._through(self.architecture.front, self.front_weights(), np.asarray(x, np.float64), None, lengths)

    def back_values(self, x: np.ndarray) -> list[np.ndarray]:
        """Return what each layer behind the recurrent ones makes of inputs, float64 ``[n, time, width]``."""
        if not self.architecture.back:
            return []
        values = [x, *self.front_values(x), *(states[0] for states in self.states(x))][-1]
        return self._through(self.architecture.back, self.back_weights(), values, None)

    def _batches(self, x: np.ndarray) -> list[np.ndarray]:
        """Return sequences, as many at a time as the memory is for."""
        architecture = self.architecture
        widths = [layer.width for layer in architecture.layers] or [architecture.front_width]
        most = max(
            parallel.most_numbers(architecture.front, x.shape[1], architecture.features),
            parallel.most_numbers(architecture.back, architecture.front_steps, widths[-1]),
        )
        return batches(x, max(*widths, -(-most // x.shape[1])))

    def _through(
        self,
        layers: Sequence[FrontLayer],
        weights: Sequence[Sequence[np.ndarray]],
        values: np.ndarray,
        ranges: Sequence[Ranges] | None,
        lengths: np.ndarray | None = None,
    ) -> list[np.ndarray]:
        """Return what each of several layers that are parallel in time makes of values."""
        found: list[np.ndarray] = []
        for number, (layer, arrays) in enumerate(zip(layers, weights, strict=True)):
            seen = ranges[number] if ranges else Ranges()
            values = layer.run(arrays, values, self.architecture.max_value, seen, lengths)
            found.append(values)
        return found

    def _run(
        self,
        layer: Layer,
        weights: Sequence[Sequence[np.ndarray]],
        values: np.ndarray,
        ranges: Sequence[Ranges],
        lengths: np.ndarray | None = None,
        *,
        last: bool = False,
    ) -> list[np.ndarray]:
        """Return all that a layer's units keep, after every step; with ``last``, only the last ones count."""
        directions = [
            partial(_states, layer, arrays, self.functions(layer), seen)
            for arrays, seen in zip(weights, ranges, strict=True)
        ]
        return through(directions, values, lengths, backwards=layer.backwards, last=last or bool(layer.repeats))


def _states(
    layer: Layer,
    weights: Sequence[np.ndarray],
    functions: Functions,
    ranges: Ranges,
    values: np.ndarray,
    lengths: np.ndarray | None,
) -> list[np.ndarray]:
    """Return all that a cell's units keep on values ``[n, time, inputs]``, ``[n, time, units]`` each."""
    cell = cells.load(layer.cell)

    def step(inputs: np.ndarray, states: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        return cell.step(weights, functions, inputs, states, ranges)

    if not cell.recurrent and lengths is None:
        # All steps at once.
        found = cell.step(weights, functions, values.reshape(-1, values.shape[2]), [], ranges)
        return [kept.reshape(*values.shape[:2], -1) for kept in found]
    widths = cell.widths(layer.units, layer.projection)
    steps = stepped(step, values, [np.zeros((len(values), width)) for width in widths], lengths)
    return [np.stack(kept, axis=1) for kept in zip(*steps, strict=True)]


def stepped(
    step: Callable[[np.ndarray, Sequence[np.ndarray]], Sequence[np.ndarray]],
    values: np.ndarray,
    states: Sequence[np.ndarray],
    lengths: np.ndarray | None = None,
) -> Iterator[Sequence[np.ndarray]]:
    """Take every step of sequences, and yield the states after each.

    Args:
        step: ``(inputs, states) -> states`` of some of the sequences.
        values: the sequences, ``[n, time, inputs]``.
        states: before the first step.
        lengths: real steps of each sequence, after which its states stay as they are; None: all.
    """
    # Long sequences, read a column at a time, would be fetched from memory again for every step.
    for time, inputs in enumerate(np.ascontiguousarray(values.transpose(1, 0, 2))):
        if lengths is None:
            states = step(inputs, states)
        else:
            rows = np.flatnonzero(clamped(lengths, values.shape[1]) > time)
            states = [kept.copy() for kept in states]
            after = step(inputs[rows], [kept[rows] for kept in states]) if len(rows) else ()
            for kept, new in zip(states, after, strict=False):
                kept[rows] = new
        yield states


def _shared_out(arrays: Sequence[np.ndarray], layers: Sequence[FrontLayer]) -> list[list[np.ndarray]]:
    """Return of each layer its own arrays."""
    left = iter(arrays)
    return [[next(left) for _ in layer.shapes(1)] for layer in layers]


def batches(x: np.ndarray, units: int) -> list[np.ndarray]:
    """Return sequences ``[n, time, ...]``, some at a time; ``units`` are those of the widest layer."""
    size = max(BATCH_NUMBERS // (x.shape[1] * units), 1)
    return [x[begin : begin + size] for begin in range(0, len(x), size)]


def repeated(values: np.ndarray, times: int) -> np.ndarray:
    """Return the last of values ``[n, time, ...]`` so many times; the values as they are for 0 times."""
    return np.repeat(values[:, -1:], times, axis=1) if times else values


def through(
    directions: Sequence[Callable[[np.ndarray, np.ndarray | None], list[np.ndarray]]],
    values: np.ndarray,
    lengths: np.ndarray | None = None,
    *,
    backwards: bool,
    last: bool,
) -> list[np.ndarray]:
    """Send sequences through the one or two directions of a layer and join what comes out.

    Args:
        directions: functions of ``[n, time, inputs]``, in the order in which steps are taken, and of lengths, to all
            that units keep; the second one starts at the sequence's end.
        values: the sequences.
        lengths: real steps of each, ``[n]``, before the padding; None: all.
        backwards: whether an only one does.
        last: whether only the last values count. Then those of both directions are joined, as Keras does, and else
            those of the same place in the sequence.
    """
    first, *second = directions
    found = first(reverse(values, lengths) if backwards else values, lengths)
    if not second:
        return found
    others = second[0](reverse(values, lengths), lengths)
    return [
        np.concatenate([one, other if last else reverse(other, lengths)], axis=2)
        for one, other in zip(found, others, strict=True)
    ]
