"""How long a conversion takes beyond what Python imports, for networks of 50,000 weights.

    python benchmarks/convert_time.py     prints a table and writes benchmarks/results/convert_time.json

The command converts a .keras file with 300 sequences of 30 steps, and is timed as a user would, from the start of its
process to its end, without and with the float32 file. Beside it, in turns, are timed processes that only import what
it imports: this package, and Keras with TensorFlow for the float check (and once more for the float32 file). What is
left is the conversion itself: reading, checking, choosing, quantising, writing, C compiled and run, the bits compared
in every runtime at hand. The float check is computed by its framework in a process of its own beside the choice of
integers, where there are two cores; so what is left can be less than these take one after the other. Medians of the
repeats. Of "unlike weights", one weight of each kernel is 300 times as large
as it was, so that fine-tuning has something to repair.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results" / "convert_time.json"
STEPS, FEATURES, CLASSES, SEQUENCES = 30, 16, 10, 300
PACKAGE = "import rnnexp.cli, rnnexp.commands.convert, rnnexp.conversion.convert"
FRAMEWORK = "import rnnexp.formats.child, tensorflow, keras"


def networks() -> dict[str, tuple[Callable[[], Any], float]]:
    """Return name -> what builds the recurrent layer, and how many times one weight of each kernel is as large."""
    from keras import layers

    return {
        "LSTM 100": (lambda: layers.LSTM(100), 1.0),
        "GRU 120": (lambda: layers.GRU(120), 1.0),
        "SimpleRNN 210, relu": (lambda: layers.SimpleRNN(210, activation="relu"), 1.0),
        "GRU 120, unlike weights": (lambda: layers.GRU(120), 300.0),
    }


def save(build: Callable[[], Any], large: float, path: Path) -> int:
    """Save a network of Keras with weights as they begin, and return how many it has."""
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((STEPS, FEATURES)), build(), keras.layers.Dense(CLASSES, activation="softmax")]
    )
    weights = model.get_weights()
    for values in weights:
        if values.ndim == 2:
            values[0, 0] *= large
    model.set_weights(weights)
    model.save(path)
    return int(model.count_params())


def seconds(*command: str) -> float:
    """Return how long a process takes."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1]), "TF_CPP_MIN_LOG_LEVEL": "3"}
    # As for users, Python keeps what it has compiled.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


def measure(model: Path, data: Path, folder: Path, repeats: int) -> dict[str, float]:
    """Return the medians of a network: whole, without imports, and the same with the float32 file."""
    convert = ("-m", "rnnexp", "convert", str(model), "--calibration", str(data), "--output-dir", str(folder))
    whole, beyond, with_float = [], [], []
    for _ in range(repeats):
        imports = seconds("-c", PACKAGE) + seconds("-c", FRAMEWORK)
        whole.append(seconds(*convert, "--no-float"))
        beyond.append(whole[-1] - imports)
        with_float.append(seconds(*convert))
    report = json.loads((folder / f"{model.stem}-report.json").read_text(encoding="utf-8"))
    return {
        "seconds": statistics.median(whole),
        "beyond_imports": statistics.median(beyond),
        "with_float32": statistics.median(with_float),
        "fine_tuned": bool(report["fine_tuning"]["tried"]),
    }


def page_row(row: dict[str, Any]) -> str:
    """Return the line of a network in the pages."""
    return (
        f"| {row['network']} | {row['weights']:,} | {row['beyond_imports']:.1f} | {row['seconds']:.1f} "
        f"| {row['with_float32']:.1f} |"
    )


def main() -> None:
    """Measure all networks, and print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    table = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = folder / "calibration.npz"
        x = np.random.default_rng(0).normal(size=(SEQUENCES, STEPS, FEATURES)).astype(np.float32)
        np.savez(data, x=x)
        for number, (network, (build, large)) in enumerate(networks().items()):
            path = folder / f"network-{number}.keras"
            weights = save(build, large, path)
            table.append({"network": network, "weights": weights, **measure(path, data, folder, arguments.repeats)})
            print(page_row(table[-1]), "fine-tuned" if table[-1]["fine_tuned"] else "", flush=True)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
