"""Float32 .tflite files made by hand: what no converter of today writes any more, and runtimes still run."""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

TYPES = {np.dtype(np.float32): schema.TensorType.FLOAT32, np.dtype(np.int32): schema.TensorType.INT32}


class FloatModel:
    """A file of one subgraph; methods return tensors' numbers."""

    def __init__(self):
        self.graph, self.buffers, self.codes = schema.SubGraphT(), [schema.BufferT()], []
        self.graph.tensors, self.graph.operators, self.graph.name = [], [], b"main"

    def tensor(self, shape, dtype=np.float32, content=None, variable=False):
        tensor = schema.TensorT()
        tensor.name = f"t{len(self.graph.tensors)}".encode()
        tensor.shape, tensor.type, tensor.isVariable = np.array(shape, np.int32), TYPES[np.dtype(dtype)], variable
        tensor.buffer = 0
        if content is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(content, np.uint8)
            tensor.buffer = len(self.buffers)
            self.buffers.append(buffer)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def constant(self, array):
        array = np.ascontiguousarray(array)
        return self.tensor(array.shape, array.dtype, array.tobytes())

    def operator(self, name, inputs, shapes, options=None, version=1):
        code = schema.OperatorCodeT()
        code.builtinCode, code.version = getattr(schema.BuiltinOperator, name), version
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        entry = schema.OperatorT()
        entry.opcodeIndex = len(self.codes)
        self.codes.append(code)
        outputs = [self.tensor(shape) for shape in shapes]
        entry.inputs, entry.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        if options is not None:
            entry.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
            entry.builtinOptions = options
        self.graph.operators.append(entry)
        return outputs[0] if len(outputs) == 1 else outputs

    def content(self, given, out):
        self.graph.inputs, self.graph.outputs = np.array([given], np.int32), np.array([out], np.int32)
        made = schema.ModelT()
        made.version, made.subgraphs, made.buffers, made.operatorCodes = 3, [self.graph], self.buffers, self.codes
        made.description = b"by hand"
        builder = flatbuffers.Builder()
        builder.Finish(made.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def options(name, **fields):
    """Return options of the schema, with Python names of its fields."""
    made = getattr(schema, f"{name}T")()
    for key, value in fields.items():
        assert hasattr(made, key), key
        setattr(made, key, value)
    return made


def lstm_inputs(model, rng, features, units, width=None, peepholes=False):
    """Return the numbers of an LSTM's 17 weights, as fused operators take them after the input."""
    draw = lambda *shape: model.constant(rng.normal(0, 0.5, shape).astype(np.float32))  # noqa: E731
    kernels = [draw(units, features) for _ in range(4)]
    recurrents = [draw(units, width or units) for _ in range(4)]
    diagonals = [draw(units) if peepholes else -1 for _ in range(3)]
    biases = [draw(units) for _ in range(4)]
    return [*kernels, *recurrents, *diagonals, *biases, draw(width, units) if width else -1, -1]
