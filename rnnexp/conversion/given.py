"""What a conversion begins with: a network that was read right, and the data to convert it with."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rnnexp.conversion import float_check, samples
from rnnexp.conversion.float_check import FloatChecking
from rnnexp.conversion.samples import Samples
from rnnexp.conversion.sources import Source, open_model
from rnnexp.errors import UserError
from rnnexp.network.graph.graph import Graph
from rnnexp.network.graph.nodes import Activation, Embedding, GlobalPooling
from rnnexp.network.graph.parts import CannotConvertError
from rnnexp.network.graph.rewrite import simplified
from rnnexp.network.lengths import real
from rnnexp.network.words import check_known
from rnnexp.report.conversion import content


@dataclass(frozen=True)
class Given:
    """A network and its data.

    Attributes:
        source: the network, as it was read.
        graph: the same, simplified.
        calibration: what shows its ranges.
        evaluation: what is judged on: the same, or held-out data.
        checking: of what was read, against its framework.
        begin, until: the layers it was cut at; None where it was not.
        notes: what a user must know of it.
        channels: what a step of the model's outputs has, where it has an axis more than the files, which have one row.
    """

    source: Source
    graph: Graph
    calibration: Samples
    evaluation: Samples
    checking: FloatChecking
    begin: str | None
    until: str | None
    notes: tuple[str, ...]
    channels: tuple[int, ...]

    def refusal(self, error: CannotConvertError) -> UserError:
        """Return the message for a layer that there is no way for."""
        return _refusal(self.source, error)

    def source_described(self) -> content.Source:
        """Return what the report says of the network."""
        read = self.source.graph
        return content.Source(
            file=self.source.name,
            framework=read.framework,
            layers=[f"{node.name}: {node.kind}" for node in read.nodes],
            begin=self.begin,
            until=self.until,
        )

    def described(self) -> content.Data:
        """Return what the report says of the data."""
        shown, judged = self.calibration, self.evaluation
        return content.Data(
            calibration=len(shown.x),
            evaluation=len(judged.x),
            evaluated_on=judged.name,
            held_out=judged is not shown,
            time_steps=shown.x.shape[1],
            features=self.source.graph.features,
            real_steps=None if judged.lengths is None else float(real(judged.lengths, judged.x.shape[1]).mean()),
            outside=samples.outside(judged, shown),
        )


def read(
    model: Any, calibration: Any, evaluate: Any, *, steps: int | None, begin: str | None, until: str | None
) -> Given:
    """Read a model and its data, and begin to check what was read against the model's framework.

    Args:
        model, calibration, evaluate, steps, begin, until: as of ``convert``.

    Raises:
        UserError: if they cannot be used.
    """
    given = _samples(calibration, "--calibration")
    source = open_model(model, given.x, until or "", begin or "")
    shown = samples.fitting(given, source.graph, steps)
    judged = shown if evaluate is None else samples.fitting(_samples(evaluate, "--evaluate"), source.graph, steps)
    for each in (shown, judged):
        _refuse_unknown_words(source.graph, each)
    graph, notes = _with_probabilities(source.graph)
    notes += source.notes
    if graph.axes.startswith("T"):
        notes.append("the model takes [time, n, features]; calibration and evaluation are read as [n, time, features]")
    channels = graph.run(shown.x[:1]).shape[2:]
    channels = channels if len(channels) > 1 else ()
    if channels:
        notes.append(
            f"the model gives {list(channels)} at each step; the files have these {math.prod(channels)} in a row"
        )
    _refuse_padding(source, shown)
    simpler = simplified(graph, shown.x)
    float_check.rewritten(graph, simpler, shown)
    # Last, since from here on the process that it may have is looked after.
    checking = FloatChecking(source, shown)
    return Given(source, simpler, shown, judged, checking, begin, until, tuple(notes), channels)


def _samples(given: Any, flag: str) -> Samples:
    if isinstance(given, Samples):
        return given
    if isinstance(given, str | Path):
        return samples.load(Path(given), flag)
    return Samples(flag, np.asarray(given))


def _with_probabilities(graph: Graph) -> tuple[Graph, list[str]]:
    """Return a network that ends in probabilities where it ended in their logarithms, and what to say of that."""
    last = graph.node(graph.output)
    if not isinstance(last, Activation) or last.activation != "log_softmax":
        return graph, []
    nodes = tuple(replace(node, activation="softmax") if node is last else node for node in graph.nodes)
    note = "the model gives logarithms of probabilities (log_softmax); what was written gives the probabilities"
    return replace(graph, nodes=nodes), [note]


def _refuse_unknown_words(graph: Graph, given: Samples) -> None:
    for node in graph.nodes:
        if isinstance(node, Embedding):
            check_known(given.x, len(node.table), given.name)


def _refuse_padding(source: Source, shown: Samples) -> None:
    """Refuse what is made of all steps, where only the user's lengths tell which of them are real."""
    if shown.lengths is None or source.graph.masking is not None:
        return
    for node in source.graph.nodes:
        if isinstance(node, GlobalPooling):
            raise _refusal(source, CannotConvertError(node, "it would take the steps of padding too"))


def _refusal(source: Source, error: CannotConvertError) -> UserError:
    """Return the message for a layer that there is no way for, with its number and what can be done."""
    names = [node.name for node in source.graph.nodes]
    number = names.index(error.name) + 1 if error.name in names else None
    where = f"{source.name}: layer {number}, {error}" if number else f"{source.name}: {error}"
    ahead = [node.name for node in source.graph.nodes[: (number or 1) - 1]]
    return UserError(where + (f". What is ahead of it may: --until {ahead[-1]}" if ahead else ""))
