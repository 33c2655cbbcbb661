"""Windows over time and frequency: where they lie in sequences, and what is in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Axis:
    """How windows lie on an axis. 'valid', 'same' and 'causal' differ in their padding alone.

    Attributes:
        taps: numbers of a window.
        stride: from one window to the next.
        dilation: from one number of a window to the next.
        before: padding ahead of the first number.
        after: padding behind the last one.

    Raises:
        ValueError: if one of them is too small.
    """

    taps: int = 1
    stride: int = 1
    dilation: int = 1
    before: int = 0
    after: int = 0

    def __post_init__(self) -> None:
        if min(self.taps, self.stride, self.dilation) < 1 or min(self.before, self.after) < 0:
            raise ValueError(f"there are no such windows: {self}")

    @classmethod
    def same(cls, numbers: int, taps: int, stride: int = 1, dilation: int = 1) -> Axis:
        """Return windows as many as numbers, divided by the stride, as TensorFlow pads for them."""
        span = (taps - 1) * dilation + 1
        padding = max((-(-numbers // stride) - 1) * stride + span - numbers, 0)
        return cls(taps, stride, dilation, padding // 2, padding - padding // 2)

    @classmethod
    def causal(cls, taps: int, stride: int = 1, dilation: int = 1) -> Axis:
        """Return windows that end at each number."""
        return cls(taps, stride, dilation, before=(taps - 1) * dilation)

    @property
    def span(self) -> int:
        """Numbers from a window's first to its last one."""
        return (self.taps - 1) * self.dilation + 1

    @property
    def pointwise(self) -> bool:
        """Whether each window is one number."""
        return self == Axis()

    @property
    def streams(self) -> bool:
        """Whether windows have no padding at the end, and none has nothing but padding."""
        return not self.after and self.before < self.span

    def count(self, numbers: int) -> int:
        """Return how many windows there are in so many numbers.

        Raises:
            ValueError: if there are none.
        """
        room = numbers + self.before + self.after - self.span
        if room < 0:
            raise ValueError(f"{numbers} numbers are too few for a window of {self.span}")
        return room // self.stride + 1

    def places(self, numbers: int) -> np.ndarray:
        """Return the places of each window's numbers, ``[windows, taps]``; those outside are padding."""
        starts = np.arange(self.count(numbers)) * self.stride - self.before
        return starts[:, None] + np.arange(self.taps) * self.dilation


def windows(values: np.ndarray, time: Axis, frequency: Axis, channels: int, padding: float) -> np.ndarray:
    """Return the windows in values ``[n, time, width]``: ``[n, times, frequencies, taps, taps, channels]``."""
    count, steps, width = values.shape
    frames = values.reshape(count, steps, width // channels, channels)
    around = ((0, 0), (time.before, time.after), (frequency.before, frequency.after), (0, 0))
    padded = np.pad(frames, around, constant_values=padding)
    rows = time.places(steps) + time.before
    columns = frequency.places(width // channels) + frequency.before
    return padded[:, rows[:, None, :, None], columns[None, :, None, :]]


def by_group(found: np.ndarray, groups: int) -> np.ndarray:
    """Return windows as what each group of filters reads: ``[groups, n * times * frequencies, taps * channels]``."""
    *places, rows, columns, channels = found.shape
    split = found.reshape(-1, rows, columns, groups, channels // groups)
    return split.transpose(3, 0, 1, 2, 4).reshape(groups, int(np.prod(places)), -1)


@dataclass(frozen=True)
class Windows:
    """What reads windows of time and frequency.

    Attributes:
        time: where they lie.
        frequency: the same of the other axis, of which there may be one number.
        channels: of each number that comes in.
    """

    time: Axis
    frequency: Axis
    channels: int

    @property
    def pointwise(self) -> bool:
        """As in ``Reshaping``."""
        return self.time.pointwise

    @property
    def streams(self) -> bool:
        """As in ``Reshaping``."""
        return self.time.streams

    def counts(self, steps: int, width: int) -> tuple[int, int]:
        """Return how many windows there are on both axes.

        Raises:
            ValueError: if there are none, or numbers of so many channels do not make up the width.
        """
        if self.channels < 1 or width % self.channels:
            raise ValueError(f"{width} numbers a step do not have {self.channels} channels")
        return self.time.count(steps), self.frequency.count(width // self.channels)

    def numbers(self, steps: int, width: int) -> int:
        """As in ``Reshaping``."""
        times, frequencies = self.counts(steps, width)
        return times * frequencies * self.time.taps * self.frequency.taps * self.channels

    def of(self, values: np.ndarray, padding: float) -> np.ndarray:
        """Return ``windows`` of values."""
        return windows(values, self.time, self.frequency, self.channels, padding)


@dataclass(frozen=True)
class LargestOfWindows(Windows):
    """The largest number of each window, channel by channel; padding counts as less than any number.

    Raises:
        ValueError: if a window can have nothing but padding, or numbers are left out within it.
    """

    def __post_init__(self) -> None:
        for axis in (self.time, self.frequency):
            if axis.dilation > 1 or max(axis.before, axis.after) >= axis.taps:
                raise ValueError(f"there is no pooling of such windows: {axis}")

    def extent(self, steps: int, width: int) -> tuple[int, int]:
        """As in ``Reshaping``."""
        times, frequencies = self.counts(steps, width)
        return times, frequencies * self.channels

    def largest(self, values: np.ndarray, padding: float) -> np.ndarray:
        """Return the largest numbers, of any type, in values ``[n, time, width]``; none may be below the padding."""
        steps, width = self.extent(*values.shape[1:])
        return self.of(values, padding).max(axis=(3, 4)).reshape(len(values), steps, width)
