"""Presets: the settings of well-known demonstrations, by name.

A preset's settings go before the constants of a script, and flags go before the preset's. What each of them reaches is
in ``docs/demonstrations.md``.
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
            # Without it the network answers rounding errors, its own fed back too, with growing oscillations.
            "l2_regularization": 1e-4,
            "learning_rate": 0.001,
            "epochs": 150,
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
            "hidden_size": 30,
            "learning_rate": 0.003,
            "epochs": 200,
        },
    ),
    "sequence": Preset(
        "regression",
        "0.1 to 0.5 make 0.6, ... 0.4 to 0.8 make 0.9: what do 0.5 to 0.9 make? (a classic of RNN tutorials)",
        {
            "dataset_name": "sequence",
            "sequence_length": 5,
            "normalization": "none",
            "cell": "simple",
            "activation": "tanh",
            "hidden_size": 10,
            "learning_rate": 0.01,
            "epochs": 100,
        },
    ),
    "adding": Preset(
        "regression",
        "the adding problem (Hochreiter and Schmidhuber 1997) over 100 steps, with LSTM cells",
        {
            "dataset_name": "adding",
            "sequence_length": 100,
            "cell": "lstm",
            "activation": "tanh",
            "hidden_size": 32,
            "learning_rate": 0.01,
            "batch_size": 32,
            "epochs": 10,
        },
    ),
    "adding-irnn": Preset(
        "regression",
        "the adding problem over 100 steps, with simple relu cells that start from the identity (Le et al. 2015)",
        {
            "dataset_name": "adding",
            "sequence_length": 100,
            "cell": "simple",
            "recurrent_initializer": "identity",
            "activation": "relu",
            "hidden_size": 50,
            "learning_rate": 0.0005,
            "batch_size": 32,
            "epochs": 30,
        },
    ),
    "digits": Preset(
        "classification",
        "scikit-learn's handwritten digits of 8 x 8 pixels, rows as time steps, read from both ends",
        {
            "dataset_name": "digits",
            "cell": "simple",
            "bidirectional": True,
            "activation": "tanh",
            "hidden_size": 64,
            "dropout": 0.2,
            "epochs": 60,
        },
    ),
    "mnist": Preset(
        "classification",
        "MNIST's handwritten digits of 28 x 28 pixels, rows as time steps, read from both ends",
        {
            "dataset_name": "mnist",
            "cell": "simple",
            "bidirectional": True,
            "activation": "relu",
            "hidden_size": 64,
            "dropout": 0.2,
            "learning_rate": 0.003,
            "batch_size": 64,
            "epochs": 30,
        },
    ),
    "keyword-spotting": Preset(
        "classification",
        "ten spoken words, silence and anything else: GRU cells read mel bands from both ends (Speech Commands)",
        {
            "dataset_name": "speech_commands",
            "features": "log-mel",
            "frames": 49,
            "augmentation": 1.0,
            "cell": "gru",
            "activation": "tanh",
            "num_layers": 2,
            "bidirectional": True,
            "hidden_size": 32,
            "dropout": 0.2,
            "learning_rate": 0.005,
            "batch_size": 64,
            "epochs": 100,
        },
    ),
    "keyword-streaming": Preset(
        "classification",
        "the same words in a stream of sound that never ends: GRU cells that only read forwards (Speech Commands)",
        {
            "dataset_name": "speech_commands",
            "features": "log-mel",
            "frames": 49,
            "stream_seconds": 3.0,
            "augmentation": 1.0,
            "cell": "gru",
            "activation": "tanh",
            "num_layers": 2,
            "hidden_size": 34,
            "dropout": 0.1,
            "learning_rate": 0.005,
            "batch_size": 16,
            "epochs": 200,
            "tables": "interpolated",
        },
    ),
    "recordings": Preset(
        "classification",
        "your own recordings, named by DATASET_NAME: GRU cells read them from both ends, distorted anew in every epoch",
        {
            "cell": "gru",
            "activation": "tanh",
            "bidirectional": True,
            "hidden_size": 32,
            "augmentation": 1.0,
            "epochs": 150,
        },
    ),
    "binary-addition": Preset(
        "classification",
        "the sum of two 8-bit numbers, bit by bit, with the carry in the state (a classic of RNN tutorials)",
        {
            "dataset_name": "binary-addition",
            "cell": "simple",
            "activation": "tanh",
            "hidden_size": 16,
            "learning_rate": 0.01,
            "batch_size": 32,
            "epochs": 5,
        },
    ),
    "addition": Preset(
        "classification",
        "the sum of two numbers as text: 12+345 is read, then 357 is written (a classic of encoder-decoder tutorials)",
        {
            "dataset_name": "addition",
            "cell": "gru",
            "activation": "tanh",
            "hidden_size": 96,
            "learning_rate": 0.01,
            "batch_size": 64,
            "epochs": 14,
        },
    ),
}
