"""The output layer and the softmax of integer networks, as TensorFlow Lite operators."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.export.flatbuffer import Subgraph
from rnnexp.export.int8_graph import GraphArithmetic
from rnnexp.export.int8_value import Value
from rnnexp.export.operators import INT8_VERSION, QUANTIZE_VERSION, Op
from rnnexp.quantization.layered import LayeredNetwork


def write_output_layer(graph: Subgraph, network: LayeredNetwork, values: Sequence[Value]) -> int:
    """Return the output's codes for the last layer's values, before any softmax, int8 ``[1, outputs]``."""
    sums = GraphArithmetic(graph).products(network.output_layer, values, "output")
    affine = network.output
    name = "logits" if network.softmax else "output"
    result = graph.tensor(name, [1, network.outputs], np.int8, scale=affine.scale, zero_point=affine.zero_point)
    # It only clips: scales are the same.
    graph.operator(Op.QUANTIZE, [sums], [result], schema.QuantizeOptionsT(), version=QUANTIZE_VERSION)
    return result


def write_softmax(graph: Subgraph, logits: int) -> int:
    """Return probabilities along the last axis."""
    probabilities = graph.tensor("probabilities", graph.shape(logits), np.int8, scale=1 / 256, zero_point=-128)
    options = schema.SoftmaxOptionsT()
    options.beta = 1.0
    graph.operator(Op.SOFTMAX, [logits], [probabilities], options, version=INT8_VERSION)
    return probabilities
