"""Whether a graph computes what the framework does that its file is from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rnnexp.network.graph.graph import Graph
from rnnexp.network.graph.nodes import Node
from rnnexp.network.graph.rounding import with_rounded_weights
from rnnexp.network.lengths import Padding, placed, real

# Frameworks compute in float32.
LIMIT = 1e-5
# Sums of many products are rounded often: so much more than by rounding each weight once, outputs may differ.
ROUNDINGS = 16.0
# From here on a network that was misread could pass for one that amplifies rounding.
MOST = 1e-2


@dataclass(frozen=True)
class Agreement:
    """How far a graph and its framework are apart.

    Attributes:
        share: the largest difference of the outputs, as a share of their range.
        limit: what that may be: ``LIMIT``, or what float32 can be the cause of in a network that amplifies what is put
            into it; beyond ``MOST``, nothing can be said of it.
        misread: the first node whose values differ by more than ``LIMIT`` of their range, where the outputs differ by
            more than the limit.
    """

    share: float
    limit: float = LIMIT
    misread: Node | None = None


def compare(
    graph: Graph,
    own: Mapping[str, np.ndarray],
    x: np.ndarray,
    lengths: np.ndarray | None = None,
    padding: Padding = "",
) -> Agreement:
    """Compare a graph's values with its framework's.

    Args:
        graph: what was read.
        own: the framework's values of nodes, by name, the output among them.
        x: inputs of both, as the graph takes them.
        lengths: real steps of each sequence, ``[n]``: others are not compared; None: all.
        padding: where the framework had what is no real step.
    """
    found = graph.values(x, lengths)
    share = _apart(found[graph.output], own[graph.output], lengths, padding)
    if share <= LIMIT:
        return Agreement(share)
    rounded = with_rounded_weights(graph).run(x, lengths)
    limit = max(LIMIT, ROUNDINGS * _apart(rounded, found[graph.output], lengths, padding))
    if share <= limit:
        return Agreement(share, limit)
    known = (node for node in graph.nodes if node.name in own)
    worst = next(node for node in known if not _apart(found[node.name], own[node.name], lengths, padding) <= LIMIT)
    return Agreement(share, limit, worst)


def _apart(found: np.ndarray, expected: np.ndarray, lengths: np.ndarray | None, padding: Padding) -> float:
    """Return the largest difference as a share of the values' range."""
    expected = np.asarray(expected, np.float64)
    if found.shape != expected.shape:
        return math.inf
    if lengths is not None and found.ndim > 2:
        there = placed(real(lengths, found.shape[1]), lengths, padding)
        found, expected = placed(found, lengths, padding)[there], expected[there]
    if not found.size:
        return 0.0
    scale = max(float(np.ptp(expected)), float(np.abs(expected).max()), 1e-30)
    share = float(np.abs(found - expected).max()) / scale
    return share if math.isfinite(share) else math.inf
