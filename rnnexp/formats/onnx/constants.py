"""Constants of an ONNX graph, and what it computes of them and of shapes: in NumPy, and never more than is read."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnexp.formats.foreign.axes import Misfit
from rnnexp.formats.foreign.constant import MOST_ELEMENTS, Constant

Fold = Callable[[Sequence[Constant], "Options"], Constant]


@dataclass(frozen=True)
class Options:
    """What an operator is told beside its inputs: its attributes, by name, and the version of operators."""

    attributes: dict[str, Any]
    opset: int


def fold(operator: str, inputs: Sequence[Constant | None], options: Options) -> Constant | None:
    """Return what an operator makes of constants, or None if it is not known here.

    Raises:
        Misfit: if it cannot be, or is too large.
    """
    known = FOLDS.get(operator)
    if known is None:
        return None
    attributes, made = known
    more = sorted(set(options.attributes) - set(attributes))
    if more:
        raise Misfit(f"its attribute {more[0]!r} is not known")
    try:
        found = made([Constant.of(np.empty(0)) if one is None else one for one in inputs], options)
    except (ValueError, IndexError, TypeError, ZeroDivisionError, OverflowError) as error:
        raise Misfit(f"its constants do not go together: {' '.join(str(error).split())[:120]}") from error
    if found.array.size > MOST_ELEMENTS:
        raise Misfit(f"it makes a constant of {found.array.size:,} numbers")
    return found


def _elementwise(function: Callable[..., np.ndarray]) -> Fold:
    def made(inputs: Sequence[Constant], options: Options) -> Constant:  # noqa: ARG001
        arrays = [one.array for one in inputs]
        _small(np.broadcast_shapes(*(array.shape for array in arrays)))
        with np.errstate(all="ignore"):
            found = function(*arrays)
        is_open = np.zeros(np.shape(found), bool)
        for one in inputs:
            is_open = is_open | one.open
        return Constant.of(found, is_open)

    return made


def _moved(function: Callable[[np.ndarray, Sequence[Constant], Options], np.ndarray]) -> Fold:
    """Make a fold of what only moves numbers: the marks of open ones move alike."""

    def made(inputs: Sequence[Constant], options: Options) -> Constant:
        first = inputs[0]
        return Constant(function(first.array, inputs, options), function(first.open, inputs, options))

    return made


def _small(shape: Sequence[int]) -> tuple[int, ...]:
    if math.prod(shape) > MOST_ELEMENTS or min(shape, default=0) < 0:
        raise Misfit(f"it makes a constant of the shape {list(shape)}")
    return tuple(shape)


def _divided(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind not in "iu":
        return a / b
    if not np.all(b):
        raise ValueError("division by 0")
    return np.trunc(a / b).astype(a.dtype) if np.any((a < 0) ^ (b < 0)) else a // b


def _axes(inputs: Sequence[Constant], options: Options) -> list[int] | None:
    """Return axes, which are an attribute up to opset 12 and an input from then on."""
    if "axes" in options.attributes:
        return list(options.attributes["axes"])
    if len(inputs) > 1 and inputs[1].array.dtype.kind in "iu":
        return inputs[1].integers()
    return None


def _unsqueezed(array: np.ndarray, inputs: Sequence[Constant], options: Options) -> np.ndarray:
    return np.expand_dims(array, tuple(_axes(inputs, options) or ()))


def _squeezed(array: np.ndarray, inputs: Sequence[Constant], options: Options) -> np.ndarray:
    axes = _axes(inputs, options)
    return np.squeeze(array, None if axes is None else tuple(axes))


def _gathered(array: np.ndarray, inputs: Sequence[Constant], options: Options) -> np.ndarray:
    axis = options.attributes.get("axis", 0)
    picked = inputs[1].array
    _small((*array.shape[:axis], *picked.shape, *array.shape[axis:][1:]))
    return np.take(array, picked.astype(np.int64), axis)


def _sliced(array: np.ndarray, inputs: Sequence[Constant], options: Options) -> np.ndarray:
    for axis, places in slices(array.shape, inputs[1:], options).items():
        array = np.take(array, np.arange(places.start, places.stop, places.step), axis)
    return array


def slices(shape: Sequence[int], inputs: Sequence[Constant | None], options: Options) -> dict[int, range]:
    """Return what a ``Slice`` takes of each axis; inputs are starts, ends, axes, steps, or up to opset 9 attributes.

    Raises:
        Misfit: if there is no such axis.
    """
    rows: list[list[int] | None] = [None if one is None or not one.array.size else one.integers() for one in inputs]
    rows += [None] * (4 - len(rows))
    for n, name in enumerate(("starts", "ends", "axes")):
        if name in options.attributes:
            rows[n] = list(options.attributes[name])
    starts, ends, axes, steps = rows
    if starts is None or ends is None:
        raise Misfit("it does not say from where to where")
    axes = list(range(len(starts))) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    found = {}
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        if not -len(shape) <= axis < len(shape) or not step:
            raise Misfit(f"axis {axis} of a tensor of {len(shape)}, in steps of {step}")
        # A slice's end of -1 means "before the first" only as None.
        size = shape[axis]
        stop: int | None = None if step < 0 and end < -size else end
        found[axis % len(shape)] = range(size)[slice(start, stop, step)]
    return found


def _reshaped(array: np.ndarray, inputs: Sequence[Constant], options: Options) -> np.ndarray:
    return array.reshape(target(array.shape, inputs[1].integers(), options))


def target(shape: Sequence[int], wanted: Sequence[int], options: Options) -> list[int]:
    """Return the shape that a ``Reshape`` makes, with its zeros filled in.

    Raises:
        Misfit: if a zero stands for no axis.
    """
    if options.attributes.get("allowzero", 0):
        if 0 in wanted:
            raise Misfit("it makes a tensor without numbers")
        return list(wanted)
    if any(size == 0 and n >= len(shape) for n, size in enumerate(wanted)):
        raise Misfit("a size of its shape is that of no axis")
    return [shape[n] if size == 0 else size for n, size in enumerate(wanted)]


def _expanded(array: np.ndarray, inputs: Sequence[Constant], options: Options) -> np.ndarray:  # noqa: ARG001
    shape = np.broadcast_shapes(array.shape, _small(inputs[1].integers()))
    return np.broadcast_to(array, _small(shape))


def _tiled(array: np.ndarray, inputs: Sequence[Constant], options: Options) -> np.ndarray:  # noqa: ARG001
    times = inputs[1].integers()
    _small([size * n for size, n in zip(array.shape, times, strict=True)])
    return np.tile(array, times)


def _transposed(array: np.ndarray, inputs: Sequence[Constant], options: Options) -> np.ndarray:  # noqa: ARG001
    return array.transpose(options.attributes.get("perm"))


def _concatenated(inputs: Sequence[Constant], options: Options) -> Constant:
    axis = options.attributes["axis"]
    _small([sum(one.array.size for one in inputs)])
    return Constant(
        np.concatenate([one.array for one in inputs], axis), np.concatenate([one.open for one in inputs], axis)
    )


def _filled(inputs: Sequence[Constant], options: Options) -> Constant:
    value = options.attributes.get("value", np.zeros(1, np.float32))
    # A row of the same number has nothing of the size in its numbers.
    return Constant.of(np.broadcast_to(np.asarray(value).reshape(()), _small(inputs[0].integers())))


def _cast(inputs: Sequence[Constant], options: Options) -> Constant:
    if options.attributes.get("to") not in CASTS:
        raise Misfit("it makes numbers of a type that is not known")
    kind = CASTS[options.attributes["to"]]
    return Constant(inputs[0].array.astype(kind), inputs[0].open)


def _range(inputs: Sequence[Constant], options: Options) -> Constant:  # noqa: ARG001
    start, limit, delta = (one.array.item() for one in inputs)
    _small([max(0, math.ceil((limit - start) / delta))])
    found = np.arange(start, limit, delta, dtype=inputs[0].array.dtype)
    return Constant.of(found, any(one.open.any() for one in inputs))


def _product(inputs: Sequence[Constant], options: Options) -> Constant:
    axes = _axes(inputs, options)
    keeps = bool(options.attributes.get("keepdims", 1))
    found = np.prod(inputs[0].array, axis=None if axes is None else tuple(axes), keepdims=keeps)
    return Constant.of(found, inputs[0].open.any())


def _where(condition: np.ndarray, yes: np.ndarray, no: np.ndarray) -> np.ndarray:
    return np.where(condition, yes, no)


# The types that numbers are turned into, by ONNX' numbers of them.
CASTS = {1: np.float32, 6: np.int32, 7: np.int64, 9: np.bool_, 11: np.float64}

# operator -> attributes that are known, and what it makes of constants
FOLDS: dict[str, tuple[tuple[str, ...], Fold]] = {
    "Identity": ((), _moved(lambda array, inputs, options: array)),  # noqa: ARG005
    "Add": ((), _elementwise(np.add)),
    "Sub": ((), _elementwise(np.subtract)),
    "Mul": ((), _elementwise(np.multiply)),
    "Div": ((), _elementwise(_divided)),
    "Neg": ((), _elementwise(np.negative)),
    "Sqrt": ((), _elementwise(np.sqrt)),
    "Reciprocal": ((), _elementwise(np.reciprocal)),
    "Exp": ((), _elementwise(np.exp)),
    "Pow": ((), _elementwise(np.power)),
    "Floor": ((), _elementwise(np.floor)),
    "Equal": ((), _elementwise(np.equal)),
    "Less": ((), _elementwise(np.less)),
    "Greater": ((), _elementwise(np.greater)),
    "Not": ((), _elementwise(np.logical_not)),
    "And": ((), _elementwise(np.logical_and)),
    "Or": ((), _elementwise(np.logical_or)),
    "Where": ((), _elementwise(_where)),
    "Unsqueeze": (("axes",), _moved(_unsqueezed)),
    "Squeeze": (("axes",), _moved(_squeezed)),
    "Gather": (("axis",), _moved(_gathered)),
    "Slice": (("starts", "ends", "axes"), _moved(_sliced)),
    "Reshape": (("allowzero",), _moved(_reshaped)),
    "Expand": ((), _moved(_expanded)),
    "Tile": ((), _moved(_tiled)),
    "Transpose": (("perm",), _moved(_transposed)),
    "Concat": (("axis",), _concatenated),
    "ConstantOfShape": (("value",), _filled),
    "Cast": (("to", "saturate", "round_mode"), _cast),
    "Range": ((), _range),
    "ReduceProd": (("axes", "keepdims", "noop_with_empty_axes"), _product),
}
