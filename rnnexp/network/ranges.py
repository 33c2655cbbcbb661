"""Where the values inside a network lie."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from rnnexp.errors import UserError


@dataclass
class Ranges:
    """The smallest and largest of everything that is seen, by name."""

    seen: dict[str, tuple[float, float]] = field(default_factory=dict)

    def see(self, name: str, values: np.ndarray) -> np.ndarray:
        """Take the values in, and return them."""
        low, high = self.seen.get(name, (np.inf, -np.inf))
        self.seen[name] = min(low, float(values.min())), max(high, float(values.max()))
        return values

    def limit(self, name: str, largest: float) -> None:
        """Take what lies beyond a magnitude as if it were there; a name that has not been seen stays unseen."""
        if name in self.seen:
            low, high = self.seen[name]
            self.seen[name] = max(low, -largest), min(high, largest)

    def __getitem__(self, name: str) -> tuple[float, float]:
        """Return the range of a name.

        Raises:
            UserError: if it is not finite.
        """
        low, high = self.seen[name]
        if not (math.isfinite(low) and math.isfinite(high)):
            raise UserError(f"the range of the {name} is not finite: {low:g} to {high:g}")
        return low, high
