"""Files that take one step and their states, and give the states back: the same network over sequences of steps."""

from __future__ import annotations

from dataclasses import replace

from rnnexp.formats.foreign.reading import Reading
from rnnexp.network.graph.convolution import Convolution, Pooling
from rnnexp.network.graph.nodes import Activation, AddChannel, Affine, Dense, Flatten, Merge, Node, Recurrent

_ALIKE = (Activation, AddChannel, Affine, Dense, Merge)


def over_steps(reading: Reading) -> Reading:
    """Return a network that a file has for one step as that over sequences which calling it step by step makes of it.

    It answers every step. Other networks are returned as they are.
    """
    graph = reading.graph
    recurrent = [node for node in graph.nodes if isinstance(node, Recurrent)]
    if graph.steps != 1 or not recurrent or not all(_steady(node) for node in graph.nodes):
        return reading
    nodes = tuple(replace(node, every_step=True) if isinstance(node, Recurrent) else node for node in graph.nodes)
    return replace(reading, graph=replace(graph, nodes=nodes, steps=None), streamed=True)


def _steady(node: Node) -> bool:
    """Tell whether a node does the same with every step, and needs no other one but by its state."""
    if isinstance(node, Recurrent):
        return node.stateful and len(node.directions) == 1 and not node.backwards
    if isinstance(node, Convolution):
        return node.kernel.shape[0] == 1 and node.strides[0] == 1 and node.padding[0] == (0, 0)
    if isinstance(node, Pooling):
        return node.size[0] == 1 and node.strides[0] == 1
    return isinstance(node, _ALIKE) or (isinstance(node, Flatten) and node.keeps_time)
