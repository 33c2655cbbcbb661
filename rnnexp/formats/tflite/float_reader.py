"""Reading a float32 TensorFlow Lite file of anybody's as a graph of frozen nodes, operator by operator."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rnnexp.errors import UserError, did_you_mean
from rnnexp.formats.foreign.axes import Misfit, Value
from rnnexp.formats.foreign.constant import MOST_ELEMENTS, Constant
from rnnexp.formats.foreign.drawing import Drawing
from rnnexp.formats.foreign.inputs import Guess, Input, guesses
from rnnexp.formats.foreign.reading import Reading, Trace, Unreadable, first_fit, last_known, reading
from rnnexp.formats.tflite import arrays
from rnnexp.formats.tflite import reader as files
from rnnexp.formats.tflite.bounds import INT32
from rnnexp.formats.tflite.float_layers import LAYERS, OF_TWO
from rnnexp.formats.tflite.float_operator import Operator, options
from rnnexp.formats.tflite.float_shapes import SHAPES
from rnnexp.formats.tflite.reader import NO_TENSOR, ModelFile, Subgraph
from rnnexp.network.graph.graph import Graph

READS: dict[str, Callable[[Operator], Sequence[Value | Constant]]] = {**SHAPES, **LAYERS}
# What tensors may hold: float16 as constants only, which DEQUANTIZE makes float32 of.
_TYPES = ("FLOAT32", "INT32", "INT64", "BOOL", "FLOAT16")
_WORDS = ("INT32", "INT64")
# What files compute of sizes.
_FOLDED: dict[str, Callable[..., np.ndarray]] = {
    "ADD": np.add,
    "MUL": np.multiply,
    "SUB": np.subtract,
    "CONCATENATION": np.concatenate,
}
MOST_OPERATORS = 20_000
MOST_BYTES = 2**31 - 1


@dataclass(frozen=True)
class Step:
    """An operator of the file: its number, its name for users, the reader's view of it, and what it gives."""

    number: int
    name: str
    operator: files.Operator
    outputs: tuple[int, ...]


