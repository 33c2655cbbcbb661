"""Graphs as plain arrays, to be handed to another process."""

from __future__ import annotations

import io
import json
from dataclasses import fields
from typing import Any

import numpy as np

from rnnexp.network.graph import convolution, nodes
from rnnexp.network.graph.graph import Graph
from rnnexp.network.graph.nodes import Node
from rnnexp.network.masking import Masking

_FACTS = "graph"
# All kinds of nodes by the names of their classes.
KINDS: dict[str, type[Node]] = {
    name: kind
    for module in (nodes, convolution)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, Node)
}


def to_npz(graph: Graph) -> bytes:
    """Return a graph as the content of a ``.npz``."""
    arrays: dict[str, Any] = {}

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            arrays[f"array_{len(arrays)}"] = value
            return {"array": len(arrays) - 1}
        if isinstance(value, tuple):
            return [plain(part) for part in value]
        return value

    listed = [
        {"kind": node.kind, **{field.name: plain(getattr(node, field.name)) for field in fields(node)}}
        for node in graph.nodes
    ]
    facts = {field.name: getattr(graph, field.name) for field in fields(graph)}
    facts |= {"nodes": listed, "masking": graph.masking and graph.masking.value}
    content, named = io.BytesIO(), {_FACTS: np.array(json.dumps(facts)), **arrays}
    np.savez(content, **named)
    return content.getvalue()


def from_npz(content: bytes) -> Graph:
    """Return the graph that ``to_npz`` was called on."""
    with np.load(io.BytesIO(content), allow_pickle=False) as found:
        facts = json.loads(str(found[_FACTS]))

        def back(value: Any) -> Any:
            if isinstance(value, dict):
                return found[f"array_{value['array']}"]
            if isinstance(value, list):
                return tuple(back(part) for part in value)
            return value

        made = []
        for listed in facts["nodes"]:
            kind = KINDS[listed.pop("kind")]
            made.append(kind(**{name: back(value) for name, value in listed.items()}))
    masking = facts["masking"]
    return Graph(**{**facts, "nodes": tuple(made), "masking": None if masking is None else Masking(masking)})
