"""How long a time step of the int8 network takes: the exported C beside LiteRT and TensorFlow Lite Micro, in one run.

    python benchmarks/step_speed.py        prints a table and writes benchmarks/results/step_speed.json

Microseconds a step, the median of several rounds in turn, of the same network with random weights on sequences of 1600
steps (the step model: of single calls, without what Python needs to hand the state over). The C is compiled with
``cc -O2``. TensorFlow Lite Micro is run where it is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.tflite.int8.writer import to_step_tflite, to_tflite
from rnnexp.network import cells
from rnnexp.network.architecture import Architecture
from rnnexp.network.layer import Layer
from rnnexp.network.network import Network
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.quantizer import quantize
from rnnexp.runtimes.c import CompiledNetwork
from rnnexp.runtimes.tflite import Kernels, TFLiteModel, load

RESULTS = Path(__file__).parent / "results" / "step_speed.json"
STEPS = 1600
# Cell, units, features.
NETWORKS = (("simple", 10, 1), ("simple", 10, 28), ("simple", 64, 1), ("lstm", 10, 1), ("gru", 10, 1))


def random_network(units: int, features: int, cell: str = "simple", activation: str = "tanh") -> IntegerNetwork:
    """Return a quantised network of one layer with random weights."""
    random, blocks = np.random.default_rng(0), cells.load(cell).sums
    layers = (Layer(cell, units),)
    architecture = Architecture(STEPS, features, layers, every_step=False, outputs=1, activation=activation)
    # relu is kept from growing.
    gain = 0.5 if activation == "relu" else 1.0
    weights = [
        random.normal(size=(features, blocks * units)),
        gain * np.tile(np.linalg.qr(random.normal(size=(units, units)))[0], blocks),
        np.zeros(cells.load(cell).shapes(features, units)["bias"]),
        random.normal(size=(units, 1)),
        np.zeros(1),
    ]
    return quantize(Network.of(architecture, weights), random.uniform(-1.0, 1.0, (8, 200, features)))


def ways(network: IntegerNetwork, codes: np.ndarray) -> dict[str, Callable[[], float]]:
    """Return name -> a function that runs the network and returns the microseconds a step took."""
    compiled = CompiledNetwork(network)

    def c() -> float:
        start = time.perf_counter()
        compiled.run(codes)
        return (time.perf_counter() - start) / len(codes) / STEPS * 1e6

    def sequence(kernels: Kernels) -> Callable[[], float]:
        model = TFLiteModel(to_tflite(network), kernels=kernels)
        sample = network.input.decode(codes[0])
        return lambda: model.latency_us(sample, runs=5) / STEPS

    def step(kernels: Kernels) -> Callable[[], float]:
        runtime = load(to_step_tflite(network), kernels)
        runtime.set_input(0, codes[0, :1])
        for number, spec in enumerate(runtime.inputs[1:], 1):
            runtime.set_input(number, np.zeros(spec.shape, np.int16))

        def run() -> float:
            start = time.perf_counter()
            for _ in range(STEPS):
                runtime.invoke()
            return (time.perf_counter() - start) / STEPS * 1e6

        return run

    found: dict[str, Callable[[], float]] = {
        "C, -O2": c,
        "LiteRT, sequence": sequence("litert"),
        "LiteRT, step model": step("litert"),
    }
    try:
        found |= {"Micro, sequence": sequence("micro"), "Micro, step model": step("micro")}
    except UserError as error:
        print(error)
    return found


def main() -> None:
    """Measure and print and write the table."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    table = []
    for cell, units, features in NETWORKS:
        network = random_network(units, features, cell)
        codes = np.random.default_rng(1).integers(-128, 128, (20, STEPS, features)).astype(np.int8)
        runs = ways(network, codes)
        rounds = [{name: run() for name, run in runs.items()} for _ in range(arguments.rounds)]
        us = {name: statistics.median(values[name] for values in rounds) for name in runs}
        if not table:
            print("| cell, units, features | " + " | ".join(us) + " |\n|" + " --- |" * (len(us) + 1))
        table.append({"cell": cell, "units": units, "features": features, "us_a_step": us})
        cells = [f"{cell}, {units}, {features}", *(f"{value:.3f}" for value in us.values())]
        print(f"| {' | '.join(cells)} |", flush=True)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
