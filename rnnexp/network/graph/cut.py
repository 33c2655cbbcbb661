"""A part of a graph: from one layer to another, as a graph of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnnexp.errors import UserError, did_you_mean
from rnnexp.network.graph.graph import INPUT, Graph
from rnnexp.network.graph.nodes import AddChannel, Node

# Steps of the sequence that is run to see what a layer reads, where the graph leaves them open: doubled until it is
# long enough.
FEWEST, MOST = 4, 2**14


def cut(graph: Graph, begin: str = "", until: str = "") -> Graph:
    """Return the part of a graph from one layer to another, both included.

    What the first layer reads is then the graph's input, and where that has several numbers for each frequency, they
    come in one row. If it is not the whole graph's input, nothing says the lengths of sequences any more.

    Args:
        graph: the whole.
        begin: the layer with which it begins; empty: the graph's input.
        until: the layer whose values go out; empty: those of the graph.

    Raises:
        UserError: if there is no such layer, or what is between them reads other things too.
    """
    if until:
        graph = replace(graph, output=_node(graph, until).name)
    found = replace(graph, nodes=_needed(graph, graph.output))
    return _from(found, begin) if begin else found


def _node(graph: Graph, name: str) -> Node:
    """Return the node that gives a layer's values."""
    names = [node.name for node in graph.nodes]
    if name not in names:
        raise UserError(f"there is no layer {name!r}{did_you_mean(name, names)} (there are: {', '.join(names)})")
    return graph.node(name)


def _needed(graph: Graph, output: str) -> tuple[Node, ...]:
    wanted, found = {output}, list[Node]()
    for node in reversed(graph.nodes):
        if node.name in wanted:
            found.append(node)
            wanted |= set(node.reads)
    return tuple(reversed(found))


def _from(graph: Graph, begin: str) -> Graph:
    """Return the part of a graph that begins with a layer, of all whose nodes the names begin alike."""
    own = [node for node in graph.nodes if node.name == begin or node.name.startswith(f"{begin}/")]
    if not own:
        names = ", ".join(node.name for node in graph.nodes)
        raise UserError(f"there is no layer {begin!r} ahead of {graph.output!r} (there are: {names})")
    inner = {node.name for node in own}
    read = sorted({name for node in own for name in node.reads} - inner)
    if len(read) != 1:
        raise UserError(f"{begin!r} reads {len(read)} values ({', '.join(read)}); what begins a graph reads one")
    (source,) = read
    if source == INPUT:
        return graph
    kept = list[Node]()
    for node in graph.nodes:
        # What is beside the first layer and reads the same belongs to the part too.
        if node.name in inner or any(name in inner or name == source for name in node.reads):
            kept.append(node)
            inner.add(node.name)
    for node in kept:
        foreign = set(node.reads) - inner - {source}
        if foreign:
            raise UserError(
                f"{node.name!r} is behind {begin!r}, and reads {sorted(foreign)[0]!r}, which is ahead of it"
            )
    return _renamed(graph, kept, source)


def _renamed(graph: Graph, kept: list[Node], source: str) -> Graph:
    """Return a graph of nodes that read the input where they read a node's values."""
    shape = _shape(graph, source)
    if len(shape) < 3:
        raise UserError(f"behind {source!r} there are no steps: what begins there reads no sequence")
    begins, name = list[Node](), INPUT
    if len(shape) == 4:
        begins, name = [AddChannel("input", (INPUT,), shape[3])], "input"
    nodes = [replace(node, reads=tuple(name if each == source else each for each in node.reads)) for node in kept]
    steps = None if graph.steps is None else shape[1]
    return replace(graph, nodes=(*begins, *nodes), features=int(np.prod(shape[2:])), steps=steps, masking=None)


def _shape(graph: Graph, name: str) -> tuple[int, ...]:
    """Return the shape of a node's values, of one sequence."""
    part = replace(graph, nodes=_needed(graph, name), output=name)
    steps = [graph.steps] if graph.steps else [FEWEST * 2**n for n in range(13) if FEWEST * 2**n <= MOST]
    for count in steps:
        shape = (1, count) if graph.words else (1, count, graph.features)
        try:
            values = part.run(np.zeros(shape))
        except (ValueError, IndexError):
            continue  # fewer steps than a kernel needs
        if values.size:
            return values.shape
    raise UserError(f"no sequence of up to {steps[-1]} steps reaches {name!r}")
