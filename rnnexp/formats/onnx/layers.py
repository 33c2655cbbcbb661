"""ONNX operators with weights, and those that see several steps: products, convolutions, pooling, normalisation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnnexp.formats.foreign import sequence, spatial
from rnnexp.formats.foreign.axes import Misfit, Value, width
from rnnexp.formats.foreign.constant import Constant
from rnnexp.formats.foreign.spatial import Window, same_padding
from rnnexp.formats.onnx.elementwise import OF_TWO
from rnnexp.formats.onnx.operator import Operator, Tensor

Read = Callable[[Operator], list[Tensor]]


def product(operator: Operator) -> list[Tensor]:
    """``MatMul`` with a matrix."""
    one, other = operator.tensor(0), operator.tensor(1)
    if isinstance(one, Value) and isinstance(other, Value):
        raise Misfit(OF_TWO)
    if not isinstance(one, Value) or not isinstance(other, Constant):
        raise Misfit("it multiplies a matrix with values; known is values with a matrix")
    kernel = other.fixed()
    if kernel.ndim != 2:
        raise Misfit(f"its constant has the shape {list(kernel.shape)}, not that of a matrix")
    return [operator.drawing.dense(one, kernel)]


def gemm(operator: Operator) -> list[Tensor]:
    """``Gemm``: a product and a bias."""
    value, second = operator.value(), operator.tensor(1)
    if not isinstance(second, Constant):
        raise Misfit(OF_TWO)
    operator.expect("transA", 0)
    operator.expect("broadcast", 1)  # opset 6 and before
    kernel = second.fixed() * operator.attribute("alpha", 1.0)
    kernel = kernel.T if operator.attribute("transB", 0) else kernel
    beta = operator.attribute("beta", 1.0)
    bias = operator.array(2) * beta if operator.given(2) else None
    # A column would be of the batch.
    rows = ((), (1,), (1, 1), (kernel.shape[-1],), (1, kernel.shape[-1]))
    if kernel.ndim != 2 or (bias is not None and bias.shape not in rows):
        raise Misfit("its constants are not a matrix and a row")
    return [operator.drawing.dense(value, kernel, None if bias is None else bias.reshape(-1))]


def _window(operator: Operator, size: tuple[int, ...], value: Value) -> Window:
    """Return what a kernel of a convolution or pooling sees; ``value`` has its channels last."""
    ranks = len(size)
    ones = [1] * ranks
    strides = tuple(operator.attribute("strides", ones))
    dilations = tuple(operator.attribute("dilations", ones))
    pads = list(operator.attribute("pads", [0] * 2 * ranks))
    automatic = operator.attribute("auto_pad", "NOTSET")
    given = (*size, *strides, *dilations)
    if any(len(row) != ranks for row in (strides, dilations)) or len(pads) != 2 * ranks or min(given) < 1:
        raise Misfit("its strides, dilations and padding are not those of its kernel")
    window = Window(size, strides, dilations, tuple((pads[n], pads[n + ranks]) for n in range(ranks)))
    if min(pads) < 0 or automatic not in ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"):
        raise Misfit("its padding is not known")
    if automatic.startswith("SAME"):
        upper = automatic == "SAME_UPPER"
        for n in range(ranks):
            if value.open[1 + n] and strides[n] > 1:
                raise Misfit("its padding depends on the number of steps, which the file leaves open")
        padding = tuple(same_padding(value.shape[1 + n], window, n, upper) for n in range(ranks))
        window = Window(size, strides, dilations, padding)
    return window if automatic != "VALID" else Window(size, strides, dilations, ((0, 0),) * ranks)


def _channels_last(value: Value) -> Value:
    if len(value.axes) not in (3, 4):
        raise Misfit(f"it takes three or four axes, and here it is given {list(value.shape)}")
    return value.transpose([0, *range(2, len(value.axes)), 1])


def _channels_second(value: Value) -> Value:
    last = len(value.axes) - 1
    return value.transpose([0, last, *range(1, last)])


def convolution(operator: Operator) -> list[Tensor]:
    """``Conv`` over one axis or two."""
    kernel = operator.array(1)
    value = _channels_last(operator.value())
    if kernel.ndim != len(value.axes):
        raise Misfit(f"its kernel {list(kernel.shape)} does not fit a tensor {list(operator.value().shape)}")
    size = tuple(kernel.shape[2:])
    if tuple(operator.attribute("kernel_shape", size)) != size:
        raise Misfit("its attribute 'kernel_shape' is not the shape of its kernel")
    window = _window(operator, size, value)
    bias = operator.array(2) if operator.given(2) else None
    taps = kernel.transpose([*range(2, kernel.ndim), 1, 0])
    groups = operator.attribute("group", 1)
    if groups < 1:
        raise Misfit(f"its attribute 'group' is {groups}")
    return [_channels_second(spatial.convolution(operator.drawing, value, taps, bias, window, groups))]


def pooling(operator: Operator) -> list[Tensor]:
    """``MaxPool``, ``AveragePool``."""
    value = _channels_last(operator.value())
    size = tuple(operator.attribute("kernel_shape", ()))
    if len(size) != len(value.axes) - 2:
        raise Misfit("its kernel is not of as many axes as what it pools")
    window = _window(operator, size, value)
    operator.expect("storage_order", 0)
    if operator.attribute("ceil_mode", 0):
        for n in range(len(size)):
            left = (value.shape[1 + n] + sum(window.padding[n]) - size[n]) % window.strides[n]
            if window.strides[n] > 1 and (value.open[1 + n] or left):
                raise Misfit("its attribute 'ceil_mode' is 1")
    padded = any(one != (0, 0) for one in window.padding)
    if operator.kind == "AveragePool" and operator.attribute("count_include_pad", 0) and padded:
        raise Misfit("its means count the padding")
    what = "max" if operator.kind == "MaxPool" else "average"
    return [_channels_second(spatial.pooling(operator.drawing, value, what, window))]


def global_pooling(operator: Operator) -> list[Tensor]:
    """``GlobalAveragePool``, ``GlobalMaxPool``."""
    value = operator.value()
    what = "max" if operator.kind == "GlobalMaxPool" else "average"
    return [sequence.over_steps(operator.drawing, value, range(2, len(value.axes)), what, True)]


def reduction(operator: Operator) -> list[Tensor]:
    """``ReduceMean``, ``ReduceMax``, ``ReduceSum`` over steps or frequencies."""
    value = operator.value()
    axes = operator.attribute("axes", None)
    if operator.given(1):
        axes = operator.constant(1).integers()
    empty = operator.attribute("noop_with_empty_axes", 0)
    if axes is not None and not len(axes):
        axes = None
    if axes is None and empty:
        return [value]
    axes = range(len(value.axes)) if axes is None else axes
    what = {"ReduceMean": "average", "ReduceMax": "max", "ReduceSum": "sum"}[operator.kind]
    keeps = bool(operator.attribute("keepdims", 1))
    return [sequence.over_steps(operator.drawing, value, axes, what, keeps)]


def batch_normalization(operator: Operator) -> list[Tensor]:
    """``BatchNormalization`` as after training: a scale and an offset for each channel."""
    value = operator.value()
    scale, offset, mean, variance = (operator.array(n).astype(np.float64) for n in range(1, 5))
    operator.expect("training_mode", 0)
    operator.expect("spatial", 1)
    operator.expect("is_test", 1)
    operator.attribute("momentum", 0.9)
    factor = scale / np.sqrt(variance + operator.attribute("epsilon", 1e-5))
    if len(value.axes) < 2 or factor.shape != (width(value.axes[1]),):
        raise Misfit(f"its {factor.size} channels are not those of a tensor {list(value.shape)}")
    shape = (-1, *[1] * (len(value.axes) - 2))
    return [operator.drawing.affine(value, factor.reshape(shape), (offset - mean * factor).reshape(shape))]


def pad(operator: Operator) -> list[Tensor]:
    """``Pad`` with zeros, ahead of a convolution."""
    value = operator.value()
    operator.expect("mode", "constant")
    fill = operator.array(2).item() if operator.given(2) else operator.attribute("value", 0.0)
    pads = operator.attribute("pads", None)
    if operator.given(1):
        pads = operator.array(1).tolist()
    axes = operator.array(3).tolist() if operator.given(3) else list(range(len(value.axes)))
    if pads is None or len(pads) != 2 * len(axes):
        raise Misfit("its padding is not that of its axes")
    if fill != 0.0 and any(pads):
        raise Misfit("it does not pad with zeros")
    each = [(0, 0)] * len(value.axes)
    for n, axis in enumerate(axes):
        each[value.place(axis)] = (pads[n], pads[n + len(axes)])
    return [spatial.pad(operator.drawing, value, each)]


LAYERS: dict[str, Read] = {
    "MatMul": product,
    "Gemm": gemm,
    "Conv": convolution,
    "MaxPool": pooling,
    "AveragePool": pooling,
    "GlobalAveragePool": global_pooling,
    "GlobalMaxPool": global_pooling,
    "ReduceMean": reduction,
    "ReduceMax": reduction,
    "ReduceSum": reduction,
    "BatchNormalization": batch_normalization,
    "Pad": pad,
}
