"""From a simplified graph to the network that there are integers for: a front, layers that go through time, a back.

Whatever does not fit is refused by the name that it has in the user's file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rnnexp.network import front, taps
from rnnexp.network.architecture import Architecture, Layer
from rnnexp.network.front import FrontLayer
from rnnexp.network.graph.graph import INPUT, Graph
from rnnexp.network.graph.nodes import (
    Activation,
    AddChannel,
    Convolution,
    Dense,
    Embedding,
    Flatten,
    Last,
    Merge,
    Node,
    Padding2D,
    Pooling,
    Recurrent,
    Repeat,
)
from rnnexp.network.lengths import Padding
from rnnexp.network.network import Network
from rnnexp.network.windows import Axis

Weights = tuple[np.ndarray, ...]


class CannotConvertError(Exception):
    """A node that there are no integers for; the message says which one, and why."""

    def __init__(self, node: Node, reason: str = "") -> None:
        super().__init__(f"{node.name!r} ({node.kind}) cannot be converted" + (f": {reason}" if reason else ""))
        self.node = node


@dataclass(frozen=True)
class _Values:
    """Where values are.

    Attributes:
        taps: the numbers of the layers that give them, joined; ``taps.INPUT`` for what is ahead of all layers.
        last: whether they are those after the last step.
        apart: whether of two directions that have ended apart from each other, each at its own last step.
        flat: steps, and numbers of each, of those of all steps at once; None where they are not.
    """

    taps: tuple[int, ...]
    last: bool = False
    apart: bool = False
    flat: tuple[int, int] | None = None


@dataclass
class _Parts:
    """What a graph has come to so far."""

    graph: Graph
    shapes: Mapping[str, tuple[int, ...]]
    front: list[tuple[FrontLayer, Weights]] = field(default_factory=list)
    layers: list[tuple[Layer, Weights]] = field(default_factory=list)
    back: list[tuple[FrontLayer, Weights]] = field(default_factory=list)
    values: dict[str, _Values] = field(default_factory=lambda: {INPUT: _Values((taps.INPUT,))})

    def read(self, node: Node) -> _Values:
        """Return what a node reads, joined.

        Raises:
            CannotConvertError: if it reads values of steps and others together.
        """
        found = [self.values[name] for name in node.reads]
        if len(found) == 1:
            return found[0]
        if len({values.last for values in found}) > 1 or any(values.flat or values.apart for values in found):
            raise CannotConvertError(node, "it joins values of every step with others")
        return _Values(tuple(tap for values in found for tap in values.taps), found[0].last)

    @property
    def newest(self) -> tuple[int, ...]:
        """The taps of what comes last so far."""
        return (len(self.layers) - 1,)

    def add(self, layer: Layer, weights: Weights, read: _Values) -> tuple[int, ...]:
        """Add a layer, and return its taps."""
        reads = () if read.taps == self.newest else read.taps
        self.layers.append((replace(layer, reads=reads), weights))
        return self.newest

    def place(self, node: Node) -> _Values:
        """Take a node in, and return where its values are.

        Raises:
            CannotConvertError: if it has no place.
        """
        read = self.read(node)
        if isinstance(node, Merge | AddChannel) or (isinstance(node, Flatten) and (node.keeps_time or read.last)):
            # Only another view of the same numbers.
            return read
        if isinstance(node, Flatten):
            shape = self.shapes[node.reads[0]]
            return replace(read, flat=(shape[0], int(np.prod(shape[1:]))))
        if isinstance(node, Embedding):
            return self._around(node, read, front.Embedding(*node.table.shape), (node.table,))
        if isinstance(node, Convolution):
            times, frequencies = _axes(node.kernel.shape, node.strides, node.dilations, node.padding)
            channels = self.shapes.get(node.reads[0], (0,))[-1]
            convolution = front.Convolution(
                times, frequencies, channels, len(node.bias), groups=node.groups, activation=node.activation
            )
            return self._around(node, read, convolution, (node.kernel, node.bias))
        if isinstance(node, Pooling):
            times, frequencies = _axes(node.size, node.strides, (1, 1), node.padding)
            return self._around(node, read, front.Pooling(times, frequencies, self.shapes[node.reads[0]][-1]), ())
        if isinstance(node, Dense):
            return self._dense(node, read)
        if isinstance(node, Recurrent):
            return self._recurrent(node, read)
        if isinstance(node, Last):
            return self._last(node, read)
        if isinstance(node, Repeat):
            return self._repeat(node, read)
        raise CannotConvertError(node)

    def _around(self, node: Node, read: _Values, layer: FrontLayer, weights: Weights) -> _Values:
        """Take in a layer that is parallel in time, ahead of all others or behind them."""
        if read.last or read.flat:
            raise CannotConvertError(node, "it comes after the last step")
        if read.taps != self.newest:
            raise CannotConvertError(node, "it does not read what comes right ahead of it, and that alone")
        # Whoever comes later would read what this layer makes of these values.
        same = [name for name, values in self.values.items() if values.taps == read.taps]
        readers = {reader.name for name in same for reader in self.graph.readers(name)}
        if readers - self.values.keys() - {node.name}:
            raise CannotConvertError(node, "others read the same values as it does")
        (self.back if self.layers else self.front).append((layer, weights))
        return read

    def _dense(self, node: Dense, read: _Values) -> _Values:
        """Take in a dense layer, wherever it is."""
        width = len(node.kernel)
        if read.flat:
            # A kernel over all steps at once is a convolution that has one place, and its one step is the last.
            steps, numbers = read.flat
            kernel = node.kernel.reshape(steps, 1, numbers, -1)
            whole = front.Convolution(Axis(steps), Axis(), numbers, len(node.bias), activation=node.activation)
            self._around(node, replace(read, flat=None), whole, (kernel, node.bias))
            return _Values(read.taps, last=True)
        channels = any(len(self.shapes.get(name, ())) == 3 for name in node.reads)
        ahead = not self.layers and (channels or (not read.last and self._convolves_later(node)))
        if ahead or self.back or (read.last and not self.layers):
            pointwise = front.Convolution(Axis(), Axis(), width, len(node.bias), activation=node.activation)
            self._around(node, replace(read, last=False), pointwise, (node.kernel.reshape(1, 1, width, -1), node.bias))
            return read
        if channels:
            raise CannotConvertError(node, "it reads several channels, and there are no convolutions around it")
        if read.apart:
            last, weights = self.layers[-1]
            self.layers[-1] = replace(last, repeats=1), weights
        found = self.add(Layer("dense", len(node.bias), activation=node.activation), (node.kernel, node.bias), read)
        return _Values(found, read.last)

    def _convolves_later(self, node: Node) -> bool:
        """Tell whether there is a convolution or pooling behind a node that no layer through time is ahead of."""
        for reader in self.graph.readers(node.name):
            if isinstance(reader, Convolution | Pooling):
                return True
            if not isinstance(reader, Recurrent) and self._convolves_later(reader):
                return True
        return False

    def _recurrent(self, node: Recurrent, read: _Values) -> _Values:
        """Take in a recurrent layer."""
        if read.last or read.flat or self.back:
            raise CannotConvertError(node, "it comes after what needs all steps")
        projections, both = node.projection or (), len(node.directions) == 2
        layer = Layer(
            node.cell,
            node.units,
            bidirectional=both,
            backwards=node.backwards,
            activation=node.activation,
            gate=node.gate,
            projection=projections[0].shape[1] if projections else 0,
        )
        weights = [(*arrays, *projections[number : number + 1]) for number, arrays in enumerate(node.directions)]
        if not both or node.every_step or self._read_alone(node):
            found = self.add(layer, tuple(values for arrays in weights for values in arrays), read)
            return _Values(found, last=not node.every_step, apart=both and not node.every_step)
        # As two layers, each of which comes to its own last step.
        forwards = self.add(replace(layer, bidirectional=False), weights[0], read)
        backwards = self.add(replace(layer, bidirectional=False, backwards=True), weights[1], read)
        return _Values(forwards + backwards, last=True)

    def _read_alone(self, node: Node) -> bool:
        """Tell whether a node's values are the end, or read by a single one that reads nothing else."""
        readers = self.graph.readers(node.name)
        encoder = any(layer.repeats for layer, _ in self.layers)
        return not readers or (len(readers) == 1 and readers[0].reads == (node.name,) and not encoder)

    def _last(self, node: Last, read: _Values) -> _Values:
        """Take in that only the last step counts."""
        if not self.layers or read.flat:
            if self.front and not self.layers and not read.flat:
                return replace(read, last=True)
            raise CannotConvertError(node, "there is no layer ahead of it")
        if any(self.layers[tap][0].bidirectional for tap in read.taps if tap >= 0) and not self.back:
            # A second direction has come to its first step only: that is what a layer behind all steps reads there.
            if read.taps != self.newest:
                raise CannotConvertError(node, "it joins what two directions have come to with others")
            width = self.layers[-1][0].width
            pointwise = front.Convolution(Axis(), Axis(), width, width)
            self._around(node, read, pointwise, (np.eye(width).reshape(1, 1, width, width), np.zeros(width)))
        return replace(read, last=True)

    def _repeat(self, node: Repeat, read: _Values) -> _Values:
        """Take in that a decoder follows."""
        alone = read.last and read.taps == self.newest and self.layers and not self.back
        if not alone or any(layer.repeats for layer, _ in self.layers):
            raise CannotConvertError(node, "only what a recurrent layer has come to can be repeated, and once")
        layer, weights = self.layers[-1]
        if layer.cell == "dense":
            raise CannotConvertError(node, "only what a recurrent layer has come to can be repeated, and once")
        self.layers[-1] = replace(layer, repeats=node.times), weights
        return _Values(read.taps)


