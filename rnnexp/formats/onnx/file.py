"""ONNX files of any origin, also damaged ones: read without running anything, or opening any file elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.foreign.constant import MOST_ELEMENTS

if TYPE_CHECKING:
    import onnx

# Of a file with all that belongs to it; protocol buffers end at 2 GB.
MOST_BYTES = 2**31 - 1
OPSETS = range(7, 27)
_MISSING = "ONNX files need the onnx package: install it with `poetry install --with onnx`, or `pip install onnx`"


@dataclass(frozen=True)
class ModelFile:
    """A file.

    Attributes:
        path: of the file, for messages.
        model: what is in it, with values from other files put in.
        opset: which version its operators have.
        constants: the values that the file gives by name.
    """

    path: Path
    model: onnx.ModelProto
    opset: int
    constants: dict[str, np.ndarray]

    @property
    def framework(self) -> str:
        """What the file was written by."""
        producer = " ".join(part for part in (self.model.producer_name, self.model.producer_version) if part)
        return f"{producer or 'ONNX'} (ONNX opset {self.opset})"


def package() -> Any:
    """Return the ``onnx`` package.

    Raises:
        UserError: if it is not installed.
    """
    try:
        import onnx
        import onnx.checker
        import onnx.numpy_helper
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "onnx":
            raise
        raise UserError(_MISSING) from error
    return onnx


def load(path: Path) -> ModelFile:
    """Return what is in a file.

    Raises:
        UserError: if onnx is not installed, or this is no ONNX file, or a damaged one, or one that keeps its values
            outside of its folder.
    """
    onnx = package()
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UserError(f"{path} has {path.stat().st_size:,} bytes; ONNX files have 2 GB at most")
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    return parse(path, content, onnx)


def parse(path: Path, content: bytes, onnx: Any = None) -> ModelFile:
    """Return what is in the bytes of a file; values that are in other files are looked for beside ``path``.

    Raises:
        UserError: as for ``load``.
    """
    onnx = onnx or package()
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except Exception as error:  # google.protobuf's DecodeError, whichever of its implementations there is
        raise UserError(f"{path} is not an ONNX file, or a damaged one: {_line(error)}") from error
    if not model.graph.node:
        raise UserError(f"{path} is not an ONNX file, or a damaged one: it has no operators")
    if not all(isinstance(text, str) for text in _texts(model)):
        raise UserError(f"{path} is a damaged ONNX file: a name in it is not UTF-8")
    versions = {entry.domain: entry.version for entry in model.opset_import}
    opset = versions.get("", versions.get("ai.onnx", 0))
    if opset not in OPSETS:
        raise UserError(f"{path} is of ONNX opset {opset}; known are {OPSETS.start} to {OPSETS.stop - 1}")
    if model.functions:
        names = ", ".join(sorted({function.name for function in model.functions})[:5])
        raise UserError(f"{path} has functions of its own ({names}): export it with them inlined (onnx.inliner)")
    if any(graph.sparse_initializer for graph in _graphs(model.graph)):
        raise UserError(f"{path} has sparse constants, which cannot be converted")
    _bring_in(path, model, onnx)
    # Until version 3 constants had to be among the inputs, which not all writers knew.
    model.ir_version = max(model.ir_version, 4)
    try:
        onnx.checker.check_model(model)
    except Exception as error:  # onnx.checker.ValidationError, and what its C++ throws
        raise UserError(f"{path} is a damaged ONNX file: {_line(error)}") from error
    constants = {tensor.name: array(path, tensor, onnx) for tensor in model.graph.initializer}
    return ModelFile(path, model, opset, constants)


def array(path: Path, tensor: Any, onnx: Any) -> np.ndarray:
    """Return a constant.

    Raises:
        UserError: if it does not have as many numbers as its shape says.
    """
    count = math.prod(tensor.dims)
    what = f"{path}: the constant {tensor.name or 'of an operator'!r}"
    if min(tensor.dims, default=1) < 0 or count > MOST_ELEMENTS:
        raise UserError(f"{what} is said to have the shape {list(tensor.dims)}")
    if tensor.data_type in (onnx.TensorProto.STRING, onnx.TensorProto.UNDEFINED):
        raise UserError(f"{what} is of text, or of no type")
    try:
        if tensor.HasField("raw_data"):
            kind = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type))
            if kind.itemsize and tensor.data_type in _PLAIN and len(tensor.raw_data) != count * kind.itemsize:
                raise UserError(f"{what} has {len(tensor.raw_data):,} bytes for the shape {list(tensor.dims)}")
        found = np.asarray(onnx.numpy_helper.to_array(tensor))
    except (ValueError, TypeError, KeyError, OverflowError, MemoryError) as error:
        raise UserError(f"{what} is damaged: {_line(error)}") from error
    if found.shape != tuple(tensor.dims):
        raise UserError(f"{what} has {found.size:,} numbers for the shape {list(tensor.dims)}")
    return found


def _bring_in(path: Path, model: Any, onnx: Any) -> None:
    """Put the values that are in other files of the same folder into the model."""
    total = 0
    for tensor in _tensors(model.graph):
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        entries = {entry.key: entry.value for entry in tensor.external_data}
        location = entries.get("location", "")
        where = f"{path}: the constant {tensor.name!r} is said to be in {location!r}"
        inside = _inside(path.parent, location)
        if inside is None:
            raise UserError(f"{where}, which is no file of the same folder: nothing outside of it is read")
        try:
            offset = int(entries.get("offset", "0"))
            size = int(entries.get("length", str(inside.stat().st_size - offset)))
            total += size
            if offset < 0 or size < 0 or offset + size > inside.stat().st_size or total > MOST_BYTES:
                raise UserError(f"{where}, at bytes {offset:,} to {offset + size:,}, which that file does not have")
            with inside.open("rb") as stream:
                stream.seek(offset)
                tensor.raw_data = stream.read(size)
        except ValueError as error:
            raise UserError(f"{where}, at no place that is a number") from error
        except OSError as error:
            raise UserError(f"{where}, which cannot be read: {error.strerror}") from error
        del tensor.external_data[:]
        tensor.data_location = onnx.TensorProto.DEFAULT


def _inside(folder: Path, location: str) -> Path | None:
    """Return a regular file at or below a folder, also when links are followed, or None."""
    named = Path(location)
    if not location or "\0" in location or "\\" in location or named.is_absolute() or ".." in named.parts:
        return None
    try:
        found, top = (folder / named).resolve(), folder.resolve()
        return found if found.is_relative_to(top) and found.is_file() else None
    except (OSError, RuntimeError):
        return None


def _graphs(graph: Any) -> Iterator[Any]:
    """Go through a graph and those within its operators."""
    waiting = [graph]
    while waiting:
        found = waiting.pop()
        yield found
        for node in found.node:
            for attribute in node.attribute:
                waiting += [attribute.g, *attribute.graphs] if attribute.HasField("g") else list(attribute.graphs)


def _tensors(graph: Any) -> list[Any]:
    """Return all tensors of a graph, and of those within it, that may be outside of the file."""
    found = []
    for each in _graphs(graph):
        found += each.initializer
        for node in each.node:
            for attribute in node.attribute:
                found += [attribute.t, *attribute.tensors] if attribute.HasField("t") else list(attribute.tensors)
    return found


def _texts(model: Any) -> Iterator[object]:
    """Go through all names, which are bytes where they are not UTF-8."""
    yield from (model.producer_name, model.producer_version)
    for entry in model.opset_import:
        yield entry.domain
    for graph in _graphs(model.graph):
        for named in (*graph.input, *graph.output, *graph.initializer, *graph.node):
            yield named.name
        for node in graph.node:
            yield from (node.domain, node.op_type, *node.input, *node.output)
            yield from (attribute.name for attribute in node.attribute)
    for tensor in _tensors(model.graph):
        for pair in tensor.external_data:
            yield from (pair.key, pair.value)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


# FLOAT to INT64 without text, BOOL, FLOAT16, DOUBLE, UINT32, UINT64: types whose bytes are their numbers.
_PLAIN = frozenset({1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13})
