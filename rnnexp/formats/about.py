"""What an exported model says of itself: who wrote it, what its inputs are made from and its outputs mean."""

from __future__ import annotations

import json
from typing import Any

import rnnexp
from rnnexp.config import Settings
from rnnexp.datasets import Dataset
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.network.structure import ENCODER_DECODER

# The name of the entry in a .tflite file's metadata.
ENTRY = "rnnexp"


def describe(config: Settings, dataset: Dataset) -> dict[str, Any]:
    """Return what whoever runs the model must know, as JSON has it."""
    about: dict[str, Any] = {
        "version": rnnexp.__version__,
        "task": config.task,
        "dataset": dataset.name,
        **({} if config.simplest and not dataset.answer_steps else {"structure": structure(config, dataset)}),
        **({"every_step": True} if dataset.every_step else {}),
        **({"answer_steps": dataset.answer_steps} if dataset.answer_steps else {}),
        "activation": config.activation,
        "max_value": config.max_value if ACTIVATIONS[config.activation].scales else 1.0,
        "time_steps": dataset.train.x.shape[1],
        "input_map": dict(dataset.input_map),
        "units": dataset.units,
    }
    if dataset.class_names:
        about["classes"] = list(dataset.class_names)
    return about


def structure(config: Settings, dataset: Dataset) -> str:
    """Return the recurrent layers in a word."""
    return config.structure + (ENCODER_DECODER if dataset.answer_steps else "")


def to_entries(about: dict[str, Any]) -> dict[str, str]:
    """Return the description as a file's metadata takes it."""
    return {ENTRY: json.dumps(about, ensure_ascii=False, separators=(",", ":"))}


def read(content: bytes) -> dict[str, Any] | None:
    """Return the description in a .tflite file, or None if there is none that can be read."""
    from rnnexp.formats.tflite.builder import metadata

    try:
        found = json.loads(metadata(content).get(ENTRY, b"null"))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
