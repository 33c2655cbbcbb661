"""Rules for values that are added or joined: they go into the kernels of what reads them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnnexp.network.graph.nodes import Dense, Merge, Node, Recurrent
from rnnexp.network.graph.rewrites.surroundings import Replaced, Surroundings


def sum_to_join(around: Surroundings, node: Node) -> Replaced:
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


def join_inside(around: Surroundings, node: Node) -> Replaced:
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
