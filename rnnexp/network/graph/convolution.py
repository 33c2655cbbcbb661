"""Nodes of a foreign network that read windows over time, and over frequency where values have that axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from typing_extensions import override

from rnnexp.network.functions import function
from rnnexp.network.graph.nodes import Node

# Frames of zeros before and after, of the time axis and of the frequency axis.
Padding2D = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Convolution(Node):
    """A convolution over time, and over frequency where values have that axis.

    Attributes:
        kernel: ``[time taps, frequency taps, channels of a group, filters]``; of one over time alone the second is 1.
        bias: ``[filters]``.
        strides, dilations: of time and frequency.
        padding: frames of zeros before and after, of time and frequency.
        groups: into which channels and filters are divided, in order; of a depthwise one, as many as channels.
        activation: the name of the function behind it.
    """

    kernel: np.ndarray = field(default_factory=lambda: np.zeros((1, 1, 1, 1)))
    bias: np.ndarray = field(default_factory=lambda: np.zeros(1))
    strides: tuple[int, int] = (1, 1)
    dilations: tuple[int, int] = (1, 1)
    padding: Padding2D = ((0, 0), (0, 0))
    groups: int = 1
    activation: str = "linear"

    @override
    def run(self, values: Sequence[np.ndarray], lengths: np.ndarray | None) -> np.ndarray:
        x = values[0] if values[0].ndim == 4 else values[0][:, :, None]
        taps = windows(x, self.kernel.shape[:2], self.strides, self.dilations, self.padding, 0.0)
        filters = np.split(self.kernel, self.groups, axis=3)
        parts = np.split(taps, self.groups, axis=-1)
        found = np.concatenate(
            [np.einsum("ntfxyc,xycg->ntfg", part, own) for part, own in zip(parts, filters, strict=True)], axis=-1
        )
        return function(self.activation)(found + self.bias).reshape(
            *found.shape[:2], *found.shape[2 if values[0].ndim == 4 else 3 :]
        )


@dataclass(frozen=True)
class Pooling(Node):
    """The largest or the mean of ``size`` frames of time and frequency; means do not count the padding."""

    what: Literal["max", "average"] = "max"
    size: tuple[int, int] = (1, 1)
    strides: tuple[int, int] = (1, 1)
    padding: Padding2D = ((0, 0), (0, 0))

    @override
    def run(self, values: Sequence[np.ndarray], lengths: np.ndarray | None) -> np.ndarray:
        x = values[0] if values[0].ndim == 4 else values[0][:, :, None]
        none = -np.inf if self.what == "max" else np.nan
        taps = windows(x, self.size, self.strides, (1, 1), self.padding, none)
        found = taps.max(axis=(3, 4)) if self.what == "max" else np.nanmean(taps, axis=(3, 4))
        return found if values[0].ndim == 4 else found[:, :, 0]


def windows(
    x: np.ndarray,
    taps: tuple[int, ...],
    strides: tuple[int, int],
    dilations: tuple[int, int],
    padding: Padding2D,
    fill: float,
) -> np.ndarray:
    """Return what a kernel sees at each place, ``[n, time, frequency, time taps, frequency taps, channels]``.

    Args:
        x: ``[n, time, frequency, channels]``.
        taps: of the kernel in time and frequency.
        strides, dilations, padding: of both.
        fill: what padding is.
    """
    padded = np.pad(x, ((0, 0), *padding, (0, 0)), constant_values=fill)
    places = []
    for axis in range(2):
        reach = dilations[axis] * (taps[axis] - 1) + 1
        count = max((padded.shape[1 + axis] - reach) // strides[axis] + 1, 0)
        places.append(strides[axis] * np.arange(count)[:, None] + dilations[axis] * np.arange(taps[axis]))
    time, frequency = places
    return padded[:, time[:, None, :, None], frequency[None, :, None, :]]
