"""Building a TensorFlow Lite file by hand: tensors, constants, operators and subgraphs.

A thin layer over the object API of the schema that LiteRT ships. The same calls give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.errors import UserError
from rnnexp.formats.tflite.reader import FILE_IDENTIFIER

SCHEMA_VERSION = 3
# Kernels read constants in place; microcontrollers fault on misaligned access.
BUFFER_ALIGNMENT = 16

# Which tensors have one: all, or those that readers look for, what comes in and goes out and what was learned.
Names = Literal["short", "full"]

TENSOR_TYPES: dict[Any, int] = {
    np.dtype(np.int8): schema.TensorType.INT8,
    np.dtype(np.int16): schema.TensorType.INT16,
    np.dtype(np.int32): schema.TensorType.INT32,
    np.dtype(np.int64): schema.TensorType.INT64,
    np.dtype(np.bool_): schema.TensorType.BOOL,
}


class AlignedBuffer(schema.BufferT):  # type: ignore[misc]
    """A constant's bytes, aligned as the schema demands; the generated code aligns them to 4 only."""

    def __init__(self, content: bytes = b"") -> None:
        super().__init__()
        self.content = content

    def Pack(self, builder: flatbuffers.Builder) -> int:  # noqa: N802 (the name that the schema's ModelT calls)
        """Return the offset of the written table."""
        if self.content:
            builder.StartVector(1, len(self.content), BUFFER_ALIGNMENT)
            builder.head -= len(self.content)
            builder.Bytes[builder.head : builder.head + len(self.content)] = self.content
            data = builder.EndVector()
        schema.BufferStart(builder)
        if self.content:
            schema.BufferAddData(builder, data)
        return schema.BufferEnd(builder)


class _SharingBuilder(flatbuffers.Builder):  # type: ignore[misc]
    """Stores equal strings, vectors, quantisations and options once: they are half of a small model."""

    def __init__(self) -> None:
        super().__init__(1 << 14)
        self.shared: dict[Any, int] = {}

    def CreateString(self, s: bytes, encoding: str = "utf-8", errors: str = "strict") -> int:  # noqa: N802
        """Return the string's offset."""
        if s not in self.shared:
            self.shared[s] = super().CreateString(s, encoding, errors)
        return self.shared[s]

    def CreateNumpyVector(self, x: np.ndarray) -> int:  # noqa: N802
        """Return the vector's offset."""
        key = x.dtype.str, x.tobytes()
        if key not in self.shared:
            self.shared[key] = super().CreateNumpyVector(x)
        return self.shared[key]


class _Quantization(schema.QuantizationParametersT):  # type: ignore[misc]
    """A tensor's scale and zero point."""

    def __init__(self, scale: float, zero_point: int) -> None:
        super().__init__()
        if not abs(scale) <= float(np.finfo(np.float32).max):
            raise UserError(f"the network's numbers are too large for a .tflite file: one has a scale of {scale:g}")
        self.scale = np.array([scale], np.float32)
        self.zeroPoint = np.array([zero_point], np.int64)

    def Pack(self, builder: _SharingBuilder) -> int:  # noqa: N802
        """Return the offset of the written table."""
        key = "quantization", float(self.scale[0]), int(self.zeroPoint[0])
        if key not in builder.shared:
            builder.shared[key] = super().Pack(builder)
        return builder.shared[key]


class _Options:
    """An operator's options."""

    def __init__(self, options: Any) -> None:
        self._options = options

    def Pack(self, builder: _SharingBuilder) -> int:  # noqa: N802
        """Return the offset of the written table."""
        values = tuple((name, np.array(value).tolist()) for name, value in vars(self._options).items())
        key = type(self._options).__name__, repr(values)
        if key not in builder.shared:
            builder.shared[key] = self._options.Pack(builder)
        return builder.shared[key]


class Model:
    """A model being built. Buffers with equal content are stored once.

    Args:
        description: what the file says it is.
        names: which tensors have one; names are a tenth of a small model.
    """

    def __init__(self, description: str, names: Names = "full") -> None:
        self.short_names = names == "short"
        self._model = schema.ModelT()
        self._model.version = SCHEMA_VERSION
        self._model.description = description.encode()
        # By convention the first buffer is empty: tensors without content refer to it.
        self._model.buffers = [AlignedBuffer()]
        self._model.operatorCodes = []
        self._model.subgraphs = []
        self._model.metadata = []
        self._subgraphs: list[Subgraph] = []
        self.layouts: dict[int, Any] = {}
        self._buffers: dict[bytes, int] = {b"": 0}
        self._codes: dict[tuple[int, int], int] = {}

    def subgraph(self, name: str) -> Subgraph:
        """Add an empty subgraph; the first one is the model's entry. Its number is its place in order."""
        graph = schema.SubGraphT()
        graph.name = name.encode()
        graph.tensors, graph.operators = [], []
        self._model.subgraphs.append(graph)
        self._subgraphs.append(Subgraph(self, graph, len(self._subgraphs)))
        return self._subgraphs[-1]

    def buffer(self, content: bytes) -> int:
        """Return the number of the buffer with this content."""
        if content not in self._buffers:
            self._buffers[content] = len(self._model.buffers)
            self._model.buffers.append(AlignedBuffer(content))
        return self._buffers[content]

    def operator_code(self, operator: int, version: int) -> int:
        """Return the number of an entry of ``schema.BuiltinOperator`` in the model's list."""
        key = operator, version
        if key not in self._codes:
            code = schema.OperatorCodeT()
            code.builtinCode, code.version = operator, version
            code.deprecatedBuiltinCode = min(operator, 127)
            self._codes[key] = len(self._model.operatorCodes)
            self._model.operatorCodes.append(code)
        return self._codes[key]

    def add_metadata(self, entries: Mapping[str, str | bytes]) -> None:
        """Add named texts for people and tools to read; no runtime looks at them."""
        for name, content in entries.items():
            entry = schema.MetadataT()
            entry.name = name.encode()
            entry.buffer = self.buffer(content.encode() if isinstance(content, str) else content)
            self._model.metadata.append(entry)

    def to_bytes(self) -> bytes:
        """Return the file's content."""
        if self.short_names:
            for number, graph in enumerate(self._subgraphs):
                graph.shorten_names(interface=number == 0)
        builder = _SharingBuilder()
        builder.Finish(self._model.Pack(builder), FILE_IDENTIFIER)
        return bytes(builder.Output())


