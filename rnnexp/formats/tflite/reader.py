"""Reading TensorFlow Lite files of any origin, also damaged ones.

Only what tells about tensors and operators is read; constants stay in the file. The field names are those of the
schema that LiteRT ships (``schema.fbs``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.errors import UserError
from rnnexp.formats.tflite.bounds import BYTE, FLOAT32, INT32, INT64, UINT32, UINT64, Source, Span, Table

FILE_IDENTIFIER = b"TFL3"
HEADER_BYTES = 8
# NumPy's limit; runtimes take far fewer.
MAX_DIMENSIONS = 64
# Stands for an optional input that is not given.
NO_TENSOR = -1

_MODEL = (
    "version",
    "operator_codes",
    "subgraphs",
    "description",
    "buffers",
    "metadata_buffer",
    "metadata",
    "signature_defs",
    "external_buffer_groups",
    "external_buffers",
)
_OPERATOR_CODE = ("deprecated_builtin_code", "custom_code", "version", "builtin_code")
_SUBGRAPH = ("tensors", "inputs", "outputs", "operators", "name")
_TENSOR = (
    "shape",
    "type",
    "buffer",
    "name",
    "quantization",
    "is_variable",
    "sparsity",
    "shape_signature",
    "has_rank",
    "variant_tensors",
    "external_buffer",
)
_QUANTIZATION = ("min", "max", "scale", "zero_point", "details_type", "details", "quantized_dimension")
_OPERATOR = (
    "opcode_index",
    "inputs",
    "outputs",
    "builtin_options_type",
    "builtin_options",
    "custom_options",
    "custom_options_format",
    "mutating_variable_inputs",
    "intermediates",
    "large_custom_options_offset",
    "large_custom_options_size",
    "builtin_options_2_type",
    "builtin_options_2",
    "debug_metadata_index",
)
_BUFFER = ("data", "offset", "size")
_METADATA = ("name", "buffer")
_EXTERNAL_GROUP = ("name",)
_EXTERNAL_BUFFER = ("id", "group", "offset", "length")

# Buffer offsets up to this one mean that the content is not outside of the flatbuffer.
_NO_OFFSET = 1


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """What a file says about a tensor.

    ``shape_signature`` is empty, or the shape with -1 for what may change. ``scale`` and ``zero_point`` are empty
    (not quantised), of length 1, or one for each index of ``quantized_dimension``. ``details`` names a kind of
    quantisation beyond that. ``external`` is the file that has the values, if another one does.
    """

    name: str
    type: str
    shape: tuple[int, ...]
    shape_signature: tuple[int, ...]
    buffer: int
    scale: np.ndarray
    zero_point: np.ndarray
    quantized_dimension: int
    details: str
    sparse: bool
    external: str


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """An operator: its name, and the numbers of the tensors it reads, -1 for one that is not given.

    ``table`` is where the rest of it is in the file: nothing of that has been checked yet.
    """

    name: str
    inputs: np.ndarray
    table: Table


@dataclass(frozen=True, slots=True)
class Subgraph:
    """A subgraph; ``inputs`` and ``outputs`` are tensors' numbers."""

    name: str
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A TensorFlow Lite file.

    ``metadata`` has a name and a buffer's number for each entry; ``buffers`` says where each buffer's bytes are, and
    ``names`` where the description and the names of subgraphs and tensors are.
    """

    content: memoryview = field(repr=False)
    version: int
    description: str
    metadata: tuple[tuple[str, int], ...]
    subgraphs: tuple[Subgraph, ...]
    buffers: tuple[Span, ...]
    names: tuple[Span, ...]

    def constant(self, tensor: Tensor) -> Span:
        """Return where a tensor's constant is; of size 0 for a tensor that has none."""
        return self.buffers[tensor.buffer] if tensor.buffer else Span(0, 0)


def read(content: Any, name: str = "the model") -> ModelFile:
    """Return what is in a file.

    Args:
        content: the file: bytes, or a memory map.
        name: what messages call it.

    Raises:
        UserError: saying what is wrong, and where, if this is no TensorFlow Lite file or a damaged one.
    """
    source = Source(content, name)
    identifier = bytes(source.content[4:HEADER_BYTES])
    if identifier != FILE_IDENTIFIER:
        raise UserError(
            f"{name} is not a TensorFlow Lite file: its bytes 4 to 7 are {identifier!r}, not {FILE_IDENTIFIER!r}"
        )
    root = int.from_bytes(source.content[:4], "little")
    return _Reading(source, Table(source, root, "the model", _MODEL)).model()


