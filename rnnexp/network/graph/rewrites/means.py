"""Rules for what becomes of several steps: means are products with equal weights."""

from __future__ import annotations

import numpy as np

from rnnexp.network.graph.convolution import Convolution, Pooling
from rnnexp.network.graph.nodes import Dense, Flatten, GlobalPooling, Node
from rnnexp.network.graph.rewrites.surroundings import Replaced, Surroundings


def mean_to_convolution(around: Surroundings, node: Node) -> Replaced:
    """Make a convolution of a mean over some frames; at the edges, padding does not count in it, so there is none."""
    if not isinstance(node, Pooling) or node.what != "average" or np.any(node.padding):
        return {}
    channels = around.shapes[node.name][-1]
    kernel = np.full((*node.size, 1, channels), 1.0 / np.prod(node.size))
    made = Convolution(node.name, node.reads, kernel, np.zeros(channels), strides=node.strides, groups=channels)
    return {node.name: (made,)}


def mean_of_all(around: Surroundings, node: Node) -> Replaced:
    """Make a layer that reads all steps of a mean over them."""
    if not isinstance(node, GlobalPooling) or node.what != "average" or around.graph.masking:
        return {}
    shape = around.shapes[node.reads[0]]
    count = int(np.prod(shape[:-1]))
    kernel = np.tile(np.eye(shape[-1]) / count, (count, 1))
    flat = Flatten(f"{node.name}'", node.reads)
    return {node.name: (flat, Dense(node.name, (flat.name,), kernel, np.zeros(shape[-1])))}


def largest_of_all(around: Surroundings, node: Node) -> Replaced:
    """Make a pooling over all steps of the largest of all."""
    if not isinstance(node, GlobalPooling) or node.what != "max" or around.graph.masking:
        return {}
    shape = around.shapes[node.reads[0]]
    size = shape[0], int(np.prod(shape[1:-1]))
    pooled = Pooling(f"{node.name}'", node.reads, "max", size, size)
    return {node.name: (pooled, Flatten(node.name, (pooled.name,)))}
