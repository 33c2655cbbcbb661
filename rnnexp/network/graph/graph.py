"""A foreign network: its nodes in the order in which they are computed, and what comes in and goes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnnexp.network.graph.nodes import Node, Repeat

# What nodes read that read the graph's input.
INPUT = ""


@dataclass(frozen=True)
class Masking:
    """Which steps are padding: those of which all inputs are ``value``; words, where the input is words."""

    value: float = 0.0


@dataclass(frozen=True)
class Graph:
    """Nodes that follow on each other.

    Attributes:
        nodes: each after all that it reads.
        output: the name of the node whose values go out.
        features: numbers a step of the input ``[n, time, features]``; 0 where the input is words ``[n, time]``.
        steps: of a sequence, or None where the file leaves it open.
        masking: how sequences say their length, or None where all are of one length.
        framework: what the file was written by, in words for the report: ``Keras 3.15``.
        axes: how the file itself has its input's axes, of N sequences, T steps, F features and, where a step is a
            spectrum of several channels, C channels; inputs of the graph are ``NTF`` always.
    """

    nodes: tuple[Node, ...]
    output: str
    features: int
    steps: int | None = None
    masking: Masking | None = None
    framework: str = ""
    axes: str = "NTF"

    @property
    def words(self) -> bool:
        """Whether the input is words."""
        return self.features == 0

    def node(self, name: str) -> Node:
        """Return the node of a name.

        Raises:
            KeyError: if there is none.
        """
        return {node.name: node for node in self.nodes}[name]

    def readers(self, name: str) -> list[Node]:
        """Return the nodes that read a node's values."""
        return [node for node in self.nodes if name in node.reads]

    def run(self, x: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
        """Return what goes out, float64, for inputs ``[n, time, features]``, or words ``[n, time]``.

        Args:
            x: the inputs; padding at the end.
            lengths: real steps of each sequence, ``[n]``; None: all.
        """
        return self.values(x, lengths)[self.output]

    def values(self, x: np.ndarray, lengths: np.ndarray | None = None) -> Mapping[str, np.ndarray]:
        """Return what every node gives, by name."""
        found: dict[str, np.ndarray] = {INPUT: x if self.words else np.asarray(x, np.float64)}
        padded = {INPUT}
        for node in self.nodes:
            own = lengths if padded.intersection(node.reads) else None
            found[node.name] = node.run([found[name] for name in node.reads], own)
            # Of what is repeated, all steps are real.
            if padded.intersection(node.reads) and not isinstance(node, Repeat):
                padded.add(node.name)
        return found


def in_order(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Return nodes so that each comes after all that it reads.

    Raises:
        ValueError: if there is a circle, or a node reads what is not there.
    """
    left, found, there = list(nodes), [], {INPUT}
    while left:
        ready = [node for node in left if set(node.reads) <= there]
        if not ready:
            raise ValueError(f"{left[0].name!r} reads what is not there, or what comes after it")
        found += ready
        there |= {node.name for node in ready}
        left = [node for node in left if node.name not in there]
    return tuple(found)
