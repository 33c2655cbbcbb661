"""The check that a network was read right: its outputs in real numbers beside those of its own framework."""

from __future__ import annotations

import math

import numpy as np

from rnnexp.conversion.samples import Samples
from rnnexp.conversion.sources import Source
from rnnexp.errors import UserError
from rnnexp.network.graph.graph import Graph
from rnnexp.network.graph.nodes import Recurrent
from rnnexp.network.graph.rounding import with_rounded_weights
from rnnexp.network.lengths import Padding, placed, real
from rnnexp.network.network import Network
from rnnexp.network.sampling import spread
from rnnexp.report import evaluation
from rnnexp.report.conversion.content import FloatCheck

# Frameworks compute in float32.
LIMIT = 1e-5
SEQUENCES = 64
# Sums of many products are rounded often: so much more than by rounding each weight once, outputs may differ.
ROUNDINGS = 16.0


def compare(source: Source, samples: Samples) -> FloatCheck:
    """Return how much a graph's outputs differ from its framework's.

    Raises:
        UserError: if by more than ``LIMIT`` of their range, and more than float32 can be the cause of in a network that
            amplifies what is put into it: then it was misread, at the first node that differs.
    """
    some = samples.rows(spread(len(samples.x), SEQUENCES))
    if source.framework is None or some.raw is None:
        return FloatCheck(limit=LIMIT, sequences=0, absent=source.unchecked or "there is nothing to compare with")
    graph = source.graph
    # Lengths that only the user knows, the framework cannot: there, all steps are real.
    x, lengths = (some.x, some.lengths) if graph.masking is not None else (some.raw, None)
    expected, found = source.framework(some.raw), graph.values(x, lengths)
    share, limit = _apart(found[graph.output], expected[graph.output], lengths, some.padding), LIMIT
    if not share <= LIMIT:
        rounded = with_rounded_weights(graph).run(x, lengths)
        limit = max(LIMIT, ROUNDINGS * _apart(rounded, found[graph.output], lengths, some.padding))
    if not share <= limit:
        known = (node for node in graph.nodes if node.name in expected)
        worst = next(
            node for node in known if not _apart(found[node.name], expected[node.name], lengths, some.padding) <= LIMIT
        )
        raise UserError(
            f"{source.name} was misread at {worst.name!r} ({worst.kind}): the outputs differ by {share:.1e} of their "
            f"range from those of {graph.framework}; nothing was written. Please report this, with the model's layers"
        )
    return FloatCheck(against=graph.framework, difference=share, limit=limit, sequences=len(some.x))


def _apart(found: np.ndarray, expected: np.ndarray, lengths: np.ndarray | None, padding: Padding) -> float:
    """Return the largest difference as a share of the values' range; of sequences with lengths, of real steps."""
    expected = np.asarray(expected, np.float64)
    if found.shape != expected.shape:
        return math.inf
    if lengths is not None and found.ndim > 2:
        there = placed(real(lengths, found.shape[1]), lengths, padding)
        found, expected = placed(found, lengths, padding)[there], expected[there]
    scale = max(float(np.ptp(expected)), float(np.abs(expected).max()), 1e-30)
    share = float(np.abs(found - expected).max()) / scale
    return share if math.isfinite(share) else math.inf


def rewritten(graph: Graph, simpler: Graph, samples: Samples) -> None:
    """Check that rewriting has changed nothing.

    Raises:
        UserError: if it has.
    """
    some = samples.rows(spread(len(samples.x), SEQUENCES))
    expected = graph.run(some.x, some.lengths)
    difference = float(np.abs(simpler.run(some.x, some.lengths) - expected).max())
    if not difference <= 1e-9 * max(1.0, float(np.abs(expected).max())):
        raise UserError(f"rewriting the network has changed its outputs by {difference:.1e}; please report this")


def lowered(graph: Graph, network: Network, samples: Samples) -> None:
    """Check that the network that there are integers for computes what its graph does.

    Args:
        graph: simplified.
        network: of it.
        samples: as both take them.

    Raises:
        UserError: if it does not.
    """
    some = samples.rows(spread(len(samples.x), SEQUENCES))
    lengths = some.lengths
    expected, found = graph.run(some.x, lengths), network.run(some.x, lengths=lengths)
    if network.architecture.softmax:
        found = evaluation.probabilities(found)
    if network.architecture.answers_each_step and lengths is not None:
        there = real(lengths, found.shape[1])
        expected, found = expected[there], found[there]
    difference = float(np.abs(found - expected.reshape(found.shape)).max())
    if difference <= 1e-9 * max(1.0, float(np.abs(expected).max())):
        return
    limits = [node.name for node in graph.nodes if isinstance(node, Recurrent) and math.isfinite(node.cell_limit)]
    if limits:
        raise UserError(
            f"{limits[0]!r} cuts off its cell states, and the calibration data reaches the limit: not converted"
        )
    raise UserError(f"the network for integers differs by {difference:.1e} from what was read; please report this")
