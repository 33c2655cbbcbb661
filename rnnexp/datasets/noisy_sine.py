"""A sine of period 100 under uniform noise, and how well it could be predicted at best."""

from __future__ import annotations

import dataclasses

import numpy as np

from rnnexp.config import RegressionConfig
from rnnexp.datasets import series
from rnnexp.datasets.dataset import Dataset

POINTS = 1000
PERIOD = 100
NOISE = 0.05


def load(config: RegressionConfig) -> Dataset:
    """Make the series ``sin(2 pi t / 100) + noise``, the noise uniform in [-0.05, 0.05] and drawn with the seed.

    The baseline ``clean sine`` predicts the sine without the noise. No model can do better, since the noise of a value
    that has not been seen is independent of everything that has; its mean squared error is the variance of that
    noise, in the long run ``NOISE**2 / 3``, and in the part that is evaluated what the report says.

    Raises:
        UserError: if the settings leave no windows.
    """
    count = POINTS + (config.generate_steps or 0)
    clean = np.sin(2 * np.pi / PERIOD * np.arange(count))
    values = clean + np.random.default_rng(config.seed).uniform(-NOISE, NOISE, count)
    made = series.Series.of(values[:POINTS], values[POINTS:])
    source = f"{POINTS} points of a sine of period {PERIOD}, noise uniform in ±{NOISE}, seed {config.seed}"
    dataset = series.windows(made, config, series.Known(source, "amplitude", defaults={"linear_path": False}))
    floor = clean[POINTS - len(dataset.evaluation) : POINTS, None]
    return dataclasses.replace(dataset, baselines={**dataset.baselines, "clean sine": floor}, floors=("clean sine",))