class Subgraph:
    """A subgraph being built; made by ``Model.subgraph``. Tensors are known by the numbers that its methods return."""

    def __init__(self, model: Model, graph: Any, number: int) -> None:
        self._model = model
        self._graph = graph
        self._named: set[int] = set()
        self._constants: dict[tuple[Any, ...], int] = {}
        # What the writers of products say of how these lie in the file, by the products' identity.
        self.layouts = model.layouts
        self.number = number

    def tensor(
        self,
        name: str,
        shape: Sequence[int],
        dtype: Any,
        *,
        scale: float | None = None,
        zero_point: int = 0,
        content: bytes = b"",
    ) -> int:
        """Add a tensor and return its number.

        Args:
            name: shown by tools.
            shape: of the tensor; empty for a scalar.
            dtype: int8, int16, int32, int64 or bool, as NumPy names them.
            scale: its real step, if it is quantised.
            zero_point: the code of 0.
            content: of a constant, in the tensor's type, little-endian.

        Raises:
            KeyError: for any other type: this writes integer models only.
            UserError: if float32 does not hold the scale.
        """
        tensor = schema.TensorT()
        tensor.name = name.encode()
        tensor.shape = np.array(shape, np.int32)
        tensor.type = TENSOR_TYPES[np.dtype(dtype)]
        tensor.buffer = self._model.buffer(content)
        if scale is not None:
            tensor.quantization = _Quantization(scale, zero_point)
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def size(self, tensor: int) -> int:
        """Return how many numbers a tensor has."""
        return int(np.prod(self._graph.tensors[tensor].shape))

    def shape(self, tensor: int) -> list[int]:
        """Return a tensor's shape."""
        return [int(length) for length in self._graph.tensors[tensor].shape]

    def constant(self, name: str, values: Any, *, scale: float | None = None, zero_point: int = 0) -> int:
        """Add a constant, of the type of the NumPy array or scalar ``values``, and return its number.

        Where names are short, an equal one is the same.
        """
        array = np.asarray(values)
        content = array.astype(array.dtype.newbyteorder("<")).tobytes()
        key = array.shape, array.dtype.str, content, scale, zero_point
        if not self._model.short_names or key not in self._constants:
            self._constants[key] = self.tensor(
                name, array.shape, array.dtype, scale=scale, zero_point=zero_point, content=content
            )
        return self._constants[key]

    def named(self, tensor: int) -> int:
        """Have a tensor keep its name where names are short, since readers look for it, and return its number."""
        self._named.add(tensor)
        return tensor

    def shorten_names(self, *, interface: bool) -> None:
        """Leave names only to what readers look for, and with ``interface`` to what comes in and goes out."""
        named = self._named | ({*self._graph.inputs, *self._graph.outputs} if interface else set())
        for number, tensor in enumerate(self._graph.tensors):
            if number not in named:
                tensor.name = None

    def operator(
        self, operator: int, inputs: Iterable[int], outputs: Iterable[int], options: Any = None, *, version: int = 1
    ) -> None:
        """Add an operator.

        Args:
            operator: of ``schema.BuiltinOperator``.
            inputs: tensors' numbers.
            outputs: tensors' numbers.
            options: of the schema's ``...OptionsT`` classes.
            version: the lowest that has what is asked of it.
        """
        entry = schema.OperatorT()
        entry.opcodeIndex = self._model.operator_code(operator, version)
        entry.inputs = np.array(list(inputs), np.int32)
        entry.outputs = np.array(list(outputs), np.int32)
        if options is not None:
            entry.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
            entry.builtinOptions = _Options(options)
        self._graph.operators.append(entry)

    def interface(self, inputs: Iterable[int], outputs: Iterable[int]) -> None:
        """Say which tensors come in and go out."""
        self._graph.inputs = np.array(list(inputs), np.int32)
        self._graph.outputs = np.array(list(outputs), np.int32)
