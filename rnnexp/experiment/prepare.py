"""The first stages of a run, before anything is trained: read the data, decide what is automatic, know the network."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from rnnexp import datasets, determinism
from rnnexp.config import Settings
from rnnexp.datasets import Dataset
from rnnexp.experiment import build, starting_weights
from rnnexp.formats.about import About
from rnnexp.network.architecture import Architecture
from rnnexp.network.network import Network


@dataclass(frozen=True)
class Prepared:
    """What is known before training.

    Attributes:
        config: the settings, with everything automatic decided.
        dataset: the data.
        architecture: of the network.
        start: the network to start from; None for random weights.
    """

    config: Settings
    dataset: Dataset
    architecture: Architecture
    start: Network | None

    @property
    def about(self) -> About:
        """What the files say of themselves."""
        dataset = self.dataset
        return About.of(
            self.architecture,
            task=dataset.task,
            dataset=dataset.name,
            input_map=dataset.input_map,
            units=dataset.units,
            classes=dataset.class_names,
            columns=dataset.columns,
            recordings=dataset.cutting,
        )


def prepare(config: Settings, load: Callable[[Settings], Dataset] = datasets.load) -> Prepared:
    """Read the data, and return what is known before training.

    Args:
        config: the settings.
        load: what reads the data.

    Raises:
        UserError: for whatever the user can mend.
    """
    # Read when TensorFlow is first imported, which some data sets do.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    determinism.check(asked=config.deterministic)
    # Read before the data, which may take long: a wrong name is said at once.
    stored = starting_weights.load(config.weights) if config.weights else None
    followed = starting_weights.followed(config, stored) if stored else config
    dataset = load(followed)
    resolved = build.resolve(followed, dataset)
    architecture = build.architecture(resolved, dataset)
    start = starting_weights.fitting(stored, architecture, dataset.name) if stored else None
    return Prepared(resolved, dataset, architecture, start)
