"""Changes of scale inside a network that change nothing of what it computes in real numbers, but what integers lose.

Integers have one scale for all inputs, and one for all units of a layer. Features of unlike ranges, and units of unlike
ranges, each get their own by weights that make up for it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnnexp.network.graph.convolution import Convolution
from rnnexp.network.graph.graph import INPUT, Graph
from rnnexp.network.graph.nodes import Affine, Dense, Node, Recurrent
from rnnexp.network.graph.rewrite import simplified, with_nodes

# g(s z) = s g(z) for s > 0, so that a unit can have any scale.
HOMOGENEOUS = ("relu", "linear", "leaky_relu")
_SCALE_NAME = "input scale"


def of_standardized(graph: Graph, x: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> Graph:
    """Return the graph that gives for ``(x - mean) / deviation`` what another one gives for ``x``.

    Args:
        graph: simplified, of numbers ``[n, time, features]``.
        x: some of its inputs.
        mean: of each feature.
        deviation: of each feature.
    """
    first = Affine(_SCALE_NAME, (INPUT,), np.asarray(deviation, np.float64), np.asarray(mean, np.float64))
    others = [
        replace(node, reads=tuple(_SCALE_NAME if name == INPUT else name for name in node.reads))
        for node in graph.nodes
    ]
    return simplified(replace(graph, nodes=(first, *others)), (x[:1] - mean) / deviation)


def padded_first(graph: Graph) -> bool:
    """Tell whether zeros are put around the input before anything else is done with it, so that 0 must stay 0."""
    return any(isinstance(node, Convolution) and np.any(node.padding) for node in graph.readers(INPUT))


def units_alike(graph: Graph, x: np.ndarray, floor: float, lengths: np.ndarray | None = None) -> Graph:
    """Return the same function, with units of relu layers that are all equally large at their largest.

    Args:
        graph: simplified.
        x: inputs.
        floor: units smaller than this share of their layer's largest become that share of it.
        lengths: real steps of each; None: all.
    """
    values = graph.values(x, lengths)
    found: dict[str, tuple[Node, ...]] = {}
    for node in graph.nodes:
        if node.name == graph.output or not _scales(node):
            continue
        peaks = np.abs(values[node.name]).max(axis=tuple(range(values[node.name].ndim - 1)))
        largest = float(peaks.max())
        if largest > 0.0:
            # Powers of two, so that not even the last digit of a weight changes.
            factors = 2.0 ** np.round(np.log2(np.maximum(peaks / largest, floor)))
            back = Affine(f"{node.name} scale", (node.name,), factors, np.zeros(len(factors)))
            found[node.name] = (_divided(node, factors), back)
    return simplified(with_nodes(graph, found), x) if found else graph


def _scales(node: Node) -> bool:
    """Tell whether each unit of a node can have its own scale."""
    if isinstance(node, Recurrent):
        return node.cell == "simple" and len(node.directions) == 1 and _homogeneous(node.activation)
    return isinstance(node, Dense | Convolution) and _homogeneous(node.activation) and node.activation != "linear"


def _homogeneous(activation: str) -> bool:
    return activation.split("(")[0] in HOMOGENEOUS


def _divided(node: Node, factors: np.ndarray) -> Node:
    """Return a node whose units are those of another one, each divided by a factor."""
    if isinstance(node, Recurrent):
        ((kernel, recurrent, bias, *_),) = node.directions
        return replace(node, directions=((kernel / factors, recurrent * factors[:, None] / factors, bias / factors),))
    if isinstance(node, Dense | Convolution):
        return replace(node, kernel=node.kernel / factors, bias=node.bias / factors)
    raise TypeError(node.kind)
