"""A quiet signal with loud bursts: what 8 bits in and out lose of its quiet part, and 16 do not, in whole runs.

    python benchmarks/bursts.py                       prints a table and writes benchmarks/results/bursts.json
    python benchmarks/bursts.py --seeds 1 --only tanh

The signal is autoregressive, of 16-bit integers, with bursts of 20 steps a hundred times as loud. Errors are of the
exported files, of the held-out steps whose whole window is quiet, as are those of persistence.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from rnnexp import datasets
from rnnexp.config import RegressionConfig
from rnnexp.experiment.run import run
from rnnexp.report import metrics
from rnnexp.runtimes.tflite import TFLiteModel

RESULTS = Path(__file__).parent / "results" / "bursts.json"
STEPS, BURST_STEPS, LOUDER, QUIET = 6000, 20, 100, 80.0
# Of the other settings the defaults, but for these.
CASES: dict[str, dict[str, Any]] = {
    "custom": {"activation": "custom"},
    "tanh": {"activation": "tanh"},
    "tanh, LSTM": {"activation": "tanh", "cell": "lstm"},
    "tanh, no linear path": {"activation": "tanh", "linear_path": False},
}


def signal(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the series, integers ``[STEPS]``, and at which steps it is loud."""
    random = np.random.default_rng(seed)
    noise, values = random.normal(size=STEPS), np.zeros(STEPS)
    for step in range(2, STEPS):
        values[step] = 1.6 * values[step - 1] - 0.8 * values[step - 2] + noise[step]
    loud = np.zeros(STEPS, bool)
    # A burst in each stretch of 400, so that every part of the data has some.
    for stretch in range(0, STEPS, 400):
        start = stretch + int(random.integers(50, 350))
        loud[start : start + BURST_STEPS] = True
    scaled = QUIET * values / values.std() * np.where(loud, LOUDER, 1)
    return np.clip(np.rint(scaled), -(2**15), 2**15 - 1).astype(np.int64), loud


def measure(seed: int, folder: Path, **settings: Any) -> dict[str, Any]:
    """Run once and return errors of the quiet part, and what the report says of int8.

    Args:
        seed: of the signal and of the training.
        folder: for files.
        settings: that differ from the defaults.
    """
    values, loud = signal(seed)
    path = folder / "bursts.csv"
    path.write_text("\n".join(["data", *map(str, values)]) + "\n", encoding="utf-8")
    folders = {"output_dir": folder / "out", "runs_dir": folder / "runs"}
    config = RegressionConfig(dataset_name=str(path), seed=seed, generate_steps=0, quiet=True, **folders, **settings)
    report = run(config)
    dataset = datasets.load(config)
    part = dataset.evaluation
    window = config.sequence_length + 1
    windows = np.lib.stride_tricks.sliding_window_view(loud, window)[-len(part) :]
    quiet = ~windows.any(axis=1)
    target = values[-len(part) :, None][quiet]
    predictions = {
        kind: part.to_units(TFLiteModel(config.output_dir / f"{config.stem}-{kind}.tflite").predict(part.x))[quiet]
        for kind in ("float32", "int8")
    }
    predictions["persistence"] = values[-len(part) - 1 : -1, None][quiet]
    assert report.degradation is not None
    return {
        **{name: metrics.rmse(target, made) for name, made in predictions.items()},
        "gap": report.degradation.gap,
        "robust_gap": report.degradation.robust_gap,
        "diagnosis": report.degradation.robust_diagnosis,
    }


def line(row: dict[str, Any]) -> str:
    """Return the line of a network in the table, as the results have it: medians of the seeds."""

    def median(io_bits: int, key: str) -> float:
        return statistics.median(seed[key] for seed in row["bits"][str(io_bits)])

    errors = [median(8, "persistence"), median(8, "float32"), median(8, "int8"), median(16, "int8")]
    gaps = [f"{median(8, key):.1e} / {median(16, key):.1e}" for key in ("gap", "robust_gap")]
    return f"| {row['network']} | {' | '.join([*(f'{error:.1f}' for error in errors), *gaps])} |"


def main() -> None:
    """Measure the cases and print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    table = []
    errors_of = "persistence | float32 | int8, 8 bits | int8, 16 bits"
    print(f"| network | {errors_of} | gap: 8 / 16 bits | robust gap: 8 / 16 bits |")
    print("| --- " * 7 + "|")
    for name, settings in CASES.items():
        if arguments.only not in name:
            continue
        rows: dict[int, list[dict[str, Any]]] = {}
        for io_bits in (8, 16):
            with tempfile.TemporaryDirectory() as folder:
                rows[io_bits] = [
                    measure(seed, Path(folder), io_bits=io_bits, **settings) for seed in range(arguments.seeds)
                ]
        table.append({"network": name, "bits": rows})
        print(line(json.loads(json.dumps(table[-1]))), flush=True)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
