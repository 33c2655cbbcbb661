"""What an int8 file says of its integers, so that the network can be read back from it.

The graph has the weights and tables, but joined and sorted as its operators want them, and scales in float32. So the
file says, as JSON in its metadata, which of its buffers hold what, and all single numbers: buffers with equal content
are there once. Packed with zlib, that takes about a hundred bytes.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from rnnexp.formats.npz import front, integers
from rnnexp.formats.tflite import reader
from rnnexp.formats.tflite.builder import Model
from rnnexp.formats.tflite.int8.constants import (
    Segment,
    bias_columns,
    bias_of,
    distinct,
    pairs_of,
    parts_of,
    weights_of,
    with_columns,
)
from rnnexp.formats.tflite.int8.front import embedding_pairs
from rnnexp.quantization.cut import tables_of
from rnnexp.quantization.front import IntegerConvolution, IntegerEmbedding
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.product import RADIX, Product
from rnnexp.quantization.tables import Table

# The metadata entry with what the graph itself does not say.
ENTRY = "integer_network"
# Of the entry, once it is unpacked, at most.
MOST_BYTES = 2**20
# What zlib may refer to as if it had been there before; of a simple network the entry has 100 bytes, not 320. It has
# the names in the order in which they come, with typical numbers, and at its end what is most frequent.
# It must stay as it is, or files that have been written cannot be read any more.
PRESET = (
    b'"gru","layer_1/gates_shift":12,"layer_1/gates_scale":"0x1.p-13","layer_1/gates_step":"0x1.p-9",'
    b'"layer_1/parts_shift":8,"layer_1/parts_scale":"0x1.p-13","layer_1/parts_step":"0x1.p-9",'
    b'"layer_1/finer":4,"output_layer":[30,31,1],"layer_1/gates":[10,11,2],"layer_1/parts":[17,18,2],'
    b'"layer_1/gate":[15,2048],"layer_1/candidate":[23,2048]}'
    b'"lstm","layer_1/sums_shift":12,"layer_1/sums_scale":"0x1.p-13","layer_1/sums_step":"0x1.p-9",'
    b'"layer_1/gate_start":"-0x1.p+2","layer_1/gate_step":"0x1.p-9","layer_1/gate_scale":"0x1p-14",'
    b'"layer_1/gate_multiple":1,"layer_1/gate_offset":8192,"layer_1/candidate_start":"-0x1.p+1",'
    b'"layer_1/candidate_step":"0x1.p-9","layer_1/candidate_scale":"0x1.p-14","layer_1/candidate_multiple":2,'
    b'"layer_1/candidate_offset":0,"layer_1/activation_start":"-0x1.p+1","layer_1/activation_step":"0x1.p-9",'
    b'"layer_1/shift":3,"layer_1/first":2440,"output_layer":[32,33,1],"layer_1/sums":[10,11,4],'
    b'"layer_1/gate+candidate":[16,2048,2048],"layer_1/activation":[25,4096]}'
    b'"layer_1/forward/sums_"layer_1/backward/sums_"layer_2/'
    b'{"sequence_length":20,"features":1,"every_step":false,"input_scale":"0x1p+0","input_zero_point":-128,'
    b'"output_scale":"0x1.p-5","output_zero_point":-9,"output_layer_shift":17,"output_layer_scale":"0x1.p-13",'
    b'"output_layer_step":"0x1.p-5","softmax":false,"layer_1/backwards":false,"layer_1/repeats":0,'
    b'"layer_1/cell":"simple","layer_1/sums_shift":13,"layer_1/sums_scale":"0x1.p-13","layer_1/sums_step":"0x1.p-9",'
    b'"layer_1/activation_start":"-0x1.p+1","layer_1/activation_step":"0x1.p-9",'
    b'"layer_1/activation_scale":"0x1.p-13","layer_1/activation_multiple":1,"layer_1/activation_offset":0,'
    b'"output_layer":[13,14,1],"layer_1/sums":[7,8,1],"layer_1/activation":[11,2048]}'
)
# A float64 as text, exactly: C's %a. Scales have few binary digits, and many decimal ones.
_HEXADECIMAL = re.compile(r"-?0x[01](\.[0-9a-f]{1,13})?p[+-][0-9]{1,4}")


@dataclass
class _Uses:
    """An arithmetic that only notes what a cell's step asks for, as the graph has it."""

    products: list[Product] = field(default_factory=list)
    tables: list[list[Table]] = field(default_factory=list)

    def multiply(self, product: Product, values: Sequence[Any], blocks: int, name: str) -> list[None]:  # noqa: ARG002
        self.products.append(product)
        return [None] * blocks

    def look_up(self, tables: Sequence[Table], indices: Sequence[Any], name: str) -> list[None]:  # noqa: ARG002
        self.tables.append(list({id(table): table for table in tables}.values()))
        return [None] * len(tables)

    def clip(self, value: Any, low: int, high: int, name: str) -> None: ...

    def dot(self, terms: Sequence[tuple[Any, Any]], shift: int, name: str) -> None: ...

    def shift(self, value: Any, bits: int, offset: int, name: str) -> None: ...

    def complement(self, gate: Any) -> None: ...


