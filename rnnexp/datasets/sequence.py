"""The numbers 0.1, 0.2, ... 1.0, of which the last one is asked for."""

from __future__ import annotations

import dataclasses

import numpy as np

from rnnexp.config import RegressionConfig
from rnnexp.datasets import series
from rnnexp.datasets.dataset import Dataset


def load(config: RegressionConfig) -> Dataset:
    """Make the series, with its last value held out.

    With windows of 5, four are trained on, (0.1 ... 0.5) -> 0.6 to (0.4 ... 0.8) -> 0.9; asked for is what follows
    (0.5 ... 0.9). ``NORMALIZATION = "window"`` would make all of them the same, so that the preset leaves the values as
    they are. The question lies beyond the training part on purpose, and so beyond the codes that int8 would have:
    int8's ranges cover its window, not its answer, as well.

    Raises:
        UserError: if the settings leave no windows.
    """
    made = series.Series.of(np.arange(1, 11) / 10)
    dataset = series.windows(made, config, series.Known("0.1, 0.2, ... 1.0", "numbers", validation_share=0.1))
    note = "The ranges of int8 cover the inputs that are asked about, which lie beyond the training part."
    return dataclasses.replace(dataset, calibration=dataset.evaluation.x, notes=(note,))
