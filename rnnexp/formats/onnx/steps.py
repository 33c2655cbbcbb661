"""The operators of an ONNX file that an output depends on, from a tensor on, and into the branches of ``If``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rnnexp.errors import UserError, did_you_mean
from rnnexp.formats.onnx import file

_DOMAINS = ("", "ai.onnx")
BRANCHES = ("then_branch", "else_branch")
# Of operators that a file may have.
MOST_OPERATORS = 20_000
# The way to a branch: the numbers of the operators that are If, each in its graph, and which of the branches.
Way = tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Step:
    """An operator of the file.

    Attributes:
        name: for users.
        kind: as ``LSTM``.
        inputs: names of tensors, empty where an optional one is left out.
        outputs: the same.
        proto: the operator in the file.
        branches: of an ``If``.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    proto: Any
    branches: tuple[Branch, ...] = ()

    @property
    def reads(self) -> set[str]:
        """Names of all tensors that it depends on, those within its branches too."""
        return {name for name in self.inputs if name} | {name for branch in self.branches for name in branch.reads}


@dataclass(frozen=True)
class Branch:
    """One of the two graphs of an ``If``: its operators, what they give, and constants of its own."""

    steps: tuple[Step, ...]
    outputs: tuple[str, ...]
    constants: tuple[Any, ...]

    @property
    def reads(self) -> set[str]:
        """Names of tensors from outside that it depends on."""
        made = {name for step in self.steps for name in step.outputs} | {tensor.name for tensor in self.constants}
        return (set(self.outputs) | {name for step in self.steps for name in step.reads}) - made


@dataclass(frozen=True)
class Part:
    """A part of a file.

    Attributes:
        steps: in the file's order.
        output: the tensor that goes out.
        begin: the tensor that comes in, or nothing where it is the file's own input.
        constants: of the branches that it lies in.
        inner: whether it lies within a branch.
        nodes: all operators of the graphs that it lies in, also those ahead of it.
    """

    steps: tuple[Step, ...]
    output: str
    begin: str = ""
    constants: tuple[Any, ...] = ()
    inner: bool = False
    nodes: tuple[Any, ...] = ()


def part(model: file.ModelFile, begin: str = "", until: str = "") -> Part:
    """Return what lies between two places of a file, which may be in a branch of an ``If``.

    Args:
        model: the file.
        begin: an operator, which reads what comes in, or a tensor, which is what comes in; empty: the file's input.
        until: the operator, or the tensor, that goes out; empty: the file's first output.

    Raises:
        UserError: if there is none of that name, or the file is damaged.
    """
    graph = model.model.graph
    if sum(1 for _ in _everywhere(graph)) > MOST_OPERATORS:
        raise UserError(f"{model.path} has more than {MOST_OPERATORS:,} operators")
    ways = [_way(model, name) for name in (begin, until) if name]
    way = max(ways, key=len, default=())
    if any(way[: len(one)] != one for one in ways):
        raise UserError(f"{model.path}: {begin!r} and {until!r} are in different branches")
    nodes, constants = _opened(graph, way)
    output = _output(model, nodes, until)
    first = _begin(model, nodes, begin) if begin else ""
    steps = _needed(nodes, {output}, first)
    known = set(model.constants) | {entry.name for entry in graph.input} | {tensor.name for tensor in constants}
    _check(model, steps, known | {first})
    if not steps:
        raise UserError(
            f"{model.path}: nothing is between {begin!r} and {output!r}"
            if begin
            else f"{model.path} is a damaged ONNX file: nothing gives its output {output!r}"
        )
    return Part(steps, output, first, constants, bool(way), tuple(nodes))


def branch(node: Any, name: str) -> Any:
    """Return one of the graphs of an ``If``, or None."""
    return next((attribute.g for attribute in node.attribute if attribute.name == name), None)


def _everywhere(graph: Any, way: Way = ()) -> Iterator[tuple[Way, Any]]:
    """Go through all operators, those in branches too."""
    for number, node in enumerate(graph.node):
        yield way, node
        for name in BRANCHES if node.op_type == "If" else ():
            inner = branch(node, name)
            if inner is not None:
                yield from _everywhere(inner, (*way, (number, name)))


