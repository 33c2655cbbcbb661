"""Reading an ONNX file as a graph of frozen nodes, operator by operator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rnnexp.formats.foreign.axes import Misfit, Value
from rnnexp.formats.foreign.constant import MOST_COMPUTED, Constant
from rnnexp.formats.foreign.drawing import Drawing
from rnnexp.formats.foreign.inputs import Guess, guesses, one_step
from rnnexp.formats.foreign.reading import Reading, Trace, Unreadable, first_fit, last_known, reading
from rnnexp.formats.foreign.streaming import over_steps
from rnnexp.formats.onnx import constants, file, recurrent
from rnnexp.formats.onnx.attributes import attributes
from rnnexp.formats.onnx.constants import Options
from rnnexp.formats.onnx.elementwise import ELEMENTWISE, OF_TWO
from rnnexp.formats.onnx.excerpt import Ran, excerpt
from rnnexp.formats.onnx.given import given
from rnnexp.formats.onnx.layers import LAYERS
from rnnexp.formats.onnx.operator import Operator, Tensor
from rnnexp.formats.onnx.shapes import SHAPES
from rnnexp.formats.onnx.states import MOVES, Ahead, FirstState
from rnnexp.formats.onnx.steps import Branch, Part, Step, part
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
# What makes a tensor of one number, given sizes.
_FILLS = frozenset({"ConstantOfShape", "Expand", "Tile"})


def read(path: str | Path, until: str = "", begin: str = "") -> Graph:
    """Return the network in an ONNX file.

    Of several outputs, it is the one that gives the first.

    Args:
        path: of the file.
        until: the name of the operator or tensor whose values go out; empty: the file's first output.
        begin: the name of the operator that reads what comes in, or of the tensor that comes in; empty: the file's
            input. What is ahead of it is not looked at.

    Raises:
        UserError: if onnx is not installed, the file is none or damaged, or the network has what cannot be converted,
            naming the operator.
    """
    return read_file(file.load(Path(path)), until, begin).graph


def read_file(model: file.ModelFile, until: str = "", begin: str = "") -> Reading:
    """Return the network in an ONNX file, and where the file has its nodes' values.

    Raises:
        UserError: as for ``read``.
    """
    where = str(model.path)
    own = part(model, begin, until)
    beside = given(model, own)
    ran: list[Ran] = []

    def attempt(guess: Guess) -> Reading:
        trying = _Trying(model, own, guess, beside.others)
        found = trying.read()
        ran[:] = trying.ran
        return found

    kept = any(isinstance(other, FirstState) for other in beside.others.values())
    inputs = [beside.input, *(one_step(beside.input) if kept else [])]
    found = over_steps(first_fit(where, [guess for each in inputs for guess in guesses(each, where)], attempt))
    whole = not (own.begin or own.inner or found.streamed)
    return found if whole else replace(found, excerpt=excerpt(model, beside.input, ran))


class _Trying:
    """A file being read with its input's axes taken for something."""

    def __init__(self, model: file.ModelFile, own: Part, guess: Guess, others: dict[str, FirstState | Ahead]) -> None:
        self.ran: list[Ran] = []
        self._done = self._computed = 0
        self._model, self._own, self._guess = model, own, guess
        self._drawing = Drawing({}, words=not guess.features)
        self._tensors: dict[str, Tensor] = {key: Constant.of(array) for key, array in model.constants.items()}
        self._known(own.constants)
        self._tensors |= others
        self._tensors[guess.name] = guess.value
        self._traces: dict[str, Trace] = {}
        self._used = {own.output}

    def read(self) -> Reading:
        steps, output = self._own.steps, self._own.output
        self._run(steps)
        last = steps[-1]
        final = self._tensors[output]
        try:
            if isinstance(final, Ahead):
                raise Misfit("it comes of what is ahead of where reading begins, and of that alone")
            if not isinstance(final, Value):
                raise Misfit("what comes out does not depend on the input, or is several layers' states")
            self._traces[final.node] = Trace(output, final)
            return reading(self._drawing, final, self._guess, self._traces, self._model.framework)
        except Misfit as error:
            raise self._refused(last, [self._tensors.get(name) for name in last.inputs], error) from error

    def _known(self, tensors: Sequence[Any]) -> None:
        """Take in the constants of a branch."""
        onnx = file.package()
        for tensor in tensors:
            self._tensors[tensor.name] = Constant.of(file.array(self._model.path, tensor, onnx))

    def _run(self, steps: Sequence[Step]) -> None:
        self._used |= {name for step in steps for name in step.reads}
        for step in steps:
            inputs = [self._tensors[name] if name else None for name in step.inputs]
            try:
                found = self._chosen(step, inputs) if step.branches else self._one(step, inputs)
            except Misfit as error:
                raise self._refused(step, inputs, error) from error
            self._keep(step, inputs, found)

    def _keep(self, step: Step, inputs: Sequence[Tensor | None], found: Sequence[Tensor]) -> None:
        before = self._traces.keys()
        for name, tensor in zip(step.outputs, found, strict=False):
            if not name:
                continue
            self._tensors[name] = tensor
            if isinstance(tensor, Value) and tensor.node not in before and name in self._used:
                self._traces.setdefault(tensor.node, Trace(name, tensor))
        missing = [name for name in step.outputs if name in self._used and name not in self._tensors]
        if missing:
            raise self._refused(step, inputs, Misfit(f"its output {missing[0]!r} is read"))
        if not step.branches:
            self.ran.append(Ran(step.proto, tuple(inputs), tuple(found)))
        self._done += 1

    def _one(self, step: Step, inputs: Sequence[Tensor | None]) -> Sequence[Tensor]:
        used = [name in self._used for name in step.outputs]
        ahead = [one for one in inputs if isinstance(one, Ahead)]
        if ahead and step.kind not in _FILLS:
            return [_behind(step, inputs, ahead[0])] * len(step.outputs)
        options = Options(attributes(self._model.path, step.proto), self._model.opset)
        if ahead:
            return [_filled(inputs, options) or _behind(step, inputs, ahead[0])]
        if step.kind == "Constant":
            return [_constant(options.attributes)]
        if step.inputs and all(one is None or isinstance(one, Constant) for one in inputs):
            folded = constants.fold(step.kind, [one if isinstance(one, Constant) else None for one in inputs], options)
            if folded is not None:
                self._computed += folded.array.size
                if self._computed > MOST_COMPUTED:
                    raise Misfit("by here the file has computed more constants than any network needs")
                return [folded]
        if step.kind in MOVES and inputs and isinstance(inputs[0], FirstState):
            return [replace(inputs[0], sizes=None)] * len(step.outputs)
        read = READS.get(step.kind)
        if read is None:
            quantised = any(word in step.kind for word in ("Quantize", "QLinear", "Integer", "QAttention"))
            raise Misfit(
                "the file is quantised already: give the float32 one that it was made of"
                if quantised
                else "operators of this kind are not known"
            )
        self._drawing.name = step.name
        operator = Operator(step.kind, inputs, options, used, self._drawing)
        found = read(operator)
        operator.finish()
        return found

    def _chosen(self, step: Step, inputs: Sequence[Tensor | None]) -> Sequence[Tensor]:
        """Return what the branch of an ``If`` gives that its condition says.

        Where the condition depends on sizes that are open, that is the only branch that can be read.

        Raises:
            Misfit: if it is not known which.
        """
        condition = inputs[0] if inputs else None
        if len(step.branches) != 2:
            raise Misfit("it has not two branches")
        if isinstance(condition, Constant) and condition.array.size == 1 and not condition.open.any():
            return self._branch(step, step.branches[0 if condition.array.item() else 1])
        readable: list[tuple[Branch, Sequence[Tensor]]] = []
        failures: list[Unreadable] = []
        for branch in step.branches:
            before = self._tensors, self._traces, self._drawing.nodes, self.ran, self._done, self._used
            self._tensors, self._traces = dict(self._tensors), dict(self._traces)
            self._drawing.nodes, self.ran, self._used = dict(self._drawing.nodes), list(self.ran), set(self._used)
            try:
                readable.append((branch, self._branch(step, branch)))
            except Unreadable as error:
                failures.append(error)
            self._tensors, self._traces, self._drawing.nodes, self.ran, self._done, self._used = before
        if not readable:
            raise max(failures, key=lambda failure: failure.rank)
        same = len(readable) == 2 and readable[0][1] == readable[1][1]
        if not same and not (len(readable) == 1 and isinstance(condition, Constant)):
            raise Misfit(
                "which of its branches is taken is not known here: --from can name an operator or tensor within one"
            )
        return self._branch(step, readable[-1][0])

    def _branch(self, step: Step, branch: Branch) -> Sequence[Tensor]:
        self._known(branch.constants)
        self._used |= set(branch.outputs)
        self._run(branch.steps)
        helper = file.package().helper
        found = [self._tensors[name] for name in branch.outputs]
        for source, target, tensor in zip(branch.outputs, step.outputs, found, strict=False):
            node = helper.make_node("Identity", [source], [target])
            self.ran.append(Ran(node, (tensor,), (tensor,)))
        return found

    def _refused(self, step: Step, inputs: Sequence[Tensor | None], why: Misfit) -> Unreadable:
        ahead = last_known(self._drawing, inputs, self._traces)
        kind = f"{step.kind} of two values" if str(why) == OF_TWO else step.kind
        return Unreadable(step.name, kind, why, ahead, self._done)


