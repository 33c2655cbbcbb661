"""Layers that are parallel in time, in integers: embeddings, convolutions and pooling.

They read and give 14-bit values; the first one ahead may read input codes, which are values without their lower part.

    embedding    value = embeddings[clip(word, 0, words - 1)]
    convolution  value = g(multiply(sums, window))           see ``rnnexp.quantization.product``; g is a table or a cut
    pooling      value = max(window)

A window is what ``rnnexp.network.front`` has: in a convolution, padding is the value of real 0, in pooling nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from typing_extensions import override

from rnnexp.errors import UserError
from rnnexp.network.front import Convolution, Embedding, FrontLayer, Pooling, Reshaping
from rnnexp.network.functions import Clip
from rnnexp.network.ranges import Ranges
from rnnexp.network.windows import LargestOfWindows, Windows, by_group
from rnnexp.quantization.arithmetic import Numbers
from rnnexp.quantization.cell import Source
from rnnexp.quantization.cut import Activation, Cut, activated, scale_of
from rnnexp.quantization.product import CODE_UNIT, RADIX, Product
from rnnexp.quantization.rounding import quantize_product, quantize_to_values, without_zero_point
from rnnexp.quantization.scales import LARGEST_STATE, Affine, finite, scale_for
from rnnexp.quantization.tables import places

# Below any value: what pooling has as padding.
LOWEST = -(2**15)


@dataclass(frozen=True)
class Words(Affine):
    """Numbers of words as inputs, which are their own codes, int32.

    Attributes:
        words: how many there are; one out of range counts as the nearest in it.
    """

    words: int = field(kw_only=True)

    dtype = np.int32
    bits = 32
    unit = 1

    @override
    def encode(self, values: np.ndarray) -> np.ndarray:
        return np.clip(np.rint(values), 0, self.words - 1).astype(np.int32)

    @property
    @override
    def limits(self) -> tuple[float, float]:
        return 0.0, float(self.words - 1)

    @override
    def values(self, codes: np.ndarray) -> np.ndarray:
        return np.clip(codes, 0, self.words - 1).astype(np.int64)


class IntegerFrontLayer(Reshaping, Protocol):
    """A layer in integers."""

    def gives(self, source: Source) -> Source:
        """Return what it makes, of what comes in."""

    def run(self, values: np.ndarray, zero: int) -> np.ndarray:
        """Return what it makes of values, int64 ``[n, time, width]``; ``zero`` is the one of real 0."""

    def real_weights(self, source: Source) -> list[np.ndarray]:
        """Return the arrays that the integers stand for, float64, in the order of ``FrontLayer.shapes``."""


@dataclass(frozen=True, eq=False)
class IntegerEmbedding(IntegerFrontLayer):
    """Vectors of words.

    Attributes:
        embeddings: int16 ``[words, width]``, values.
        scale: the real value of one unit.
    """

    embeddings: np.ndarray
    scale: float

    @property
    def _sizes(self) -> Embedding:
        return Embedding(*self.embeddings.shape)

    @property
    @override
    def pointwise(self) -> bool:
        return True

    @property
    @override
    def streams(self) -> bool:
        return True

    @override
    def extent(self, steps: int, width: int) -> tuple[int, int]:
        return self._sizes.extent(steps, width)

    @override
    def numbers(self, steps: int, width: int) -> int:
        return self._sizes.numbers(steps, width)

    @override
    def gives(self, source: Source) -> Source:
        return Source(np.full(self.embeddings.shape[1], self.scale))

    @override
    def run(self, values: np.ndarray, zero: int) -> np.ndarray:
        words = np.clip(values.reshape(values.shape[:2]), 0, len(self.embeddings) - 1)
        return self.embeddings.astype(np.int64)[words]

    @override
    def real_weights(self, source: Source) -> list[np.ndarray]:
        return [self.embeddings * self.scale]


@dataclass(frozen=True)
class IntegerConvolution(Windows, IntegerFrontLayer):
    """A convolution.

    Attributes:
        groups: of channels and filters, each by itself.
        sums: ``[filters, taps * taps * channels of a group]``; results are places in the table, or values.
        activation: places -> values, or where values are cut off.
    """

    groups: int
    sums: Product
    activation: Activation

    @property
    def filters(self) -> int:
        """How many."""
        return len(self.sums.high)

    @property
    def group_channels(self) -> int:
        """How many channels each filter reads."""
        return self.channels // self.groups

    @property
    def window(self) -> int:
        """How many values each filter reads."""
        return self.time.taps * self.frequency.taps * self.group_channels

    @override
    def extent(self, steps: int, width: int) -> tuple[int, int]:
        times, frequencies = self.counts(steps, width)
        return times, frequencies * self.filters

    @override
    def gives(self, source: Source) -> Source:
        frequencies = self.frequency.count(len(source.scale) // self.channels)
        return Source(np.full(frequencies * self.filters, self.activation.scale))

    @override
    def run(self, values: np.ndarray, zero: int) -> np.ndarray:
        columns = by_group(self.of(values, zero), self.groups)
        each = [self._of_group(number).multiply(group) for number, group in enumerate(columns)]
        found = activated(Numbers(), self.activation, np.concatenate(each, axis=1), "values")
        steps, width = self.extent(*values.shape[1:])
        return found.reshape(len(values), steps, width)

    @override
    def real_weights(self, source: Source) -> list[np.ndarray]:
        weights = self.sums.codes * self.sums.scale * (self.activation.step / self.sums.step)
        by_channel = _of_filters(source, self.channels, self.groups, self.filters) / self.sums.value_scale
        own = self.time.taps, self.frequency.taps, self.group_channels
        kernel = weights.reshape(self.filters, *own) / by_channel[:, None, None]
        bias = self.sums.bias + CODE_UNIT * source.zero_point * self.sums.codes.sum(axis=1)
        return [kernel.transpose(1, 2, 3, 0), bias * self.bias_scale + self.activation.start]

    @property
    def bias_scale(self) -> float:
        """The real value of one unit of the bias."""
        return self.activation.step * 2.0**-self.sums.shift

    def _of_group(self, number: int) -> Product:
        own = slice(number * self.filters // self.groups, (number + 1) * self.filters // self.groups)
        return replace(self.sums, high=self.sums.high[own], low=self.sums.low[own], bias=self.sums.bias[own])


@dataclass(frozen=True)
class IntegerPooling(LargestOfWindows, IntegerFrontLayer):
    """The largest value of each window."""

    @override
    def gives(self, source: Source) -> Source:
        scale = _of_channels(source, self.channels)
        return Source(np.tile(scale, self.frequency.count(len(source.scale) // self.channels)), source.zero_point)

    @override
    def run(self, values: np.ndarray, zero: int) -> np.ndarray:
        return self.largest(values, LOWEST)

    @override
    def real_weights(self, source: Source) -> list[np.ndarray]:
        return []


def sources(layers: Sequence[IntegerFrontLayer], source: Source) -> list[Source]:
    """Return what comes into each layer, and at last what they give."""
    found = [source]
    for layer in layers:
        found.append(layer.gives(found[-1]))
    return found


def run(layers: Sequence[IntegerFrontLayer], values: np.ndarray, source: Source) -> np.ndarray:
    """Return what layers make of values, int64 ``[n, time, width]``; the first may be an embedding, of words."""
    for layer, given in zip(layers, sources(layers, source), strict=False):
        values = layer.run(values, RADIX * int(given.zero_point))
    return values


def quantize(
    layers: Sequence[FrontLayer],
    weights: Sequence[Sequence[np.ndarray]],
    max_value: float,
    ranges: Sequence[Ranges],
    source: Source,
) -> tuple[IntegerFrontLayer, ...]:
    """Return layers in integers.

    Args:
        layers: in real numbers.
        weights: of each.
        max_value: the custom activation's ``M``.
        ranges: what each has seen.
        source: of what the first one reads.

    Raises:
        UserError: if a range is not finite, or no float32 scale suits it.
    """
    found: list[IntegerFrontLayer] = []
    for layer, arrays, seen in zip(layers, weights, ranges, strict=True):
        match layer:
            case Embedding():
                found.append(_embedding(arrays[0]))
            case Convolution():
                found.append(_convolution(layer, arrays[0], arrays[1], max_value, seen, source))
            case Pooling():
                found.append(IntegerPooling(layer.time, layer.frequency, layer.channels))
        source = found[-1].gives(source)
    return tuple(found)


def _embedding(embeddings: np.ndarray) -> IntegerEmbedding:
    scale = scale_for((float(np.abs(embeddings).max()) or 1.0) / LARGEST_STATE, "embeddings")
    return IntegerEmbedding(np.rint(embeddings / scale).astype(np.int16), scale)


def _convolution(
    layer: Convolution, kernel: np.ndarray, bias: np.ndarray, max_value: float, ranges: Ranges, source: Source
) -> IntegerConvolution:
    finite(ranges["sum"], "convolution")
    function = layer.function(max_value)
    activation: Activation
    weights = kernel.transpose(3, 0, 1, 2).reshape(layer.filters, -1)
    scales = np.tile(
        _of_filters(source, layer.channels, layer.groups, layer.filters), layer.time.taps * layer.frequency.taps
    )
    if isinstance(function, Clip):
        sums = quantize_to_values(weights, scales, bias, scale_of(function, ranges["sum"]), "convolution")
        activation = Cut.of(function, sums.step)
    else:
        where = places(function, ranges["sum"])
        scale = scale_for(where.peak(function) / LARGEST_STATE, "convolution")
        given = float(source.scale[-1])
        sums = quantize_product(weights * (scales / given), bias - where.start, given, where.step, "convolution")
        activation = replace(where, step=sums.step).tabulate(function, scale)
    sums = without_zero_point(sums, source.zero_point, slice(None))
    return IntegerConvolution(layer.time, layer.frequency, layer.channels, layer.groups, sums, activation)


def _of_channels(source: Source, channels: int) -> np.ndarray:
    """Return the scale of each channel.

    Raises:
        UserError: if it is not the same all over the frequencies.
    """
    scales = source.scale.reshape(-1, channels)
    if (scales != scales[0]).any():
        raise UserError("what has a frequency axis cannot read the values of two directions, or of several layers")
    return scales[0]


def _of_filters(source: Source, channels: int, groups: int, filters: int) -> np.ndarray:
    """Return the scale of each channel that a filter reads, ``[filters, channels]``."""
    scales = _of_channels(source, channels).reshape(groups, -1)
    return np.repeat(scales, filters // groups, axis=0)
