"""From a simplified graph to the network that there are integers for: a front, recurrent layers, what is behind them.

Whatever does not fit is refused by the name that it has in the user's file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from rnnexp.network import front
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
    Node,
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


@dataclass
class _Parts:
    """What a graph has come to so far."""

    front: list[tuple[FrontLayer, Weights]] = field(default_factory=list)
    layers: list[tuple[Layer, Weights]] = field(default_factory=list)
    back: list[tuple[FrontLayer, Weights]] = field(default_factory=list)
    # Whether values are those after the last step, or of how many steps and numbers a step at once.
    last: bool = False
    flattened: tuple[int, int] | None = None
    # Of two directions, which end apart from each other, dense layers behind the last step read in a decoder.
    apart: bool = False


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
    nodes = _chain(graph)
    nodes, output, softmax = _output(nodes, shapes)
    parts = _Parts()
    for number, node in enumerate(nodes):
        _place(parts, node, shapes, later=nodes[number + 1 :])
    if not (parts.layers or parts.front):
        raise CannotConvertError(
            graph.node(graph.output), "there is no recurrent layer, and none ahead of where it would be"
        )
    every_step = not (parts.last or parts.flattened)
    architecture = Architecture(
        sequence_length=x.shape[1],
        features=1 if graph.words else x.shape[2],
        layers=tuple(layer for layer, _ in parts.layers),
        every_step=every_step,
        outputs=len(output.bias),
        activation="tanh",
        softmax=softmax,
        padding=padding,
        front=tuple(layer for layer, _ in parts.front),
        back=tuple(layer for layer, _ in parts.back),
        flattened=parts.flattened is not None,
    )
    arrays = [values for _, weights in (*parts.front, *parts.layers, *parts.back) for values in weights]
    return Network.of(architecture, [*arrays, output.kernel, output.bias])


def _chain(graph: Graph) -> list[Node]:
    """Return the nodes in order, of which each reads the one before alone.

    Raises:
        CannotConvertError: if one does not.
    """
    nodes = [node for node in graph.nodes if node.name == graph.output or graph.readers(node.name)]
    before = INPUT
    for node in nodes:
        if node.reads != (before,):
            raise CannotConvertError(node, "it does not read the layer before it alone")
        before = node.name
    if before != graph.output:
        raise CannotConvertError(graph.node(graph.output), "it is not the last layer")
    return nodes


def _output(nodes: list[Node], shapes: Mapping[str, tuple[int, ...]]) -> tuple[list[Node], Dense, bool]:
    """Return the nodes ahead of the output layer, that layer, and whether probabilities follow."""
    softmax = isinstance(nodes[-1], Activation)
    before = nodes[:-1] if softmax else nodes
    if not before:
        raise CannotConvertError(nodes[-1])
    last = before[-1]
    if isinstance(last, Dense):
        if last.activation == "linear":
            return before[:-1], last, softmax
        if last.activation == "sigmoid" and len(last.bias) == 1 and not softmax:
            return before[:-1], replace(last, activation="linear"), True
    width = int(np.prod(shapes[last.name][1 if len(shapes[last.name]) > 1 else 0 :]))
    return before, Dense(f"{last.name}'", (last.name,), np.eye(width), np.zeros(width)), softmax


def _place(parts: _Parts, node: Node, shapes: Mapping[str, tuple[int, ...]], later: list[Node]) -> None:
    """Take a node in.

    Raises:
        CannotConvertError: if it has no place.
    """
    read = shapes.get(node.reads[0], ())
    if isinstance(node, AddChannel) or (isinstance(node, Flatten) and node.keeps_time):
        # Only another view of the same numbers.
        return
    if isinstance(node, Embedding):
        _windowed(parts, node, front.Embedding(*node.table.shape), (node.table,))
    elif isinstance(node, Convolution):
        times, frequencies = _axes(node.kernel.shape, node.strides, node.dilations, node.padding)
        layer = front.Convolution(
            times, frequencies, read[-1], len(node.bias), groups=node.groups, activation=node.activation
        )
        _windowed(parts, node, layer, (node.kernel, node.bias))
    elif isinstance(node, Pooling):
        times, frequencies = _axes(node.size, node.strides, (1, 1), node.padding)
        _windowed(parts, node, front.Pooling(times, frequencies, read[-1]), ())
    elif isinstance(node, Dense):
        _dense(parts, node, read, later)
    elif isinstance(node, Recurrent):
        _recurrent(parts, node)
    elif isinstance(node, Last):
        _last(parts, node)
    elif isinstance(node, Flatten):
        parts.flattened = None if parts.last else (read[0], int(np.prod(read[1:])))
    elif isinstance(node, Repeat):
        _repeat(parts, node)
    else:
        raise CannotConvertError(node)


def _axes(
    taps: tuple[int, ...],
    strides: tuple[int, int],
    dilations: tuple[int, int],
    padding: tuple[tuple[int, int], tuple[int, int]],
) -> tuple[Axis, Axis]:
    time, frequency = (Axis(taps[n], strides[n], dilations[n], *padding[n]) for n in range(2))
    return time, frequency


def _windowed(parts: _Parts, node: Node, layer: FrontLayer, weights: Weights) -> None:
    """Take in a layer that is parallel in time."""
    if parts.last or parts.flattened:
        raise CannotConvertError(node, "it comes after the last step")
    (parts.back if parts.layers else parts.front).append((layer, weights))


def _dense(parts: _Parts, node: Dense, read: tuple[int, ...], later: list[Node]) -> None:
    """Take in a dense layer, wherever it is."""
    width = len(node.kernel)
    if parts.flattened:
        # A kernel over all steps at once is a convolution that has one place, and its one step is the last.
        steps, numbers = parts.flattened
        kernel = node.kernel.reshape(steps, 1, numbers, -1)
        layer = front.Convolution(Axis(steps), Axis(), numbers, len(node.bias), activation=node.activation)
        (parts.back if parts.layers else parts.front).append((layer, (kernel, node.bias)))
        parts.flattened, parts.last = None, True
        return
    ahead = not parts.layers and any(isinstance(other, Convolution | Pooling) for other in later)
    if len(read) == 3 or (ahead and len(read) == 2) or parts.back or (parts.last and not parts.layers):
        kernel = node.kernel.reshape(1, 1, width, -1)
        layer = front.Convolution(Axis(), Axis(), width, len(node.bias), activation=node.activation)
        (parts.back if parts.layers else parts.front).append((layer, (kernel, node.bias)))
        return
    if parts.last and parts.apart and not parts.layers[-1][0].repeats and parts.layers[-1][0].cell != "dense":
        last, weights = parts.layers[-1]
        parts.layers[-1] = replace(last, repeats=1), weights
    parts.layers.append((Layer("dense", len(node.bias), activation=node.activation), (node.kernel, node.bias)))


def _recurrent(parts: _Parts, node: Recurrent) -> None:
    """Take in a recurrent layer."""
    if parts.last or parts.flattened or parts.back:
        raise CannotConvertError(node, "it comes after what needs all steps")
    projections = node.projection or ()
    layer = Layer(
        node.cell,
        node.units,
        bidirectional=len(node.directions) == 2,
        backwards=node.backwards,
        activation=node.activation,
        gate=node.gate,
        projection=projections[0].shape[1] if projections else 0,
    )
    weights = [(*arrays, *projections[number : number + 1]) for number, arrays in enumerate(node.directions)]
    parts.layers.append((layer, tuple(values for arrays in weights for values in arrays)))
    if not node.every_step:
        parts.last = True
        parts.apart = len(node.directions) == 2


def _last(parts: _Parts, node: Last) -> None:
    """Take in that only the last step counts."""
    if not parts.layers or parts.back:
        raise CannotConvertError(node, "there is no recurrent layer right ahead of it")
    parts.last = True
    layer, _ = parts.layers[-1]
    if layer.bidirectional:
        # Its second direction has come to its first step only: that is what a layer behind all steps reads there.
        width = layer.width
        kernel = np.eye(width).reshape(1, 1, width, width)
        parts.back.append((front.Convolution(Axis(), Axis(), width, width), (kernel, np.zeros(width))))


def _repeat(parts: _Parts, node: Repeat) -> None:
    """Take in that a decoder follows."""
    if not parts.last or not parts.layers or any(layer.repeats for layer, _ in parts.layers):
        raise CannotConvertError(node, "only what a recurrent layer has come to can be repeated, and once")
    layer, weights = parts.layers[-1]
    parts.layers[-1] = replace(layer, repeats=node.times), weights
    parts.last = parts.apart = False
