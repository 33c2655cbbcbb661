"""What all input maps can do, and the kinds of numbers that they have."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

Number = Annotated[float, Field(allow_inf_nan=False)]
Numbers = Number | Annotated[tuple[Number, ...], Field(min_length=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Positives = Positive | Annotated[tuple[Positive, ...], Field(min_length=1)]
Count = Annotated[int, Field(ge=1, le=32768, strict=True)]
Sample = Annotated[int, Field(ge=-32768, le=32767, strict=True)]
# What is taken away, and what the rest is divided by.
Scaling = tuple[np.ndarray, np.ndarray]


class Map(BaseModel):
    """What all maps can do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def scaling(self, samples: np.ndarray) -> Scaling:
        """Return what to take away from samples ``[n, time, features]``, and what to divide them by then.

        Both are ``[n or 1, time or 1, features or 1]``.

        Raises:
            ValueError: if the map is of other time steps or features.
        """
        del samples  # they are the network's inputs as they are
        return np.zeros((1, 1, 1)), np.ones((1, 1, 1))

    def target_scaling(self, samples: np.ndarray, outputs: int = 1) -> Scaling:
        """Return offset and scale, ``[n or 1, outputs or 1]``, of predictions: ``offset + scale * output``.

        Args:
            samples: what is predicted from, ``[n, time, features]``.
            outputs: how many there are; all of what the first feature is of.

        Raises:
            ValueError: if the map is of other time steps or features, or has numbers for each time step.
        """
        del outputs
        offset, scale = self.scaling(samples)
        if not offset.shape[1] == scale.shape[1] == 1:
            raise ValueError("numbers for each time step are of inputs alone")
        return offset[:, 0, :1], scale[:, 0, :1]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return self.model_dump(mode="json")
