"""Convolutions and pooling of foreign files, over time and over frequency, in whichever order these come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnnexp.formats.foreign.axes import Axis, Misfit, Value, WrongAxes, axis, reordered, width
from rnnexp.formats.foreign.drawing import WITH_FREQUENCY, Drawing, real
from rnnexp.formats.foreign.pointwise import Unfinished
from rnnexp.network.graph.convolution import Convolution, Padding2D, Pooling
from rnnexp.network.graph.nodes import Activation, AddChannel, Affine

Pair = tuple[int, int]


@dataclass(frozen=True)
class Window:
    """What a kernel sees: sizes, strides, dilations and padding of each spatial axis, in the file's order."""

    size: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    padding: tuple[Pair, ...]

    def turned(self) -> Window:
        """Return it with the axes the other way round."""
        return Window(self.size[::-1], self.strides[::-1], self.dilations[::-1], self.padding[::-1])

    def places(self, n: int, size: int) -> int:
        """Return how many places there are on an axis of a size."""
        return (size + sum(self.padding[n]) - self.dilations[n] * (self.size[n] - 1) - 1) // self.strides[n] + 1


def same_padding(size: int, window: Window, n: int, upper: bool = True) -> Pair:
    """Return the padding with which an axis has ``size / stride`` places, rounded up; an odd one is behind if upper."""
    reach = window.dilations[n] * (window.size[n] - 1) + 1
    total = max((-(-size // window.strides[n]) - 1) * window.strides[n] + reach - size, 0)
    return (total // 2, total - total // 2) if upper else (total - total // 2, total // 2)


def convolution(
    drawing: Drawing, value: Value, kernel: np.ndarray, bias: np.ndarray | None, window: Window, groups: int
) -> Value:
    """Return a convolution of a tensor ``[batch, places, channels]`` or ``[batch, places, places, channels]``.

    Args:
        drawing: gets the nodes.
        value: the tensor, with its axes in that order.
        kernel: ``[taps, channels of a group, filters]`` or ``[taps, taps, channels of a group, filters]``.
        bias: ``[filters]``, or None.
        window: of the kernel.
        groups: into which channels and filters are divided.

    Raises:
        Misfit: if the places are not those of time and frequency.
    """
    value, window = _unpadded(drawing, value, window)
    if not value.timed and groups == 1 and not any(value.axes[1:-1]):
        return _of_one_place(drawing, value, kernel, bias, window)
    if kernel.ndim == 4 and _time_is_second(value):
        turned = convolution(
            drawing, value.transpose([0, 2, 1, 3]), kernel.transpose(1, 0, 2, 3), bias, window.turned(), groups
        )
        return turned.transpose([0, 2, 1, 3])
    value = spatial(drawing, value)
    kernel = kernel if kernel.ndim == 4 else kernel[:, None]
    if kernel.shape[2] * groups != value.shape[-1] or kernel.shape[3] % groups:
        raise Misfit(f"its kernel {list(kernel.shape)} in {groups} groups does not fit {value.shape[-1]} channels")
    if groups == 1:
        kernel = reordered(kernel, 2, value.axes[-1], value.layout[-1])
    elif value.axes[-1] != value.layout[-1]:
        raise Misfit("its groups are of channels in another order than their layer's")
    if len(value.axes) == 4 and len(value.layout) == 3:
        kernel, window = _single(kernel, window)
    filters = kernel.shape[3]
    two = window if len(window.size) == 2 else _widened(window)
    name = drawing.put(
        Convolution(
            drawing.name,
            (value.node,),
            real(kernel),
            np.zeros(filters) if bias is None else real(np.broadcast_to(bias, filters)),
            _pair(two.strides),
            _pair(two.dilations),
            _pairs(two.padding),
            groups,
        )
    )
    return _after(name, value, two, axis(filters))


def _of_one_place(drawing: Drawing, value: Value, kernel: np.ndarray, bias: np.ndarray | None, window: Window) -> Value:
    """Return a convolution over axes of one place: products with the taps that are on it.

    Raises:
        Misfit: if it gives several places.
    """
    for n in range(len(window.size)):
        place, beside = divmod(window.padding[n][0], window.dilations[n])
        if window.places(n, 1) != 1 or beside or place >= window.size[n]:
            raise Misfit("it makes several places of one, of values that have no time")
        kernel = kernel[place]
    return drawing.dense(value, kernel, None if bias is None else np.broadcast_to(bias, kernel.shape[1:]))


def pooling(drawing: Drawing, value: Value, what: str, window: Window) -> Value:
    """Return the largest or mean of windows of a tensor ``[batch, places, (places,) channels]``.

    Raises:
        Misfit: if the places are not those of time and frequency.
    """
    if isinstance(drawing.nodes.get(value.node), Unfinished):
        raise Misfit("zeros are put around what it pools")
    if any(dilation != 1 for dilation in window.dilations):
        raise Misfit("it pools with dilations")
    if len(value.axes) == 4 and _time_is_second(value):
        return pooling(drawing, value.transpose([0, 2, 1, 3]), what, window.turned()).transpose([0, 2, 1, 3])
    value = spatial(drawing, value)
    if len(value.axes) == 4 and len(value.layout) == 3:
        if window.size[1] > 1 and window.padding[1] == (0, 0):
            raise Misfit(f"it pools {window.size[1]} places of an axis of 1")
        window = Window(window.size[:1], window.strides[:1], window.dilations[:1], window.padding[:1])
    two = window if len(window.size) == 2 else _widened(window)
    node = Pooling(
        drawing.name,
        (value.node,),
        "max" if what == "max" else "average",
        _pair(two.size),
        _pair(two.strides),
        _pairs(two.padding),
    )
    return _after(drawing.put(node), value, two, value.layout[-1])


def pad(drawing: Drawing, value: Value, pads: Sequence[Pair]) -> Value:
    """Return a tensor with zeros around its axes, which a convolution is to take for its own padding.

    Raises:
        Misfit: if other axes than time and frequency are padded.
    """
    if all(one == (0, 0) for one in pads):
        return value
    if not value.timed or min(min(one) for one in pads) < 0:
        raise Misfit("it cuts off places, or puts zeros beside values that have no time")
    frequency = value.layout[2] if len(value.layout) == WITH_FREQUENCY else ()
    both: list[Pair] = [(0, 0), (0, 0)]
    axes, layout = list(value.axes), list(value.layout)
    for n, one in enumerate(pads):
        if one == (0, 0):
            continue
        place = 0 if value.axes[n] == value.layout[1] else 1 if value.axes[n] == frequency and frequency else None
        if place is None or both[place] != (0, 0):
            raise Misfit("it puts zeros beside features")
        both[place] = one
        axes[n] = _resized(value.axes[n], value.shape[n] + sum(one), "time" if place == 0 else "other")
        layout[1 + place] = axes[n]
    name = drawing.put(Unfinished(drawing.name, (value.node,), "Pad", None, (both[0], both[1])))
    return Value(name, tuple(layout), tuple(axes))


def trimmed(drawing: Drawing, value: Value, place: int, places: range) -> Value | None:
    """Return a convolution's values without its first or last steps, by padding it less; None if it is none."""
    name, after = value.node, []
    while isinstance(later := drawing.nodes.get(name), (Activation, Affine)):
        after.append(later)
        name = later.reads[0]
    node = drawing.nodes.get(name)
    if not isinstance(node, Convolution) or node.strides[0] != 1 or places.step != 1 or not value.timed:
        return None
    size = value.shape[place]
    (first, last), frequency = node.padding
    padding = (first - places.start, last - (size - places.stop))
    if value.axes[place] != value.layout[1] or min(padding) < 0:
        return None
    made = _resized(value.layout[1], len(places), "time")
    name = drawing.put(replace(node, name=f"{node.name}/cut", padding=(padding, frequency)))
    for later in after[::-1]:
        name = drawing.put(replace(later, reads=(name,)))
    return Value(
        name,
        (value.layout[0], made, *value.layout[2:]),
        tuple(made if n == place else one for n, one in enumerate(value.axes)),
    )


def spatial(drawing: Drawing, value: Value) -> Value:
    """Return a tensor ``[batch, time, (frequency,) channels]`` whose node has the same axes.

    Raises:
        Misfit: if it has others.
    """
    if not value.timed:
        raise Misfit("it is given values that have no time")
    axes, layout = value.axes, value.layout
    if len(axes) not in (3, 4) or axes[0] != layout[0] or axes[1] != layout[1]:
        raise WrongAxes("its axes are not batch, time, frequency and channels")
    frequency, channels = axes[2:-1], set(axes[-1])
    if not frequency or not frequency[0]:
        value = drawing.frames(value)
        if channels != set(value.layout[2]):
            raise WrongAxes("its channels are not the features")
        return value
    if len(layout) == 3:
        if layout[2] != frequency[0] + axes[-1]:
            raise Misfit("frequency and channels are in another order than in what is ahead of it")
        name = drawing.put(AddChannel(f"{drawing.name}/channel", (value.node,), width(axes[-1])))
        return Value(name, (*layout[:2], frequency[0], axes[-1]), axes)
    if layout[2] != frequency[0] or set(layout[3]) != channels:
        raise WrongAxes("its axes are not batch, time, frequency and channels")
    return value


def _unpadded(drawing: Drawing, value: Value, window: Window) -> tuple[Value, Window]:
    """Return what is ahead of zeros put around a tensor, and a window that has these as its own padding."""
    node = drawing.nodes.get(value.node)
    if not isinstance(node, Unfinished) or node.padding == ((0, 0), (0, 0)):
        return value, window
    axes, layout, pads = list(value.axes), list(value.layout), list(window.padding)
    for number, extra in enumerate(node.padding):
        if extra == (0, 0):
            continue
        padded = layout[1 + number]
        if padded not in axes[1:-1]:
            raise Misfit("zeros are put beside features")
        n = axes.index(padded)
        own = _resized(padded, width(padded) - sum(extra), "time" if number == 0 else "other")
        layout[1 + number] = axes[n] = own
        pads[n - 1] = (pads[n - 1][0] + extra[0], pads[n - 1][1] + extra[1])
    return (
        Value(node.reads[0], tuple(layout), tuple(axes)),
        Window(window.size, window.strides, window.dilations, tuple(pads)),
    )


def _time_is_second(value: Value) -> bool:
    if len(value.axes) != 4 or not value.timed:
        return False
    return value.axes[1] != value.layout[1] and value.axes[2] == value.layout[1]


def _after(name: str, value: Value, window: Window, channels: Axis) -> Value:
    """Return what a window gives, with axes of their new sizes."""
    steps = window.places(0, width(value.layout[1]))
    if steps < 1:
        raise Misfit(f"it sees more steps than there are, {width(value.layout[1])}")
    time = _resized(value.layout[1], steps, "time")
    if len(value.layout) == 3:
        return Value(name, (value.layout[0], time, channels), (value.axes[0], time, *value.axes[2:-1], channels))
    places = window.places(1, width(value.layout[2]))
    if places < 1:
        raise Misfit(f"it sees more places than there are, {width(value.layout[2])}")
    layout = (value.layout[0], time, axis(places), channels)
    return Value(name, layout, layout)


def _resized(old: Axis, size: int, kind: str) -> Axis:
    return axis(size, "time" if kind == "time" else "other", any(atom.open for atom in old))


def _single(kernel: np.ndarray, window: Window) -> tuple[np.ndarray, Window]:
    """Return a kernel that sees one place of an axis of size 1, and zeros beside it."""
    if window.places(1, 1) != 1:
        raise Misfit("it makes several places of one")
    tap, rest = divmod(window.padding[1][0], window.dilations[1])
    if rest or tap >= kernel.shape[1]:
        raise Misfit("it sees nothing but padding")
    one = Window(window.size[:1], window.strides[:1], window.dilations[:1], window.padding[:1])
    return kernel[:, tap : tap + 1], one


def _widened(window: Window) -> Window:
    return Window((*window.size, 1), (*window.strides, 1), (*window.dilations, 1), (*window.padding, (0, 0)))


def _pair(numbers: Sequence[int]) -> Pair:
    return numbers[0], numbers[1]


def _pairs(numbers: Sequence[Pair]) -> Padding2D:
    return numbers[0], numbers[1]
