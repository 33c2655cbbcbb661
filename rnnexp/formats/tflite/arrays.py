"""The constants of any TensorFlow Lite file as NumPy arrays."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rnnexp.errors import UserError
from rnnexp.files import write_through
from rnnexp.formats.tflite.reader import ModelFile, Tensor

# Types as NumPy has them; of those that it does not have, the bits.
ARRAY_TYPES = {
    "FLOAT16": "<f2",
    "FLOAT32": "<f4",
    "FLOAT64": "<f8",
    "INT8": "i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "UINT8": "u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "BOOL": "?",
    "COMPLEX64": "<c8",
    "COMPLEX128": "<c16",
    "BFLOAT16": "<u2",
    "FLOAT8_E4M3FN": "u1",
    "FLOAT8_E5M2": "u1",
}
BITS_ONLY = frozenset({"BFLOAT16", "FLOAT8_E4M3FN", "FLOAT8_E5M2"})
# Several in a byte, the first in the lowest bits: how wide, and whether there are negative ones.
PACKED_TYPES = {"INT4": (4, True), "UINT4": (4, False), "INT2": (2, True)}

# Tensors can share a buffer, and a damaged file can do so without end.
WRITE_LIMIT_PER_BYTE = 16
WRITE_LIMIT_AT_LEAST = 2**24

_KEY_LENGTH = 1000
_PARTS = ("", ":scale", ":zero_point", ":quantized_dimension", ":type", ":shape")


def raw_reason(tensor: Tensor, size: int) -> str:
    """Return why a constant of ``size`` bytes cannot be an array of the tensor's shape, or an empty string."""
    if tensor.sparse:
        return "it is sparse"
    if tensor.type in PACKED_TYPES:
        bits = PACKED_TYPES[tensor.type][0]
    elif tensor.type in ARRAY_TYPES:
        bits = 8 * np.dtype(ARRAY_TYPES[tensor.type]).itemsize
    else:
        return f"it is of type {tensor.type}"
    if min(tensor.shape, default=0) < 0:
        return "its shape has a negative size"
    needed = -(-bits * math.prod(tensor.shape) // 8)  # rounded up
    return f"its shape needs {needed:,} bytes" if needed != size else ""


def values(file: ModelFile, tensor: Tensor) -> np.ndarray:
    """Return a tensor's constant.

    A view of the file in the tensor's type and shape; types of 2 and 4 bits unpacked to 8; those that NumPy does not
    have as their bits; and where ``raw_reason`` gives a reason, uint8 ``[bytes]``.
    """
    span = file.constant(tensor)
    raw = np.frombuffer(file.content, np.uint8, span.size, span.start)
    if raw_reason(tensor, span.size):
        return raw
    if tensor.type in PACKED_TYPES:
        bits, signed = PACKED_TYPES[tensor.type]
        left = np.arange(8 - bits, -1, -bits, dtype=np.uint8)  # by how much, to have each one topmost
        topmost = (raw[:, None] << left).reshape(-1)[: math.prod(tensor.shape)]
        return (topmost.view(np.int8 if signed else np.uint8) >> (8 - bits)).reshape(tensor.shape)
    return raw.view(ARRAY_TYPES[tensor.type]).reshape(tensor.shape)


def keys(file: ModelFile) -> dict[tuple[int, int], str]:
    """Return the name in an npz file of each constant tensor, by the numbers of its subgraph and its own.

    It is the tensor's name; where that is taken, with ``#2`` and so on.
    """
    taken: set[str] = set()
    last: dict[str, int] = {}
    found = {}
    for place, tensor in _constants(file):
        # Zip files end names at a zero, and NumPy looks up names with and without the ending of a member.
        name = tensor.name.replace("\0", "\\0")[:_KEY_LENGTH] or "unnamed"
        name = f"{name.removesuffix('.npy')}_npy" if name.endswith(".npy") else name
        key = name
        while any(key + part in taken for part in _PARTS):
            last[name] = last.get(name, 1) + 1
            key = f"{name}#{last[name]}"
        taken.update(key + part for part in _PARTS)
        found[place] = key
    return found


def write_npz(file: ModelFile, path: Path) -> int:
    """Write all constant tensors to an npz file of plain arrays, and return how many there are.

    Beside each quantised one, ``name``, are ``name:scale`` (float32), ``name:zero_point`` (int64) and
    ``name:quantized_dimension``; beside each that could not be had in its type and shape, ``name:type`` and
    ``name:shape``.

    Raises:
        UserError: if it cannot be written, or the file repeats its constants without end.
    """
    total = sum(values_size(tensor, file.constant(tensor).size) for _, tensor in _constants(file))
    if total > max(WRITE_LIMIT_AT_LEAST, WRITE_LIMIT_PER_BYTE * len(file.content)):
        raise UserError(f"{path} would have {total:,} bytes, as tensors share their constants over and over")
    names = keys(file)
    try:
        write_through(path, lambda temporary: _write(file, names, temporary))
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from error
    return len(names)


def values_size(tensor: Tensor, size: int) -> int:
    """Return how many bytes ``values`` has for a constant of ``size`` bytes."""
    return size * 8 // PACKED_TYPES[tensor.type][0] if tensor.type in PACKED_TYPES else size


def _constants(file: ModelFile) -> Iterator[tuple[tuple[int, int], Tensor]]:
    for graph_number, graph in enumerate(file.subgraphs):
        for number, tensor in enumerate(graph.tensors):
            if file.constant(tensor).size:
                yield (graph_number, number), tensor


def _write(file: ModelFile, names: dict[tuple[int, int], str], path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for place, tensor in _constants(file):
            arrays = {"": values(file, tensor)}
            if tensor.scale.size:
                arrays[":scale"], arrays[":zero_point"] = tensor.scale, tensor.zero_point
                arrays[":quantized_dimension"] = np.array(tensor.quantized_dimension)
            if tensor.type in BITS_ONLY or raw_reason(tensor, file.constant(tensor).size):
                arrays[":type"], arrays[":shape"] = np.array(tensor.type), np.array(tensor.shape, np.int64)
            for part, array in arrays.items():
                # A fixed date, so that the same model gives the same bytes.
                member = zipfile.ZipInfo(f"{names[place]}{part}.npy")
                with archive.open(member, "w", force_zip64=True) as stream:
                    np.lib.format.write_array(stream, array, allow_pickle=False)
