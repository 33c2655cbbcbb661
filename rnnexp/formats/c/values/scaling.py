"""How the features of a time step become inputs, and outputs predictions, feature by feature: what the C is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

import numpy as np

from rnnexp.preprocessing.input_map import Characters, InputMap, RawSound, SpectralSound, Standardized
from rnnexp.preprocessing.numeric_maps import (
    Change,
    ColumnMap,
    Columns,
    Difference,
    Differences,
    TrainingRange,
    WindowChange,
    WindowDifference,
    WindowRange,
)
from rnnexp.quantization.network import IntegerNetwork

# What is taken away: a number of the training part, or of the window its least value, its last one, or the one before.
Taken = Literal["number", "least", "last", "before"]
# What the rest is divided by: a number of the training part, or the window's own range, or its largest change.
Divided = Literal["number", "range", "change"]


@dataclass(frozen=True)
class Scaling:
    """Features next to each other that are scaled in the same way: ``(value - offset) / (unit / to)``.

    Attributes:
        first: the number of the first of them.
        count: how many there are.
        taken: what the offset is.
        divided: what the unit is.
        offsets: where it is a number, those of each feature, or time step; where all have the same, it alone.
        units: the same of units; of windows' own ones, what those get that have none.
        by_step: whether several numbers are of time steps.
        to: what a unit becomes.
        season: of targets, the time steps after which they repeat.
    """

    first: int
    count: int
    taken: Taken = "number"
    divided: Divided = "number"
    offsets: tuple[float, ...] = (0.0,)
    units: tuple[float, ...] = (1.0,)
    by_step: bool = False
    to: float = 1.0
    season: int | None = None

    @property
    def alone(self) -> bool:
        """Whether a time step is scaled without any other one."""
        return self.taken == self.divided == "number" and not self.by_step

    @property
    def divisors(self) -> tuple[float, ...]:
        """Where units are numbers, what is divided by, as Python computes it."""
        return tuple(unit / self.to for unit in self.units)

    @property
    def end(self) -> int:
        """The number of the feature after the last one."""
        return self.first + self.count


@dataclass(frozen=True)
class Scalings:
    """Those of a network.

    Attributes:
        inputs: of all features.
        targets: of what outputs are of, one after the other and from the first again; empty where nothing is said.
    """

    inputs: tuple[Scaling, ...]
    targets: tuple[Scaling, ...]

    @property
    def alone(self) -> bool:
        """Whether a time step's inputs need no other one."""
        return all(scaling.alone for scaling in self.inputs)

    @property
    def outputs_alone(self) -> bool:
        """Whether predictions need nothing but outputs."""
        return all(scaling.alone for scaling in self.targets)

    @property
    def of_targets(self) -> int:
        """How many targets there are."""
        return sum(scaling.count for scaling in self.targets)


class NoValues(Exception):  # noqa: N818 - it says what there is not
    """There is no C from values to a network's inputs; the text says why, as a sentence of a header."""


def of(input_map: InputMap, network: IntegerNetwork, task: str) -> Scalings:
    """Return how a network's inputs and predictions are scaled.

    Args:
        input_map: what was exported with the network.
        network: that it is for.
        task: outputs are in the data's own units after a regression alone.

    Raises:
        NoValues: if inputs are not made of numbers, or cannot be made here.
    """
    if isinstance(input_map, Characters):
        raise NoValues("Inputs are characters, which the caller makes one-hot: 1 at the character's place, else 0.")
    if isinstance(input_map, RawSound | SpectralSound):
        raise NoValues("Inputs are made of sound, not of values.")
    try:
        input_map.scaling(np.zeros((1, network.sequence_length, network.features)))
    except ValueError as error:
        raise NoValues(f"What is said of inputs does not fit the network: {error}.") from None
    inputs = tuple(_inputs(input_map, network.features))
    found = Scalings(inputs, tuple(_targets(input_map, inputs, network, task)))
    if network.variable_length and not found.alone:
        raise NoValues("Sequences can be shorter than the windows by which values are scaled, which the caller makes.")
    return found