def read(path: str | Path, until: str = "") -> Graph:
    """Return the network in a float32 .tflite file; of several outputs, the one that gives the first.

    Args:
        path: of the file.
        until: the name of the tensor that goes out, as ``rnnexp inspect`` shows it; empty: the file's first output.

    Raises:
        UserError: if the file is none or damaged, quantised, or the network has what cannot be converted, naming it.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UserError(f"{path} has {path.stat().st_size:,} bytes; .tflite files have 2 GB at most")
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    return read_content(content, str(path), until).graph


def read_content(content: bytes, where: str, until: str = "", begin: str = "") -> Reading:
    """Return the network in the content of a file, and where the file has its nodes' values.

    Args:
        content: of the file.
        where: what messages call it.
        until: the name of the tensor that goes out; empty: the file's first output.
        begin: the name of the tensor that the first operator gives: what that reads comes in; empty: the file's input.

    Raises:
        UserError: as for ``read``.
    """
    model = files.read(content, where)
    graph = model.subgraphs[0]
    if len(graph.operators) > MOST_OPERATORS:
        raise UserError(f"{where} has {len(graph.operators):,} operators; {MOST_OPERATORS:,} can be read")
    if not graph.outputs or not graph.operators:
        raise UserError(f"{where} has no operators, or nothing comes out")
    names = [tensor.name for tensor in graph.tensors]
    for name in (until, begin):
        if name and name not in names:
            raise UserError(f"{where} has no tensor {name!r}{did_you_mean(name, names)}")
    output = names.index(until) if until else graph.outputs[0]
    source = _source(where, graph, names.index(begin)) if begin else None
    steps = _needed(where, graph, output, source)
    number = _input_number(where, graph, steps, source)
    tensor = graph.tensors[number]
    if tensor.type not in _WORDS and (tensor.type != "FLOAT32" or tensor.scale.size):
        raise UserError(f"{where}: its input {tensor.name!r} is {tensor.type}; files of float32 can be converted")
    sizes: Sequence[int | None] = [None if size == -1 else size for size in tensor.shape_signature or tensor.shape]
    given = Input(tensor.name, tuple(sizes), tensor.type in _WORDS)
    found = first_fit(
        where,
        guesses(given, where, channels_last=True),
        lambda guess: _Trying(model, graph, guess, number).read(steps, output),
    )
    whole = source is None or source in graph.inputs
    return found if whole else replace(found, excerpt=([step.number for step in steps], number))


class _Trying:
    """A file being read with its input's axes taken for something."""

    def __init__(self, model: ModelFile, graph: Subgraph, guess: Guess, number: int) -> None:
        self._model, self._graph, self._guess = model, graph, guess
        self._drawing = Drawing({}, words=not guess.features)
        self._tensors: dict[int, Value | Constant] = {number: guess.value}
        self._traces: dict[str, Trace] = {}
        self._done = 0

    def read(self, steps: Sequence[Step], output: int) -> Reading:
        for step in steps:
            inputs: list[Value | Constant | None] = []
            try:
                inputs = [self._input(number) for number in step.operator.inputs.tolist()]
                self._keep(step, self._one(step, inputs))
            except Misfit as error:
                raise self._refused(step, inputs, error) from error
            except (ValueError, IndexError, OverflowError) as error:  # of constants that do not go together
                why = f"its constants do not go together: {' '.join(str(error).split())[:120]}"
                raise self._refused(step, inputs, Misfit(why)) from error
            self._done += 1
        try:
            final = self._tensors[output]
            if not isinstance(final, Value):
                raise Misfit("what comes out does not depend on the input")
            self._traces[final.node] = Trace(str(output), final)
            framework = f"TensorFlow Lite ({self._model.description or 'no description'})"
            return reading(self._drawing, final, self._guess, self._traces, framework)
        except Misfit as error:
            raise self._refused(steps[-1], [], error) from error

    def _one(self, step: Step, inputs: Sequence[Value | Constant | None]) -> Sequence[Value | Constant]:
        kind = step.operator.name
        read = READS.get(kind)
        if kind in _FOLDED and all(one is None or isinstance(one, Constant) for one in inputs):
            return [_folded(kind, inputs)]
        if read is None:
            raise Misfit("operators of this kind are not known")
        self._drawing.name = step.name
        table, layout = options(step.operator.table)
        shapes = [self._graph.tensors[number].shape for number in step.outputs]
        operator = Operator(kind, inputs, shapes, table, self._drawing)
        found: Sequence[Value | Constant] = read(operator)
        operator.finish(layout)
        return found

    def _keep(self, step: Step, found: Sequence[Value | Constant]) -> None:
        before = set(self._traces)
        for number, tensor in zip(step.outputs, found, strict=False):
            self._tensors[number] = tensor
            if isinstance(tensor, Value) and tensor.node not in before:
                self._traces.setdefault(tensor.node, Trace(str(number), tensor))

    def _input(self, number: int) -> Value | Constant | None:
        if number == NO_TENSOR:
            return None
        if number not in self._tensors:
            self._tensors[number] = self._constant(number)
        return self._tensors[number]

    def _constant(self, number: int) -> Constant:
        tensor = self._graph.tensors[number]
        span = self._model.constant(tensor)
        if tensor.scale.size or tensor.type not in _TYPES or tensor.details or tensor.external:
            raise Misfit(f"its tensor {tensor.name!r} is quantised ({tensor.type}) or elsewhere; known is float32")
        if not span.size:
            if number in self._graph.inputs or min(tensor.shape, default=0) < 0:
                raise Misfit(f"its tensor {tensor.name!r} has no values")
            if math.prod(tensor.shape) > MOST_ELEMENTS:
                raise Misfit(f"its tensor {tensor.name!r} is said to have the shape {list(tensor.shape)}")
            # A variable, which is zero at first. Nothing but a first state may be one, so all of it is open.
            return Constant.of(np.zeros(tensor.shape, np.float32), True)
        why = arrays.raw_reason(tensor, span.size)
        if why:
            raise Misfit(f"its tensor {tensor.name!r} cannot be read: {why}")
        return Constant.of(arrays.values(self._model, tensor))

    def _refused(self, step: Step, inputs: Sequence[Value | Constant | None], why: Misfit) -> Unreadable:
        kind = f"{step.operator.name} of two values" if str(why) == OF_TWO else step.operator.name
        return Unreadable(step.name, kind, why, last_known(self._drawing, inputs, self._traces), self._done)


