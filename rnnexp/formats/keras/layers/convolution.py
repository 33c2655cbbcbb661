"""Convolutions over time, or time and frequency: plain, depthwise and separable; zeros around them; pooling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np

from rnnexp.formats.keras.activations import activation
from rnnexp.formats.keras.options import Options, unwrapped
from rnnexp.formats.keras.site import NO_PADDING, Kind, Owner, Site, Tensor, padded_shape
from rnnexp.formats.keras.stored import Version
from rnnexp.network.graph.convolution import Convolution, Padding2D, Pooling
from rnnexp.network.graph.nodes import Flatten, GlobalPooling, Repeat

CHANNELS_LAST = {"data_format": ("channels_last", None)}


class _Window:
    """What a convolution or a pooling sees, in time and frequency, whichever axes of its own these are."""

    def __init__(self, site: Site, given: Tensor, axes: int, size: Sequence[int], dilations: Sequence[int]) -> None:
        self.site, self.axes = site, axes
        self.given = given
        self.size = self.both(size)
        self.dilations = self.both(dilations)

    def both(self, numbers: Sequence[int]) -> tuple[int, int]:
        """Return a number of each of time and frequency: 1 of an axis that the layer does not have."""
        if self.axes == 2:
            return numbers[0], numbers[1]
        return (1, numbers[0]) if self.site.each_step else (numbers[0], 1)

    def extent(self) -> tuple[int | None, int | None]:
        """Return the sizes of time and frequency ahead, zeros around included."""
        time, *more = padded_shape(self.given)
        return time, more[0] if len(more) == 2 else 1

    def padding(self, how: str, strides: tuple[int, int]) -> Padding2D:
        """Return the zeros that an option means, beside those that are there."""
        found = []
        for axis, size in enumerate(self.extent()):
            reach = self.dilations[axis] * (self.size[axis] - 1)
            if how == "same" and reach and strides[axis] > 1 and size is None:
                self.site.refuse("padding is 'same' with a stride: then the model has to say the steps of its input")
            if how == "same":
                count = -(-(size or 1) // strides[axis])
                whole = max((count - 1) * strides[axis] + reach + 1 - (size or 1), 0)
                whole = reach if strides[axis] == 1 else whole
                found.append((whole // 2, whole - whole // 2))
            elif how == "causal" and axis == int(self.site.each_step):
                found.append((reach, 0))
            else:
                found.append((0, 0))
        return found[0], found[1]

    def shape(self, strides: tuple[int, int], padding: Padding2D, channels: int) -> tuple[int | None, ...]:
        """Return the shape of what comes out."""
        found: list[int | None] = []
        for axis, size in enumerate(self.extent()):
            reach = self.dilations[axis] * (self.size[axis] - 1) + 1
            found.append(None if size is None else (size + sum(padding[axis]) - reach) // strides[axis] + 1)
        time, frequency = found
        return (time, frequency, channels) if len(self.given.shape) == 3 else (time, channels)


def _window(site: Site, axes: int) -> _Window:
    given = site.padded((axes + 1,))
    if given.words:
        site.refuse("reads words; only an embedding can")
    return _Window(
        site, given, axes, site.options.counts("kernel_size", axes), site.options.counts("dilation_rate", axes, 1)
    )


def _convolved(window: _Window, name: str, kernel: np.ndarray, bias: np.ndarray, groups: int) -> Tensor:
    """Add a convolution with the layer's strides and padding."""
    site, options = window.site, window.site.options
    strides = window.both(options.counts("strides", window.axes, 1))
    known = ("valid", "same", "causal")[: 4 - window.axes]
    padding = window.padding(options.text("padding", known, "valid"), strides)
    around = window.given.padding
    whole = tuple((a + c, b + d) for (a, b), (c, d) in zip(padding, around, strict=True))
    kernel = kernel.reshape(*window.size, *kernel.shape[-2:])
    node = Convolution(
        name, (window.given.node,), kernel, bias, strides, window.dilations, (whole[0], whole[1]), groups
    )
    return site.add(node, window.shape(strides, padding, kernel.shape[3]), window.given)


def _bias(site: Site, place: int, filters: int) -> np.ndarray:
    return site.weight(0, place, (filters,)) if site.options.flag("use_bias", True) else np.zeros(filters)


