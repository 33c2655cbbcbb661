"""How sound is cut into frames that overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Frames:
    """The frames that a stream is cut into.

    Attributes:
        length: of a frame, in samples.
        step: from one to the next.
    """

    length: int
    step: int

    def count(self, samples: int) -> int:
        """Return how many frames there are in so many samples."""
        return max((samples - self.length) // self.step + 1, 0)

    def ends(self, count: int) -> np.ndarray:
        """Return what each frame has heard, in samples from the beginning."""
        return np.arange(count) * self.step + self.length
