"""A rule for what a decoder is given at each of its steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnnexp.network.graph.convolution import Convolution
from rnnexp.network.graph.nodes import Dense, Flatten, Node, Repeat
from rnnexp.network.graph.rewrites.surroundings import Replaced, Surroundings


def repeat_of_all_steps(around: Surroundings, node: Node) -> Replaced:
    """Make one step of all steps that are flattened to be repeated, by a convolution that sees all of them.

    Each of its filters picks one number; as groups are by channels, what it makes is in another order.
    """
    before = around.read(node) if isinstance(node, Repeat) else None
    if not isinstance(node, Repeat) or not isinstance(before, Flatten) or before.keeps_time:
        return {}
    *places, channels = around.shapes[before.reads[0]]
    count = int(np.prod(places))
    if count == 1:
        return {}
    steps, frequencies = (*places, 1)[:2]
    picking = np.tile(np.eye(count), (1, channels)).reshape(steps, frequencies, 1, channels * count)
    step = Convolution(f"{before.name}'", before.reads, picking, np.zeros(channels * count), groups=channels)
    order = np.arange(channels * count).reshape(count, channels).T.reshape(-1)
    ordered = Dense(f"{node.name}'", (node.name,), np.eye(channels * count)[order], np.zeros(channels * count))
    return {before.name: (step, replace(before, reads=(step.name,))), node.name: (node, ordered)}
