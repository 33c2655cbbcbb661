"""What comes into an ONNX file, or into a part of it: a sequence, first states, and what is ahead of the part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.foreign.axes import Misfit
from rnnexp.formats.foreign.constant import Constant
from rnnexp.formats.foreign.inputs import Input
from rnnexp.formats.onnx import constants, file
from rnnexp.formats.onnx.attributes import attributes
from rnnexp.formats.onnx.constants import Options
from rnnexp.formats.onnx.states import FIRST, Ahead, FirstState, are_states
from rnnexp.formats.onnx.steps import BRANCHES, Part, Step, branch, uses

# Of the types that inputs may have: floats of 4 and 8 bytes, whole numbers of 4 and 8.
_FLOATS, _WORDS = (1, 11), (6, 7)
Sizes = tuple[int | None, ...]


@dataclass(frozen=True)
class Given:
    """What comes in: the input of sequences, and what else is read, by name."""

    input: Input
    others: dict[str, FirstState | Ahead]


def given(model: file.ModelFile, part: Part) -> Given:
    """Return what comes into a part of a file.

    Raises:
        UserError: if that is not one sequence, and first states.
    """
    every = list(uses(part.steps))
    read = {name for step in part.steps for name in step.reads} | {part.output}
    entries = [entry for entry in model.model.graph.input if entry.name not in model.constants and entry.name in read]
    states = {entry.name: FirstState(sizes=_sizes(entry)) for entry in entries if are_states(entry.name, every)}
    rest = [entry for entry in entries if entry.name not in states]
    if part.begin and part.begin not in {entry.name for entry in model.model.graph.input}:
        ahead = {entry.name: Ahead(entry.name) for entry in rest}
        return Given(_cut(model, part, every), {**states, **ahead})
    if part.begin:
        others = {entry.name: Ahead(entry.name) for entry in rest if entry.name != part.begin}
        rest = [entry for entry in rest if entry.name == part.begin]
        states.pop(part.begin, None)
        return Given(_whole(model, rest), {**states, **others})
    return Given(_whole(model, rest), {**states})


def _whole(model: file.ModelFile, entries: Sequence[Any]) -> Input:
    """Return the file's own input."""
    if len(entries) != 1:
        names = ", ".join(entry.name for entry in entries) or "none"
        raise UserError(
            f"{model.path} takes {len(entries)} inputs ({names}) beside first states; networks of one can be "
            "converted, and parts that --from begins"
        )
    kind = entries[0].type.tensor_type
    if kind.elem_type not in (*_FLOATS, *_WORDS) or not kind.HasField("shape"):
        raise UserError(
            f"{model.path}: its input {entries[0].name!r} is neither float32 nor words (int32, int64), or has no shape"
        )
    return Input(entries[0].name, _sizes(entries[0]) or (), kind.elem_type in _WORDS)


def _sizes(entry: Any) -> Sizes | None:
    kind = entry.type.tensor_type
    if not kind.HasField("shape"):
        return None
    return tuple(dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else None for dim in kind.shape.dim)


def _cut(model: file.ModelFile, part: Part, every: Sequence[Step]) -> Input:
    """Return the tensor at which a part begins, by what its file or its first reader says of its sizes.

    Raises:
        UserError: if neither says how many features it has.
    """
    said, words = _said(model, part.begin)
    own = _of_reader(model, part, every)
    sizes = said if own is None else own
    if own is not None and said is not None and len(said) == len(own):
        sizes = tuple(one if one is not None else other for one, other in zip(own, said, strict=True))
    if sizes is None:
        raise UserError(
            f"{model.path} does not say the shape of {part.begin!r}: let --from name the recurrent layer itself"
        )
    return Input(part.begin, sizes, words)


def _said(model: file.ModelFile, name: str) -> tuple[Sizes | None, bool]:
    """Return the sizes of a tensor by the file, or by what onnx infers, and whether it is whole numbers."""
    onnx = file.package()
    for inferred in (False, True):
        found = model.model
        if inferred:
            try:
                found = onnx.shape_inference.infer_shapes(found)
            except Exception:  # whatever onnx finds in it, the reader will say better
                break
        graphs = [found.graph]
        while graphs:
            graph = graphs.pop()
            for entry in (*graph.value_info, *graph.output):
                if entry.name == name and entry.type.tensor_type.HasField("shape"):
                    return _sizes(entry), entry.type.tensor_type.elem_type in _WORDS
            graphs += [
                inner
                for node in graph.node
                if node.op_type == "If"
                for inner in (branch(node, which) for which in BRANCHES)
                if inner is not None
            ]
    return None, False


def _of_reader(model: file.ModelFile, part: Part, every: Sequence[Step]) -> Sizes | None:
    """Return what the weights of a recurrent operator, or a matrix, say of the sizes of what it reads."""
    known = {name: Constant.of(array) for name, array in model.constants.items()}
    known |= {tensor.name: Constant.of(file.array(model.path, tensor, file.package())) for tensor in part.constants}
    for step in every:
        if step.inputs[:1] == (part.begin,) and len(step.inputs) > 1 and step.inputs[1] in known:
            weights = known[step.inputs[1]].array
            if step.kind in FIRST and weights.ndim == 3:
                batch_first = any(each.name == "layout" and each.i for each in step.proto.attribute)
                time = 1 if not batch_first and _single(model, part, known) else None
                return (time, None, weights.shape[2])
            if step.kind == "MatMul" and weights.ndim == 2:
                return (None, None, weights.shape[0])
        inputs = [known.get(name) for name in step.inputs]
        if step.proto is None or any(one is None and name for one, name in zip(inputs, step.inputs, strict=True)):
            continue
        try:
            folded = _constant(model, step, inputs)
        except (Misfit, UserError):
            continue  # reading it says what is wrong, if it is needed
        if folded is not None:
            known[step.outputs[0]] = folded
    return None


def _constant(model: file.ModelFile, step: Step, inputs: Sequence[Constant | None]) -> Constant | None:
    options = Options(attributes(model.path, step.proto), model.opset)
    if step.kind == "Constant" and isinstance(options.attributes.get("value"), np.ndarray):
        return Constant.of(options.attributes["value"])
    return constants.fold(step.kind, inputs, options) if inputs else None


def _single(model: file.ModelFile, part: Part, known: dict[str, Constant]) -> bool:
    """Tell whether what a part begins with is one step always: an axis of time has been added to it."""
    producers = {name: node for node in part.nodes for name in node.output}
    added = producers.get(part.begin)
    if added is None or added.op_type != "Unsqueeze":
        return False
    axes = next((list(each.ints) for each in added.attribute if each.name == "axes"), None)
    if axes is None and len(added.input) > 1:
        name = added.input[1]
        if name not in known and name in producers and producers[name].op_type == "Constant":
            value = attributes(model.path, producers[name]).get("value")
            return isinstance(value, np.ndarray) and value.reshape(-1).tolist() == [0]
        axes = known[name].array.reshape(-1).tolist() if name in known else None
    return axes == [0]
