"""The weights that a run starts from, where its settings name a file of them: read and checked against the settings."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from rnnexp.config import Settings
from rnnexp.datasets import Dataset
from rnnexp.errors import UserError
from rnnexp.formats.npz import weights_file


def load(config: Settings, dataset: Dataset) -> list[np.ndarray] | None:
    """Return the weights of ``WEIGHTS`` in the user's numbers, float64, as Keras orders them; None if it is None.

    Raises:
        UserError: if the file cannot be used, or is of another network than the settings describe.
    """
    path = config.weights
    if path is None:
        return None
    try:
        network = weights_file.read(path)
    except UserError as error:
        raise UserError(f"WEIGHTS: {error}") from None
    if network.decoder != bool(dataset.answer_steps):
        kinds = "a network without a decoder", "an encoder and a decoder"
        given, wanted = kinds[network.decoder], kinds[not network.decoder]
        raise UserError(f"WEIGHTS: {path} holds {given}, but {dataset.name} asks for {wanted}")
    structure = network.structure
    if network.softmax is None:  # a state dict, which does not say from which end layers read
        structure = replace(structure, go_backwards=config.go_backwards)
    for name in ("cell", "num_layers", "bidirectional", "go_backwards"):
        _check(path, name.upper(), getattr(structure, name), getattr(config, name))
    kernel, recurrent, *_, output, _ = network.weights
    kernel_key, recurrent_key, output_key = network.keys
    features, classes = dataset.train.x.shape[2], dataset.task == "classification" and dataset.outputs > 1
    if len(recurrent) != config.hidden_size:
        raise UserError(
            f"WEIGHTS: {path}: {recurrent_key}, so the network has {len(recurrent)} recurrent units, but HIDDEN_SIZE "
            f"is {config.hidden_size}: set HIDDEN_SIZE to {len(recurrent)}"
        )
    if len(kernel) != features:
        raise UserError(
            f"WEIGHTS: {path}: {kernel_key}, so the network takes {len(kernel)} features a time step, but "
            f"{dataset.name} has {features}"
        )
    if output.shape[1] != dataset.outputs:
        raise UserError(
            f"WEIGHTS: {path}: {output_key}, so the network has {output.shape[1]} outputs, but "
            f"{dataset.name} asks for {dataset.outputs}"
        )
    if network.activation is not None:
        _check(path, "ACTIVATION", network.activation, config.activation)
    if network.activation == "custom" and not math.isclose(network.max_value or 0.0, config.max_value):
        raise UserError(
            f"WEIGHTS: {path} is of a network with custom_max_value = {network.max_value:g}, but here it is "
            f"{config.max_value:g}"
        )
    if network.softmax not in (None, classes):
        given, wanted = ("probabilities", "values") if network.softmax else ("values", "probabilities")
        raise UserError(f"WEIGHTS: {path} is of a network that gives {given}, but {config.task} asks for {wanted}")
    return network.weights


def _check(path: Path, setting: str, given: object, wanted: object) -> None:
    """Raise a UserError if the file has a network of another setting."""
    if given != wanted:
        raise UserError(
            f"WEIGHTS: {path} is of a network with {setting} = {given!r}, but {setting} is {wanted!r}: "
            f"set {setting} to {given!r}"
        )
