"""Rewrites of foreign networks, exact in real numbers, to the few kinds of nodes that there are integers for.

What is left are ``Embedding``, ``Convolution``, ``Pooling`` of the largest, ``Dense``, ``Recurrent`` whose directions
are joined, ``Merge`` that joins, ``Last``, ``Flatten``, ``Repeat`` and ``AddChannel``, with activations inside, and a
``softmax`` at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from rnnexp.network.graph.graph import INPUT, Graph
from rnnexp.network.graph.nodes import (
    Activation,
    Affine,
    Convolution,
    Dense,
    Flatten,
    GlobalPooling,
    Last,
    Merge,
    Node,
    Pooling,
    Recurrent,
)

# What a rule makes of a node: all nodes in its place and in those of others, by name; or nothing.
Replaced = Mapping[str, tuple[Node, ...]]


@dataclass(frozen=True)
class Surroundings:
    """What a rule may look at: the graph, and of all values the shape of a sample's."""

    graph: Graph
    shapes: Mapping[str, tuple[int, ...]]

    def readers(self, node: Node) -> list[Node]:
        """Return the nodes that read a node's values."""
        return self.graph.readers(node.name)

    def reader(self, node: Node) -> Node | None:
        """Return the only reader of a node's values, if they are not what goes out."""
        readers = self.readers(node)
        return readers[0] if len(readers) == 1 and node.name != self.graph.output else None

    def read(self, node: Node) -> Node | None:
        """Return the only node that another one reads, if nothing else reads it."""
        if len(node.reads) != 1 or node.reads[0] == INPUT:
            return None
        found = self.graph.node(node.reads[0])
        return found if self.reader(found) is node else None


Rule = Callable[[Surroundings, Node], Replaced]


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


def _activation_inside(around: Surroundings, node: Node) -> Replaced:
    """Take an activation into the layer that it follows."""
    if not isinstance(node, Activation) or node.activation == "softmax":
        return {}
    if node.activation == "linear":
        return {node.name: ()}
    before = around.read(node)
    if isinstance(before, Dense | Convolution) and before.activation == "linear":
        return {before.name: (replace(before, activation=node.activation),), node.name: ()}
    return {}


def _affine_behind(around: Surroundings, node: Node) -> Replaced:
    """Take an affine map into the linear layer that it follows."""
    if not isinstance(node, Affine):
        return {}
    before = around.read(node)
    if isinstance(before, Dense | Convolution) and before.activation == "linear":
        width = before.bias.shape
        scale, offset = np.broadcast_to(node.scale, width), np.broadcast_to(node.offset, width)
        made = replace(before, kernel=before.kernel * scale, bias=before.bias * scale + offset)
        return {before.name: (made,), node.name: ()}
    return {}


def _affine_ahead(around: Surroundings, node: Node) -> Replaced:
    """Take an affine map into all the layers that read it."""
    if not isinstance(node, Affine) or node.name == around.graph.output:
        return {}
    readers = around.readers(node)
    width = (around.shapes[node.name][-1],)
    made = []
    for reader in readers:
        parts = [
            (np.broadcast_to(node.scale, width), np.broadcast_to(node.offset, width))
            if name == node.name
            else (np.ones(around.shapes[name][-1]), np.zeros(around.shapes[name][-1]))
            for name in reader.reads
        ]
        made.append(_reading(reader, *(np.concatenate(values) for values in zip(*parts, strict=True))))
    if not made or any(reader is None for reader in made):
        return {}
    return {node.name: (), **{reader.name: (reader,) for reader in made if reader}}


def _reading(node: Node, scale: np.ndarray, offset: np.ndarray) -> Node | None:
    """Return a layer that reads ``x`` as another one reads ``scale * x + offset``; None if there is none."""
    if isinstance(node, Dense):
        return replace(node, kernel=node.kernel * scale[:, None], bias=node.bias + offset @ node.kernel)
    if isinstance(node, Recurrent):
        return replace(node, directions=tuple(_reading_weights(weights, scale, offset) for weights in node.directions))
    if isinstance(node, Convolution) and (not np.any(offset) or not np.any(node.padding)):
        channels = node.kernel.shape[2]
        groups = np.split(np.arange(len(scale)), node.groups)
        parts, biases = [], []
        for kernel, own in zip(np.split(node.kernel, node.groups, axis=3), groups, strict=True):
            parts.append(kernel * scale[own].reshape(1, 1, channels, 1))
            biases.append(np.einsum("xycg,c->g", kernel, offset[own]))
        return replace(node, kernel=np.concatenate(parts, axis=3), bias=node.bias + np.concatenate(biases))
    return None


