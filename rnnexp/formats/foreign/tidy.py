"""A drawn graph without what nobody reads, and with the shorter of two ways to say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from rnnexp.formats.foreign.pointwise import Unfinished
from rnnexp.formats.foreign.sequence import LAST
from rnnexp.network.graph.nodes import Affine, Dense, Last, Merge, Node, Recurrent, Reverse


def tidy(nodes: Mapping[str, Node], output: str) -> tuple[dict[str, Node], str, dict[str, str]]:
    """Return the nodes that an output needs, shortened, the output's name, and which nodes others are part of now.

    Exact in real numbers: the opposite order taken twice goes away, a layer of one direction takes it in, the last
    step of a layer is what it gives at the end, two opposite directions of the same inputs are one layer, and what is
    added to products is their bias.
    """
    found, moved = dict(nodes), dict[str, str]()
    while True:
        found = _needed(found, output)
        shorter = _shorter(found, output)
        if shorter is None:
            break
        gone, found = shorter
        output = gone.get(output, output)
        moved |= gone
    # A layer of which only the end is read has its own name.
    gone = {name: name.removesuffix(LAST) for name in found if name.endswith(LAST)}
    gone = {name: short for name, short in gone.items() if short and short not in found}
    found = {
        gone.get(name, name): replace(
            node, name=gone.get(name, name), reads=tuple(gone.get(read, read) for read in node.reads)
        )
        for name, node in found.items()
    }
    return found, gone.get(output, output), moved | gone


def unfinished(nodes: Mapping[str, Node]) -> list[Unfinished]:
    """Return what is left of operators that are no node of a graph."""
    return [node for node in nodes.values() if isinstance(node, Unfinished)]


def _needed(nodes: Mapping[str, Node], output: str) -> dict[str, Node]:
    wanted = {output}
    for name in reversed(list(nodes)):
        if name in wanted:
            wanted.update(nodes[name].reads)
    return {name: node for name, node in nodes.items() if name in wanted}


def _shorter(nodes: dict[str, Node], output: str) -> tuple[dict[str, str], dict[str, Node]] | None:
    """Return the nodes after one shortening, and which names are now called what; or None if there is none."""
    readers: dict[str, int] = {output: 1}
    for node in nodes.values():
        for name in node.reads:
            readers[name] = readers.get(name, 0) + 1
    for name, node in nodes.items():
        ahead = nodes.get(node.reads[0])
        alone = ahead is not None and readers[ahead.name] == 1
        if isinstance(node, Reverse) and isinstance(ahead, Reverse):
            return _instead(nodes, {name: ahead.reads[0]})
        if isinstance(node, Recurrent) and isinstance(ahead, Reverse) and len(node.directions) == 1:
            made = replace(node, reads=ahead.reads, backwards=not node.backwards)
            return _instead(nodes, {}, {name: made})
        if isinstance(node, Last) and isinstance(ahead, Recurrent) and alone and len(ahead.directions) == 1:
            return _instead(nodes, {name: ahead.name}, {ahead.name: replace(ahead, every_step=False)})
        if isinstance(node, Merge) and node.how in ("concat", "add") and len(node.reads) == 2:
            both = _both(nodes, node, readers)
            if both is not None:
                return _instead(nodes, {}, {name: both})
        if isinstance(node, Affine) and isinstance(ahead, Dense) and alone and np.all(node.scale == 1.0):
            made_dense = replace(ahead, bias=ahead.bias + node.offset)
            return _instead(nodes, {name: ahead.name}, {ahead.name: made_dense})
    return None


def _both(nodes: Mapping[str, Node], node: Merge, readers: Mapping[str, int]) -> Recurrent | None:
    """Return the layer of two directions that two layers of one are, or None."""
    first, second = (nodes.get(name) for name in node.reads)
    if any(readers[name] > 1 for name in node.reads):
        return None
    if isinstance(second, Reverse) and readers[second.reads[0]] == 1:
        # After every step, the second direction's values are turned round again.
        second = nodes.get(second.reads[0])
        if not isinstance(second, Recurrent) or not second.every_step:
            return None
    elif isinstance(second, Recurrent) and second.every_step:
        return None
    if not isinstance(first, Recurrent) or not isinstance(second, Recurrent) or first.reads != second.reads:
        return None
    if len(first.directions) != 1 or len(second.directions) != 1 or first.backwards or not second.backwards:
        return None
    if _options(second) != _options(first):
        return None
    projection = (*first.projection, *second.projection) if first.projection and second.projection else None
    return replace(
        first,
        name=node.name,
        directions=(*first.directions, *second.directions),
        projection=projection,
        merge="concat" if node.how == "concat" else "sum",
    )


def _options(node: Recurrent) -> tuple[object, ...]:
    shapes = [array.shape for array in (*node.directions[0], *(node.projection or ()))]
    return node.cell, node.activation, node.gate, node.every_step, node.merge, node.stateful, node.cell_limit, shapes


def _instead(
    nodes: Mapping[str, Node], gone: dict[str, str], made: Mapping[str, Node] | None = None
) -> tuple[dict[str, str], dict[str, Node]]:
    """Return nodes with some replaced, and some read by other names."""
    found: dict[str, Node] = {}
    for name, node in nodes.items():
        if name in gone:
            continue
        own = (made or {}).get(name, node)
        found[name] = replace(own, reads=tuple(gone.get(read, read) for read in own.reads))
    return gone, found
