"""The check that a network was read right: its outputs in real numbers beside those of its own framework."""

from __future__ import annotations

import math
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property

import numpy as np
from typing_extensions import Self

from rnnexp.conversion.samples import Samples
from rnnexp.conversion.sources import Source
from rnnexp.errors import UserError
from rnnexp.formats import child
from rnnexp.network.graph import agreement
from rnnexp.network.graph.agreement import LIMIT, MOST
from rnnexp.network.graph.graph import Graph
from rnnexp.network.graph.nodes import Recurrent
from rnnexp.network.lengths import real
from rnnexp.network.network import Network
from rnnexp.network.sampling import spread
from rnnexp.report import evaluation
from rnnexp.report.conversion.content import FloatCheck

SEQUENCES = 64


class FloatChecking:
    """A float check that may be under way: a framework in a process of its own computes beside what else is done.

    Args:
        source: the network.
        samples: to compare on; some of them are.

    Raises:
        UserError: if the framework is here, and cannot run the network.
    """

    def __init__(self, source: Source, samples: Samples) -> None:
        self._source = source
        self._some = samples.rows(spread(len(samples.x), SEQUENCES))
        raw, self._values = self._some.raw, None
        if source.framework is None or raw is None:
            return
        if source.apart:
            executor = ThreadPoolExecutor(1)
            self._values = executor.submit(source.framework, raw)
            executor.shutdown(wait=False)
        else:
            self._values = Future[Mapping[str, np.ndarray]]()
            self._values.set_result(source.framework(raw))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        """See that the network was read right; where it was not, that is why something else went wrong."""
        if kind is None or issubclass(kind, Exception):
            self.wait()
        else:
            # Whoever has no patience does not wait for the framework.
            child.end_all()

    def wait(self) -> None:
        """Compare, as ``result`` does."""
        self.result  # noqa: B018  (it may raise)

    @cached_property
    def result(self) -> FloatCheck:
        """How much the graph's outputs differ from its framework's.

        Raises:
            UserError: if by more than ``LIMIT`` of their range, and more than float32 can be the cause of in a network
                that amplifies what is put into it: then it was misread, at the first node that differs. Where float32
                can be the cause of nearly anything, the network cannot be checked.
        """
        source, some = self._source, self._some
        if self._values is None or some.raw is None:
            return FloatCheck(limit=LIMIT, sequences=0, absent=source.unchecked or "there is nothing to compare with")
        graph = source.graph
        # Lengths that only the user knows, the framework cannot: there, all steps are real.
        x, lengths = (some.x, some.lengths) if graph.masking is not None else (some.raw, None)
        found = agreement.compare(graph, self._values.result(), x, lengths, some.padding)
        if found.limit > MOST:
            raise UserError(
                f"{source.name} cannot be checked: the last digit of its weights, in float32, changes the outputs by "
                f"up to {found.limit:.1e} of their range on the calibration data, and {graph.framework} differs by "
                f"{found.share:.1e}; nothing was written. Does the network grow without end on this data?"
            )
        if found.misread is not None:
            raise UserError(
                f"{source.name} was misread at {found.misread.name!r} ({found.misread.kind}): the outputs differ by "
                f"{found.share:.1e} of their range from those of {graph.framework}; nothing was written. Please report "
                "this, with the model's layers"
            )
        return FloatCheck(against=graph.framework, difference=found.share, limit=found.limit, sequences=len(some.x))


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