def lower(graph: Graph, x: np.ndarray, padding: Padding = "") -> Network:
    """Return the network of a simplified graph.

    Args:
        graph: as ``rnnexp.network.graph.rewrite`` leaves it.
        x: some inputs, from which the shapes of all values are known.
        padding: where an exported model has it, if sequences can be of different lengths.

    Raises:
        CannotConvertError: naming a node that has no place.
    """
    shapes = {name: values.shape[1:] for name, values in graph.values(x[:1]).items()}
    nodes, output, softmax = _output(graph, shapes)
    parts = _Parts(graph, shapes)
    for node in nodes:
        parts.values[node.name] = parts.place(node)
    output, path = _linear_path(parts, output)
    end = parts.read(output)
    if not (parts.layers or parts.front):
        raise CannotConvertError(output, "there is no recurrent layer, and no convolution")
    if end.taps != parts.newest or (parts.back and not (end.last or end.flat)):
        if parts.back or end.flat:
            raise CannotConvertError(output, "it does not read what comes right ahead of it")
        # The output layer reads the last layer alone: what it reads is joined there.
        width = len(output.kernel)
        parts.add(Layer("dense", width, activation="linear"), (np.eye(width), np.zeros(width)), end)
    try:
        architecture = Architecture(
            sequence_length=x.shape[1],
            features=1 if graph.words else x.shape[2],
            layers=tuple(layer for layer, _ in parts.layers),
            every_step=not (end.last or end.flat),
            outputs=len(output.bias),
            activation="tanh",
            softmax=softmax,
            linear_path=path is not None,
            padding=padding,
            front=tuple(layer for layer, _ in parts.front),
            back=tuple(layer for layer, _ in parts.back),
            flattened=end.flat is not None,
        )
    except ValueError as error:
        raise CannotConvertError(graph.node(graph.output), str(error)) from None
    arrays = [values for _, weights in (*parts.front, *parts.layers, *parts.back) for values in weights]
    return Network.of(architecture, [*arrays, *([] if path is None else [path]), output.kernel, output.bias])


