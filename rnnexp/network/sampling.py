"""Some of many rows."""

from __future__ import annotations

import numpy as np


def spread(count: int, most: int) -> np.ndarray:
    """Return at most that many of the row numbers below ``count``, spread evenly."""
    return np.linspace(0, count - 1, min(count, most)).astype(int)
