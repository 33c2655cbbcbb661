"""Files written with the schema's own classes, so that they can hold what no converter writes."""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema


def model(**changes):
    """The schema's model with one subgraph, one tensor and its buffer."""
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = b"x", np.array([2], np.int32), 1
    graph = schema.SubGraphT()
    graph.tensors, graph.inputs, graph.outputs, graph.operators = [tensor], [0], [0], []
    buffer = schema.BufferT()
    buffer.data = np.arange(8, dtype=np.uint8)
    made = schema.ModelT()
    made.version, made.subgraphs, made.buffers, made.operatorCodes = 3, [graph], [schema.BufferT(), buffer], []
    vars(made).update(changes)
    return made


def packed(made):
    builder = flatbuffers.Builder()
    builder.Finish(made.Pack(builder), b"TFL3")
    return bytes(builder.Output())
