"""Other people's networks in int8: ours, TensorFlow's converter and ai-edge-quantizer, beside float, in one run.

    python benchmarks/convert.py                 prints a table and writes benchmarks/results/convert.json
    python benchmarks/convert.py --only LSTM

Each network is trained with stock layers for some seconds (scikit-learn's digits as sequences of 8 rows; words of
different lengths), converted with 300 sequences of the training part, and judged on held-out ones. rms/r is the error
of the outputs before the softmax over the rounding of the outputs' own codes, step / sqrt(12); of probabilities, where
a file has no logits. The others get the unrolled network and run in processes of their own, so that a crash is a result
too. Equal bits: the share of outputs that LiteRT's default and reference kernels, and Micro's where it is installed,
agree on. A held-out part of 397 digits has steps of 0.25 points: accuracies of int8 and float are compared over three
seeds of the training, everything else is of the first. What is not installed is said.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results" / "convert.json"
CALIBRATION = 300
LIMIT_S = 600
WORDS, LONGEST = 30, 24
SEEDS = 3


@dataclass(frozen=True)
class Task:
    """Sequences with classes, divided."""

    x: np.ndarray
    y: np.ndarray
    held_out_x: np.ndarray
    held_out_y: np.ndarray


def digits() -> Task:
    """Return scikit-learn's digits, a row of the picture a step."""
    from sklearn.datasets import load_digits

    found = load_digits()
    order = np.random.default_rng(0).permutation(len(found.target))
    x, y = (found.images / 16.0).astype(np.float32)[order], found.target[order]
    return Task(x[:1400], y[:1400], x[1400:], y[1400:])


def words() -> Task:
    """Return sequences of 6 to 24 words, then padding with 0; the class is which of two words came last."""
    rng = np.random.default_rng(0)
    x, y = np.zeros((3000, LONGEST), np.int32), np.zeros(3000, np.int64)
    for row in range(len(x)):
        length = rng.integers(6, LONGEST + 1)
        x[row, :length] = rng.integers(3, WORDS, length)
        places = rng.choice(length, 3, replace=False)
        x[row, places] = rng.integers(1, 3, 3)
        y[row] = x[row, places.max()] - 1
    return Task(x[:2400], y[:2400], x[2400:], y[2400:])


def networks() -> dict[str, tuple[Callable[[], Task], Callable[[], Any], int]]:
    """Return name -> task, what builds the network, and epochs."""
    from keras import Input, Sequential, layers

    def sequential(*parts: Any) -> Callable[[], Any]:
        return lambda: Sequential([Input((8, 8)), *(part() for part in parts), layers.Dense(10, activation="softmax")])

    def of_words() -> Any:
        return Sequential(
            [
                Input((LONGEST,), dtype="int32"),
                layers.Embedding(WORDS, 8, mask_zero=True),
                layers.LSTM(16),
                layers.Dense(2, activation="softmax"),
            ]
        )

    return {
        "LSTM 20": (digits, sequential(lambda: layers.LSTM(20)), 30),
        "2 x bidirectional GRU 16": (
            digits,
            sequential(
                lambda: layers.Bidirectional(layers.GRU(16, return_sequences=True)),
                lambda: layers.Bidirectional(layers.GRU(16)),
            ),
            20,
        ),
        "Conv1D, BatchNorm, pooling, GRU 20": (
            digits,
            sequential(
                lambda: layers.Conv1D(16, 3, padding="same", use_bias=False),
                layers.BatchNormalization,
                lambda: layers.Activation("relu"),
                lambda: layers.MaxPooling1D(2),
                lambda: layers.GRU(20),
            ),
            25,
        ),
        "LSTM 24, Dropout, GRU 12": (
            digits,
            sequential(
                lambda: layers.LSTM(24, return_sequences=True), lambda: layers.Dropout(0.2), lambda: layers.GRU(12)
            ),
            25,
        ),
        "SimpleRNN 32, relu": (digits, sequential(lambda: layers.SimpleRNN(32, activation="relu")), 30),
        "Dense, BatchNorm, GRU 20": (
            digits,
            sequential(
                lambda: layers.TimeDistributed(layers.Dense(16, activation="relu")),
                layers.BatchNormalization,
                lambda: layers.GRU(20),
            ),
            25,
        ),
        "bidirectional LSTM 12, 2 x Dense": (
            digits,
            sequential(
                lambda: layers.Bidirectional(layers.LSTM(12)),
                lambda: layers.Dense(24, activation="relu"),
                lambda: layers.Dropout(0.2),
            ),
            25,
        ),
        "GRU 20, reset before": (digits, sequential(lambda: layers.GRU(20, reset_after=False)), 25),
        "GRU 16, mean of all steps": (
            digits,
            sequential(lambda: layers.GRU(16, return_sequences=True), layers.GlobalAveragePooling1D),
            25,
        ),
        "embedding, LSTM 16, lengths": (words, of_words, 25),
    }