def _linear_path(parts: _Parts, output: Dense) -> tuple[Dense, np.ndarray | None]:
    """Return the output layer without what it reads of the whole input directly, and the kernel of that, if it does."""
    found = [parts.values[name] for name in output.reads]
    direct = [number for number, values in enumerate(found) if values.flat and values.taps == (taps.INPUT,)]
    if len(found) != 2 or len(direct) != 1 or parts.front or not parts.layers:
        return output, None
    (number,) = direct
    steps, width = found[number].flat or (0, 0)
    parts_of_kernel = np.split(output.kernel, [steps * width if number == 0 else len(output.kernel) - steps * width])
    layers = replace(output, reads=(output.reads[1 - number],), kernel=parts_of_kernel[1 - number])
    return layers, parts_of_kernel[number]


def _output(graph: Graph, shapes: Mapping[str, tuple[int, ...]]) -> tuple[Sequence[Node], Dense, bool]:
    """Return the nodes ahead of the output layer, that layer, and whether probabilities follow."""
    used: list[Node] = []
    for node in reversed(graph.nodes):
        if node.name == graph.output or any(node.name in other.reads for other in used):
            used.append(node)
    nodes = used[::-1]
    softmax = isinstance(nodes[-1], Activation) and nodes[-1].activation == "softmax"
    before = nodes[:-1] if softmax else nodes
    if not before:
        raise CannotConvertError(nodes[-1])
    last = before[-1]
    if isinstance(last, Dense) and len(shapes[last.name]) < 3:
        if last.activation == "linear":
            return before[:-1], last, softmax
        if last.activation == "sigmoid" and len(last.bias) == 1 and not softmax:
            return before[:-1], replace(last, activation="linear"), True
    shape = shapes[last.name]
    if len(shape) > 2:
        raise CannotConvertError(last, "what goes out has several channels")
    return before, Dense(f"{last.name}'", (last.name,), np.eye(shape[-1]), np.zeros(shape[-1])), softmax


def _axes(
    taps_of_kernel: tuple[int, ...], strides: tuple[int, int], dilations: tuple[int, int], padding: Padding2D
) -> tuple[Axis, Axis]:
    time, frequency = (Axis(taps_of_kernel[n], strides[n], dilations[n], *padding[n]) for n in range(2))
    return time, frequency
