"""Reading an ONNX file as a graph of frozen nodes, operator by operator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnnexp.errors import UserError, did_you_mean
from rnnexp.formats.foreign.axes import Misfit, Value
from rnnexp.formats.foreign.constant import MOST_COMPUTED, Constant
from rnnexp.formats.foreign.drawing import Drawing
from rnnexp.formats.foreign.inputs import Guess, Input, guesses
from rnnexp.formats.foreign.reading import Reading, Trace, Unreadable, first_fit, last_known, reading
from rnnexp.formats.onnx import constants, file, recurrent
from rnnexp.formats.onnx.constants import Options
from rnnexp.formats.onnx.elementwise import ELEMENTWISE, OF_TWO
from rnnexp.formats.onnx.layers import LAYERS
from rnnexp.formats.onnx.operator import Operator, Tensor
from rnnexp.formats.onnx.shapes import SHAPES
from rnnexp.formats.onnx.states import MOVES, FirstState, Use, are_states
from rnnexp.network.graph.graph import Graph

READS = {
    **SHAPES,
    **ELEMENTWISE,
    **LAYERS,
    **dict.fromkeys(("RNN", "LSTM", "GRU"), recurrent.recurrent),
    recurrent.PROJECTED: recurrent.projected,
}
# Where these have constants alone, the result is a constant, and otherwise they are no layer.
_STATIC = frozenset(constants.FOLDS) | {"Constant"}
_DOMAINS = ("", "ai.onnx")
# Of the types that inputs may have: floats of 4 and 8 bytes, whole numbers of 4 and 8.
_FLOATS, _WORDS = (1, 11), (6, 7)
# Of operators that a file may have.
MOST_OPERATORS = 20_000


@dataclass(frozen=True)
class Step:
    """An operator of the file: its name for users, kind, inputs, outputs and attributes."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]


def read(path: str | Path, until: str | None = None) -> Graph:
    """Return the network in an ONNX file.

    Of several outputs, it is the one that gives the first.

    Args:
        path: of the file.
        until: the name of the operator whose values go out; None: the file's first output.

    Raises:
        UserError: if onnx is not installed, the file is none or damaged, or the network has what cannot be converted,
            naming the operator.
    """
    return read_file(file.load(Path(path)), until).graph


def read_file(model: file.ModelFile, until: str | None = None) -> Reading:
    """Return the network in an ONNX file, and where the file has its nodes' values.

    Raises:
        UserError: as for ``read``.
    """
    where = str(model.path)
    graph = model.model.graph
    if len(graph.node) > MOST_OPERATORS:
        raise UserError(f"{where} has {len(graph.node):,} operators; {MOST_OPERATORS:,} can be read")
    output = _output(model, until)
    steps = _needed(model, output)
    given, states = _inputs(model, steps, output)
    return first_fit(
        where, guesses(given, where), lambda guess: _Trying(model, guess, given.name, states).read(steps, output)
    )


class _Trying:
    """A file being read with its input's axes taken for something."""

    def __init__(self, model: file.ModelFile, guess: Guess, name: str, states: Sequence[str]) -> None:
        self._done = self._computed = 0
        self._model, self._guess = model, guess
        self._drawing = Drawing({}, words=not guess.features)
        self._tensors: dict[str, Tensor] = {key: Constant.of(array) for key, array in model.constants.items()}
        self._tensors[name] = guess.value
        self._tensors |= dict.fromkeys(states, FirstState())
        self._traces: dict[str, Trace] = {}

    def read(self, steps: Sequence[Step], output: str) -> Reading:
        used = {name for step in steps for name in step.inputs} | {output}
        for step in steps:
            inputs = [self._tensors[name] if name else None for name in step.inputs]
            try:
                found = self._one(step, inputs, [name in used for name in step.outputs])
            except Misfit as error:
                raise self._refused(step, inputs, error) from error
            before = self._traces.keys()
            for name, tensor in zip(step.outputs, found, strict=False):
                if not name:
                    continue
                self._tensors[name] = tensor
                if isinstance(tensor, Value) and tensor.node not in before and name in used:
                    self._traces.setdefault(tensor.node, Trace(name, tensor))
            missing = [name for name in step.outputs if name in used and name not in self._tensors]
            if missing:
                raise self._refused(step, inputs, Misfit(f"its output {missing[0]!r} is read"))
            self._done += 1
        last = steps[-1]
        final = self._tensors[output]
        try:
            if not isinstance(final, Value):
                raise Misfit("what comes out does not depend on the input, or is several layers' states")
            self._traces[final.node] = Trace(output, final)
            return reading(self._drawing, final, self._guess, self._traces, self._model.framework)
        except Misfit as error:
            raise self._refused(last, [self._tensors.get(name) for name in last.inputs], error) from error

    def _one(self, step: Step, inputs: Sequence[Tensor | None], used: list[bool]) -> Sequence[Tensor]:
        options = Options(step.attributes, self._model.opset)
        if step.kind == "Constant":
            return [_constant(step.attributes)]
        if step.inputs and all(one is None or isinstance(one, Constant) for one in inputs):
            folded = constants.fold(step.kind, [one if isinstance(one, Constant) else None for one in inputs], options)
            if folded is not None:
                self._computed += folded.array.size
                if self._computed > MOST_COMPUTED:
                    raise Misfit("by here the file has computed more constants than any network needs")
                return [folded]
        if step.kind in MOVES and inputs and isinstance(inputs[0], FirstState):
            return [inputs[0]] * len(step.outputs)
        read = READS.get(step.kind)
        if read is None:
            raise Misfit("operators of this kind are not known")
        self._drawing.name = step.name
        operator = Operator(step.kind, inputs, options, used, self._drawing)
        found = read(operator)
        operator.finish()
        return found

    def _refused(self, step: Step, inputs: Sequence[Tensor | None], why: Misfit) -> Unreadable:
        ahead = last_known(self._drawing, inputs, self._traces)
        kind = f"{step.kind} of two values" if str(why) == OF_TWO else step.kind
        return Unreadable(step.name, kind, why, ahead, self._done)


