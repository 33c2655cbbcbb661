"""Input maps of numbers: from ranges of the training part or of each sample, and from differences."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator
from typing_extensions import override

from rnnexp.preprocessing.map import Count, Map, Numbers, Positive, Positives, Scaling

# Of samples [n, time, features]: the dimension, and what it has.
AXES = {"step": (1, "time steps"), "feature": (2, "features")}


class AsItIs(Map):
    """Samples are the inputs."""

    kind: Literal["none"] = "none"


class TrainingRange(Map):
    """Samples from the training part's range to 0..``to``.

    Attributes:
        to: where the range ends.
        minimum: of the training part, or of each time step or feature there.
        range: the same.
        axis: what several numbers are of.
    """

    kind: Literal["train"] = "train"
    to: Positive
    minimum: Numbers
    range: Positives
    axis: Literal["step", "feature"] = "step"

    @model_validator(mode="after")
    def _as_many(self) -> TrainingRange:
        counts = {len(values) for values in (self.minimum, self.range) if isinstance(values, tuple)}
        if len(counts) > 1:
            raise ValueError(f"minimum and range are not of as many {AXES[self.axis][1]}")
        return self

    @override
    def scaling(self, samples: np.ndarray) -> Scaling:
        dimension, what = AXES[self.axis]
        minimum, width = (self._along(values, samples.shape[dimension], what) for values in (self.minimum, self.range))
        return minimum, width / self.to

    def _along(self, values: float | tuple[float, ...], count: int, what: str) -> np.ndarray:
        numbers = np.atleast_1d(np.asarray(values, np.float64))
        if isinstance(values, tuple) and len(values) != count:
            raise ValueError(f"it is for {len(values)} {what}, and there are {count}")
        return numbers.reshape((1, -1, 1) if self.axis == "step" else (1, 1, -1))

    @model_serializer(mode="wrap")
    def _without_the_usual_axis(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = serialize(self)
        return {name: value for name, value in found.items() if (name, value) != ("axis", "step")}


def own_ranges(samples: np.ndarray, flat_range: float) -> np.ndarray:
    """Return the range of each feature of each sample, ``[n, 1, features]``; ``flat_range`` where there is none."""
    width = np.ptp(samples, axis=1, keepdims=True)
    return np.where(width > 0, width, flat_range)


class WindowRange(Map):
    """Each feature of each sample from its own range to 0..``to``.

    Attributes:
        to: where the range ends.
        flat_range: the range of what has none.
    """

    kind: Literal["window"] = "window"
    to: Positive
    flat_range: Positive

    @override
    def scaling(self, samples: np.ndarray) -> Scaling:
        return samples.min(axis=1, keepdims=True), own_ranges(samples, self.flat_range) / self.to


class Differences(Map):
    """Differences from each feature's last value; those of targets from what would come if all went on as before.

    Attributes:
        to: what a range becomes.
        season: so many values repeat: what would come is the last value and, of the season before, the change since
            then; without, it is the last value alone.
    """

    to: Positive
    season: Count | None = None

    @abstractmethod
    def _unit(self, samples: np.ndarray) -> np.ndarray:
        """Return what differences are divided by, ``[n or 1, 1, features or 1]``."""

    @override
    def scaling(self, samples: np.ndarray) -> Scaling:
        return samples[:, -1:], self._unit(samples)

    @override
    def target_scaling(self, samples: np.ndarray, outputs: int = 1) -> Scaling:
        values, scale = samples[:, :, 0], self._unit(samples)[:, 0, :1]
        last = values[:, -1:]
        if self.season is None:
            return last, scale
        if self.season >= values.shape[1]:
            raise ValueError(f"the season is {self.season} time steps, of a sample of {values.shape[1]}")
        same = np.arange(outputs) % self.season - self.season
        return values[:, same] + last - values[:, [-1 - self.season]], scale

    @override
    def to_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)


class Difference(Differences):
    """Differences in units of the training part's.

    Attributes:
        range: of one column, twice their root mean square there; of several, the largest that is expected.
    """

    kind: Literal["difference"] = "difference"
    range: Positive

    @override
    def _unit(self, samples: np.ndarray) -> np.ndarray:
        del samples
        return np.full((1, 1, 1), self.range / self.to)


class WindowDifference(Differences):
    """Differences in units of each sample's own range.

    Attributes:
        flat_range: the range of what has none.
    """

    kind: Literal["window-difference"] = "window-difference"
    flat_range: Positive

    @override
    def _unit(self, samples: np.ndarray) -> np.ndarray:
        return own_ranges(samples, self.flat_range) / self.to


class Changes(Differences):
    """Inputs are the changes from each time step to the next, the first of which is 0; targets are as of differences.

    Changes say what differences from the last value say, but are smaller where a series goes on in one direction: then
    each has more of int8's codes.
    """

    @override
    def scaling(self, samples: np.ndarray) -> Scaling:
        return _before(samples), self._unit(samples)


class Change(Changes):
    """Changes in units of the training part's.

    Attributes:
        range: of one column, twice their root mean square there; of several, the largest that is expected.
    """

    kind: Literal["change"] = "change"
    range: Positive

    @override
    def _unit(self, samples: np.ndarray) -> np.ndarray:
        del samples
        return np.full((1, 1, 1), self.range / self.to)


class WindowChange(Changes):
    """Changes in units of each sample's own largest one.

    Attributes:
        flat_range: the largest change of what has none.
    """

    kind: Literal["window-change"] = "window-change"
    flat_range: Positive

    @override
    def _unit(self, samples: np.ndarray) -> np.ndarray:
        largest = np.abs(changes(samples)).max(axis=1, keepdims=True)
        return np.where(largest > 0, largest, self.flat_range) / self.to


def changes(samples: np.ndarray) -> np.ndarray:
    """Return the changes from each time step to the next, ``[n, time, features]``; the first is 0."""
    return samples - _before(samples)


def _before(samples: np.ndarray) -> np.ndarray:
    return np.concatenate([samples[:, :1], samples[:, :-1]], axis=1)


ColumnMap = AsItIs | TrainingRange | WindowRange | Difference | WindowDifference | Change | WindowChange
Column = Annotated[ColumnMap, Field(discriminator="kind")]


class Columns(Map):
    """Each feature by a map of its own.

    Attributes:
        columns: of each feature; one number each, for all time steps.
        targets: so many features, the first ones, are what is predicted: output after output, horizon after horizon.
    """

    kind: Literal["columns"] = "columns"
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    targets: Annotated[int, Field(ge=1, strict=True)] = 1

    @model_validator(mode="after")
    def _targets_are_there(self) -> Columns:
        if self.targets > len(self.columns):
            raise ValueError(f"targets is {self.targets}, and there are {len(self.columns)} columns")
        return self

    @override
    def scaling(self, samples: np.ndarray) -> Scaling:
        if samples.shape[2] != len(self.columns):
            raise ValueError(f"it is for {len(self.columns)} features, and there are {samples.shape[2]}")
        each = [column.scaling(samples[:, :, [number]]) for number, column in enumerate(self.columns)]
        offset, scale = (np.concatenate(np.broadcast_arrays(*parts), axis=2) for parts in zip(*each, strict=True))
        return offset, scale

    @override
    def target_scaling(self, samples: np.ndarray, outputs: int = 1) -> Scaling:
        if outputs % self.targets:
            raise ValueError(f"it is for {self.targets} targets, and there are {outputs} outputs")
        horizons = outputs // self.targets
        each = [
            self.columns[number].target_scaling(samples[:, :, [number]], horizons) for number in range(self.targets)
        ]
        # Of each target its horizons; wanted is of each horizon its targets.
        offset, scale = (
            np.stack(
                np.broadcast_arrays(*(np.broadcast_to(part, (len(part), horizons)) for part in parts)), axis=2
            ).reshape(-1, outputs)
            for parts in zip(*each, strict=True)
        )
        return offset, scale