def train(build: Callable[[], Any], task: Task, epochs: int, seed: int = 0) -> Any:
    """Return a trained network of Keras."""
    import keras

    keras.utils.set_random_seed(seed)
    model = build()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(task.x, task.y, epochs=epochs, batch_size=32, verbose=0)
    return model


def torch_networks() -> dict[str, Callable[[], Any]]:
    """Return name -> what builds a network of PyTorch; none where that is not installed."""
    try:
        import torch
    except ImportError:
        return {}

    class Last(torch.nn.Module):
        def __init__(self, kind: Any) -> None:
            super().__init__()
            self.rnn, self.out = kind(8, 20, batch_first=True), torch.nn.Linear(20, 10)

        def forward(self, x: Any) -> Any:
            return self.out(self.rnn(x)[0][:, -1])

    return {"PyTorch LSTM 20": lambda: Last(torch.nn.LSTM), "PyTorch GRU 20": lambda: Last(torch.nn.GRU)}


def train_torch(build: Callable[[], Any], task: Task, seed: int = 0) -> Any:
    """Return a trained network of PyTorch."""
    import torch

    torch.manual_seed(seed)
    model = build()
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    x, y = torch.tensor(task.x), torch.tensor(task.y)
    for _ in range(25):
        for rows in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
    return model.eval()


def ours(train_with: Callable[[int], Any], model: Any, task: Task) -> dict[str, Any]:
    """Return what our conversion comes to.

    Args:
        train_with: returns the network that is trained with a seed.
        model: that of the first.
        task: of it.
    """
    made = converted(model, task)
    found, int8 = made.report.fidelity, made.report.models["int8"]
    accuracies = [accuracy(made), *(accuracy(converted(train_with(seed), task)) for seed in range(1, SEEDS))]
    return {
        "accuracy": accuracies[0][1],
        "float_accuracy": accuracies[0][0],
        "points_lost": 100.0 * float(np.mean([exact - rounded for exact, rounded in accuracies])),
        "ratio": found.ratio,
        "same_class": found.same_class,
        "largest_probability": found.largest_probability,
        "bytes": int8.bytes,
        "us": latency(bytes(made.contents["-int8.tflite"]), task),
        "equal_bits": 1.0,  # another share is an error, and there is no conversion
        "runtimes": [bits.runtime for bits in made.report.bits if bits.absent is None],
        "seconds": made.report.seconds,
    }


def converted(model: Any, task: Task) -> Any:
    """Return a network's conversion."""
    import rnnexp
    from rnnexp.conversion.samples import Samples

    return rnnexp.convert(
        model,
        Samples("training part", task.x[:CALIBRATION]),
        Samples("held-out part", task.held_out_x, task.held_out_y),
    )


def accuracy(made: Any) -> tuple[float, float]:
    """Return a conversion's accuracies, of float and of int8."""
    found = made.report.fidelity.accuracy
    return found["float"], found["int8"]


