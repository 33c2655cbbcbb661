"""The output layer of integer networks, and what follows it, as TensorFlow Lite operators."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.formats.tflite.builder import Subgraph
from rnnexp.formats.tflite.int8.graph import GraphArithmetic
from rnnexp.formats.tflite.int8.operators import CAST_VERSION, INT8_VERSION, QUANTIZE_VERSION, SOFTMAX_VERSION, Op
from rnnexp.formats.tflite.int8.value import Value
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.probabilities import SIZE, FineSigmoid


def write_output_layer(graph: Subgraph, network: IntegerNetwork, values: Sequence[Value]) -> int:
    """Return the output's codes, before any softmax, int8 or int16 ``[1, outputs]``.

    Args:
        graph: where it is written.
        network: whose output layer.
        values: those of the last layer, and behind them what a linear path reads.
    """
    affine = network.output
    name = "logits" if network.softmax else "output"
    if affine.dtype is np.int16:
        return graph.named(GraphArithmetic(graph).products(network.output_layer, values, "output", result=name))
    sums = GraphArithmetic(graph).products(network.output_layer, values, "output")
    result = graph.tensor(name, [1, network.outputs], np.int8, scale=affine.scale, zero_point=affine.zero_point)
    graph.named(result)
    # It only clips: scales are the same.
    graph.operator(Op.QUANTIZE, [sums], [result], schema.QuantizeOptionsT(), version=QUANTIZE_VERSION)
    return result


def write_probabilities(graph: Subgraph, network: IntegerNetwork, logits: int) -> int:
    """Return the probabilities for logits ``[..., outputs]``, if the network gives them, or else the logits."""
    if not network.softmax:
        return logits
    affine, table, shape = network.probabilities, network.sigmoid, graph.shape(logits)
    if isinstance(table, FineSigmoid):
        return _fine_sigmoid(graph, table, logits, network.output.scale)
    probabilities = graph.tensor("probabilities", shape, affine.dtype, scale=affine.scale, zero_point=affine.zero_point)
    if table is None:
        options = schema.SoftmaxOptionsT()
        options.beta = 1.0
        graph.operator(Op.SOFTMAX, [logits], [probabilities], options, version=SOFTMAX_VERSION[affine.dtype])
        return probabilities
    # LOGISTIC would differ between runtimes.
    wide, entry = graph.tensor("wide_logits", shape, np.int32), graph.tensor("sigmoid_entry", shape, np.int32)
    graph.operator(Op.CAST, [logits], [wide], schema.CastOptionsT(), version=CAST_VERSION)
    graph.operator(Op.ADD, [wide, graph.constant("lowest", np.int32(128))], [entry], schema.AddOptionsT())
    values = graph.named(graph.constant("sigmoid_table", table, scale=affine.scale, zero_point=affine.zero_point))
    graph.operator(Op.GATHER, [values, entry], [probabilities], schema.GatherOptionsT(), version=INT8_VERSION)
    return probabilities


def _fine_sigmoid(graph: Subgraph, sigmoid: FineSigmoid, logits: int, scale: float) -> int:
    """Return the probabilities for single int16 logits, int16 of the same shape."""
    arithmetic, shape = GraphArithmetic(graph), graph.shape(logits)
    count = math.prod(shape)
    numbers = Value(count, scale, arithmetic.reshape(logits, [count, 1], np.int16, scale, "logits_to_look_up"))
    places = arithmetic.shift(numbers, sigmoid.shift, SIZE // 2, "sigmoid_entry")
    (found,) = arithmetic.look_up([sigmoid.table], [places], "sigmoid")
    return arithmetic.reshape(arithmetic.number(found), shape, np.int16, found.scale, "probabilities")
