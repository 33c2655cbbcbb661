"""Operators of float32 TensorFlow Lite files that only move numbers, and what files compute of shapes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rnnexp.formats.foreign import sequence, spatial
from rnnexp.formats.foreign.axes import Misfit, Value
from rnnexp.formats.foreign.constant import MOST_ELEMENTS, Constant
from rnnexp.formats.tflite.float_operator import Operator

Tensor = Value | Constant
Read = Callable[[Operator], list[Tensor]]


def reshape(operator: Operator) -> list[Tensor]:
    """``RESHAPE``."""
    found = operator.tensor(0)
    named = operator.row("new_shape")
    shape = operator.constant(1).integers() if operator.given(1) else named
    if isinstance(found, Constant):
        return [Constant(found.array.reshape(shape), found.open.reshape(shape))]
    return [found.reshape(shape)]


def transpose(operator: Operator) -> list[Tensor]:
    """``TRANSPOSE``."""
    found, order = operator.tensor(0), operator.constant(1).integers()
    if isinstance(found, Constant):
        return [Constant(found.array.transpose(order), found.open.transpose(order))]
    return [found.transpose(order)]


def squeeze(operator: Operator) -> list[Tensor]:
    """``SQUEEZE``."""
    return [operator.value().squeeze(operator.row("squeeze_dims") or None)]


def expand(operator: Operator) -> list[Tensor]:
    """``EXPAND_DIMS``."""
    found, axes = operator.tensor(0), operator.constant(1).integers()
    if isinstance(found, Constant):
        return [Constant(np.expand_dims(found.array, tuple(axes)), np.expand_dims(found.open, tuple(axes)))]
    return [found.unsqueeze(axes)]


def shape(operator: Operator) -> list[Tensor]:
    """``SHAPE``."""
    found = operator.tensor(0)
    if isinstance(found, Value):
        return [Constant.of(np.array(found.shape, np.int32), np.array(found.open, bool))]
    return [Constant.of(np.array(found.array.shape, np.int32), True)]


def pack(operator: Operator) -> list[Tensor]:
    """``PACK`` of numbers, as shapes are made, or of one tensor."""
    axis = operator.option("axis")
    if len(operator.inputs) == 1 and isinstance(operator.inputs[0], Value):
        return [operator.value().unsqueeze([axis])]
    parts = [operator.constant(n) for n in range(len(operator.inputs))]
    return [Constant(np.stack([p.array for p in parts], axis), np.stack([p.open for p in parts], axis))]


def fill(operator: Operator) -> list[Tensor]:
    """``FILL``: a constant of one number."""
    sizes, number = operator.constant(0).integers(), operator.array(1)
    if min(sizes, default=0) < 0 or math.prod(sizes) > MOST_ELEMENTS:
        raise Misfit(f"it makes a constant of the shape {sizes}")
    return [Constant.of(np.broadcast_to(number.reshape(()), sizes))]


def cast(operator: Operator) -> list[Tensor]:
    """``CAST`` of words to words."""
    found = operator.tensor(0)
    to = operator.option("out_data_type")
    if isinstance(found, Value) and (not operator.drawing.words or to not in _WORDS):
        raise Misfit("it makes other kinds of numbers")
    return [found]


def strided_slice(operator: Operator) -> list[Tensor]:
    """``STRIDED_SLICE``: a step, some features, the opposite order, or a convolution without its ends."""
    found = operator.tensor(0)
    begins, ends, steps = (operator.constant(n).integers() for n in (1, 2, 3))
    masks = {name: operator.option(f"{name}_mask") for name in ("begin", "end", "shrink_axis")}
    operator.refuse(ellipsis_mask="an ellipsis", new_axis_mask="new axes", offset="ends that are offsets")
    sizes = found.shape if isinstance(found, Value) else found.array.shape
    if not len(begins) == len(ends) == len(steps) <= len(sizes) or 0 in steps:
        raise Misfit("it does not say from where to where")
    ranges, gone = [], []
    for n, (begin, end, step) in enumerate(zip(begins, ends, steps, strict=True)):
        if masks["shrink_axis"] >> n & 1:
            place = begin + sizes[n] if begin < 0 else begin
            if not 0 <= place < sizes[n]:
                raise Misfit(f"place {begin} of an axis of {sizes[n]}")
            ranges.append(range(place, place + 1))
            gone.append(n)
            continue
        first = None if masks["begin"] >> n & 1 else begin
        stop = None if masks["end"] >> n & 1 else end
        ranges.append(range(sizes[n])[slice(first, stop, step)])
    return [_taken(operator, found, ranges, gone)]


def slice_of(operator: Operator) -> list[Tensor]:
    """``SLICE``."""
    found = operator.tensor(0)
    begins, counts = operator.constant(1).integers(), operator.constant(2).integers()
    sizes = found.shape if isinstance(found, Value) else found.array.shape
    if not len(begins) == len(counts) == len(sizes):
        raise Misfit("it does not say from where to where")
    ranges = []
    for size, begin, count in zip(sizes, begins, counts, strict=True):
        end = size if count == -1 else begin + count
        if not 0 <= begin < end <= size:
            raise Misfit(f"places {begin} to {end} of an axis of {size}")
        ranges.append(range(begin, end))
    return [_taken(operator, found, ranges, [])]


def _taken(operator: Operator, found: Tensor, ranges: list[range], gone: list[int]) -> Tensor:
    if isinstance(found, Constant):
        array, is_open = found.array, found.open
        for n, places in enumerate(ranges):
            array, is_open = np.take(array, list(places), n), np.take(is_open, list(places), n)
        return Constant(np.squeeze(array, tuple(gone)), np.squeeze(is_open, tuple(gone)))
    value = found
    for n, places in enumerate(ranges):
        if places == range(value.shape[n]):
            continue
        less = spatial.trimmed(operator.drawing, value, n, places)
        value = less or sequence.cut(operator.drawing, value, n, places)
    return value.squeeze(gone) if gone else value


def gather(operator: Operator) -> list[Tensor]:
    """``GATHER``: rows of a table for words, or one place of an axis."""
    found, picked = operator.tensor(0), operator.tensor(1)
    axis = operator.option("axis")
    operator.refuse(batch_dims="batch dimensions")
    if isinstance(found, Constant) and isinstance(picked, Value):
        if axis or found.array.ndim != 2:
            raise Misfit("its table has not two axes, or it takes columns of it")
        return [operator.drawing.embedding(picked, found.fixed())]
    if isinstance(found, Constant) and isinstance(picked, Constant):
        places = picked.array.astype(np.int64)
        if math.prod(found.array.shape) * max(places.size, 1) > MOST_ELEMENTS:
            raise Misfit("it makes a constant that is too large")
        return [Constant(np.take(found.array, places, axis), np.take(found.open, places, axis))]
    if not isinstance(picked, Constant) or picked.array.ndim or not isinstance(found, Value):
        raise Misfit("it takes more than one place of an axis")
    return [sequence.step(operator.drawing, found, axis, picked.integers()[0])]


def product(operator: Operator) -> list[Tensor]:
    """``REDUCE_PROD`` of sizes."""
    found, axes = operator.constant(0), operator.constant(1).integers()
    keeps = bool(operator.option("keep_dims"))
    return [Constant.of(np.prod(found.array, axis=tuple(axes), keepdims=keeps), found.open.any())]


def reverse(operator: Operator) -> list[Tensor]:
    """``REVERSE_V2``: the opposite order."""
    value = operator.value()
    for axis in operator.constant(1).integers():
        value = sequence.cut(operator.drawing, value, axis, range(value.shape[value.place(axis)])[::-1])
    return [value]


def dequantized(operator: Operator) -> list[Tensor]:
    """``DEQUANTIZE`` of float16, in which files store weights."""
    found = operator.constant(0)
    if found.array.dtype != np.float16:
        raise Misfit("its input is quantised; known are files of float32")
    return [Constant(found.array.astype(np.float32), found.open)]


def split(operator: Operator) -> list[Tensor]:
    """``SPLIT`` of features."""
    (axis,) = operator.constant(0).integers()
    value = operator.value(1)
    place, count = value.place(axis), len(operator.outputs)
    operator.option("num_splits")
    if value.shape[place] % count:
        raise Misfit(f"it splits {value.shape[place]} places into {count}")
    each = value.shape[place] // count
    return [sequence.cut(operator.drawing, value, place, range(n * each, (n + 1) * each)) for n in range(count)]


def tile(operator: Operator) -> list[Tensor]:
    """``TILE``, ``BROADCAST_TO`` along an axis of size 1: a vector at each of several steps."""
    value, wanted = operator.value(), operator.constant(1)
    sizes = wanted.integers()
    extra = len(sizes) - len(value.axes)
    value = value.unsqueeze(range(extra)) if extra > 0 else value
    places = [n for n, size in enumerate(sizes) if size not in (1, value.shape[n])]
    if operator.kind == "TILE" and any(one and sizes[n] != 1 for n, one in enumerate(value.axes)):
        raise Misfit("it repeats more than a vector")
    if not places:
        return [replace(value)]
    if len(places) > 1 or wanted.open.reshape(-1)[places[0]] or sizes[places[0]] < 1:
        raise Misfit(f"a tensor {list(value.shape)} is repeated {sizes}")
    return [operator.drawing.repeat(value, places[0], sizes[places[0]])]


# INT32 and INT64.
_WORDS = (2, 4)

SHAPES: dict[str, Read] = {
    "RESHAPE": reshape,
    "TRANSPOSE": transpose,
    "SQUEEZE": squeeze,
    "EXPAND_DIMS": expand,
    "SHAPE": shape,
    "PACK": pack,
    "FILL": fill,
    "CAST": cast,
    "STRIDED_SLICE": strided_slice,
    "SLICE": slice_of,
    "GATHER": gather,
    "REDUCE_PROD": product,
    "REVERSE_V2": reverse,
    "DEQUANTIZE": dequantized,
    "SPLIT": split,
    "TILE": tile,
    "BROADCAST_TO": tile,
}
