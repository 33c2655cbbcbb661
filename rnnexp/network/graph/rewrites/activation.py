"""Rules for activation functions that are layers of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnnexp.network.graph.convolution import Convolution
from rnnexp.network.graph.nodes import Activation, Dense, Node
from rnnexp.network.graph.rewrites.surroundings import Replaced, Surroundings


def activation_inside(around: Surroundings, node: Node) -> Replaced:
    """Take an activation into the layer that it follows."""
    if not isinstance(node, Activation) or node.activation == "softmax":
        return {}
    if node.activation == "linear":
        return {node.name: ()}
    before = around.read(node)
    if isinstance(before, Dense | Convolution) and before.activation == "linear":
        return {before.name: (replace(before, activation=node.activation),), node.name: ()}
    return {}


def activation_alone(around: Surroundings, node: Node) -> Replaced:
    """Make a layer of an activation that no other rule takes."""
    if not isinstance(node, Activation) or node.activation == "softmax":
        return {}
    shape = around.shapes[node.name]
    nothing = np.zeros(shape[-1])
    if len(shape) == 3:
        kernel = np.ones((1, 1, 1, shape[-1]))
        made: Node = Convolution(node.name, node.reads, kernel, nothing, groups=shape[-1], activation=node.activation)
    else:
        made = Dense(node.name, node.reads, np.eye(shape[-1]), nothing, node.activation)
    return {node.name: (made,)}
