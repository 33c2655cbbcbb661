"""Rules for layers between which nothing happens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnnexp.network.graph.convolution import Convolution
from rnnexp.network.graph.graph import INPUT
from rnnexp.network.graph.nodes import Dense, Last, Node, Recurrent
from rnnexp.network.graph.recurrence import reading
from rnnexp.network.graph.rewrites.surroundings import Replaced, Surroundings


def linear_twice(around: Surroundings, node: Node) -> Replaced:
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


def pointwise_to_dense(around: Surroundings, node: Node) -> Replaced:
    """Make a convolution that sees one step, behind a recurrent layer, what it is: a layer of every step."""
    if not isinstance(node, Convolution) or node.groups != 1 or len(around.shapes[node.name]) != 2:
        return {}
    one_step = node.kernel.shape[:2] == (1, 1) and node.strides[0] == 1 and node.padding == ((0, 0), (0, 0))
    if not one_step or not _behind_a_recurrent(around, node):
        return {}
    return {node.name: (Dense(node.name, node.reads, node.kernel[0, 0], node.bias, node.activation),)}


def _behind_a_recurrent(around: Surroundings, node: Node) -> bool:
    waiting, seen = list(node.reads), set[str]()
    while waiting:
        name = waiting.pop()
        if name == INPUT or name in seen:
            continue
        seen.add(name)
        found = around.graph.node(name)
        if isinstance(found, Recurrent):
            return True
        waiting += found.reads
    return False


def last_inside(around: Surroundings, node: Node) -> Replaced:
    """Let a recurrent layer of one direction that is read at its last step alone give that alone."""
    if not isinstance(node, Last):
        return {}
    before = around.read(node)
    if isinstance(before, Recurrent) and before.every_step and len(before.directions) == 1:
        return {before.name: (replace(before, every_step=False),), node.name: ()}
    return {}


def _reading_ahead(node: Dense | Recurrent, before: Dense, rows: slice) -> Node:
    """Return a layer that reads what another one reads, in the place of rows that were for its values."""

    def joined(kernel: np.ndarray) -> np.ndarray:
        return np.concatenate([kernel[: rows.start], before.kernel @ kernel[rows], kernel[rows.stop :]])

    if isinstance(node, Dense):
        return replace(node, kernel=joined(node.kernel), bias=node.bias + before.bias @ node.kernel[rows])
    directions = tuple(reading(weights, joined(weights[0]), before.bias, rows) for weights in node.directions)
    return replace(node, directions=directions)
