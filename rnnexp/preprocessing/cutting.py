"""From recordings to the sequences that a network sees: windows, and several samples as one time step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

Count = Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)]


@dataclass(frozen=True)
class Piece:
    """A part of a recording.

    Attributes:
        first: the number of its first sample.
        values: ``[samples, features]``.
    """

    first: int
    values: np.ndarray


class Cutting(BaseModel):
    """How a recording ``[samples, features]`` becomes sequences ``[time, samples_per_step * features]``.

    Attributes:
        columns: the names of the features, for tables with further columns; none where they have no names.
        window: samples in a sequence; None: a recording is one.
        stride: samples from a window to the next one.
        samples_per_step: consecutive samples that are one time step's features, the earliest first; of what is left
            over at the end of a recording nothing is seen.
        longest: samples of a recording that is not cut into windows: of longer ones, the first so many; None: all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: tuple[str, ...] = ()
    window: Count | None = None
    stride: Count | None = None
    samples_per_step: Count = 1
    longest: Count | None = None

    def pieces(self, values: np.ndarray) -> Iterator[Piece]:
        """Go through the windows of a recording, or give the beginning of it; nothing of one that is too short."""
        samples = self.window or min(len(values), self.longest or len(values))
        stride = self.stride or samples
        if samples < self.samples_per_step:
            return
        for first in range(0, len(values) - samples + 1, max(stride, 1)) if self.window else (0,):
            yield Piece(first, values[first : first + samples])

    def steps(self, values: np.ndarray) -> np.ndarray:
        """Return samples ``[samples, features]`` as time steps ``[time, samples_per_step * features]``."""
        steps = len(values) // self.samples_per_step
        return values[: steps * self.samples_per_step].reshape(steps, -1)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it; what does not apply is left out."""
        return self.model_dump(mode="json", exclude_defaults=True)


def parse(found: Any) -> Cutting:
    """Return what ``to_json`` gave.

    Raises:
        ValueError: if it is none, saying what is wrong with which of its numbers.
    """
    try:
        return Cutting.model_validate(found)
    except ValidationError as error:
        problem = error.errors()[0]
        text = f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
        # A name from anywhere: a terminal must not follow what is in it.
        raise ValueError(text if text.isprintable() else text.encode("unicode_escape").decode()) from None
