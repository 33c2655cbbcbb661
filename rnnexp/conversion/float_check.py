"""The check that a network was read right: its outputs in real numbers beside those of its own framework."""

from __future__ import annotations

import numpy as np

from rnnexp.conversion.samples import Samples
from rnnexp.conversion.sources import Source
from rnnexp.errors import UserError
from rnnexp.network.graph.graph import Graph
from rnnexp.network.lengths import placed, real
from rnnexp.network.sampling import spread
from rnnexp.report.conversion.content import FloatCheck

# Frameworks compute in float32.
LIMIT = 1e-5
SEQUENCES = 64


def compare(source: Source, samples: Samples) -> FloatCheck:
    """Return how much a graph's outputs differ from its framework's.

    Raises:
        UserError: if by more than ``LIMIT`` of their range: then the network was misread.
    """
    some = samples.rows(spread(len(samples.x), SEQUENCES))
    if source.framework is None or some.raw is None:
        return FloatCheck(limit=LIMIT, sequences=0, absent=source.unchecked or "there is nothing to compare with")
    masked = source.graph.masking is not None
    # Lengths that only the user knows, the framework cannot: there, all steps are real.
    x, lengths = (some.x, some.lengths) if masked else (some.raw, None)
    expected = np.asarray(source.framework(some.raw), np.float64)
    found = source.graph.run(x, lengths)
    if found.shape != expected.shape:
        raise UserError(
            f"{source.name} was misread: its outputs are {list(expected.shape[1:])}, not {list(found.shape[1:])}"
        )
    difference = np.abs(found - expected)
    if lengths is not None and found.ndim == 3:
        there = real(lengths, found.shape[1])
        difference = np.abs(placed(found, lengths, some.padding) - expected)[placed(there, lengths, some.padding)]
    width = float(expected.max() - expected.min()) or float(np.abs(expected).max()) or 1.0
    share = float(difference.max()) / width
    if not share <= LIMIT:
        raise UserError(
            f"{source.name} was misread: its outputs differ by {share:.1e} of their range from those of "
            f"{source.graph.framework}; nothing was written. Please report this, with the layers of the model"
        )
    return FloatCheck(against=source.graph.framework, difference=share, limit=LIMIT, sequences=len(some.x))


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
