"""An input map of recordings: every feature less its mean, by its deviation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import override

from rnnexp.preprocessing.map import Count, Map, Number, Positive, Scaling


class Target(BaseModel):
    """Between outputs and what is predicted: ``offset + scale * output``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    offset: Number = 0.0
    scale: Positive = 1.0


class Standardized(Map):
    """Each feature by the training part's mean and deviation.

    Attributes:
        mean: of each feature: taken away.
        deviation: the same: what is left is divided by it.
        samples_per_step: so many samples, each of these features, one after the other, are the features of a time step.
        target: of what is predicted, where that is no class.
    """

    kind: Literal["standard"] = "standard"
    mean: Annotated[tuple[Number, ...], Field(min_length=1)]
    deviation: Annotated[tuple[Positive, ...], Field(min_length=1)]
    samples_per_step: Count = 1
    target: Target | None = None

    @model_validator(mode="after")
    def _as_many(self) -> Standardized:
        if len(self.mean) != len(self.deviation):
            raise ValueError("mean and deviation are not of as many features")
        return self

    @override
    def scaling(self, samples: np.ndarray) -> Scaling:
        features = len(self.mean) * self.samples_per_step
        if samples.shape[2] != features:
            raise ValueError(f"it is for {features} features, and there are {samples.shape[2]}")
        mean, deviation = (
            np.tile(np.array(numbers), self.samples_per_step)[None, None] for numbers in (self.mean, self.deviation)
        )
        return mean, deviation

    @override
    def target_scaling(self, samples: np.ndarray, outputs: int = 1) -> Scaling:
        if self.target is None:
            raise ValueError("it says nothing of what is predicted")
        return np.full((1, 1), self.target.offset), np.full((1, 1), self.target.scale)

    @override
    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, **self.model_dump(mode="json", exclude_defaults=True)}
