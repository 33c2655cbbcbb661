"""What TensorFlow Lite files of any origin say of themselves, and adding to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.formats import about
from rnnexp.formats.about import About
from rnnexp.formats.tflite.builder import AlignedBuffer
from rnnexp.formats.tflite.reader import FILE_IDENTIFIER, read


def read_about(content: bytes) -> About | None:
    """Return what a file of this project says of itself; None for any other file.

    Raises:
        ValueError: if it is unusable.
    """
    try:
        return about.read(metadata(content))
    except (TypeError, OverflowError) as error:
        raise ValueError(str(error)) from None


def parse(content: bytes) -> Any:
    """Return the schema's ``ModelT`` for a file's content."""
    return schema.ModelT.InitFromPackedBuf(content, 0)


def metadata(content: bytes) -> dict[str, bytes]:
    """Return the named texts in a file."""
    file = read(content)
    spans = {name: file.buffers[number] for name, number in file.metadata}
    return {name: content[span.start : span.end] for name, span in spans.items()}


def with_metadata(content: bytes, entries: Mapping[str, str]) -> bytes:
    """Return a file with named texts added to it; everything else stays as it is."""
    model = parse(content)
    model.buffers = [AlignedBuffer(bytes(_array(buffer.data))) for buffer in model.buffers]
    model.metadata = list(model.metadata or [])
    for name, text in entries.items():
        entry = schema.MetadataT()
        entry.name, entry.buffer = name.encode(), len(model.buffers)
        model.buffers.append(AlignedBuffer(text.encode()))
        model.metadata.append(entry)
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), FILE_IDENTIFIER)
    return bytes(builder.Output())


def _array(data: Any) -> np.ndarray:
    """Return a buffer's content, which the schema's classes give as None if it is empty."""
    return np.empty(0, np.uint8) if data is None else np.asarray(data, np.uint8)


def operators(content: bytes) -> list[str]:
    """Return the names of the operators that a file uses, sorted."""
    return sorted({operator.name for graph in read(content).subgraphs for operator in graph.operators})


def tensor_types(content: bytes) -> set[str]:
    """Return the names of the types that a file's tensors have."""
    return {tensor.type for graph in read(content).subgraphs for tensor in graph.tensors}


def interface_sizes(content: bytes) -> tuple[list[int], list[int]]:
    """Return the sizes of a file's inputs and outputs, were they int32 or float32: a bound on any other type here."""
    graph = read(content).subgraphs[0]
    given, made = (
        [4 * math.prod(graph.tensors[number].shape) for number in numbers] for numbers in (graph.inputs, graph.outputs)
    )
    return given, made


def largest_graph(content: bytes) -> int:
    """Return the size of all tensors of a file's largest subgraph, were they int32 or float32."""
    return max(sum(4 * math.prod(tensor.shape) for tensor in graph.tensors) for graph in read(content).subgraphs)
