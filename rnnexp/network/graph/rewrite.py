"""Rewriting of foreign networks, exact in real numbers, to the few kinds of nodes that there are integers for.

What is left are ``Embedding``, ``Convolution``, ``Pooling`` of the largest, ``Dense``, ``Recurrent`` whose directions
are joined, ``Merge`` that joins, ``Last``, ``Flatten``, ``Repeat`` and ``AddChannel``, with activations inside, and a
``softmax`` at the end.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnnexp.network.graph.graph import Graph
from rnnexp.network.graph.nodes import Node
from rnnexp.network.graph.rewrites.activation import activation_alone, activation_inside
from rnnexp.network.graph.rewrites.affine import affine_ahead, affine_alone, affine_behind, affine_later
from rnnexp.network.graph.rewrites.dense import last_inside, linear_twice, pointwise_to_dense
from rnnexp.network.graph.rewrites.means import largest_of_all, mean_of_all, mean_to_convolution
from rnnexp.network.graph.rewrites.repeats import repeat_of_all_steps
from rnnexp.network.graph.rewrites.sums import join_inside, sum_to_join
from rnnexp.network.graph.rewrites.surroundings import Replaced, Rule, Surroundings

# The first ones lose nothing at all; the last ones are for what they leave.
RULES: tuple[Rule, ...] = (
    activation_inside,
    pointwise_to_dense,
    affine_behind,
    mean_to_convolution,
    mean_of_all,
    largest_of_all,
    repeat_of_all_steps,
    last_inside,
    affine_ahead,
    affine_later,
    linear_twice,
    join_inside,
    sum_to_join,
    affine_alone,
    activation_alone,
)


def simplified(graph: Graph, x: np.ndarray) -> Graph:
    """Return the same function as ``graph``, of fewer kinds of nodes.

    Args:
        graph: as read.
        x: some inputs, from which the shapes of all values are known.
    """
    changed = True
    while changed:
        changed = False
        around = Surroundings(graph, {name: values.shape[1:] for name, values in graph.values(x[:1]).items()})
        for rule in RULES:
            found = next((made for node in graph.nodes if (made := rule(around, node))), None)
            if found:
                graph, changed = with_nodes(graph, found), True
                break
    return graph


def with_nodes(graph: Graph, found: Replaced) -> Graph:
    """Return the graph with other nodes in the places of some; what read one of these reads the last of the others.

    A place without nodes is skipped: what read it reads what it read.
    """
    renamed: dict[str, str] = {}
    for name, made in found.items():
        target = made[-1].name if made else graph.node(name).reads[0]
        if target != name:
            renamed[name] = target

    def now(name: str) -> str:
        while name in renamed:
            name = renamed[name]
        return name

    nodes: list[Node] = []
    for node in graph.nodes:
        made = found.get(node.name, (node,))
        # Within a place, they read each other as they say.
        own = {other.name for other in made}
        nodes += [
            replace(other, reads=tuple(name if name in own else now(name) for name in other.reads)) for other in made
        ]
    return replace(graph, nodes=tuple(nodes), output=now(graph.output))
