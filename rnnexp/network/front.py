"""Layers that are parallel in time, ahead of the recurrent ones or behind them: embeddings, convolutions, pooling.

Between them values are ``[n, time, width]``; those that have a frequency axis too see in it ``[n, time, frequency,
channels]``, channels last. A layer over time alone has all numbers of a step as channels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from typing_extensions import override

from rnnexp.network.activations import Function
from rnnexp.network.functions import in_own_units
from rnnexp.network.lengths import without_padding
from rnnexp.network.ranges import Ranges
from rnnexp.network.windows import Axis, LargestOfWindows, Windows, by_group

# What a convolution's activation is called where there is none.
LINEAR = "linear"


class Reshaping(Protocol):
    """What is asked of such layers where only sizes matter, in real numbers or integers."""

    @property
    def pointwise(self) -> bool:
        """Whether each step is made of the same step alone."""

    @property
    def streams(self) -> bool:
        """Whether a step is made of those before it alone, so that steps can come one at a time."""

    def extent(self, steps: int, width: int) -> tuple[int, int]:
        """Return how many steps and numbers a step become of so many.

        Raises:
            ValueError: if none do, or the layer does not fit them.
        """

    def numbers(self, steps: int, width: int) -> int:
        """Return how many numbers it has at once, of a sequence of so many steps and numbers a step."""


class FrontLayer(Reshaping, Protocol):
    """A layer in real numbers."""

    def shapes(self, width: int) -> dict[str, tuple[int, ...]]:
        """Return name -> shape of its weights, for so many numbers a step."""

    def run(
        self,
        weights: Sequence[np.ndarray],
        values: np.ndarray,
        max_value: float,
        ranges: Ranges,
        lengths: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return what it makes of values, float64 ``[n, time, width]``.

        Args:
            weights: of ``shapes``.
            values: ``[n, time, width]``.
            max_value: the custom activation's ``M``.
            ranges: take in what lies where.
            lengths: real steps of each sequence, ``[n]``; None: all.
        """


@dataclass(frozen=True)
class Embedding(FrontLayer):
    """Numbers of words to vectors; it can only be the first layer. A word out of range is the nearest in it.

    Attributes:
        words: how many.
        width: of their vectors.
    """

    words: int
    width: int

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
        if width != 1:
            raise ValueError(f"an embedding reads one word a step, not {width} numbers")
        return steps, self.width

    @override
    def shapes(self, width: int) -> dict[str, tuple[int, ...]]:
        return {"embeddings": (self.words, self.width)}

    @override
    def numbers(self, steps: int, width: int) -> int:
        return steps * self.width

    @override
    def run(
        self,
        weights: Sequence[np.ndarray],
        values: np.ndarray,
        max_value: float,
        ranges: Ranges,
        lengths: np.ndarray | None = None,
    ) -> np.ndarray:
        return weights[0][np.clip(values.reshape(values.shape[:2]).astype(np.int64), 0, self.words - 1)]


@dataclass(frozen=True)
class Convolution(Windows, FrontLayer):
    """A convolution over time and frequency, as Keras' kernels have it (no kernel is flipped).

    Attributes:
        filters: how many.
        groups: of channels and filters, each by itself; with as many as channels it is depthwise.
        activation: by name, or ``LINEAR``.

    Raises:
        ValueError: if groups do not divide channels and filters.
    """

    filters: int
    groups: int = 1
    activation: str = LINEAR

    def __post_init__(self) -> None:
        if min(self.filters, self.groups) < 1 or self.channels % self.groups or self.filters % self.groups:
            raise ValueError(f"{self.groups} groups do not divide {self.channels} channels and {self.filters} filters")

    @override
    def extent(self, steps: int, width: int) -> tuple[int, int]:
        times, frequencies = self.counts(steps, width)
        return times, frequencies * self.filters

    @override
    def shapes(self, width: int) -> dict[str, tuple[int, ...]]:
        kernel = self.time.taps, self.frequency.taps, self.channels // self.groups, self.filters
        return {"kernel": kernel, "bias": (self.filters,)}

    def function(self, max_value: float) -> Function:
        """Return the activation."""
        return in_own_units(self.activation, max_value)

    @override
    def run(
        self,
        weights: Sequence[np.ndarray],
        values: np.ndarray,
        max_value: float,
        ranges: Ranges,
        lengths: np.ndarray | None = None,
    ) -> np.ndarray:
        kernel, bias = weights
        columns = by_group(self.of(values, 0.0), self.groups)
        by_filter = kernel.reshape(-1, self.groups, self.filters // self.groups).transpose(1, 0, 2)
        steps, width = self.extent(*values.shape[1:])
        sums = (columns @ by_filter).transpose(1, 0, 2).reshape(len(values), steps, -1, self.filters) + bias
        ranges.see("sum", without_padding(sums, lengths))
        return self.function(max_value)(sums).reshape(len(values), steps, width)


@dataclass(frozen=True)
class Pooling(LargestOfWindows, FrontLayer):
    """The largest number of each window, channel by channel."""

    @override
    def shapes(self, width: int) -> dict[str, tuple[int, ...]]:
        return {}

    @override
    def run(
        self,
        weights: Sequence[np.ndarray],
        values: np.ndarray,
        max_value: float,
        ranges: Ranges,
        lengths: np.ndarray | None = None,
    ) -> np.ndarray:
        return self.largest(values, -np.inf)


KINDS: dict[str, type[Embedding | Convolution | Pooling]] = {
    "embedding": Embedding,
    "convolution": Convolution,
    "pooling": Pooling,
}


def extent(layers: Sequence[Reshaping], steps: int, width: int) -> tuple[int, int]:
    """Return how many steps and numbers a step become of so many in layers.

    Raises:
        ValueError: as ``Reshaping.extent``.
    """
    for layer in layers:
        steps, width = layer.extent(steps, width)
    return steps, width


def most_numbers(layers: Sequence[Reshaping], steps: int, width: int) -> int:
    """Return how many numbers layers have at once, of one sequence; 0 where there are none."""
    most = 0
    for layer in layers:
        most = max(most, layer.numbers(steps, width))
        steps, width = layer.extent(steps, width)
    return most


def shapes(layers: Sequence[FrontLayer], steps: int, width: int, name: str) -> dict[str, tuple[int, ...]]:
    """Return name -> shape of all weights of layers: ``name_1/kernel`` and so on."""
    found: dict[str, tuple[int, ...]] = {}
    for number, layer in enumerate(layers, 1):
        found |= {f"{name}_{number}/{key}": shape for key, shape in layer.shapes(width).items()}
        steps, width = layer.extent(steps, width)
    return found


def to_json(layer: FrontLayer) -> dict[str, Any]:
    """Return a layer as JSON has it."""
    kind = next(name for name, kind in KINDS.items() if isinstance(layer, kind))
    return {"kind": kind, **asdict(layer)}  # type: ignore[call-overload]


def from_json(found: Mapping[str, Any]) -> FrontLayer:
    """Return what ``to_json`` was given."""
    facts: dict[str, Any] = {
        name: Axis(**fact) if isinstance(fact, Mapping) else fact for name, fact in found.items() if name != "kind"
    }
    return KINDS[found["kind"]](**facts)
