"""Data sets that a process keeps between trials, with what simple models make of them."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rnnexp import datasets
from rnnexp.config import Settings
from rnnexp.datasets import Dataset
from rnnexp.datasets.support.ridge import LinearModel
from rnnexp.experiment import baselines
from rnnexp.report.evaluation import evaluate_baselines
from rnnexp.report.metrics import numbers

MOST_KEPT = 4


@dataclass(frozen=True)
class Data:
    """A data set, and what was read of the settings to load it.

    Attributes:
        dataset: the data.
        read: setting -> value.
    """

    dataset: Dataset
    read: dict[str, Any]

    @property
    def key(self) -> str:
        """Tells data apart: equal ones have an equal key."""
        return hashlib.sha256(json.dumps(self.read, sort_keys=True, default=str).encode()).hexdigest()[:16]

    @cached_property
    def validated(self) -> Dataset:
        """The data set with its validation part in the place of a test part, which trials must not see."""
        dataset = self.dataset
        if dataset.evaluation is dataset.validation:
            return dataset
        # What takes no model is known for the test part alone, as is what goes on with a series.
        return replace(
            dataset,
            evaluation=dataset.validation,
            evaluation_part="validation part",
            baselines={},
            pasts=(),
            continuation=None,
            origins=(),
        )

    @cached_property
    def linear_model(self) -> LinearModel:
        """What a linear path starts at."""
        return baselines.linear_model(self.dataset)

    @cached_property
    def baselines(self) -> dict[str, dict[str, float]]:
        """Name -> metrics on the validation part, of what takes no network."""
        dataset = self.validated
        asked = baselines.ask(dataset).predictions
        beside = replace(dataset, baselines={**dataset.baselines, **asked})
        return {name: numbers(found) for name, found in evaluate_baselines(beside).items()}


class DataKept:
    """Loads data sets, each once, however many trials have it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[type[Settings], Data]] = OrderedDict()

    def load(self, config: Settings) -> Data:
        """Return the data that the settings name.

        Raises:
            UserError: as ``rnnexp.datasets.load`` does.
        """
        for key, (kind, data) in self._kept.items():
            if kind is type(config) and all(getattr(config, name) == value for name, value in data.read.items()):
                self._kept.move_to_end(key)
                return data
        read: dict[str, Any] = {}
        data = Data(datasets.load(_noting(config, read)), read)
        self._kept[data.key] = type(config), data
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return data

    def of(self, dataset: Dataset) -> Data:
        """Return the data that a data set was loaded as."""
        return next(data for _, data in self._kept.values() if data.dataset is dataset)


def _noting(config: Settings, read: dict[str, Any]) -> Settings:
    """Return settings that put down what is read of them: whichever loader it is, data depend on these alone."""
    fields = type(config).model_fields

    def note(self: Settings, name: str) -> Any:
        value = object.__getattribute__(self, name)
        if name in fields:
            read[name] = value
        return value

    getter: Callable[[Settings, str], Any] = note
    kind: Any = type(type(config).__name__, (type(config),), {"__getattribute__": getter, "__module__": __name__})
    noting: Settings = kind.model_construct(**{name: getattr(config, name) for name in fields})
    return noting
