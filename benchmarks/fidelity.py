"""What int8 costs: our models, plain and fine-tuned, and TensorFlow's own converter, beside float32, in one run.

    python benchmarks/fidelity.py                     prints a table and writes benchmarks/results/fidelity.json
    python benchmarks/fidelity.py --seeds 1 --only memory

The gap is the mean squared error that int8 adds to that of float32, as a share of the target's variance; for iris,
the share of samples lost. All figures are of the written files, run by LiteRT on the validation part (plain: by the
NumPy reference, which gives the same bits). Where plain quantisation leaves something to repair, the written file is
fine-tuned; the seconds to convert are without that. The converter makes an unrolled model with int8 inputs and outputs
from 200 sequences of the training part, in a process of its own, so that a crash of it is a result too.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from rnnexp import datasets
from rnnexp.config import ClassificationConfig, MemoryConfig, RegressionConfig, Settings
from rnnexp.experiment.run import run
from rnnexp.report import evaluation
from rnnexp.runtimes.tflite import TFLiteModel

RESULTS = Path(__file__).parent / "results" / "fidelity.json"
REPRESENTATIVE = 200
CONVERSION_LIMIT_S = 600

# Recurrent layers alone, in all of which int8 has to be good, and no linear path beside them.
ALONE = {"normalization": "window", "linear_path": False}


def cases() -> list[tuple[str, type[Settings], dict[str, Any]]]:
    """Return the grid: a name, the kind of settings, and what differs from the defaults."""
    grid: list[tuple[str, type[Settings], dict[str, Any]]] = [
        ("SP500", RegressionConfig, {"dataset_name": "SP500", **ALONE}),
        ("airline-passengers", RegressionConfig, {"dataset_name": "airline-passengers", **ALONE}),
        ("iris", ClassificationConfig, {"dataset_name": "iris"}),
        ("memory, K = -5", MemoryConfig, {"memory_k": -5}),
        ("memory, K = 1", MemoryConfig, {"memory_k": 1}),
    ]
    return [
        (f"{name}, {activation}", kind, {**settings, "activation": activation})
        for name, kind, settings in grid
        for activation in ("relu", "tanh", "custom")
    ]


def convert_with_tensorflow(model_path: Path, inputs_path: Path, target: Path) -> None:
    """Convert a saved Keras model to int8 with TensorFlow's converter, unrolled."""
    import keras
    import tensorflow as tf

    from rnnexp.formats.keras.model import load

    looped = load(model_path)
    layers = [keras.Input(looped.input_shape[1:], batch_size=1)]
    for layer in looped.layers:
        config = layer.get_config()
        unrolled = {"unroll": True} if "unroll" in config else {}
        layers.append(type(layer).from_config({**config, **unrolled}))
    model = keras.Sequential(layers)
    model.set_weights(looped.get_weights())
    inputs = np.load(inputs_path)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample[None]] for sample in inputs)
    # Square roots have no int8 kernel: they may stay in float, or nothing would come out.
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8, tf.lite.OpsSet.TFLITE_BUILTINS]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    start = time.perf_counter()
    content = converter.convert()
    target.write_bytes(content)
    print(json.dumps({"seconds": time.perf_counter() - start}))


def measure_tensorflow(model: Path, dataset: datasets.Dataset, float_loss: float, folder: Path) -> dict[str, Any]:
    """Return what TensorFlow's converter makes of a trained model, or how it failed."""
    rows = np.random.default_rng(0).permutation(len(dataset.train))[:REPRESENTATIVE]
    inputs, target = folder / "inputs.npy", folder / "tensorflow.tflite"
    np.save(inputs, dataset.train.x[rows])
    command = [sys.executable, __file__, "--convert", str(model), str(inputs), str(target)]
    root = str(Path(__file__).resolve().parents[1])
    environment = {**os.environ, "PYTHONPATH": root, "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=CONVERSION_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"no result after {CONVERSION_LIMIT_S} s"}
    if done.returncode < 0:
        return {"failed": f"crash ({signal.Signals(-done.returncode).name})"}
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["?"])[-1][:200]}
    tflite = TFLiteModel(target)
    part = dataset.evaluation
    return {
        "gap": evaluation.loss(part, tflite.predict(part.x)) - float_loss,
        "bytes": target.stat().st_size,
        "us": tflite.latency_us(part.x[0]),
        "seconds": json.loads(done.stdout.splitlines()[-1])["seconds"],
    }


