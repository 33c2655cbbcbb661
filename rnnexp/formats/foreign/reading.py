"""A graph that was read from a foreign file, and what in the file each of its nodes is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rnnexp.errors import UserError
from rnnexp.formats.foreign.axes import Misfit, Value, WrongAxes
from rnnexp.formats.foreign.drawing import Drawing
from rnnexp.formats.foreign.inputs import Guess
from rnnexp.formats.foreign.sequence import LAST
from rnnexp.formats.foreign.tidy import tidy, unfinished
from rnnexp.network.graph.graph import INPUT, Graph
from rnnexp.network.graph.nodes import Embedding, Flatten, Node


@dataclass(frozen=True)
class Trace:
    """A node's values in the file: the tensor's name, and its axes."""

    tensor: str
    value: Value


@dataclass(frozen=True)
class Reading:
    """A graph, how the file takes its input, and where the file has the nodes' values.

    Attributes:
        graph: the graph.
        input: its input in the file.
        traces: by the nodes' names, of those that the file has.
        streamed: whether the file takes one step at a time, and its states, while the graph takes sequences.
        excerpt: the part of the file that was read, as a file of its own, where that is not all of it.
    """

    graph: Graph
    input: Guess
    traces: Mapping[str, Trace]
    streamed: bool = False
    excerpt: Any = None


class Unreadable(Exception):  # noqa: N818
    """An operator that cannot be converted.

    Args:
        name: of it in the file.
        kind: of it.
        why: it cannot.
        ahead: the last node ahead of it, or an empty text.
        done: how many operators could be read ahead of it.
    """

    def __init__(self, name: str, kind: str, why: Misfit | str, ahead: str = "", done: int = 0) -> None:
        super().__init__(str(why))
        self.name, self.kind, self.why, self.ahead = name, kind, str(why), ahead
        # Of two that are as far, the one that is not about axes says more.
        self.rank = done, not isinstance(why, WrongAxes)

    def message(self, where: str) -> str:
        """Return it for users."""
        further = f'. What is ahead of it can: --until "{self.ahead}"' if self.ahead else ""
        return f'{where}: node "{self.name}" ({self.kind}) cannot be converted: {self.why}{further}'


def first_fit(where: str, guesses: Sequence[Guess], attempt: Callable[[Guess], Reading]) -> Reading:
    """Return what is read with the first guess of the input's axes with which a file can be read.

    Raises:
        UserError: of where reading came furthest, if there is none.
    """
    failures: list[Unreadable] = []
    for guess in guesses:
        found = _attempted(attempt, guess)
        if isinstance(found, Reading):
            return found
        failures.append(found)
    raise UserError(max(failures, key=lambda failure: failure.rank).message(where))


def _attempted(attempt: Callable[[Guess], Reading], guess: Guess) -> Reading | Unreadable:
    try:
        return attempt(guess)
    except Unreadable as error:
        return error


def last_known(drawing: Drawing, inputs: Sequence[object], known: Mapping[str, Trace]) -> str:
    """Return the last node that the file has ahead of an operator, or an empty text."""
    ahead = next((one.node for one in inputs if isinstance(one, Value) and one.node != INPUT), "")
    while ahead and ahead not in known:
        node = drawing.nodes.get(ahead)
        ahead = node.reads[0] if node else ""
    return ahead.removesuffix(LAST)


def reading(drawing: Drawing, output: Value, guess: Guess, traces: Mapping[str, Trace], framework: str) -> Reading:
    """Return what was drawn, shortened.

    Args:
        drawing: the nodes.
        output: the tensor that goes out.
        guess: the input.
        traces: the file's tensors of nodes.
        framework: what wrote the file.

    Raises:
        Unreadable: if something unfinished is left.
        Misfit: if the output's numbers are in an order that no node gives.
    """
    if output.node == INPUT:
        raise Misfit("what comes out is what went in")
    tensor, output = traces[output.node].tensor, _settled(drawing, output)
    traces = {**traces, output.node: Trace(tensor, output)}
    nodes, name, moved = tidy(drawing.nodes, output.node)
    for node in nodes.values():
        if not guess.features and INPUT in node.reads and not isinstance(node, Embedding):
            raise Unreadable(node.name, node.kind, "it computes with words")
    for left in unfinished(nodes):
        why = "it is no part of an activation function or convolution that is known"
        raise Unreadable(left.name, left.operator, why, _ahead(nodes, left), len(drawing.nodes))
    found: dict[str, Trace] = {}
    for now, trace in traces.items():
        while now in moved:
            now = moved[now]
        if now in nodes:
            found[now] = trace
    graph = Graph(tuple(nodes.values()), name, guess.features, guess.steps, framework=framework, axes=guess.axes)
    return Reading(graph, guess, found)


def _settled(drawing: Drawing, output: Value) -> Value:
    """Return the output with its time flattened where the file has it so."""
    order = [atom for one in output.layout[1:] for atom in one]
    for one in output.axes:
        if len(one) > 1 and output.timed and list(one) == order and set(output.layout[1]) & set(one):
            if any(atom.open for atom in one):
                raise Misfit("all steps are put in one row, and the file leaves open how many there are")
            name = drawing.put(Flatten(f"{output.node}/flatten", (output.node,)))
            return Value(name, (output.layout[0], tuple(order)), output.axes)
    # Batch and time may be in either order, or one; what is in the features has to be in the node's order.
    batch = {*output.layout[0], *(output.layout[1] if output.timed else ())}
    own = [atom for one in output.axes for atom in one if atom not in batch]
    if any(set(one) & batch and set(one) - batch for one in output.axes):
        raise Misfit("what comes out has steps and features in one row, in an order of its own")
    wanted = [atom for one in output.layout for atom in one if atom not in batch]
    if own != wanted and len(output.layout) < 4:
        raise Misfit("what comes out has its features in another order than their layer")
    return output


def _ahead(nodes: Mapping[str, Node], node: Node) -> str:
    """Return the last node ahead of one that a user knows, or nothing."""
    seen = node
    while seen.reads[0] != INPUT:
        seen = nodes[seen.reads[0]]
        if seen.name and not getattr(seen, "operator", ""):
            return seen.name.removesuffix(LAST)
    return ""