def _convolution(site: Site, axes: int) -> Tensor:
    window = _window(site, axes)
    filters, groups, channels = site.options.count("filters"), site.options.count("groups", 1), window.given.width
    if channels % groups or filters % groups:
        site.refuse(f"its {groups} groups do not divide {channels} channels and {filters} filters")
    size = site.options.counts("kernel_size", axes)
    shape = (*size, channels // groups, filters)
    if site.version.major == 1 and axes == 1:
        shape = (size[0], 1, channels, filters)
    kernel = site.weight(0, 0, shape).reshape(*size, channels // groups, filters)
    if site.backend == "theano":
        # Theano's convolution turns the kernel round.
        kernel = np.flip(kernel, tuple(range(axes)))
    found = _convolved(window, site.part("sums"), kernel, _bias(site, 1, filters), groups)
    return site.activated(found, activation(site.options, "activation", site.version))


def _depthwise_kernel(site: Site, window: _Window) -> np.ndarray:
    """Return a depthwise kernel as one of as many groups as channels."""
    if site.backend == "theano":
        site.refuse("was trained by Theano, whose kernels it cannot be told how to read")
    channels, multiplier = window.given.width, site.options.count("depth_multiplier", 1)
    size = site.options.counts("kernel_size", window.axes)
    return site.weight(0, 0, (*size, channels, multiplier)).reshape(*size, 1, channels * multiplier)


def _depthwise(site: Site, axes: int) -> Tensor:
    window = _window(site, axes)
    kernel = _depthwise_kernel(site, window)
    found = _convolved(window, site.part("sums"), kernel, _bias(site, 1, kernel.shape[-1]), window.given.width)
    return site.activated(found, activation(site.options, "activation", site.version))


def _separable(site: Site, axes: int) -> Tensor:
    window = _window(site, axes)
    kernel, filters = _depthwise_kernel(site, window), site.options.count("filters")
    between = kernel.shape[-1]
    deep = _convolved(window, site.part("depthwise"), kernel, np.zeros(between), window.given.width)
    points = site.weight(0, 1, (*[1] * axes, between, filters)).reshape(1, 1, between, filters)
    node = Convolution(site.part("sums"), (deep.node,), points, _bias(site, 2, filters))
    found = site.add(node, (*deep.shape[:-1], filters), deep)
    return site.activated(found, activation(site.options, "activation", site.version))


def _owners(*names: str) -> Callable[[Options, Version], list[Owner]]:
    def owners(options: Options, version: Version) -> list[Owner]:
        del version
        return [Owner((), (*names, "bias") if options.flag("use_bias", True) else names)]

    return owners


def _pairs(site: Site, option: str, axes: int) -> tuple[tuple[int, int], ...]:
    """Return how much is before and after each axis: a number, a pair, or a pair for each."""
    found = unwrapped(site.options.config.get(option, 1))
    found = [unwrapped(each) for each in found] if isinstance(found, list) else found
    if isinstance(found, int):
        found = [[found, found]] * axes
    elif axes == 1 and isinstance(found, list):
        found = found if len(found) == 1 else [found]
    elif isinstance(found, list):
        found = [[each, each] if isinstance(each, int) else each for each in found]
    if not (
        isinstance(found, list)
        and len(found) == axes
        and all(isinstance(pair, list) and len(pair) == 2 for pair in found)
        and all(type(each) is int and 0 <= each < 2**16 for pair in found for each in pair)
    ):
        site.refuse(f"{option} is {str(site.options.config.get(option))[:60]}, which is not known")
    return tuple((pair[0], pair[1]) for pair in found)


def _zero_padding(site: Site, axes: int) -> Tensor:
    given = site.padded((axes + 1,))
    if given.words:
        site.refuse("reads words; only an embedding can")
    pairs = _pairs(site, "padding", axes)
    both = pairs if axes == 2 else ((0, 0), pairs[0]) if site.each_step else (pairs[0], (0, 0))
    whole = tuple((a + c, b + d) for (a, b), (c, d) in zip(given.padding, both, strict=True))
    return replace(given, padding=(whole[0], whole[1]))


def _cropping(site: Site, axes: int) -> Tensor:
    given = site.one((axes + 1,))
    pairs = _pairs(site, "cropping", axes)
    window = _Window(site, given, axes, [before + after + 1 for before, after in pairs], [1] * axes)
    before = window.both([pair[0] + 1 for pair in pairs])
    # A kernel that picks one of the steps that it sees.
    kernel = np.zeros((*window.size, 1, given.width))
    kernel[before[0] - 1, before[1] - 1] = 1.0
    node = Convolution(site.name, (given.node,), kernel, np.zeros(given.width), groups=given.width)
    return site.add(node, window.shape((1, 1), NO_PADDING, given.width), given)


def _pooling(site: Site, axes: int, what: Literal["max", "average"]) -> Tensor:
    given = site.one((axes + 1,))
    size = site.options.counts("pool_size", axes, 2)
    window = _Window(site, given, axes, size, [1] * axes)
    strides = window.both(site.options.counts("strides", axes) if site.options.has("strides") else size)
    padding = window.padding(site.options.text("padding", ("valid", "same"), "valid"), strides)
    node = Pooling(site.name, (given.node,), what, window.size, strides, padding)
    return site.add(node, window.shape(strides, padding, given.width), given)


def _global(site: Site, axes: int, what: Literal["max", "average"]) -> Tensor:
    given = site.one((axes + 1,))
    keeps = site.options.flag("keepdims", False)
    if site.each_step:
        if axes == 2 or keeps:
            site.refuse("is applied to each step, which it cannot")
        count = given.shape[1]
        assert count is not None
        size = (1, count)
        pooled = site.add(
            Pooling(site.part("pool"), (given.node,), what, size, size),
            (given.shape[0], 1, given.width),
            given,
        )
        return site.add(Flatten(site.name, (pooled.node,), keeps_time=True), (given.shape[0], given.width), given)
    site.nodes.timed.append((site.options, given.masked))
    if given.masked and what == "max":
        site.refuse("would take the steps of padding too")
    name = site.part("all") if keeps else site.name
    found = site.add(GlobalPooling(name, (given.node,), what), (given.width,))
    if not keeps:
        return found
    if axes == 2:
        site.refuse("keepdims is True; it can only be False")
    return site.add(Repeat(site.name, (found.node,), 1), (1, given.width))


_CONVOLUTION = ("filters", "kernel_size", "strides", "padding", "dilation_rate", "groups", "activation", "use_bias")
_DEPTHWISE = (*_CONVOLUTION, "depth_multiplier")
_POOLING = ("pool_size", "strides", "padding")

KINDS: dict[str, Kind] = {}
for _axes in (1, 2):
    _end = f"{_axes}D"
    KINDS |= {
        f"Conv{_end}": Kind(partial(_convolution, axes=_axes), _CONVOLUTION, (), CHANNELS_LAST, _owners("kernel")),
        f"DepthwiseConv{_end}": Kind(
            partial(_depthwise, axes=_axes),
            _DEPTHWISE,
            (),
            {**CHANNELS_LAST, "groups": (1,), "filters": (None,)},
            _owners("kernel"),
        ),
        f"SeparableConv{_end}": Kind(
            partial(_separable, axes=_axes),
            _DEPTHWISE,
            (),
            {**CHANNELS_LAST, "groups": (1,)},
            _owners("depthwise_kernel", "pointwise_kernel"),
        ),
        f"ZeroPadding{_end}": Kind(partial(_zero_padding, axes=_axes), ("padding",), (), CHANNELS_LAST),
        f"Cropping{_end}": Kind(partial(_cropping, axes=_axes), ("cropping",), (), CHANNELS_LAST),
    }
    _pooled: tuple[tuple[str, Literal["max", "average"]], ...] = (("Max", "max"), ("Average", "average"))
    for _word, _what in _pooled:
        KINDS[f"{_word}Pooling{_end}"] = Kind(partial(_pooling, axes=_axes, what=_what), _POOLING, (), CHANNELS_LAST)
        KINDS[f"Global{_word}Pooling{_end}"] = Kind(
            partial(_global, axes=_axes, what=_what),
            ("keepdims",),
            (),
            CHANNELS_LAST,
            masks="reads" if _axes == 1 else "refused",
        )
