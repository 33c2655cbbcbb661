"""ONNX operators that only move numbers: axes turned, merged, split, cut, put side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rnnexp.formats.foreign import sequence, spatial
from rnnexp.formats.foreign.axes import OPEN_BATCH, Misfit, Value
from rnnexp.formats.foreign.constant import Constant
from rnnexp.formats.onnx.constants import slices, target
from rnnexp.formats.onnx.operator import Operator, Stack, Tensor
from rnnexp.formats.onnx.states import FirstState
from rnnexp.network.graph.graph import INPUT

Read = Callable[[Operator], list[Tensor]]
# Floats of 4 and 8 bytes, and whole numbers of 4 and 8: between the ones, or the others, nothing is lost.
_FLOATS, _WHOLE = (1, 11), (6, 7)


def identity(operator: Operator) -> list[Tensor]:
    """``Identity``."""
    return [operator.tensor(0)]


def dropout(operator: Operator) -> list[Tensor]:
    """``Dropout``, which does nothing after training."""
    for name in ("ratio", "seed"):
        operator.attribute(name, None)
    operator.expect("is_test", 1)
    if operator.given(1):
        operator.ignore(1)
    if operator.given(2) and operator.array(2).any():
        raise Misfit("it drops values as in training")
    return [operator.tensor(0)]


def cast(operator: Operator) -> list[Tensor]:
    """``Cast`` from one kind of floats to another, or of words."""
    value = operator.value()
    operator.attribute("saturate", 1)
    operator.attribute("round_mode", "up")
    to = operator.attribute("to", 0)
    words = value.node == INPUT and operator.drawing.words
    if to not in (_WHOLE if words else _FLOATS):
        raise Misfit("it makes other kinds of numbers")
    return [value]


def shape(operator: Operator) -> list[Tensor]:
    """``Shape``."""
    found = operator.tensor(0)
    start, end = operator.attribute("start", 0), operator.attribute("end", None)
    if isinstance(found, Value):
        return [Constant.of(np.array(found.shape, np.int64)[start:end], np.array(found.open, bool)[start:end])]
    if isinstance(found, Constant):
        # The sizes of what was computed of an open size say no longer that they are open.
        return [Constant.of(np.array(found.array.shape, np.int64)[start:end], True)]
    if isinstance(found, FirstState) and found.sizes is not None:
        sizes = [OPEN_BATCH if length is None else length for length in found.sizes]
        is_open = [length is None for length in found.sizes]
        return [Constant.of(np.array(sizes, np.int64)[start:end], np.array(is_open, bool)[start:end])]
    raise Misfit("it asks for the shape of several layers' states")


def size(operator: Operator) -> list[Tensor]:
    """``Size``."""
    found = operator.tensor(0)
    if isinstance(found, Constant):
        return [Constant.of(np.int64(found.array.size))]
    value = operator.value()
    return [Constant.of(np.int64(np.prod(value.shape)), any(value.open))]


def transpose(operator: Operator) -> list[Tensor]:
    """``Transpose``."""
    value = operator.value()
    return [value.transpose(operator.attribute("perm", list(range(len(value.axes)))[::-1]))]


def reshape(operator: Operator) -> list[Tensor]:
    """``Reshape``."""
    value = operator.value()
    operator.attribute("allowzero", 0)
    return [value.reshape(target(value.shape, operator.constant(1).integers(), operator.options))]


def flatten(operator: Operator) -> list[Tensor]:
    """``Flatten``."""
    value = operator.value()
    axis = operator.attribute("axis", 1)
    axis += len(value.axes) if axis < 0 else 0
    if not 0 <= axis <= len(value.axes):
        raise Misfit(f"axis {axis} of a tensor of {len(value.axes)}")
    first = tuple(atom for one in value.axes[:axis] for atom in one)
    return [replace(value, axes=(first, tuple(atom for one in value.axes[axis:] for atom in one)))]


def _axes(operator: Operator) -> list[int] | None:
    attribute = operator.attribute("axes", None)
    if attribute is not None:
        return list(attribute)
    return operator.constant(1).integers() if operator.given(1) else None


def squeeze(operator: Operator) -> list[Tensor]:
    """``Squeeze``."""
    found, axes = operator.tensor(0), _axes(operator)
    if isinstance(found, Stack):
        raise Misfit("it takes several layers' states")
    return [operator.value().squeeze(axes)]


def unsqueeze(operator: Operator) -> list[Tensor]:
    """``Unsqueeze``."""
    axes = _axes(operator)
    if axes is None:
        raise Misfit("it does not say which axes")
    return [operator.value().unsqueeze(axes)]


def expand(operator: Operator) -> list[Tensor]:
    """``Expand``: nothing, or a vector at each of several steps."""
    value, wanted = operator.value(), operator.constant(1)
    sizes = wanted.integers()
    rank = max(len(sizes), len(value.axes))
    value = value.unsqueeze(range(rank - len(value.axes)))
    return [_repeated(operator, value, [1] * (rank - len(sizes)) + sizes, wanted)]


def tile(operator: Operator) -> list[Tensor]:
    """``Tile`` along an axis of size 1: a vector at each of several steps."""
    value, times = operator.value(), operator.constant(1)
    counts = times.integers()
    if len(counts) != len(value.axes) or any(n != 1 and one for n, one in zip(counts, value.axes, strict=True)):
        raise Misfit("it repeats more than a vector")
    return [_repeated(operator, value, counts, times)]


def _repeated(operator: Operator, value: Value, sizes: list[int], wanted: Constant) -> Value:
    places = [n for n, size_of in enumerate(sizes) if size_of not in (1, value.shape[n])]
    if not places:
        return value
    if len(places) > 1 or sizes[places[0]] < 1:
        raise Misfit(f"a tensor {list(value.shape)} becomes one of {sizes}")
    counted = wanted.open.reshape(-1)
    if counted[places[0] - len(sizes)]:
        raise Misfit("it repeats a vector at every step, and the file leaves open how many there are")
    return operator.drawing.repeat(value, places[0], sizes[places[0]])


def concat(operator: Operator) -> list[Tensor]:
    """``Concat`` of features, or of the last states of several layers."""
    parts = [operator.tensor(n) for n in range(len(operator.inputs))]
    values = [part for part in parts if isinstance(part, Value)]
    if len(values) < len(parts):
        raise Misfit("it puts constants beside values of the network")
    place = values[0].place(operator.attribute("axis", 0))
    if len(values) == 1:
        return [values[0]]
    # More axes than a node gives values after the last step: one is of layers and directions.
    layered = all(len(part.axes) > len(part.layout) and not part.timed for part in values)
    if layered and all(not part.axes[place] or _is_direction(part, place) for part in values):
        singles: list[Value] = []
        for part in values:
            count = part.shape[place]
            singles += (
                [sequence.step(operator.drawing, part, place, n) for n in range(count)]
                if count > 1
                else [part.squeeze([place])]
            )
        return [Stack(tuple(singles), place)]
    return [operator.drawing.concat(values, place)]


def _is_direction(value: Value, place: int) -> bool:
    """Tell whether an axis is a part of the features, and another one has the rest."""
    own = value.axes[place]
    return bool(own) and set(own) < set(value.layout[-1])


def gather(operator: Operator) -> list[Tensor]:
    """``Gather``: rows of a table for words, one place of an axis, or some features."""
    found, picked = operator.tensor(0), operator.tensor(1)
    axis = operator.attribute("axis", 0)
    if isinstance(found, Constant) and isinstance(picked, Value):
        table = found.fixed()
        if axis not in (0, -table.ndim) or table.ndim != 2:
            raise Misfit("its table has not two axes, or it takes columns of it")
        return [operator.drawing.embedding(picked, table)]
    if not isinstance(picked, Constant):
        raise Misfit("the places that it takes are computed of the input")
    places = picked.array
    if places.dtype.kind not in "iu" or places.ndim > 1:
        raise Misfit("the places that it takes are not a row of whole numbers")
    if isinstance(found, Stack):
        if places.ndim or axis % (len(found.parts[0].axes) + 1) != found.place:
            raise Misfit("it takes several layers' states")
        if not -len(found.parts) <= int(places) < len(found.parts):
            raise Misfit(f"it takes state {int(places)} of {len(found.parts)}")
        return [found.parts[int(places)]]
    value = operator.value()
    if places.ndim == 0:
        return [sequence.step(operator.drawing, value, axis, int(places))]
    size_of = value.shape[value.place(axis)]
    numbers = [int(n) + (size_of if n < 0 else 0) for n in places]
    steps = range(numbers[0], numbers[-1] + 1, 1) if numbers else range(0)
    if list(steps) != numbers or not numbers or not 0 <= numbers[0] <= numbers[-1] < size_of:
        raise Misfit("the places that it takes are not in a row")
    return [sequence.cut(operator.drawing, value, axis, steps)]


def cut(operator: Operator) -> list[Tensor]:
    """``Slice``: a step, some features, the opposite order, or a convolution without its ends."""
    found = operator.tensor(0)
    inputs = [operator.constant(n) if operator.given(n) else None for n in range(1, len(operator.inputs))]
    for name in ("starts", "ends", "axes"):
        operator.attribute(name, None)
    if isinstance(found, Stack):
        rank = len(found.parts[0].axes) + 1
        sizes = [len(found.parts) if n == found.place else 2**30 for n in range(rank)]
        taken = slices(sizes, inputs, operator.options)
        if set(taken) != {found.place}:
            raise Misfit("it takes a part of several layers' states")
        return [_restacked(found, [found.parts[n] for n in taken[found.place]])]
    value = operator.value()
    for place, places in slices(value.shape, inputs, operator.options).items():
        if places == range(value.shape[place]):
            continue
        less = spatial.trimmed(operator.drawing, value, place, places)
        value = less or sequence.cut(operator.drawing, value, place, places)
    return [value]


def _restacked(stack: Stack, parts: list[Value]) -> Tensor:
    if not parts:
        raise Misfit("it takes nothing of several layers' states")
    return parts[0].unsqueeze([stack.place]) if len(parts) == 1 else Stack(tuple(parts), stack.place)


def split(operator: Operator) -> list[Tensor]:
    """``Split`` of features, or of several layers' states."""
    value = operator.value()
    place = value.place(operator.attribute("axis", 0))
    sizes = operator.attribute("split", None)
    count = operator.attribute("num_outputs", len(operator.outputs))
    if operator.given(1):
        sizes = operator.constant(1).integers()
    if sizes is None:
        each = -(-value.shape[place] // count)
        sizes = [min(each, value.shape[place] - n * each) for n in range(count)]
    if sum(sizes) != value.shape[place] or min(sizes) < 1 or len(sizes) != len(operator.outputs):
        raise Misfit(f"it splits {value.shape[place]} places into {list(sizes)}")
    found: list[Tensor] = []
    at = 0
    for number, part in enumerate(sizes):
        if operator.outputs[number]:
            found.append(sequence.cut(operator.drawing, value, place, range(at, at + part)))
        else:
            found.append(Constant.of(np.empty(0)))
        at += part
    return found


def reverse_sequence(operator: Operator) -> list[Tensor]:
    """``ReverseSequence`` of whole sequences."""
    value, lengths = operator.value(), operator.constant(1)
    time, batch = operator.attribute("time_axis", 0), operator.attribute("batch_axis", 1)
    if value.axes[batch] != value.layout[0] or np.any(lengths.array != value.shape[time]):
        raise Misfit("it turns round parts of sequences")
    return [sequence.cut(operator.drawing, value, time, range(value.shape[time])[::-1])]


SHAPES: dict[str, Read] = {
    "Identity": identity,
    "Dropout": dropout,
    "Cast": cast,
    "Shape": shape,
    "Size": size,
    "Transpose": transpose,
    "Reshape": reshape,
    "Flatten": flatten,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Expand": expand,
    "Tile": tile,
    "Concat": concat,
    "Gather": gather,
    "Slice": cut,
    "Split": split,
    "ReverseSequence": reverse_sequence,
}
