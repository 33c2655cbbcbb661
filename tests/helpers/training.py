"""Networks at the start of their training, for tests."""

from dataclasses import dataclass

import keras
import numpy as np

from rnnexp import datasets
from rnnexp.config import Settings
from rnnexp.datasets import Dataset
from rnnexp.experiment import build
from rnnexp.formats.keras.model import to_keras
from rnnexp.network.architecture import Architecture
from rnnexp.network.network import Network
from rnnexp.training.model import Regularization, trainable
from rnnexp.training.unit_scale import UnitScale


@dataclass(frozen=True)
class Started:
    """What settings lead to before the first epoch."""

    dataset: Dataset
    architecture: Architecture
    unit: UnitScale
    model: keras.Sequential

    def network(self, weights=None):
        """Return the network in the user's numbers that the model's weights, or these at unit scale, come to."""
        weights = self.model.get_weights() if weights is None else weights
        exact = [values.astype(np.float64) for values in weights]
        return Network.of(self.architecture, self.unit.fold(self.architecture, exact))

    def kept(self, weights=None):
        """Return the same as a Keras model."""
        return to_keras(self.network(weights))


def started(config: Settings) -> Started:
    """Return what a run of these settings would train."""
    dataset = datasets.load(config)
    architecture, unit = build.architecture(config, dataset), build.unit_scale(dataset)
    model = trainable(
        architecture,
        input_center=unit.input_center,
        recurrent_initializer=config.recurrent_initializer,
        regularization=Regularization(config.dropout, config.recurrent_dropout, config.l2_regularization),
    )
    return Started(dataset, architecture, unit, model)


def shaken(model, seed=5):
    """Weights unlike the initial ones, biases included."""
    random = np.random.default_rng(seed)
    return [(values + random.uniform(-0.15, 0.15, values.shape)).astype(np.float32) for values in model.get_weights()]
