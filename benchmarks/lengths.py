"""Sequences of different lengths beside Keras with its mask: the same tagging task, the same size, in one run.

    python benchmarks/lengths.py              prints a table and writes benchmarks/results/lengths.json
    python benchmarks/lengths.py --seeds 1 --only lstm

Noisy pulses switch between three modes, which are to be told at every step; 42 % of all steps are padding. Accuracies
are of real steps. The one over all steps, of which those of padding count as wrong, is what is seen without lengths.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

from rnnexp.config import ClassificationConfig, Settings
from rnnexp.datasets import LOADERS
from rnnexp.datasets.dataset import Dataset, Split
from rnnexp.datasets.support.baselines import majority_class
from rnnexp.experiment.run import run

RESULTS = Path(__file__).parent / "results" / "lengths.json"
NAME, MODES, STEPS, NOISE, TRAIN, VALIDATION = "tagging", 3, 32, 0.18, 2000, 1000
EPOCHS, UNITS, BATCH, RATE = 15, 16, 64, 0.01
CASES: dict[str, dict[str, Any]] = {
    "simple": {"cell": "simple"},
    "lstm": {"cell": "lstm"},
    "gru": {"cell": "gru"},
    "lstm, both directions": {"cell": "lstm", "bidirectional": True},
}


def sequences(random: np.random.Generator, samples: int) -> Split:
    """Return noisy pulses, the mode at every step, and lengths."""
    pulses = np.where(random.random((samples, STEPS)) < 0.15, random.integers(0, MODES, (samples, STEPS)), -1)
    pulses[:, 0] = random.integers(0, MODES, samples)
    latest = np.maximum.accumulate(np.where(pulses >= 0, np.arange(STEPS), 0), axis=1)
    modes = np.take_along_axis(pulses, latest, axis=1)
    x = (pulses[..., None] == np.arange(MODES)) + random.normal(scale=NOISE, size=(samples, STEPS, MODES))
    lengths = random.integers(STEPS // 6, STEPS + 1, samples).astype(np.int32)
    x[np.arange(STEPS) >= lengths[:, None]] = 0.0
    return Split(x.astype(np.float32), modes.astype(np.int32), lengths=lengths)


def load(config: Settings) -> Dataset:
    """Draw the task with the seed."""
    random = np.random.default_rng(config.seed)
    train, validation = sequences(random, TRAIN), sequences(random, VALIDATION)
    shares = majority_class(train.step_labels, validation.y.size, MODES)
    return Dataset(
        name=config.dataset_name,
        task="classification",
        train=train,
        validation=validation,
        evaluation=validation,
        baselines={"majority class": shares.reshape(*validation.y.shape, MODES)},
        outputs=MODES,
        source="drawn with the seed",
        units="class",
        normalization="none",
        answers="every step",
        class_names=("a", "b", "c"),
    )


def ours(settings: dict[str, Any], seed: int) -> tuple[float, float]:
    """Return the accuracies of the float32 and the int8 file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = ClassificationConfig(
            dataset_name=NAME,
            activation="tanh",
            hidden_size=UNITS,
            epochs=EPOCHS,
            batch_size=BATCH,
            learning_rate=RATE,
            seed=seed,
            quiet=True,
            output_dir=folder / "out",
            runs_dir=folder / "runs",
            **settings,
        )
        models = run(config).models.exported
    float32, int8 = (models[kind].metrics.accuracy for kind in ("float32", "int8"))
    return float32, int8


def of_keras(settings: dict[str, Any], seed: int) -> tuple[float, float]:
    """Return the accuracy of Keras' layers after ``Masking``, at real steps, and over all steps."""
    import keras

    keras.utils.set_random_seed(seed)
    dataset = load(ClassificationConfig(dataset_name=NAME, seed=seed))
    kind = {"simple": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[settings["cell"]]
    layer = kind(UNITS, return_sequences=True)
    model = keras.Sequential(
        [
            keras.Input((STEPS, MODES)),
            keras.layers.Masking(),
            keras.layers.Bidirectional(layer) if settings.get("bidirectional") else layer,
            keras.layers.Dense(MODES, activation="softmax"),
        ]
    )
    rate = keras.optimizers.schedules.CosineDecay(RATE, EPOCHS * (TRAIN // BATCH), alpha=0.01)
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=1.0), loss="sparse_categorical_crossentropy")
    train, part = dataset.train, dataset.evaluation
    model.fit(train.x, train.y, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    right = np.asarray(model.predict(part.x, batch_size=512, verbose=0)).argmax(axis=-1) == part.y
    assert part.lengths is not None
    there = np.arange(STEPS) < part.lengths[:, None]
    return float(right[there].mean()), float((right & there).mean())


def line(row: dict[str, Any]) -> str:
    """Return the line of the table of a network."""
    names = ("keras", "keras_over_all_steps", "float32", "int8")
    return f"| {row['network']} | {' | '.join(f'{row[name]:.4f}' for name in names)} | {row['points']:+.2f} |"


def main() -> None:
    """Run all cases and print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    LOADERS["classification"][NAME] = __name__
    table = []
    print(
        "| network | Keras, mask | over all steps | float32 | int8 | float32 less Keras, points |\n"
        + "| --- " * 6
        + "|"
    )
    for name, settings in CASES.items():
        if arguments.only not in name:
            continue
        found = [(*of_keras(settings, seed), *ours(settings, seed)) for seed in range(arguments.seeds)]
        keras_accuracy, over_all, float32, int8 = (statistics.median(column) for column in zip(*found, strict=True))
        row = {
            "network": name,
            "keras": keras_accuracy,
            "keras_over_all_steps": over_all,
            "float32": float32,
            "int8": int8,
            "points": 100 * (float32 - keras_accuracy),
        }
        table.append(row)
        print(line(row), flush=True)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