def pack(text: bytes) -> bytes:
    """Return the metadata entry of a file that says this."""
    packing = zlib.compressobj(9, zdict=PRESET)
    return packing.compress(text) + packing.flush()


def unpack(content: bytes) -> dict[str, Any]:
    """Return what the metadata entry of a file says; version 0.1.0 did not pack it.

    Raises:
        ValueError: if it is no JSON object.
    """
    if not content.startswith(b"{"):
        unpacking = zlib.decompressobj(zdict=PRESET)
        try:
            content = unpacking.decompress(content, MOST_BYTES)
        except zlib.error as error:
            raise ValueError(str(error)) from None
        if not unpacking.eof:
            raise ValueError(f"{ENTRY} is cut off, or too large")
    try:
        found = json.loads(content)
    except RecursionError:
        raise ValueError(f"{ENTRY} is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError(f"{ENTRY} is no JSON object")
    return {name: _from_text(value) for name, value in found.items()}


def _to_text(value: float) -> str:
    return re.sub(r"\.?0*p", "p", value.hex())


def _from_text(value: Any) -> Any:
    """Return the number of a text that ``_to_text`` made; anything else as it is."""
    if not isinstance(value, str) or not _HEXADECIMAL.fullmatch(value):
        return value
    try:
        return float.fromhex(value)
    except OverflowError:
        raise ValueError(f"{ENTRY} has a number beyond float64: {value}") from None


def write(model: Model, network: IntegerNetwork) -> bytes:
    """Return what a file says of its network; ``model`` has, or gets, the buffers."""
    found = integers.to_arrays(network)
    details: dict[str, Any] = {name: values.item() for name, values in found.items() if not values.ndim}

    def product(name: str, rows: Product) -> None:
        if id(rows) not in model.layouts:
            contents = weights_of(rows).tobytes(), rows.bias.astype("<i8").tobytes()
            details[name] = [*map(model.buffer, contents), 1]
            return
        segments, count = model.layouts[id(rows)]
        kernel, columns = weights_of(rows, segments), bias_columns(rows)
        if columns is None:
            biases = model.buffer(rows.bias.astype("<i8").tobytes())
        else:
            kernel, biases = np.concatenate([kernel, with_columns(columns, count)], axis=1), -count
        if columns is None and not any(segment.planar for segment in segments):
            details[name] = [model.buffer(kernel.tobytes()), biases, 1]
            return
        # In the place of how many blocks there are: 0, and how many inputs lie alike, negative ones planar.
        sizes = [-segment.size if segment.planar else segment.size for segment in segments]
        details[name] = [model.buffer(kernel.tobytes()), biases, 0, *sizes]

    product("output_layer", network.output_layer)
    for prefix, cell in integers.named_cells(network):
        uses = _Uses()
        cell.step(uses, [None], [None] * len(cell.states))
        own = {name: value for name, value in vars(cell).items() if isinstance(value, Product | Table)}
        names = {id(value): name for name, value in own.items()}
        used = {id(value) for value in (*uses.products, *chain(*uses.tables))}
        if not used <= names.keys():
            raise ValueError("a cell's step uses a product or a table that is none of its attributes")
        # What the step does not use, or what has another name too, is there by itself.
        left = [(name, value) for name, value in own.items() if id(value) not in used or names[id(value)] != name]
        products = [(names[id(rows)], rows) for rows in uses.products]
        products += [(name, value) for name, value in left if isinstance(value, Product)]
        for name, rows in products:
            product(prefix + name, rows)
        # Tables that are joined have a buffer; those with the same entries have the same one, each by itself.
        groups = [
            ("+".join(names[id(table)] for table in group), group)
            for tables in uses.tables
            for group in ([[table] for table in tables] if len(distinct(tables)) == 1 else [tables])
        ]
        groups += [(name, [value]) for name, value in left if isinstance(value, Table)]
        for joined, tables in groups:
            sizes = [len(table.values) for table in tables]
            details[prefix + joined] = [model.buffer(pairs_of(tables).tobytes()), *sizes]
        # What is neither is int16, and has its shape behind.
        for name, value in integers.loose_arrays(cell, prefix):
            details[name] = [model.buffer(value.astype("<i2").tobytes()), *value.shape]
    for prefix, layer in front.named(network):
        if isinstance(layer, IntegerConvolution):
            product(f"{prefix}sums", layer.sums)
            for table in tables_of(layer.activation):
                details[f"{prefix}activation"] = [model.buffer(pairs_of([table]).tobytes()), len(table.values)]
        if isinstance(layer, IntegerEmbedding):
            details[f"{prefix}embeddings"] = [model.buffer(embedding_pairs(layer).tobytes()), len(layer.embeddings)]
    exact = {name: _to_text(value) if isinstance(value, float) else value for name, value in details.items()}
    return pack(json.dumps(exact, separators=(",", ":")).encode())


def read(content: bytes, details: dict[str, Any]) -> IntegerNetwork:
    """Return the network that a file says that it has.

    Raises:
        KeyError, IndexError, TypeError, ValueError, ArithmeticError: if it says something else.
    """
    buffers = reader.read(content).buffers

    def numbers(buffer: int, dtype: str) -> np.ndarray:
        return np.frombuffer(content[buffers[buffer].start : buffers[buffer].end], dtype)

    found = {name: np.asarray(value) for name, value in details.items() if not isinstance(value, list)}
    for name, value in details.items():
        if not isinstance(value, list):
            continue
        if name.endswith("/embeddings"):
            buffer, words = value
            upper, lower = numbers(buffer, "i1").reshape(-1, 2).T.astype(np.int16)
            found[name] = (RADIX * upper + lower).reshape(words, -1)
            continue
        # Of a table there is no shift; a cell may have a number of that name.
        if f"{name}_shift" in details and f"{name}_multiple" not in details:
            kernel, offsets, blocks, *sizes = value
            if blocks == 0:
                found |= _product(
                    name, numbers(kernel, "i1"), numbers(offsets, "<i8") if offsets > 0 else -offsets, sizes
                )
                continue
            bias = numbers(offsets, "<i8")
            order = np.arange(len(bias)).reshape(-1, blocks).T.reshape(-1)
            both = numbers(kernel, "i1").reshape(len(bias), -1, 2)[order]
            found |= {f"{name}_high": both[..., 0], f"{name}_low": both[..., 1], f"{name}_bias": bias[order]}
        elif f"{name.partition('+')[0]}_multiple" not in details:
            buffer, *shape = value
            found[name] = numbers(buffer, "<i2").reshape(shape)
        else:
            buffer, *sizes = value
            upper, lower = numbers(buffer, "i1").reshape(-1, 2).T.astype(np.int64)
            prefix, _, joined = name.rpartition("/")
            each = np.split(RADIX * upper + lower, np.cumsum(sizes)[:-1])
            for table, values in zip(joined.split("+"), each, strict=True):
                table = f"{prefix}/{table}"
                found[f"{table}_values"] = (values * details[f"{table}_multiple"] + details[f"{table}_offset"]).astype(
                    np.int16
                )
    return integers.from_arrays(found)


def _product(name: str, weights: np.ndarray, bias: np.ndarray | int, sizes: Sequence[int]) -> dict[str, np.ndarray]:
    """Return the arrays of a product, of its kernel and its biases, or how many columns of the kernel these are."""
    segments = [Segment(abs(size), planar=size < 0) for size in sizes]
    inputs = 2 * sum(segment.size for segment in segments)
    columns = bias if isinstance(bias, int) else 0
    kernel = weights.reshape(-1, inputs + columns)
    high, low = parts_of(kernel[:, :inputs], segments)
    bias = bias_of(kernel[:, inputs:]) if isinstance(bias, int) else bias
    return {f"{name}_high": high, f"{name}_low": low, f"{name}_bias": bias}
