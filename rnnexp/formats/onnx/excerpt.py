"""The part of an ONNX file that was read, as a file of its own, which a framework can run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnexp.formats.foreign.constant import Constant
from rnnexp.formats.foreign.inputs import Input
from rnnexp.formats.onnx import file
from rnnexp.formats.onnx.operator import Tensor
from rnnexp.formats.onnx.states import FIRST, Ahead, FirstState

# ONNX' numbers of types: float32, int64.
_FLOAT, _WORDS = 1, 7


@dataclass(frozen=True)
class Ran:
    """An operator that was read: it, what it was given, and what it gave."""

    proto: Any
    inputs: tuple[Tensor | None, ...]
    found: tuple[Tensor, ...]


def excerpt(model: file.ModelFile, given: Input, ran: Sequence[Ran]) -> file.ModelFile:
    """Return what was read of a file as one of its own, with the branches that were taken, and no others.

    First states are inputs of the recurrent operators themselves, named after what these give at the end:
    ``FIRST_STATE`` and that name.

    Args:
        model: the file.
        given: what comes in.
        ran: the operators.
    """
    onnx = file.package()
    helper = onnx.helper
    sizes = [f"axis_{n}" if size is None else size for n, size in enumerate(given.sizes)]
    inputs = [helper.make_tensor_value_info(given.name, _WORDS if given.words else _FLOAT, sizes)]
    nodes, constants, read = [], dict[str, np.ndarray](), set[str]()
    for one in ran:
        unknown = one.found if one.proto.op_type in FIRST else (*one.found, *one.inputs)
        if any(isinstance(tensor, FirstState | Ahead) for tensor in unknown):
            continue
        node = onnx.NodeProto()
        node.CopyFrom(one.proto)
        inputs += _states(node, one, helper)
        for name, tensor in zip(node.input, one.inputs, strict=False):
            if isinstance(tensor, Constant) and name:
                constants.setdefault(name, tensor.array)
        read.update(node.input)
        nodes.append(node)
    made = {name for node in nodes for name in node.output}
    own = [onnx.numpy_helper.from_array(array, name) for name, array in constants.items() if name not in made]
    copy = onnx.ModelProto()
    copy.CopyFrom(model.model)
    copy.graph.CopyFrom(helper.make_graph(nodes, "excerpt", inputs, [], own))
    return file.ModelFile(model.path, copy, model.opset, {tensor.name: constants[tensor.name] for tensor in own})


def states(model: file.ModelFile) -> Mapping[str, str]:
    """Return the first states of an excerpt, and which tensor has each at the end."""
    names = [entry.name for entry in model.model.graph.input]
    return {name: name.removeprefix(FIRST_STATE) for name in names if name.startswith(FIRST_STATE)}


FIRST_STATE = "first state of "


def _states(node: Any, one: Ran, helper: Any) -> list[Any]:
    """Give a recurrent operator first states of its own; return them as inputs."""
    found = []
    for number, place in enumerate(FIRST.get(node.op_type, ())):
        state = one.inputs[place] if place < len(one.inputs) else None
        if not isinstance(state, FirstState):
            continue
        if not state.kept:
            node.input[place] = ""
            continue
        while len(node.output) < number + 2:
            node.output.append("")
        last = node.output[number + 1] or f"{node.output[0] or node.name}/state {number}"
        node.output[number + 1], node.input[place] = last, f"{FIRST_STATE}{last}"
        weights = one.inputs[2]
        assert isinstance(weights, Constant)
        ways, _, units = weights.array.shape
        found.append(helper.make_tensor_value_info(node.input[place], _FLOAT, [ways, None, units]))
    return found