def _constant(attributes: dict[str, Any]) -> Constant:
    for name in ("value", "value_float", "value_floats", "value_int", "value_ints"):
        if set(attributes) == {name}:
            kind = np.float32 if "float" in name else np.int64
            return Constant.of(attributes[name] if name == "value" else np.array(attributes[name], kind))
    raise Misfit("it is a constant of a kind that is not known")


def _output(model: file.ModelFile, until: str | None) -> str:
    """Return the name of the tensor that goes out."""
    graph = model.model.graph
    if until is None:
        if not graph.output:
            raise UserError(f"{model.path} is a damaged ONNX file: it has no output")
        return graph.output[0].name
    read = {name for node in graph.node for name in node.input} | {output.name for output in graph.output}
    for node in graph.node:
        if until in (node.name, *node.output):
            outputs = [name for name in node.output if name]
            return until if until in outputs else next((name for name in outputs if name in read), outputs[0])
    names = [node.name or node.output[0] for node in graph.node]
    raise UserError(f"{model.path} has no operator {until!r}{did_you_mean(until, names)}")


def _needed(model: file.ModelFile, output: str) -> list[Step]:
    """Return the operators that an output depends on, in the file's order."""
    wanted, found = {output}, []
    for node in reversed(model.model.graph.node):
        if not wanted.intersection(node.output):
            continue
        wanted.update(name for name in node.input if name)
        name = node.name or next((name for name in node.output if name), "?")
        kind = node.op_type if node.domain in _DOMAINS else f"{node.domain}.{node.op_type}"
        found.append(Step(name, kind, tuple(node.input), tuple(node.output), _attributes(model, node, name)))
    known = set(model.constants) | {entry.name for entry in model.model.graph.input}
    for step in found[::-1]:
        for name in step.inputs:
            if name and name not in known:
                raise UserError(
                    f'{model.path} is a damaged ONNX file: node "{step.name}" reads {name!r}, which is nowhere'
                )
        known.update(step.outputs)
    if not found:
        raise UserError(f"{model.path} is a damaged ONNX file: nothing gives its output {output!r}")
    return found[::-1]


def _attributes(model: file.ModelFile, node: Any, name: str) -> dict[str, Any]:
    onnx = file.package()
    kinds = onnx.AttributeProto
    found: dict[str, Any] = {}
    for attribute in node.attribute:
        if attribute.ref_attr_name:
            raise UserError(f'{model.path}: node "{name}" has an attribute of a function around it')
        if attribute.type == kinds.FLOAT:
            found[attribute.name] = float(attribute.f)
        elif attribute.type == kinds.INT:
            found[attribute.name] = int(attribute.i)
        elif attribute.type == kinds.STRING:
            found[attribute.name] = attribute.s.decode("utf-8", "replace")
        elif attribute.type == kinds.FLOATS:
            found[attribute.name] = [float(number) for number in attribute.floats]
        elif attribute.type == kinds.INTS:
            found[attribute.name] = [int(number) for number in attribute.ints]
        elif attribute.type == kinds.STRINGS:
            found[attribute.name] = [text.decode("utf-8", "replace") for text in attribute.strings]
        elif attribute.type == kinds.TENSOR:
            found[attribute.name] = file.array(model.path, attribute.t, onnx)
        else:
            kind = "inner graphs" if attribute.type in (kinds.GRAPH, kinds.GRAPHS) else "an attribute of a rare kind"
            raise UserError(f'{model.path}: node "{name}" ({node.op_type}) cannot be converted: it has {kind}')
    return found


def _inputs(model: file.ModelFile, steps: Sequence[Step], output: str) -> tuple[Input, list[str]]:
    """Return the input of sequences, and the names of those that are first states."""
    read = {name for step in steps for name in step.inputs} | {output}
    entries = [entry for entry in model.model.graph.input if entry.name not in model.constants and entry.name in read]
    uses = [Use(step.kind, step.inputs, step.outputs) for step in steps]
    states = [entry.name for entry in entries if are_states(entry.name, uses)]
    entries = [entry for entry in entries if entry.name not in states]
    if len(entries) != 1:
        names = ", ".join(entry.name for entry in entries) or "none"
        raise UserError(
            f"{model.path} takes {len(entries)} inputs ({names}) beside first states; networks of one can be converted"
        )
    kind = entries[0].type.tensor_type
    if kind.elem_type not in (*_FLOATS, *_WORDS) or not kind.HasField("shape"):
        raise UserError(
            f"{model.path}: its input {entries[0].name!r} is neither float32 nor words (int32, int64), or has no shape"
        )
    sizes = tuple(dim.dim_value if dim.HasField("dim_value") and dim.dim_value else None for dim in kind.shape.dim)
    return Input(entries[0].name, sizes, kind.elem_type in _WORDS), states
