"""What is parallel in time as TensorFlow Lite operators, on the whole sequence at once: ahead of the loops and behind.

Between layers values wait as the two int8 that they are; a convolution makes fine and coarse codes of them, as all
products do (``rnnexp.quantization.product``), which CONV_2D has as twice as many channels: its sums are odd as well.
Pooling behind a convolution whose function never falls goes ahead of that, where numbers are single ones already.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.formats.tflite.builder import Subgraph
from rnnexp.formats.tflite.int8.codes import scale_of_values
from rnnexp.formats.tflite.int8.constants import pairs_of, weights_of
from rnnexp.formats.tflite.int8.graph import GraphArithmetic
from rnnexp.formats.tflite.int8.numbers import limiting
from rnnexp.formats.tflite.int8.operators import FILL_VERSION, INT8_VERSION, RELU6, RELU_N1_TO_1, Op
from rnnexp.formats.tflite.int8.value import Value
from rnnexp.network.windows import Axis, Windows
from rnnexp.quantization.cell import Source
from rnnexp.quantization.cut import Cut, tables_of
from rnnexp.quantization.front import (
    LOWEST,
    IntegerConvolution,
    IntegerEmbedding,
    IntegerFrontLayer,
    IntegerPooling,
    sources,
)
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.product import CODE_UNIT, RADIX, split
from rnnexp.quantization.tables import Table

CONV_2D_VERSION = 4  # int16
MAX_POOL_2D_VERSION = {np.int8: 2, np.int16: 3}


@dataclass(frozen=True)
class Frames:
    """Numbers of all steps.

    Attributes:
        tensor: int8 ``[steps, 1, width, parts]``; or words, int32 ``[1, steps]``.
        steps: how many.
        width: numbers a step.
        parts: 2 of values, 1 of input codes, which are upper parts.
    """

    tensor: int
    steps: int
    width: int
    parts: int

    @property
    def shape(self) -> list[int]:
        """Of the tensor, if it is not of words."""
        return [self.steps, 1, self.width, self.parts]


def write_input(graph: Subgraph, network: IntegerNetwork) -> tuple[int, Frames]:
    """Write the input and the layers ahead of the recurrent ones; return the input, and the values that these read."""
    steps, features, affine = network.sequence_length, network.features, network.input
    if isinstance(network.front[0], IntegerEmbedding):
        given = graph.tensor("words", [1, steps], np.int32)
        frames = Frames(given, steps, 1, 1)
    else:
        shape, parts = [1, steps, features], 1 if affine.bits == 8 else 2
        given = graph.tensor("input", shape, affine.dtype, scale=affine.scale, zero_point=affine.zero_point)
        scale = float(network.front_sources[0].scale[-1])
        codes = GraphArithmetic(graph).input_codes(given, affine, [steps, 1, features, parts], scale)
        frames = Frames(codes, steps, features, parts)
    found = FrontWriter(graph, "front_").write(network.front, frames, network.front_sources[0])
    return given, _with_lower_parts(graph, found, float(network.sources[0].scale[-1]))


def write_back(graph: Subgraph, network: IntegerNetwork, sequences: Sequence[int], steps: int) -> Value:
    """Write the layers behind the recurrent ones, and return the values that the output layer reads.

    Args:
        graph: the main one.
        network: whose layers.
        sequences: of each direction of the last layer, int8 ``[steps, 1, units, 2]``.
        steps: how many.
    """
    source, arithmetic = network.sources[-1], GraphArithmetic(graph, "back_")
    scale = float(source.scale[-1])
    shapes = [graph.shape(sequence) for sequence in sequences]
    # Said to be in the same units; the weights make up for the true ones.
    alike = [
        arithmetic.reshape(sequence, shape, np.int8, scale, "values")
        for sequence, shape in zip(sequences, shapes, strict=True)
    ]
    width = sum(shape[2] for shape in shapes)
    joined = alike[0]
    if len(alike) > 1:
        joined = arithmetic.concatenate(alike, [steps, 1, width, 2], 2, np.int8, scale, "all_values")
    frames = FrontWriter(graph, "back_").write(network.back, Frames(joined, steps, width, 2), source)
    scale = float(network.back_sources[-1].scale[-1])
    count = frames.width * (frames.steps if network.flattened else 1)
    if count == frames.width * frames.steps:
        return Value(count, scale, pairs=arithmetic.reshape(frames.tensor, [1, count, 2], np.int8, scale, "read"))
    last = arithmetic.tensor("last", [1, frames.width, 2], np.int8, scale)
    place = graph.constant("last_step", np.int32(frames.steps - 1))
    graph.operator(Op.GATHER, [frames.tensor, place], [last], schema.GatherOptionsT(), version=INT8_VERSION)
    return Value(count, scale, pairs=last)


def _with_lower_parts(graph: Subgraph, frames: Frames, scale: float) -> Frames:
    """Return codes as values; values as they are."""
    if frames.parts == 2:
        return frames
    arithmetic = GraphArithmetic(graph)
    nothing = _filled(arithmetic, frames.shape, np.int8, 0, scale, "no_lower_parts")
    whole = Frames(frames.tensor, frames.steps, frames.width, 2)
    both = arithmetic.concatenate([frames.tensor, nothing], whole.shape, 3, np.int8, scale, "input_pairs")
    return Frames(both, frames.steps, frames.width, 2)


def _filled(arithmetic: GraphArithmetic, shape: list[int], dtype: Any, content: int, scale: float, name: str) -> int:
    """Return a tensor of one number; as a constant it would take its size in the file."""
    if dtype is np.int16:
        # TensorFlow Lite Micro does not fill int16.
        wide = _filled(arithmetic, shape, np.int32, content, scale, f"{name}_int32")
        return arithmetic.cast(wide, np.int16, scale, name)
    result = arithmetic.tensor(name, shape, dtype, scale)
    sizes = arithmetic.graph.constant(f"{name}_shape", np.array(shape, np.int32))
    number = arithmetic.graph.constant(f"{name}_number", dtype(content), scale=scale)
    options = schema.FillOptionsT()
    arithmetic.graph.operator(Op.FILL, [sizes, number], [result], options, version=FILL_VERSION)
    return result


@dataclass
class FrontWriter:
    """Writes layers into a graph.

    Attributes:
        graph: the main one.
        scope: begins the names of their tensors.
    """

    graph: Subgraph
    scope: str

    def write(self, layers: Sequence[IntegerFrontLayer], frames: Frames, source: Source) -> Frames:
        """Return what layers make of numbers that come from a source."""
        given, pooled = sources(layers, source), False
        for number, layer in enumerate(layers):
            arithmetic = GraphArithmetic(self.graph, f"{self.scope}{number + 1}_")
            following = layers[number + 1] if number + 1 < len(layers) else None
            match layer:
                case IntegerEmbedding():
                    frames = _embedding(arithmetic, layer, frames)
                case IntegerConvolution():
                    pooling = following if isinstance(following, IntegerPooling) and _never_falls(layer) else None
                    frames = _convolution(arithmetic, layer, frames, int(given[number].zero_point), pooling)
                    pooled = pooling is not None
                case IntegerPooling() if not pooled:
                    frames = _pooling(arithmetic, layer, frames, float(given[number].scale[-1]))
                case _:
                    pooled = False
        return frames


def _never_falls(convolution: IntegerConvolution) -> bool:
    return all((np.diff(table.values.astype(np.int64)) >= 0).all() for table in tables_of(convolution.activation))


def _embedding(arithmetic: GraphArithmetic, layer: IntegerEmbedding, frames: Frames) -> Frames:
    graph, shape = arithmetic.graph, [1, frames.steps]
    words, width = layer.embeddings.shape
    first, last = graph.constant("first_word", np.int32(0)), graph.constant("last_word", np.int32(words - 1))
    not_below, word = arithmetic.tensor("not_below", shape, np.int32), arithmetic.tensor("word", shape, np.int32)
    graph.operator(Op.MAXIMUM, [frames.tensor, first], [not_below], schema.MaximumMinimumOptionsT())
    graph.operator(Op.MINIMUM, [not_below, last], [word], schema.MaximumMinimumOptionsT())
    table = graph.named(graph.constant("embeddings", embedding_pairs(layer), scale=layer.scale))
    found = arithmetic.tensor("embedded", [*shape, width, 2], np.int8, layer.scale)
    graph.operator(Op.GATHER, [table, word], [found], schema.GatherOptionsT(), version=INT8_VERSION)
    made = Frames(found, frames.steps, width, 2)
    return Frames(arithmetic.reshape(found, made.shape, np.int8, layer.scale, "values"), frames.steps, width, 2)


def embedding_pairs(layer: IntegerEmbedding) -> np.ndarray:
    """Return embeddings as a file has them, int8 ``[words, width, 2]``."""
    return np.stack(split(layer.embeddings.astype(np.int64)), axis=2).astype(np.int8)


def _convolution(
    arithmetic: GraphArithmetic,
    layer: IntegerConvolution,
    frames: Frames,
    zero_point: int,
    pooling: IntegerPooling | None,
) -> Frames:
    """Return what a convolution makes, and the pooling behind it if there is one."""
    graph, product, activation = arithmetic.graph, layer.sums, layer.activation
    scale = scale_of_values(product, "convolution")
    low, high = (activation.low, activation.high) if isinstance(activation, Cut) else (0, len(activation.values) - 1)
    # What makes the sums cuts them off, too, where that is at 0 or on both sides of it: then what is read is said to
    # count a power of two, and so float32 holds the ratio of scales.
    fused = high > 0 and low in (0, -high)
    scale = 2.0 ** round(math.log2(scale)) if fused else scale
    fine, power = scale / CODE_UNIT, 2.0**-product.shift
    step, limit = limiting(fine, power, product.step, high if fused else None, both_ways=low < 0)
    kernel_scale = step / fine * power
    times, frequencies = layer.counts(frames.steps, frames.width)
    codes, shape = _codes(arithmetic, layer, frames, zero_point, scale)
    kernel = graph.named(graph.constant("convolution_kernel", _kernel(layer), scale=kernel_scale))
    bias = graph.named(graph.constant("convolution_bias", product.bias, scale=kernel_scale * fine))
    made = [1, times, frequencies, layer.filters]
    sums = arithmetic.tensor("sums", made, np.int16, step)
    options = schema.Conv2DOptionsT()
    options.fusedActivationFunction = limit
    options.padding = schema.Padding.VALID
    options.strideH, options.strideW = layer.time.stride, layer.frequency.stride
    options.dilationHFactor, options.dilationWFactor = layer.time.dilation, layer.frequency.dilation
    codes = arithmetic.reshape(codes, shape, np.int16, fine, "frames")
    graph.operator(Op.CONV_2D, [codes, kernel, bias], [sums], options, version=CONV_2D_VERSION)
    steps, width = times, frequencies * layer.filters
    if pooling:
        sums, made = _largest(arithmetic, pooling, sums, (steps, width), np.int16, step)
        steps, width = pooling.extent(steps, width)
    if limit not in (RELU6, RELU_N1_TO_1):
        sums = arithmetic.cut_off(sums, low, high, step, "sums", small=True)
    if isinstance(activation, Cut):
        numbers = arithmetic.reshape(sums, [steps * width, 1], np.int16, activation.scale, "numbers")
        found = arithmetic.as_pairs(Value(steps * width, activation.scale, tensor=numbers), "values")
    else:
        found = _looked_up(arithmetic, activation, sums, made)
    result = Frames(found, steps, width, 2)
    return replace(result, tensor=arithmetic.reshape(found, result.shape, np.int8, activation.scale, "values"))


def _looked_up(arithmetic: GraphArithmetic, table: Table, entries: int, shape: list[int]) -> int:
    """Return what a table has at entries, int8 ``[*shape, 2]``."""
    graph, wide = arithmetic.graph, arithmetic.cast(entries, np.int32, None, "entry")
    found = arithmetic.tensor("activated", [*shape, 2], np.int8, table.scale)
    values = graph.named(graph.constant("convolution_table", pairs_of([table]), scale=table.scale))
    graph.operator(Op.GATHER, [values, wide], [found], schema.GatherOptionsT(), version=INT8_VERSION)
    return found


def _codes(
    arithmetic: GraphArithmetic, layer: IntegerConvolution, frames: Frames, zero_point: int, scale: float
) -> tuple[int, list[int]]:
    """Return fine and coarse codes, int16, of padded numbers, and the shape that CONV_2D reads them in."""
    parts, channels = frames.parts, layer.channels
    shape = [1, frames.steps, frames.width // channels, channels * parts]
    numbers = arithmetic.reshape(frames.tensor, shape, np.int8, scale, "before")
    # The upper part of real 0 is its code where there is no lower one; of values both are 0.
    padded, shape = _padded(arithmetic, layer, numbers, shape, np.int8, zero_point if parts == 1 else 0, scale)
    count = int(np.prod(shape)) // parts
    wide = arithmetic.cast(padded, np.int16, scale, "wide")
    column = arithmetic.reshape(wide, [count, parts], np.int16, scale, "parts")
    matrix = [[RADIX, 1], [1, 0]] if parts == 2 else [[RADIX], [1]]
    codes = arithmetic.combine(column, [count, 2], matrix, scale, "codes", CODE_UNIT)
    return codes, [*shape[:3], 2 * channels]


def _kernel(layer: IntegerConvolution) -> np.ndarray:
    """Return the weights as CONV_2D has them, int8 ``[filters, taps, taps, channels of a group * 2]``."""
    taps = layer.time.taps, layer.frequency.taps
    return weights_of(layer.sums).reshape(layer.filters, *taps, 2 * layer.group_channels)


def _pooling(arithmetic: GraphArithmetic, layer: IntegerPooling, frames: Frames, scale: float) -> Frames:
    """Return what pooling makes where it cannot go ahead of a table."""
    sizes, count = (frames.steps, frames.width), frames.steps * frames.width
    steps, width = layer.extent(*sizes)
    made = Frames(frames.tensor, steps, width, frames.parts)
    if frames.parts == 1:
        found, _ = _largest(arithmetic, layer, frames.tensor, sizes, np.int8, scale)
        return Frames(arithmetic.reshape(found, made.shape, np.int8, scale, "values"), steps, width, 1)
    wide = arithmetic.cast(frames.tensor, np.int16, scale, "wide")
    column = arithmetic.reshape(wide, [count, 2], np.int16, scale, "parts")
    numbers = arithmetic.combine(column, [count, 1], [[RADIX, 1]], scale, "numbers")
    found, _ = _largest(arithmetic, layer, numbers, sizes, np.int16, scale)
    column = arithmetic.reshape(found, [steps * width, 1], np.int16, scale, "column")
    pairs = arithmetic.as_pairs(Value(steps * width, scale, tensor=column), "pooled")
    return Frames(arithmetic.reshape(pairs, made.shape, np.int8, scale, "values"), steps, width, 2)


def _largest(
    arithmetic: GraphArithmetic, layer: IntegerPooling, numbers: int, sizes: tuple[int, int], dtype: Any, scale: float
) -> tuple[int, list[int]]:
    """Return the largest numbers of windows, ``[1, steps, frequencies, channels]``, and that shape."""
    steps, width = sizes
    shape = [1, steps, width // layer.channels, layer.channels]
    frames = arithmetic.reshape(numbers, shape, dtype, scale, "to_pool")
    frames, _ = _padded(arithmetic, layer, frames, shape, dtype, max(LOWEST, np.iinfo(dtype).min), scale)
    times, frequencies = layer.counts(steps, width)
    made = [1, times, frequencies, layer.channels]
    result = arithmetic.tensor("pooled", made, dtype, scale)
    options = schema.Pool2DOptionsT()
    options.padding = schema.Padding.VALID
    options.filterHeight, options.filterWidth = layer.time.taps, layer.frequency.taps
    options.strideH, options.strideW = layer.time.stride, layer.frequency.stride
    arithmetic.graph.operator(Op.MAX_POOL_2D, [frames], [result], options, version=MAX_POOL_2D_VERSION[dtype])
    return result, made


def _padded(
    arithmetic: GraphArithmetic,
    layer: Windows,
    numbers: int,
    shape: list[int],
    dtype: Any,
    padding: int,
    scale: float,
) -> tuple[int, list[int]]:
    """Return numbers ``[1, steps, frequencies, channels]`` with padding on both axes, and their shape then."""
    axes: list[tuple[int, Axis]] = [(1, layer.time), (2, layer.frequency)]
    for place, axis in axes:
        if not axis.before + axis.after:
            continue
        sizes = [[*shape[:place], count, *shape[place + 1 :]] for count in (axis.before, axis.after)]
        around = [
            _filled(arithmetic, size, dtype, padding, scale, f"padding_{place}") if size[place] else None
            for size in sizes
        ]
        shape = [*shape[:place], shape[place] + axis.before + axis.after, *shape[place + 1 :]]
        parts = [part for part in (around[0], numbers, around[1]) if part is not None]
        numbers = arithmetic.concatenate(parts, shape, place, dtype, scale, f"padded_{place}")
    return numbers, shape
