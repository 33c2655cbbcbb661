"""The first stages of a run: what is automatic is decided, and the network's architecture and scales follow."""

from __future__ import annotations

from dataclasses import replace

from rnnexp.config import RegressionConfig, Settings
from rnnexp.datasets import Dataset
from rnnexp.errors import UserError
from rnnexp.network.activations import state_scale
from rnnexp.network.architecture import Architecture
from rnnexp.training.unit_scale import UnitScale, centered_on

MAX_AUTOMATIC_BATCH = 256


def resolve(config: Settings, dataset: Dataset) -> Settings:
    """Return the settings with everything automatic decided: by the data set, else by its size."""
    # At least 16 steps an epoch, so that small sets learn too; long series overfit with many steps of small batches.
    largest = max(len(dataset.train) // 16, 1)
    general = {
        "batch_size": min(1 << (largest.bit_length() - 1), MAX_AUTOMATIC_BATCH),
        "learning_rate": 0.01,
        "linear_path": False,
    }
    automatic = {**general, **dataset.defaults}
    missing = {name: automatic[name] for name, value in config if value is None and name in automatic}
    return config.model_copy(update=missing)


def architecture(config: Settings, dataset: Dataset) -> Architecture:
    """Return the architecture of the network that the settings ask for, for a data set.

    Raises:
        UserError: if they ask for a linear path to more than one answer.
    """
    linear_path = isinstance(config, RegressionConfig) and bool(config.linear_path)
    if linear_path and dataset.every_step:
        raise UserError(
            f"LINEAR_PATH = True: a linear path leads to one answer, but {dataset.name} has more; set it to False"
        )
    if linear_path and dataset.variable_length:
        raise UserError(
            f"LINEAR_PATH = True: a linear path reads sequences of one length, and those of {dataset.name} "
            "differ; set it to False"
        )
    structure = replace(config.stacked, decoder=bool(dataset.answer_steps))
    return Architecture(
        sequence_length=dataset.train.x.shape[1],
        features=dataset.train.x.shape[2],
        layers=structure.layers(config.hidden_size, dataset.answer_steps),
        every_step=dataset.every_step,
        outputs=dataset.outputs,
        activation=config.activation,
        max_value=state_scale(config.activation, config.max_value),
        softmax=dataset.task == "classification",
        linear_path=linear_path,
        padding=getattr(config, "padding", "end") if dataset.variable_length else "",
    )


def unit_scale(dataset: Dataset) -> UnitScale:
    """Return the scale that a data set is trained at."""
    center = centered_on(dataset.train.real_x, dataset.input_scale)
    return UnitScale(dataset.input_scale, dataset.output_scale, center)