def _way(model: file.ModelFile, name: str) -> Way:
    """Return the way to the graph that an operator or a tensor is in.

    Raises:
        UserError: if there is none, or several have it.
    """
    graph = model.model.graph
    if name in {entry.name for entry in graph.input}:
        return ()
    every = list(_everywhere(graph))
    found = {way for way, node in every if node.name == name} or {way for way, node in every if name in node.output}
    if len(found) == 1:
        return found.pop()
    if found:
        raise UserError(f"{model.path} has {name!r} in {len(found)} branches: name what only one of them has")
    names = [node.name or next(iter(node.output), "") for _, node in every]
    raise UserError(f"{model.path} has no operator or tensor {name!r}{did_you_mean(name, names)}")


def _opened(graph: Any, way: Way) -> tuple[list[Any], tuple[Any, ...]]:
    """Return the operators of a graph with those of one branch in place of its ``If``, and the branch's constants."""
    if not way:
        return list(graph.node), ()
    helper = file.package().helper
    (number, name), *rest = way
    node = graph.node[number]
    inner = branch(node, name)
    nodes, constants = _opened(inner, tuple(rest))
    given = [
        helper.make_node("Identity", [source.name], [target], name=target)
        for source, target in zip(inner.output, node.output, strict=False)
        if target and source.name != target
    ]
    every = [*graph.node[:number], *nodes, *given, *graph.node[number + 1 :]]
    return every, (*inner.initializer, *constants)


def _output(model: file.ModelFile, nodes: Sequence[Any], until: str) -> str:
    """Return the name of the tensor that goes out."""
    graph = model.model.graph
    if not until:
        if not graph.output:
            raise UserError(f"{model.path} is a damaged ONNX file: it has no output")
        return graph.output[0].name
    read = {name for node in nodes for name in node.input} | {output.name for output in graph.output}
    for node in nodes:
        if until in (node.name, *node.output):
            outputs = [name for name in node.output if name]
            return until if until in outputs else next((name for name in outputs if name in read), outputs[0])
    raise UserError(f"{model.path}: {until!r} is the file's input")


def _begin(model: file.ModelFile, nodes: Sequence[Any], begin: str) -> str:
    """Return the name of the tensor that comes in."""
    known = {name for node in nodes if node.op_type == "Constant" for name in node.output} | set(model.constants)
    for node in nodes:
        if node.name == begin:
            if not node.input or not node.input[0] or node.input[0] in known:
                raise UserError(f"{model.path}: {begin!r} ({node.op_type}) reads no values of the network first")
            return str(node.input[0])
    return begin


def _needed(nodes: Sequence[Any], wanted: set[str], begin: str) -> tuple[Step, ...]:
    """Return the operators that tensors depend on, in order."""
    found = list[Step]()
    for node in reversed(nodes):
        if not (wanted - {begin}).intersection(node.output):
            continue
        step = _step(node, begin, wanted)
        wanted |= step.reads
        found.append(step)
    return tuple(found[::-1])


def _step(node: Any, begin: str, wanted: set[str]) -> Step:
    """Return an operator; of an ``If``, what is wanted of it."""
    name = node.name or next((name for name in node.output if name), "?")
    kind = node.op_type if node.domain in _DOMAINS else f"{node.domain}.{node.op_type}"
    if kind != "If":
        return Step(name, kind, tuple(node.input), tuple(node.output), node)
    places = [n for n, output in enumerate(node.output) if output in wanted]
    branches = []
    for inner in (branch(node, which) for which in BRANCHES):
        if inner is not None and len(inner.output) == len(node.output):
            outputs = tuple(inner.output[n].name for n in places)
            branches.append(Branch(_needed(inner.node, set(outputs), begin), outputs, tuple(inner.initializer)))
    return Step(name, kind, tuple(node.input), tuple(node.output[n] for n in places), node, tuple(branches))


def _check(model: file.ModelFile, steps: Sequence[Step], known: set[str]) -> None:
    """Check that operators read what is there.

    Raises:
        UserError: if not.
    """
    known = set(known)
    for step in steps:
        for inner in step.branches:
            _check(model, inner.steps, known | {tensor.name for tensor in inner.constants})
        for name in step.inputs:
            if name and name not in known:
                raise UserError(
                    f'{model.path} is a damaged ONNX file: node "{step.name}" reads {name!r}, which is nowhere'
                )
        known.update(step.outputs)


def uses(steps: Sequence[Step]) -> Iterator[Step]:
    """Go through operators and those in their branches; what a branch gives is what its ``If`` gives."""
    for step in steps:
        if not step.branches:
            yield step
        for inner in step.branches:
            yield from uses(inner.steps)
            for source, target in zip(inner.outputs, step.outputs, strict=False):
                yield Step(step.name, "Identity", (source,), (target,), None)
