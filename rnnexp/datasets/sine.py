"""A sine: 9 periods in 1,000 points."""

from __future__ import annotations

import numpy as np

from rnnexp.config import RegressionConfig
from rnnexp.datasets import series
from rnnexp.datasets.dataset import Dataset

POINTS = 1000
LAST_ANGLE = 18 * np.pi


def load(config: RegressionConfig) -> Dataset:
    """Make the series, and as much of what comes after it as closed-loop generation is to be compared with.

    Raises:
        UserError: if the settings leave no windows.
    """
    points = np.arange(POINTS + (config.generate_steps or 0))
    values = np.sin(LAST_ANGLE / (POINTS - 1) * points)
    made = series.Series.of(values[:POINTS], values[POINTS:])
    source = f"{POINTS} points of sin(x), x from 0 to 18 pi: 9 periods of 111 points"
    return series.windows(made, config, series.Known(source, "amplitude", defaults={"linear_path": False}))
