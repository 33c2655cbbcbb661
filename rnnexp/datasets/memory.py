"""The memory task: recall, or predict, values of a random series from a window of it."""

from __future__ import annotations

import numpy as np

from rnnexp.config import MemoryConfig
from rnnexp.datasets.dataset import Dataset, Split
from rnnexp.errors import UserError


def load(config: MemoryConfig) -> Dataset:
    """Make one series uniform in [-1, 1] and cut it into windows.

    A window is the values 1..N; its target is the value N + K: with a negative K one inside the window, which is
    the task that the memory-capacity literature measures (Jaeger 2001, "Short term memory in echo state networks").
    With D delays the targets are the values N + K, N + K - 1, ..., N + K - D + 1, which one network gives at once; the
    capacity, the sum over them, is then of a further series, drawn independently.

    Raises:
        UserError: if the window or a target does not fit the series.
    """
    length, n, k, delays = config.memory_signal_length, config.memory_n, config.memory_k, config.memory_delays
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
    if k - delays < -n:
        raise UserError(
            f"MEMORY_DELAYS is {delays}, but from MEMORY_K = {k} on there are only {n + k} values back to the first "
            f"one of a window of MEMORY_N = {n}"
        )
    windows = length - n - max(k, 0) + 1
    if windows < 1:
        raise UserError(
            f"no window fits: MEMORY_N = {n} values and a target {k} steps later need a "
            f"MEMORY_SIGNAL_LENGTH of at least {n + k}, not {length}"
        )
    random = np.random.default_rng(config.seed)

    def part() -> Split:
        series = random.uniform(-1.0, 1.0, length).astype(np.float32)
        x = np.lib.stride_tricks.sliding_window_view(series, n)[:windows, :, None].copy()
        first = n + k - delays
        y = np.lib.stride_tricks.sliding_window_view(series[first:], delays)[:windows, ::-1].copy()
        return Split(x, y)

    train = part()
    validation = part() if delays > 1 else train
    evaluation = part() if delays > 1 and config.early_stopping else validation
    if delays == 1:
        name = "training series (this task has no split)"
        note = "There is no split in this task: the figures are of the series that was trained on."
    else:
        name = "test part" if config.early_stopping else "validation part"
        note = "The figures are of a further series, drawn independently."
    if k > 0 and delays == 1:
        note += " The target lies outside the window, so it can only be learned by heart."
    elif k > 0:
        note += f" {min(k, delays)} of the targets lie outside the window: nothing tells them."
    return Dataset(
        name=config.dataset_name,
        task="memory",
        train=train,
        validation=validation,
        evaluation=evaluation,
        evaluation_part=name,
        baselines={"mean": np.tile(train.y.mean(axis=0, dtype=np.float64), (len(evaluation), 1))},
        outputs=delays,
        source=f"{length} values drawn from a uniform distribution, seed {config.seed}",
        units="signal",
        normalization="none: the values lie in [-1, 1]",
        notes=(note,),
    )
