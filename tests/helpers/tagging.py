"""A tagging task of sequences of different lengths: which of three modes is on, each switched on by its own pulse."""

import contextlib
import sys
import types
from typing import Any
from unittest import mock

import numpy as np

from rnnexp import datasets
from rnnexp.datasets.dataset import Dataset, Split
from rnnexp.datasets.support.baselines import majority_class
from rnnexp.datasets.support.padding import evened

MODES, NOISE = 3, 0.3


def sequences(samples, steps, *, seed=0, junk=0.0):
    """Return inputs ``[samples, steps, 3]``, modes ``[samples, steps]`` and lengths; 42 % of all steps are padding.

    With ``junk``, the padding holds so large noise, and its labels are of no mode.
    """
    random = np.random.default_rng(seed)
    pulses = np.where(random.random((samples, steps)) < 0.15, random.integers(0, MODES, (samples, steps)), -1)
    pulses[:, 0] = random.integers(0, MODES, samples)
    modes = np.maximum.accumulate(np.where(pulses >= 0, np.arange(steps), 0), axis=1)
    modes = np.take_along_axis(pulses, modes, axis=1)
    x = (pulses[..., None] == np.arange(MODES)) + random.normal(scale=NOISE, size=(samples, steps, MODES))
    lengths = random.integers(max(steps // 6, 1), steps + 1, samples).astype(np.int32)
    padding = np.arange(steps) >= lengths[:, None]
    x[padding] = junk * random.normal(size=(padding.sum(), MODES))
    modes[padding] = 77 if junk else 0
    return x.astype(np.float32), modes.astype(np.int32), lengths


def dataset(samples=400, steps=24, *, every_step=True, seed=0, junk=0.0, name="tagging"):
    """Return it as a data set; with ``every_step=False``, only the last mode is asked for."""

    def part(rows, own):
        x, modes, lengths = sequences(rows, steps, seed=own, junk=junk)
        y = modes if every_step else modes[np.arange(rows), lengths - 1]
        return Split(x, y, lengths=lengths)

    train, validation = part(samples, seed), part(samples // 2, seed + 1)
    shares = majority_class(train.step_labels if every_step else train.y, validation.y.size, MODES)
    return evened(
        Dataset(
            name=name,
            task="classification",
            train=train,
            validation=validation,
            evaluation=validation,
            baselines={"majority class": shares.reshape(*validation.y.shape, MODES)},
            outputs=MODES,
            source="a test",
            units="class",
            normalization="none",
            answers="every step" if every_step else "once",
            class_names=tuple("abc"),
        )
    )


@contextlib.contextmanager
def registered(made, name="tagging"):
    """Have a data set known by its name."""
    module: Any = types.ModuleType("tagging_dataset")
    module.load = lambda config: made  # noqa: ARG005
    loaders = datasets.LOADERS["classification"] | {name: module.__name__}
    # Only this one is taken out again: what is imported meanwhile must stay.
    sys.modules[module.__name__] = module
    try:
        with mock.patch.dict(datasets.LOADERS, classification=loaders):
            yield
    finally:
        del sys.modules[module.__name__]
