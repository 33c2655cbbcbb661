"""A data set of a user's own, loaded by the public door."""

import sys
import types

import pytest

from rnnexp import datasets
from rnnexp.config import CONFIGS


@pytest.fixture
def load(monkeypatch):
    """Load a data set, or what a function makes, by the public door: as a module that LOADERS names."""

    def loaded(made, task="regression", **settings):
        module = types.ModuleType("mine")
        module.load = made if callable(made) else lambda config: made  # noqa: ARG005
        monkeypatch.setitem(sys.modules, "mine", module)
        monkeypatch.setitem(datasets.LOADERS[task], "mine", "mine")
        return datasets.load(CONFIGS[task](dataset_name="mine", **settings))

    return loaded