def _reading_weights(weights: tuple[np.ndarray, ...], scale: np.ndarray, offset: np.ndarray) -> tuple[np.ndarray, ...]:
    kernel, recurrent, bias, *more = weights
    share = offset @ kernel
    # Of two biases, the first one is of the inputs.
    bias = bias + share if bias.ndim == 1 else np.stack([bias[0] + share, bias[1]])
    return (kernel * scale[:, None], recurrent, bias, *more)


def _affine_later(around: Surroundings, node: Node) -> Replaced:
    """Move an affine map behind what picks numbers and changes none of them."""
    if not isinstance(node, Affine):
        return {}
    after = around.reader(node)
    if after is None:
        return {}
    rising = isinstance(after, Pooling) and (after.what == "average" or bool(np.all(node.scale > 0.0)))
    if rising or isinstance(after, Last):
        return {
            node.name: (),
            after.name: (replace(after, reads=node.reads), replace(node, name=f"{node.name}'", reads=(after.name,))),
        }
    if isinstance(after, Flatten):
        shape = around.shapes[node.name][1 if after.keeps_time else 0 :]
        wide = replace(
            node,
            name=f"{node.name}'",
            reads=(after.name,),
            scale=np.broadcast_to(node.scale, shape).reshape(-1),
            offset=np.broadcast_to(node.offset, shape).reshape(-1),
        )
        return {node.name: (), after.name: (replace(after, reads=node.reads), wide)}
    return {}


def _affine_alone(around: Surroundings, node: Node) -> Replaced:
    """Make a layer of an affine map that no other rule takes."""
    if not isinstance(node, Affine):
        return {}
    shape = around.shapes[node.name]
    scale, offset = (np.broadcast_to(values, shape[-1:]).astype(np.float64) for values in (node.scale, node.offset))
    if len(shape) == 3:
        kernel = scale.reshape(1, 1, 1, -1)
        return {node.name: (Convolution(node.name, node.reads, kernel, offset, groups=shape[-1]),)}
    return {node.name: (Dense(node.name, node.reads, np.diag(scale), offset),)}


def _activation_alone(around: Surroundings, node: Node) -> Replaced:
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


def _sum_to_join(around: Surroundings, node: Node) -> Replaced:
    """Take a sum or a mean into the kernels of what reads it, which then reads all of the values joined."""
    if isinstance(node, Merge) and node.how != "concat":
        count, share = len(node.reads), 1.0 / len(node.reads) if node.how == "average" else 1.0
        joined: Node = replace(node, how="concat")
        if len({around.shapes[name] for name in node.reads}) > 1 or len(around.shapes[node.name]) > 2:
            return {}
    elif isinstance(node, Recurrent) and len(node.directions) == 2 and node.merge != "concat":
        count, share = 2, 0.5 if node.merge == "ave" else 1.0
        joined = replace(node, merge="concat")
    else:
        return {}
    readers = around.readers(node)
    if (
        readers
        and all(isinstance(reader, Dense | Recurrent) for reader in readers)
        and node.name != around.graph.output
    ):
        made = {reader.name: (_reading_sums(around, reader, node.name, count, share),) for reader in readers}
        return {node.name: (joined,), **made}
    width = around.shapes[node.name][-1]
    summing = np.tile(np.eye(width) * share, (count, 1))
    return {node.name: (joined, Dense(f"{node.name}'", (node.name,), summing, np.zeros(width)))}


def _reading_sums(around: Surroundings, node: Node, name: str, count: int, share: float) -> Node:
    """Return a layer that reads ``count`` values joined as another one reads, as ``name``, a share of their sum."""
    begins = np.cumsum([0, *(around.shapes[read][-1] for read in node.reads)])

    def again(kernel: np.ndarray) -> np.ndarray:
        parts = np.split(kernel, begins[1:-1])
        found = [
            np.tile(rows * share, (count, 1)) if read == name else rows
            for read, rows in zip(node.reads, parts, strict=True)
        ]
        return np.concatenate(found)

    if isinstance(node, Dense):
        return replace(node, kernel=again(node.kernel))
    if not isinstance(node, Recurrent):
        raise TypeError(node.kind)
    return replace(node, directions=tuple((again(kernel), *rest) for kernel, *rest in node.directions))


