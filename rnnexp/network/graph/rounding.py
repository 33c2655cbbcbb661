"""What rounding costs in a network: some amplify the last digit of their numbers until it is seen."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from rnnexp.network.graph.graph import Graph

# Of float32 numbers, as a share of them.
HALF_A_DIGIT = 2.0**-24


def with_rounded_weights(graph: Graph) -> Graph:
    """Return a graph whose weights are each off by up to half of a float32's last digit."""
    rng = np.random.default_rng(0)

    def off(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(off(each) for each in value)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            return value * (1.0 + HALF_A_DIGIT * rng.uniform(-1.0, 1.0, value.shape))
        return value

    nodes = []
    for node in graph.nodes:
        options = {option.name: off(getattr(node, option.name)) for option in fields(node)}
        nodes.append(replace(node, **options))
    return replace(graph, nodes=tuple(nodes))
