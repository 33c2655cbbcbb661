"""Presets: the settings of well-known demonstrations, by name.

A preset's settings go before the constants of a script, and flags go before the preset's. What each of them reaches is in
``docs/demonstrations.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Preset:
    """One demonstration.

    Attributes:
        task: the script that it is for: ``regression``, ``classification`` or ``memory``.
        about: what it is and where it is from, in one line.
        settings: what it sets, as fields of the script's settings.
    """

    task: str
    about: str
    settings: Mapping[str, Any]


PRESETS: dict[str, Preset] = {
    "sine": Preset(
        "regression",
        "the next value of a sine of 9 periods in 1,000 points, from the last 50 (a classic of RNN tutorials)",
        {
            "dataset_name": "sine",
            "sequence_length": 50,
            "normalization": "none",
            "cell": "simple",
            "activation": "tanh",
            "hidden_size": 60,
            "learning_rate": 0.001,
            "epochs": 350,
            "batch_size": 16,
            "generate_steps": 222,
        },
    ),
    "noisy-sine": Preset(
        "regression",
        "the next value of a sine under uniform noise, from a quarter of a period (a classic of RNN tutorials)",
        {
            "dataset_name": "noisy-sine",
            "sequence_length": 25,
            "normalization": "none",
            "cell": "simple",
            "activation": "tanh",
            "hidden_size": 20,
            "learning_rate": 0.003,
        },
    ),
}
