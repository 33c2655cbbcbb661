"""From a simplified graph to the network that there are integers for: a front, layers that go through time, a back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from rnnexp.network import taps
from rnnexp.network.architecture import Architecture
from rnnexp.network.graph.graph import Graph
from rnnexp.network.graph.nodes import Activation, Dense, Node
from rnnexp.network.graph.parts import CannotConvertError, Parts
from rnnexp.network.lengths import Padding
from rnnexp.network.network import Network


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
    parts = Parts(graph, shapes)
    for node in nodes:
        parts.values[node.name] = parts.place(node)
    output, path = _linear_path(parts, output)
    end, named = parts.read(output), graph.node(graph.output)
    if not (parts.layers or parts.front):
        raise CannotConvertError(named, "there is no recurrent layer, and no convolution")
    if parts.back and not (end.last or end.flat):
        raise CannotConvertError(named, "there are answers at every step behind what needs all steps")
    if end.taps != parts.newest:
        if parts.back:
            raise CannotConvertError(named, "it does not read what comes right ahead of it")
        # The output layer reads the last layer alone: what it reads is joined there.
        parts.join(end)
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
        raise CannotConvertError(named, str(error)) from None
    arrays = [values for _, weights in (*parts.front, *parts.layers, *parts.back) for values in weights]
    return Network.of(architecture, [*arrays, *([] if path is None else [path]), output.kernel, output.bias])


def _linear_path(parts: Parts, output: Dense) -> tuple[Dense, np.ndarray | None]:
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
    if softmax and len(shape) > 2:
        raise CannotConvertError(nodes[-1], "there are probabilities of several channels")
    # All channels of a step go out in one row.
    width = int(np.prod(shape[min(len(shape) - 1, 1) :]))
    return before, Dense(f"{last.name}'", (last.name,), np.eye(width), np.zeros(width)), softmax