def _behind(step: Step, inputs: Sequence[Tensor | None], ahead: Ahead) -> Tensor:
    """Return what an operator makes of what is ahead of where reading begins: nothing that is known.

    Raises:
        Misfit: if it makes it of values that are read, too.
    """
    if any(isinstance(one, Value) for one in inputs):
        raise Misfit(f"it reads {ahead.name!r}, which is ahead of where reading begins")
    first = inputs[0]
    return replace(first, sizes=None) if step.kind in MOVES and isinstance(first, FirstState) else ahead


def _filled(inputs: Sequence[Tensor | None], options: Options) -> Tensor | None:
    """Return zeros, as many as what is ahead of where reading begins says, if that is what an operator makes."""
    first = inputs[0]
    value = first.array if isinstance(first, Constant) else options.attributes.get("value", 0)
    made = isinstance(first, Ahead | Constant) and not np.any(value)
    return FirstState(kept=False) if made else None


def _constant(attributes: dict[str, Any]) -> Constant:
    for name in ("value", "value_float", "value_floats", "value_int", "value_ints"):
        if set(attributes) == {name}:
            kind = np.float32 if "float" in name else np.int64
            return Constant.of(attributes[name] if name == "value" else np.array(attributes[name], kind))
    raise Misfit("it is a constant of a kind that is not known")