def latency(content: bytes, task: Task) -> float:
    """Return microseconds a sequence in LiteRT."""
    from rnnexp.runtimes.tflite import TFLiteModel

    return TFLiteModel(content).latency_us(task.held_out_x[0])


def main() -> None:
    """Measure all networks, and print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="only networks whose name contains this")
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--tensorflow", nargs=3, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--ai-edge", nargs=3, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.tensorflow:
        with_tensorflow(*arguments.tensorflow)
        return
    if arguments.ai_edge:
        with_ai_edge(*arguments.ai_edge)
        return
    table = []
    for name, (load, build, epochs) in networks().items():
        if arguments.only in name:
            task = load()
            model = train(build, task, epochs)
            exact = np.asarray(model.predict(task.held_out_x, verbose=0), np.float64)
            again = partial(train, build, task, epochs)
            rows = {"ours": ours(again, model, task), **peers(model, task, exact)}
            table.append({"network": name, **rows})
            print(row_text(table[-1]), flush=True)
            write(table, arguments.output)
    for name, build in torch_networks().items():
        if arguments.only in name:
            task = digits()
            again = partial(train_torch, build, task)
            table.append({"network": name, "ours": ours(again, again(0), task)})
            print(row_text(table[-1]), flush=True)
            write(table, arguments.output)


def write(table: list[dict[str, Any]], path: Path) -> None:
    """Write what has been measured so far."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


def peers(model: Any, task: Task, exact: np.ndarray) -> dict[str, Any]:
    """Return what the other ways to int8 come to, of a network of Keras."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        saved, inputs, target = folder / "model.keras", folder / "x.npy", folder / "int8.tflite"
        model.save(saved)
        np.save(inputs, task.x[:CALIBRATION])
        found = {"tensorflow": _child(["--tensorflow", saved, inputs, target], target, task, exact)}
        try:
            import ai_edge_quantizer  # noqa: F401
        except ImportError:
            return {**found, "ai_edge": {"failed": "not installed"}}
        target = folder / "ai-edge.tflite"
        return {**found, "ai_edge": _child(["--ai-edge", saved, inputs, target], target, task, exact)}


def _child(arguments: list[Any], target: Path, task: Task, exact: np.ndarray) -> dict[str, Any]:
    """Return what a process of its own has written, or how it failed."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    command = [sys.executable, __file__, *map(str, arguments)]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return {"failed": f"no result after {LIMIT_S} s"}
    if done.returncode < 0:
        return {"failed": f"crash ({signal.Signals(-done.returncode).name})"}
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["?"])[-1][:200]}
    return judge(target, task, exact)


def judge(path: Path, task: Task, exact: np.ndarray) -> dict[str, Any]:
    """Return the figures of a file that gives probabilities."""
    from rnnexp.errors import UserError
    from rnnexp.runtimes.tflite import TFLiteModel

    codes, model = {}, TFLiteModel(path)
    x = task.held_out_x if task.held_out_x.ndim == 2 else model.encode(task.held_out_x)
    for kernels in ("litert", "reference", "micro"):
        with contextlib.suppress(UserError):  # not installed, or it lacks an operator: then it is not in the list
            codes[kernels] = TFLiteModel(path, kernels=kernels).run_codes(x)
    outputs, spec = codes["litert"], model.output
    if spec.dtype != np.float32:
        outputs = (outputs.astype(np.float64) - spec.zero_point) * spec.scale
    rounding = spec.scale / math.sqrt(12.0) if spec.dtype != np.float32 else float("nan")
    others = [values == codes["litert"] for kernels, values in codes.items() if kernels != "litert"]
    return {
        "accuracy": float((outputs.argmax(-1) == task.held_out_y).mean()),
        "ratio": float(np.sqrt(np.mean(np.square(outputs - exact)))) / rounding,
        "same_class": float((outputs.argmax(-1) == exact.argmax(-1)).mean()),
        "largest_probability": float(np.abs(outputs - exact).max()),
        "bytes": path.stat().st_size,
        "us": model.latency_us(task.held_out_x[0]),
        "equal_bits": float(np.mean(others)) if others else None,
        "runtimes": list(codes),
    }


