"""What a rule of rewriting may look at, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rnnexp.network.graph.graph import INPUT, Graph
from rnnexp.network.graph.nodes import Node

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