def _inputs(input_map: InputMap, features: int) -> Iterator[Scaling]:
    """Yield the scalings of all features."""
    if isinstance(input_map, Columns):
        each = [_column(column, number) for number, column in enumerate(input_map.columns)]
        yield from (_joined(list(alike)) for _, alike in groupby(each, _way))
    elif isinstance(input_map, Standardized):
        yield Scaling(0, features, offsets=_once(input_map.mean), units=_once(input_map.deviation))
    elif isinstance(input_map, ColumnMap):
        yield _column(input_map, 0, features)


def _targets(input_map: InputMap, inputs: tuple[Scaling, ...], network: IntegerNetwork, task: str) -> Iterator[Scaling]:
    """Yield the scalings of all targets."""
    if network.softmax:
        return
    if task != "regression":
        yield Scaling(0, 1)
        return
    count = input_map.targets if isinstance(input_map, Columns) else 1
    seasons = [scaling.season for scaling in inputs if scaling.first < count and scaling.season is not None]
    if network.outputs % count or max(seasons, default=0) >= network.sequence_length:
        return
    if isinstance(input_map, Standardized):
        if input_map.target is not None:
            yield Scaling(0, 1, offsets=(input_map.target.offset,), units=(input_map.target.scale,))
        return
    for scaling in inputs:
        if scaling.by_step:
            return
        if scaling.first < count:
            own = min(scaling.end, count) - scaling.first
            yield _first(scaling, own)


def _way(scaling: Scaling) -> tuple[object, ...]:
    """Return what features next to each other must have in common to be scaled in one loop."""
    own = scaling.first if scaling.by_step else None
    return scaling.taken, scaling.divided, scaling.to, scaling.season, own


def _joined(alike: list[Scaling]) -> Scaling:
    """Return the scaling of features next to each other."""
    if len(alike) == 1:
        return alike[0]
    offsets, units = ([number for scaling in alike for number in getattr(scaling, name)] for name in _NUMBERS)
    return replace(alike[0], count=len(alike), offsets=_once(offsets), units=_once(units))


_NUMBERS = "offsets", "units"


def _first(scaling: Scaling, count: int) -> Scaling:
    """Return the scaling of the first features alone."""
    offsets, units = (_once(getattr(scaling, name)[:count]) for name in _NUMBERS)
    return replace(scaling, count=count, offsets=offsets, units=units)


def _once(numbers: tuple[float, ...] | list[float]) -> tuple[float, ...]:
    """Return numbers, or where all are the same, it alone."""
    return tuple(numbers[:1]) if len(set(numbers)) == 1 else tuple(numbers)


def _column(column: ColumnMap, first: int, count: int = 1) -> Scaling:
    """Return the scaling of a column, or of several features by the same map."""
    season = column.season if isinstance(column, Differences) else None
    if isinstance(column, TrainingRange):
        offsets, units = (
            _once(numbers) if isinstance(numbers, tuple) else (numbers,) for numbers in (column.minimum, column.range)
        )
        by_step = column.axis == "step" and max(len(offsets), len(units)) > 1
        return Scaling(first, count, offsets=offsets, units=units, by_step=by_step, to=column.to)
    if isinstance(column, WindowRange):
        return Scaling(first, count, "least", "range", units=(column.flat_range,), to=column.to)
    if isinstance(column, WindowDifference):
        return Scaling(first, count, "last", "range", units=(column.flat_range,), to=column.to, season=season)
    if isinstance(column, WindowChange):
        return Scaling(first, count, "before", "change", units=(column.flat_range,), to=column.to, season=season)
    if isinstance(column, Difference):
        return Scaling(first, count, "last", units=(column.range,), to=column.to, season=season)
    if isinstance(column, Change):
        return Scaling(first, count, "before", units=(column.range,), to=column.to, season=season)
    return Scaling(first, count)