def converter_of(saved: Path) -> Any:
    """Return TensorFlow's converter for a saved Keras model, unrolled."""
    import keras
    import tensorflow as tf

    looped = keras.saving.load_model(saved, compile=False)

    def unrolled(layer: Any) -> Any:
        config = layer.get_config()
        for inner in ("layer", "backward_layer"):
            if config.get(inner) and "unroll" in config[inner]["config"]:
                config[inner]["config"]["unroll"] = True
        if "unroll" in config:
            config["unroll"] = True
        return type(layer).from_config(config)

    given = looped.inputs[0]
    model = keras.Sequential(
        [keras.Input(given.shape[1:], batch_size=1, dtype=given.dtype), *map(unrolled, looped.layers)]
    )
    model.set_weights(looped.get_weights())
    return tf.lite.TFLiteConverter.from_keras_model(model)


def with_tensorflow(saved: Path, inputs: Path, target: Path) -> None:
    """Convert a saved Keras model to int8 with TensorFlow's converter."""
    import tensorflow as tf

    samples, converter = np.load(inputs), converter_of(saved)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample[None]] for sample in samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8, tf.lite.OpsSet.TFLITE_BUILTINS]
    converter.inference_output_type = tf.int8
    if samples.ndim == 3:
        converter.inference_input_type = tf.int8
    target.write_bytes(converter.convert())


def with_ai_edge(saved: Path, inputs: Path, target: Path) -> None:
    """Convert a saved Keras model to int8 with ai-edge-quantizer, from TensorFlow's float file."""
    from ai_edge_quantizer import quantizer, recipe

    plain = target.with_suffix(".float32.tflite")
    plain.write_bytes(converter_of(saved).convert())
    samples, quantizing = np.load(inputs), quantizer.Quantizer(str(plain))
    quantizing.load_quantization_recipe(recipe.static_wi8_ai8())
    from rnnexp.formats.tflite.reader import read

    graph = read(plain.read_bytes()).subgraphs[0]
    name = graph.tensors[graph.inputs[0]].name
    key = name.removeprefix("serving_default_").split(":")[0]
    ranges = quantizing.calibrate({"serving_default": [{key: sample[None]} for sample in samples]})
    quantizing.quantize(ranges).export_model(str(target))


def row_text(row: dict[str, Any]) -> str:
    """Return the lines of a network."""

    def figure(value: Any, form: str) -> str:
        return "-" if value is None else format(value, form)

    lines = []
    for way, found in row.items():
        if way == "network":
            continue
        if "failed" in found:
            lines.append(f"| {row['network']} | {way} | {found['failed']} |" + " |" * 6)
            continue
        lines.append(
            f"| {row['network']} | {way} | {found['accuracy']:.2%} | {found['ratio']:.2f} "
            f"| {figure(found['same_class'], '.2%')} | {figure(found['largest_probability'], '.3f')} "
            f"| {found['bytes']:,} | {figure(found['us'], '.0f')} "
            f"| {figure(found['equal_bits'], '.1%')} |"
        )
    return "\n".join(lines)


def page_row(row: dict[str, Any]) -> str:
    """Return the line of a network in the pages: ours beside TensorFlow's converter."""
    found, theirs = row["ours"], row.get("tensorflow", {"failed": "not of Keras"})

    def both(name: str, form: str) -> str:
        values = (found[name], theirs.get(name))
        return " / ".join("-" if value is None else format(value, form) for value in values)

    return (
        f"| {row['network']} | {found['float_accuracy']:.1%} | {both('accuracy', '.1%')} "
        f"| {found['points_lost']:+.2f} | {found['ratio']:.2f} "
        f"| {both('largest_probability', '.3f')} | {both('bytes', ',')} | {both('us', '.0f')} "
        f"| {both('equal_bits', '.1%')} |"
    )


if __name__ == "__main__":
    main()
