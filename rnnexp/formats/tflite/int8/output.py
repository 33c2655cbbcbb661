"""The output layer of integer networks, and what follows it, as TensorFlow Lite operators."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.formats.tflite.builder import Subgraph
from rnnexp.formats.tflite.int8.graph import GraphArithmetic
from rnnexp.formats.tflite.int8.operators import CAST_VERSION, INT8_VERSION, QUANTIZE_VERSION, Op
from rnnexp.formats.tflite.int8.value import Value
from rnnexp.quantization.network import PROBABILITIES, IntegerNetwork


def write_output_layer(graph: Subgraph, network: IntegerNetwork, values: Sequence[Value]) -> int:
    """Return the output's codes, before any softmax, int8 ``[1, outputs]``.

    Args:
        graph: where it is written.
        network: whose output layer.
        values: those of the last layer, and behind them what a linear path reads.
    """
    sums = GraphArithmetic(graph).products(network.output_layer, values, "output")
    affine = network.output
    name = "logits" if network.softmax else "output"
    result = graph.tensor(name, [1, network.outputs], np.int8, scale=affine.scale, zero_point=affine.zero_point)
    # It only clips: scales are the same.
    graph.operator(Op.QUANTIZE, [sums], [result], schema.QuantizeOptionsT(), version=QUANTIZE_VERSION)
    return result


def write_probabilities(graph: Subgraph, network: IntegerNetwork, logits: int) -> int:
    """Return the probabilities for logits ``[..., outputs]``, if the network gives them, or else the logits."""
    if not network.softmax:
        return logits
    affine, table, shape = PROBABILITIES, network.sigmoid, graph.shape(logits)
    probabilities = graph.tensor("probabilities", shape, np.int8, scale=affine.scale, zero_point=affine.zero_point)
    if table is None:
        options = schema.SoftmaxOptionsT()
        options.beta = 1.0
        graph.operator(Op.SOFTMAX, [logits], [probabilities], options, version=INT8_VERSION)
        return probabilities
    # LOGISTIC would differ between runtimes.
    wide, entry = graph.tensor("wide_logits", shape, np.int32), graph.tensor("sigmoid_entry", shape, np.int32)
    graph.operator(Op.CAST, [logits], [wide], schema.CastOptionsT(), version=CAST_VERSION)
    graph.operator(Op.ADD, [wide, graph.constant("lowest", np.int32(128))], [entry], schema.AddOptionsT())
    values = graph.constant("sigmoid_table", table, scale=affine.scale, zero_point=affine.zero_point)
    graph.operator(Op.GATHER, [values, entry], [probabilities], schema.GatherOptionsT(), version=INT8_VERSION)
    return probabilities