class _Reading:
    """One file being read: what its parts need of each other."""

    def __init__(self, source: Source, model: Table) -> None:
        self._source = source
        self._model = model
        self._names: list[Span] = []
        self._buffers = tuple(self._buffer(table) for table in model.tables("buffers", "buffer", _BUFFER))
        self._codes = [_operator(table) for table in model.tables("operator_codes", "operator code", _OPERATOR_CODE)]
        self._external = self._external_files()

    def model(self) -> ModelFile:
        model = self._model
        metadata = []
        for table in model.tables("metadata", "metadata entry", _METADATA):
            number = table.number("buffer", UINT32)
            self._check(table, "buffer", number, len(self._buffers))
            metadata.append((table.text("name"), number))
        subgraphs = tuple(self._subgraph(table) for table in model.tables("subgraphs", "subgraph", _SUBGRAPH))
        if not subgraphs:
            self._source.fail(model.where, "has no subgraph")
        return ModelFile(
            self._source.content,
            model.number("version", UINT32),
            self._name(model, "description"),
            tuple(metadata),
            subgraphs,
            self._buffers,
            tuple(self._names),
        )

    def _subgraph(self, table: Table) -> Subgraph:
        tensors = tuple(self._tensor(entry) for entry in table.tables("tensors", "tensor", _TENSOR))
        operators = []
        for entry in table.tables("operators", "operator", _OPERATOR):
            code = entry.number("opcode_index", UINT32)
            self._check(entry, "opcode_index", code, len(self._codes))
            inputs = entry.vector("inputs", INT32)
            self._check(entry, "inputs", inputs, len(tensors), NO_TENSOR)
            operators.append(Operator(self._codes[code], inputs, entry))
        ends = []
        for side in ("inputs", "outputs"):
            numbers = table.vector(side, INT32)
            self._check(table, side, numbers, len(tensors))
            ends.append(tuple(numbers.tolist()))
        return Subgraph(self._name(table, "name"), tensors, tuple(operators), *ends)

    def _tensor(self, table: Table) -> Tensor:
        number = table.number("buffer", UINT32)
        if number:  # 0 is no buffer, even where there are none
            self._check(table, "buffer", number, len(self._buffers))
        external = table.number("external_buffer", UINT32)
        if external and external not in self._external:
            self._source.fail(f"{table.where}, external_buffer", f"there is no external buffer {external}")
        quantization = table.table("quantization", _QUANTIZATION)
        kind = table.number("type", BYTE)
        details = quantization.number("details_type", BYTE) if quantization else 0
        return Tensor(
            name=self._name(table, "name"),
            type=_TYPES.get(kind, f"#{kind}"),
            shape=self._shape(table, "shape"),
            shape_signature=self._shape(table, "shape_signature"),
            buffer=number,
            scale=quantization.vector("scale", FLOAT32) if quantization else np.empty(0, FLOAT32),
            zero_point=quantization.vector("zero_point", INT64) if quantization else np.empty(0, INT64),
            quantized_dimension=quantization.number("quantized_dimension", INT32) if quantization else 0,
            details=_DETAILS.get(details, f"#{details}") if details else "",
            sparse=table.has("sparsity"),
            external=self._external.get(external, ""),
        )

    def _shape(self, table: Table, name: str) -> tuple[int, ...]:
        dimensions = table.vector(name, INT32)
        if dimensions.size > MAX_DIMENSIONS:
            self._source.fail(f"{table.where}, {name}", f"has {dimensions.size:,} dimensions")
        return tuple(dimensions.tolist())

    def _buffer(self, table: Table) -> Span:
        data = table.span("data")
        offset, size = table.number("offset", UINT64), table.number("size", UINT64)
        if data.size or offset <= _NO_OFFSET:
            return data
        self._source.need(offset, size, table.where)
        return Span(offset, size)

    def _external_files(self) -> dict[int, str]:
        """Return the names of the files that hold external buffers, by the buffers' identifiers."""
        groups = [
            table.text("name")
            for table in self._model.tables("external_buffer_groups", "external buffer group", _EXTERNAL_GROUP)
        ]
        files = {}
        for table in self._model.tables("external_buffers", "external buffer", _EXTERNAL_BUFFER):
            group = table.number("group", UINT32)
            self._check(table, "group", group, len(groups))
            files[table.number("id", UINT32)] = groups[group]
        return files

    def _name(self, table: Table, name: str) -> str:
        self._names.append(table.span(name))
        return table.text(name)

    def _check(self, table: Table, name: str, numbers: Any, count: int, lowest: int = 0) -> None:
        """See that numbers point into a list of ``count``."""
        numbers = np.atleast_1d(numbers)
        if numbers.size and not lowest <= numbers.min() <= numbers.max() < count:
            wrong = next(number for number in numbers.tolist() if not lowest <= number < count)
            self._source.fail(f"{table.where}, {name}", f"refers to number {wrong}, and there are {count:,}")


def _operator(table: Table) -> str:
    """Return an operator's name. Codes above 127 are in a newer field than the others."""
    code = max(table.number("builtin_code", INT32), table.number("deprecated_builtin_code", BYTE))
    name = _OPERATORS.get(code, f"#{code}")
    custom = table.text("custom_code")
    return f"{name} {custom}" if code == schema.BuiltinOperator.CUSTOM and custom else name


def _names(enumeration: type) -> Mapping[int, str]:
    return {number: name for name, number in vars(enumeration).items() if isinstance(number, int)}


_TYPES = _names(schema.TensorType)
_OPERATORS = _names(schema.BuiltinOperator)
_DETAILS = _names(schema.QuantizationDetails)