def measure(config_class: type[Settings], settings: dict[str, Any], seed: int) -> dict[str, Any]:
    """Train one network and return what each way to int8 makes of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = config_class(**settings, seed=seed, output_dir=folder / "out", runs_dir=folder / "runs", quiet=True)
        report = run(config)
        if report.exit_code:
            raise SystemExit(f"{config.stem}, seed {seed}: the run failed")
        dataset = datasets.load(config)
        float32 = TFLiteModel(folder / "out" / f"{config.stem}-float32.tflite").predict(dataset.evaluation.x)
        float_loss = evaluation.loss(dataset.evaluation, float32)
        (trained,) = (folder / "runs").glob("*/model.keras")
        int8, degradation = report.models.int8, report.degradation
        return {
            "float32": float_loss,
            "float32_bytes": report.models.float32.bytes,
            "float32_us": report.models.float32.latency_us,
            "plain": degradation.plain_gap,
            "ours": {
                "gap": degradation.gap,
                "bytes": int8.bytes,
                "us": int8.latency_us,
                "seconds": int8.conversion_seconds,
            },
            "tensorflow": measure_tensorflow(trained, dataset, float_loss, folder),
        }


def main() -> None:
    """Measure the grid and print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--convert", nargs=3, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.convert:
        convert_with_tensorflow(*arguments.convert)
        return
    table = []
    print(
        "| case | float32 loss | gap: ours, plain | gap: ours, as written | gap: TensorFlow "
        "| bytes: float32 / ours / TensorFlow | µs: float32 / ours / TensorFlow | s to convert: ours / TensorFlow |\n"
        + "| --- " * 8
        + "|"
    )
    for name, config_class, settings in cases():
        if arguments.only not in name:
            continue
        rows = [measure(config_class, settings, seed) for seed in range(arguments.seeds)]
        table.append({"case": name, "seeds": rows})
        print(row_text(name, rows), flush=True)
    gaps = [row["ours"]["gap"] for case in table for row in case["seeds"]]
    print(f"\nours, as written, over all {len(gaps)}: median {statistics.median(gaps):.2g}, largest {max(gaps):.2g}")
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


def row_text(name: str, rows: list[dict[str, Any]]) -> str:
    """Return a line of the table: of the seeds, the largest gaps and the median of everything else."""

    def median(*keys: str) -> float:
        return statistics.median(_get(row, keys) for row in rows)

    def largest(*keys: str) -> str:
        return f"{max(_get(row, keys) for row in rows):.1e}"

    failed = [row["tensorflow"]["failed"] for row in rows if "failed" in row["tensorflow"]]
    theirs = (
        (failed[0], "-", "-", "-")
        if failed
        else (
            largest("tensorflow", "gap"),
            f"{median('tensorflow', 'bytes'):,.0f}",
            f"{median('tensorflow', 'us'):.0f}",
            f"{median('tensorflow', 'seconds'):.1f}",
        )
    )
    return (
        f"| {name} | {median('float32'):.4g} | {largest('plain')} | {largest('ours', 'gap')} | {theirs[0]} "
        f"| {median('float32_bytes'):,.0f} / {median('ours', 'bytes'):,.0f} / {theirs[1]} "
        f"| {median('float32_us'):.0f} / {median('ours', 'us'):.0f} / {theirs[2]} "
        f"| {median('ours', 'seconds'):.2f} / {theirs[3]} |"
    )


def _get(row: dict[str, Any], keys: tuple[str, ...]) -> float:
    value: Any = row
    for key in keys:
        value = value[key]
    return value


if __name__ == "__main__":
    main()
