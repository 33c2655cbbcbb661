"""The memory task: recall, or predict, a value of a random series from a window of it."""

from __future__ import annotations

import numpy as np

from rnnexp.config import MemoryConfig
from rnnexp.datasets.dataset import Dataset, Split
from rnnexp.errors import UserError


def load(config: MemoryConfig) -> Dataset:
    """Make one series uniform in [-1, 1] and cut it into windows.

    A window is the values 1..N; its target is the value N + K: with a negative K one inside the window, which is
    the task that the memory-capacity literature measures (Jaeger 2001, "Short term memory in echo state networks").

    Raises:
        UserError: if the window or the target does not fit the series.
    """
    length, n, k = config.memory_signal_length, config.memory_n, config.memory_k
    if n >= length:
        raise UserError(
            f"MEMORY_N is {n}, but the whole signal has only MEMORY_SIGNAL_LENGTH = {length} values: "
            "make MEMORY_N smaller than MEMORY_SIGNAL_LENGTH"
        )
    if k <= -n:
        raise UserError(
            f"MEMORY_K is {k}, but the window holds only MEMORY_N = {n} values: "
            f"the furthest that it can look back is {1 - n}"
        )
    windows = length - n - max(k, 0) + 1
    if windows < 1:
        raise UserError(
            f"no window fits: MEMORY_N = {n} values and a target {k} steps later need a "
            f"MEMORY_SIGNAL_LENGTH of at least {n + k}, not {length}"
        )
    series = np.random.default_rng(config.seed).uniform(-1.0, 1.0, length).astype(np.float32)
    x = np.lib.stride_tricks.sliding_window_view(series, n)[:windows, :, None].copy()
    y = series[n + k - 1 :][:windows, None].copy()
    part = Split(x, y)
    note = "There is no split in this task: the figures are of the series that was trained on."
    if k > 0:
        note += " The target lies outside the window, so it can only be learned by heart."
    return Dataset(
        name=config.dataset_name,
        task="memory",
        train=part,
        validation=part,
        evaluation=part,
        evaluation_part="training series (this task has no split)",
        baselines={"mean": np.full_like(y, y.mean(), dtype=np.float64)},
        outputs=1,
        source=f"{length} values drawn from a uniform distribution, seed {config.seed}",
        units="signal",
        normalization="none: the values lie in [-1, 1]",
        notes=(note,),
    )