def _folded(kind: str, inputs: Sequence[Value | Constant | None]) -> Constant:
    """Return what is computed of sizes."""
    parts = [one for one in inputs if isinstance(one, Constant)]
    if kind == "CONCATENATION":
        return Constant(np.concatenate([one.array for one in parts]), np.concatenate([one.open for one in parts]))
    first, second = parts
    if math.prod(np.broadcast_shapes(first.array.shape, second.array.shape)) > MOST_ELEMENTS:
        raise Misfit("it makes a constant that is too large")
    return Constant.of(_FOLDED[kind](first.array, second.array), first.open | second.open)


def _source(where: str, graph: Subgraph, given: int) -> int:
    """Return the tensor that an operator reads first, by a tensor that it gives.

    Raises:
        UserError: if that is a constant, or no operator gives it.
    """
    for operator in graph.operators:
        if given in operator.table.vector("outputs", INT32).tolist() and len(operator.inputs):
            made = {number for each in graph.operators for number in each.table.vector("outputs", INT32).tolist()}
            source = int(operator.inputs[0])
            if source in made or source in graph.inputs:
                return source
    raise UserError(f"{where}: what gives {graph.tensors[given].name!r} reads no values of the network first")


def _needed(where: str, graph: Subgraph, output: int, source: int | None = None) -> list[Step]:
    """Return the operators that an output depends on, from a source on, in the file's order."""
    wanted, found = {output}, []
    for place, operator in reversed(list(enumerate(graph.operators))):
        outputs = tuple(operator.table.vector("outputs", INT32).tolist())
        if any(not 0 <= number < len(graph.tensors) for number in outputs):
            raise UserError(f"{where} is damaged: {operator.table.where} gives a tensor that is not there")
        if (wanted - {source}).intersection(outputs):
            wanted.update(operator.inputs.tolist())
            found.append(Step(place, graph.tensors[outputs[0]].name or f"tensor {outputs[0]}", operator, outputs))
    if not found:
        ends = f"{where}: no operator is between what --from and --until name"
        raise UserError(ends if source is not None else f"{where} is damaged: no operator gives its output")
    made: set[int] = set()
    for step in found[::-1]:
        if made.intersection(step.outputs) or set(graph.inputs).intersection(step.outputs):
            raise UserError(f"{where} is damaged: two operators give the tensor {step.name!r}")
        made.update(step.outputs)
    later = {number for step in found for number in step.outputs}
    for step in found[::-1]:
        if later.intersection(step.operator.inputs.tolist()):
            raise UserError(f"{where} is damaged: {step.name!r} reads what comes after it")
        later -= set(step.outputs)
    return found[::-1]


def _input_number(where: str, graph: Subgraph, steps: Sequence[Step], source: int | None) -> int:
    read = {number for step in steps for number in step.operator.inputs.tolist()}
    found = [
        number for number in dict.fromkeys((*graph.inputs, *([] if source is None else [source]))) if number in read
    ]
    if len(found) != 1:
        names = ", ".join(graph.tensors[number].name for number in found) or "none"
        raise UserError(f"{where} takes {len(found)} inputs ({names}); networks of one can be converted")
    return found[0]
