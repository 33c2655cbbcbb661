"""What the nodes of a simplified graph come to: layers of a front, of those that go through time, and of a back.

Whatever does not fit is refused by the name that it has in the user's file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rnnexp.network import cells, front, taps
from rnnexp.network.front import FrontLayer
from rnnexp.network.graph.convolution import Convolution, Padding2D, Pooling
from rnnexp.network.graph.graph import INPUT, Graph
from rnnexp.network.graph.nodes import AddChannel, Dense, Embedding, Flatten, Last, Merge, Node, Recurrent, Repeat
from rnnexp.network.graph.recurrence import whole
from rnnexp.network.layer import Layer
from rnnexp.network.windows import Axis

Weights = tuple[np.ndarray, ...]


class CannotConvertError(Exception):
    """A node that there are no integers for; the message says which one, and why."""

    def __init__(self, node: Node, reason: str = "") -> None:
        # What rewriting has put beside a node of the file has its name.
        self.name = node.name.rstrip("'")
        super().__init__(f"{self.name!r} ({node.kind}) cannot be converted" + (f": {reason}" if reason else ""))


@dataclass(frozen=True)
class Values:
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
class Parts:
    """What a graph has come to so far."""

    graph: Graph
    shapes: Mapping[str, tuple[int, ...]]
    front: list[tuple[FrontLayer, Weights]] = field(default_factory=list)
    layers: list[tuple[Layer, Weights]] = field(default_factory=list)
    back: list[tuple[FrontLayer, Weights]] = field(default_factory=list)
    values: dict[str, Values] = field(default_factory=lambda: {INPUT: Values((taps.INPUT,))})

    def read(self, node: Node) -> Values:
        """Return what a node reads, joined.

        Raises:
            CannotConvertError: if it reads values of steps and others together.
        """
        found = [self.values[name] for name in node.reads]
        if len(found) == 1:
            return found[0]
        if len({values.last for values in found}) > 1 or any(values.flat or values.apart for values in found):
            raise CannotConvertError(node, "it joins values of every step with others")
        return Values(tuple(tap for values in found for tap in values.taps), found[0].last)

    @property
    def newest(self) -> tuple[int, ...]:
        """The taps of what comes last so far."""
        return (len(self.layers) - 1,)

    def add(self, layer: Layer, weights: Weights, read: Values) -> tuple[int, ...]:
        """Add a layer, and return its taps."""
        reads = () if read.taps == self.newest else read.taps
        self.layers.append((replace(layer, reads=reads), weights))
        return self.newest

    def join(self, read: Values) -> Values:
        """Add a layer that gives values of several ones as they are."""
        width = sum(self.layers[tap][0].width if tap >= 0 else self._front_extent()[1] for tap in read.taps)
        self.add(Layer("dense", width, activation="linear"), (np.eye(width), np.zeros(width)), read)
        return replace(read, taps=self.newest)

    def _front_extent(self) -> tuple[int, int]:
        """Return how many steps, and numbers of each, the layers ahead of the recurrent ones give."""
        steps, *width = self.shapes[INPUT]
        return front.extent([layer for layer, _ in self.front], steps, width[0] if width else 1)

    def place(self, node: Node) -> Values:
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
            if node.what != "max":
                raise CannotConvertError(
                    node, "its means at the edges are of fewer numbers; with padding 'valid' none are"
                )
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

    def _around(self, node: Node, read: Values, layer: FrontLayer, weights: Weights) -> Values:
        """Take in a layer that is parallel in time, ahead of all others or behind them."""
        if read.last or read.flat:
            raise CannotConvertError(node, "it comes after the last step")
        if read.taps != self.newest:
            if self.back or not self.layers:
                raise CannotConvertError(node, "it does not read what comes right ahead of it, and that alone")
            read = self.join(read)
        # Whoever comes later would read what this layer makes of these values.
        same = [name for name, values in self.values.items() if values.taps == read.taps]
        readers = {reader.name for name in same for reader in self.graph.readers(name)}
        if readers - self.values.keys() - {node.name}:
            raise CannotConvertError(node, "others read the same values as it does")
        (self.back if self.layers else self.front).append((layer, weights))
        return read

    def _dense(self, node: Dense, read: Values) -> Values:
        """Take in a dense layer, wherever it is."""
        width = len(node.kernel)
        if read.flat:
            # A kernel over all steps at once is a convolution that has one place, and its one step is the last.
            steps, numbers = read.flat
            kernel = node.kernel.reshape(steps, 1, numbers, -1)
            whole = front.Convolution(Axis(steps), Axis(), numbers, len(node.bias), activation=node.activation)
            return replace(self._around(node, replace(read, flat=None), whole, (kernel, node.bias)), last=True)
        channels = any(len(self.shapes.get(name, ())) == 3 for name in node.reads)
        ahead = not self.layers and (channels or (not read.last and self._convolves_later(node)))
        if ahead or self.back or (read.last and not self.layers):
            pointwise = front.Convolution(Axis(), Axis(), width, len(node.bias), activation=node.activation)
            arrays = node.kernel.reshape(1, 1, width, -1), node.bias
            return replace(self._around(node, replace(read, last=False), pointwise, arrays), last=read.last)
        if channels:
            raise CannotConvertError(node, "it reads several channels, and there are no convolutions around it")
        if read.apart:
            last, weights = self.layers[-1]
            self.layers[-1] = replace(last, repeats=1), weights
        found = self.add(Layer("dense", len(node.bias), activation=node.activation), (node.kernel, node.bias), read)
        return Values(found, read.last)

    def _convolves_later(self, node: Node) -> bool:
        """Tell whether there is a convolution or pooling behind a node that no layer through time is ahead of."""
        for reader in self.graph.readers(node.name):
            if isinstance(reader, Convolution | Pooling):
                return True
            if not isinstance(reader, Recurrent) and self._convolves_later(reader):
                return True
        return False

    def _recurrent(self, node: Recurrent, read: Values) -> Values:
        """Take in a recurrent layer."""
        if read.last or read.flat or self.back:
            raise CannotConvertError(node, "it comes after what needs all steps")
        projections, both = node.projection or (), len(node.directions) == 2
        rank, directions = _factors(node)
        layer = Layer(
            node.cell,
            node.units,
            bidirectional=both,
            backwards=node.backwards,
            activation=node.activation,
            gate=node.gate,
            projection=projections[0].shape[1] if projections else 0,
            rank=rank,
        )
        weights = [(*arrays, *projections[number : number + 1]) for number, arrays in enumerate(directions)]
        if not both or node.every_step or self._read_alone(node):
            found = self.add(layer, tuple(values for arrays in weights for values in arrays), read)
            return Values(found, last=not node.every_step, apart=both and not node.every_step)
        # As two layers, each of which comes to its own last step.
        forwards = self.add(replace(layer, bidirectional=False), weights[0], read)
        backwards = self.add(replace(layer, bidirectional=False, backwards=True), weights[1], read)
        return Values(forwards + backwards, last=True)

    def _read_alone(self, node: Node) -> bool:
        """Tell whether a node's values are the end, or read by a single one that reads nothing else."""
        readers = self.graph.readers(node.name)
        encoder = any(layer.repeats for layer, _ in self.layers)
        return not readers or (len(readers) == 1 and readers[0].reads == (node.name,) and not encoder)

    def _last(self, node: Last, read: Values) -> Values:
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

    def _repeat(self, node: Repeat, read: Values) -> Values:
        """Take in that one value is read at several steps: of what a recurrent layer has come to, or what is one step.

        Dense layers between it and its repeats are the same at each of these.
        """
        alone = read.taps == self.newest and not self.back
        if alone and not self.layers and (read.last or (read.flat and read.flat[0] == 1)):
            return self._repeat_front(node, replace(read, last=False, flat=None))
        count = len(self.layers)
        while alone and count and self._is_dense_on(count - 1):
            count -= 1
        alone = alone and read.last and count > 0 and self.layers[count - 1][0].cell != "dense"
        # That dense layers follow two directions is said by one repeat.
        if (
            not alone
            or any(layer.repeats for layer, _ in self.layers[: count - 1])
            or self.layers[count - 1][0].repeats > 1
        ):
            raise CannotConvertError(node, "only what a recurrent layer has come to can be repeated, and once")
        layer, weights = self.layers[count - 1]
        self.layers[count - 1] = replace(layer, repeats=node.times), weights
        return Values(read.taps)

    def _is_dense_on(self, number: int) -> bool:
        """Tell whether a layer is a dense one that reads the one before alone."""
        layer, _ = self.layers[number]
        return layer.cell == "dense" and not layer.reads and number > 0

    def _repeat_front(self, node: Repeat, read: Values) -> Values:
        """Take in repeats ahead of all recurrent layers, of a front's only step or its last one."""
        width = self.shapes[node.name][-1]
        steps, _ = self._front_extent()
        if steps > 1:
            picking = np.zeros((steps, 1, 1, width))
            picking[-1] = 1.0
            only = front.Convolution(Axis(steps), Axis(), width, width, groups=width)
            self._around(node, read, only, (picking, np.zeros(width)))
        # The largest number in windows that all have no other step.
        windows = Axis(node.times, before=node.times - 1, after=node.times - 1)
        return self._around(node, read, front.Pooling(windows, Axis(), width), ())


def _axes(
    taps_of_kernel: tuple[int, ...], strides: tuple[int, int], dilations: tuple[int, int], padding: Padding2D
) -> tuple[Axis, Axis]:
    time, frequency = (Axis(taps_of_kernel[n], strides[n], dilations[n], *padding[n]) for n in range(2))
    return time, frequency


def _factors(node: Recurrent) -> tuple[int, Sequence[Weights]]:
    """Return the rank of a layer's kernels, and its weights; with whole kernels, where no layer has these of a rank."""
    if node.cell != "fastgrnn":
        return 0, node.directions
    kernel, recurrent, *_ = node.directions[0]
    rank = min(kernel.shape[1], recurrent.shape[1])
    rank = rank if rank < node.units else 0
    shapes = cells.load(node.cell).shapes(len(kernel), node.units, rank=rank)
    if list(shapes.values()) == [array.shape for array in node.directions[0]]:
        return rank, node.directions
    return 0, [tuple(whole(weights)) for weights in node.directions]