def _join_inside(around: Surroundings, node: Node) -> Replaced:
    """Let layers read by themselves what is joined for them."""
    if not (isinstance(node, Merge) and node.how == "concat") or node.name == around.graph.output:
        return {}
    readers = around.readers(node)
    if not readers or not all(isinstance(reader, Dense | Recurrent) for reader in readers):
        return {}
    if len(around.shapes[node.name]) > 2:
        return {}
    made = {}
    for reader in readers:
        reads = [own for name in reader.reads for own in (node.reads if name == node.name else (name,))]
        made[reader.name] = (replace(reader, reads=tuple(reads)),)
    return {node.name: (), **made}


def _mean_to_convolution(around: Surroundings, node: Node) -> Replaced:
    """Make a convolution of a mean over some frames; at the edges, padding does not count in it, so there is none."""
    if not isinstance(node, Pooling) or node.what != "average" or np.any(node.padding):
        return {}
    channels = around.shapes[node.name][-1]
    kernel = np.full((*node.size, 1, channels), 1.0 / np.prod(node.size))
    made = Convolution(node.name, node.reads, kernel, np.zeros(channels), strides=node.strides, groups=channels)
    return {node.name: (made,)}


def _mean_of_all(around: Surroundings, node: Node) -> Replaced:
    """Make a layer that reads all steps of a mean over them."""
    if not isinstance(node, GlobalPooling) or node.what != "average" or around.graph.masking:
        return {}
    shape = around.shapes[node.reads[0]]
    count = int(np.prod(shape[:-1]))
    kernel = np.tile(np.eye(shape[-1]) / count, (count, 1))
    flat = Flatten(f"{node.name}'", node.reads)
    return {node.name: (flat, Dense(node.name, (flat.name,), kernel, np.zeros(shape[-1])))}


def _linear_twice(around: Surroundings, node: Node) -> Replaced:
    """Take a layer without an activation into the only one that reads it, where that makes no more weights."""
    if not isinstance(node, Dense | Recurrent):
        return {}
    begins = np.cumsum([0, *(around.shapes[read][-1] for read in node.reads)])
    for number, read in enumerate(node.reads):
        before = None if read == INPUT else around.graph.node(read)
        if not isinstance(before, Dense) or before.activation != "linear" or around.reader(before) is not node:
            continue
        rows = slice(begins[number], begins[number + 1])
        kernels = [node.kernel] if isinstance(node, Dense) else [kernel for kernel, *_ in node.directions]
        more = sum((len(before.kernel) - len(before.bias)) * kernel.shape[1] for kernel in kernels)
        if node.reads.count(read) > 1 or more > before.kernel.size:
            continue
        reads = (*node.reads[:number], *before.reads, *node.reads[number + 1 :])
        return {before.name: (), node.name: (_reading_ahead(replace(node, reads=reads), before, rows),)}
    return {}


def _reading_ahead(node: Dense | Recurrent, before: Dense, rows: slice) -> Node:
    """Return a layer that reads what another one reads, in the place of rows that were for its values."""

    def joined(kernel: np.ndarray) -> np.ndarray:
        return np.concatenate([kernel[: rows.start], before.kernel @ kernel[rows], kernel[rows.stop :]])

    if isinstance(node, Dense):
        return replace(node, kernel=joined(node.kernel), bias=node.bias + before.bias @ node.kernel[rows])
    directions = []
    for kernel, recurrent, bias, *more in node.directions:
        share = before.bias @ kernel[rows]
        bias = bias + share if bias.ndim == 1 else np.stack([bias[0] + share, bias[1]])
        directions.append((joined(kernel), recurrent, bias, *more))
    return replace(node, directions=tuple(directions))


def _last_inside(around: Surroundings, node: Node) -> Replaced:
    """Let a recurrent layer of one direction that is read at its last step alone give that alone."""
    if not isinstance(node, Last):
        return {}
    before = around.read(node)
    if isinstance(before, Recurrent) and before.every_step and len(before.directions) == 1:
        return {before.name: (replace(before, every_step=False),), node.name: ()}
    return {}


# The first ones lose nothing at all; the last ones are for what they leave.
RULES: tuple[Rule, ...] = (
    _activation_inside,
    _affine_behind,
    _mean_to_convolution,
    _mean_of_all,
    _last_inside,
    _affine_ahead,
    _affine_later,
    _linear_twice,
    _join_inside,
    _sum_to_join,
    _affine_alone,
    _activation_alone,
)
