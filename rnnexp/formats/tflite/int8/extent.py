"""Which steps of an input are real, from its length, as TensorFlow Lite operators on int32."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.formats.tflite.builder import Subgraph
from rnnexp.formats.tflite.int8.operators import Op
from rnnexp.network.lengths import Padding


@dataclass(frozen=True)
class Extent:
    """Tensors that tell which steps are real.

    Attributes:
        first: the first one.
        ends: the first and the last one added up: less any of them, it is the one as far from the other end.
    """

    first: int
    ends: int


def write_extent(graph: Subgraph, length: int, steps: int, padding: Padding) -> Extent:
    """Return where the real steps of a sequence of ``steps`` are, for its length ``[1]``, which is clamped."""
    least, most = graph.constant("one", np.int32(1)), graph.constant("most_steps", np.int32(steps))
    not_below, clamped = graph.tensor("length_not_below", [1], np.int32), graph.tensor("real_length", [1], np.int32)
    graph.operator(Op.MAXIMUM, [length, least], [not_below], schema.MaximumMinimumOptionsT())
    graph.operator(Op.MINIMUM, [not_below, most], [clamped], schema.MaximumMinimumOptionsT())
    real = graph.tensor("real_steps", [], np.int32)
    options = schema.SqueezeOptionsT()
    options.squeezeDims = np.array([0], np.int32)
    graph.operator(Op.SQUEEZE, [clamped], [real], options)

    def add(values: int, number: int, name: str) -> int:
        result = graph.tensor(name, [], np.int32)
        graph.operator(Op.ADD, [values, graph.constant(f"{name}_at", np.int32(number))], [result], schema.AddOptionsT())
        return result

    if padding == "end":
        return Extent(graph.constant("first_step", np.int32(0)), add(real, -1, "ends"))
    negative = graph.tensor("minus_real_steps", [], np.int32)
    graph.operator(Op.MUL, [real, graph.constant("minus_one", np.int32(-1))], [negative], schema.MulOptionsT())
    return Extent(add(negative, steps, "first_step"), add(negative, 2 * steps - 1, "ends"))
