"""Fine-tuning of every structure: what integers lose, rounded to nearest and tuned, on data that no fit has seen.

    python benchmarks/fine_tuning.py                 prints a table and writes benchmarks/results/fine_tuning.json
    python benchmarks/fine_tuning.py --only LSTM

Random networks, of which one weight of each kernel is as many times as large as it was as the table says: 1 is a
network as it comes, 100 leaves few units to the other weights. Outputs have 16 bits, so that their own rounding does
not hide the rest. Errors are root mean squares, over those of weights rounded to nearest: below 1 is less. Kept is
what fine-tuning chooses by itself, from a fourth of the calibration data; figures are from other sequences, medians of
the seeds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from rnnexp.network import cells as registry
from rnnexp.network.architecture import Architecture
from rnnexp.network.front import Convolution
from rnnexp.network.layer import Layer
from rnnexp.network.network import Network
from rnnexp.network.windows import Axis
from rnnexp.quantization.quantizer import quantize
from rnnexp.quantization.tuning.descent import Sequences, output_error
from rnnexp.quantization.tuning.fine_tuning import fine_tune

RESULTS = Path(__file__).parent / "results" / "fine_tuning.json"
STEPS, FEATURES, OUTPUTS = 20, 4, 3
CALIBRATION, UNSEEN = 384, 300
LARGE = (1.0, 100.0)
CONVOLUTION = Convolution(Axis.causal(3), Axis(), FEATURES, 8, activation="relu")
STRUCTURES: dict[str, dict[str, Any]] = {
    "simple, tanh": {"layers": (Layer("simple", 16),)},
    "simple, relu": {"layers": (Layer("simple", 16, activation="relu"),)},
    "LSTM": {"layers": (Layer("lstm", 16),)},
    "LSTM, peepholes, projection": {"layers": (Layer("lstm-peephole", 16, projection=8),)},
    "GRU": {"layers": (Layer("gru", 16),)},
    "GRU, reset before": {"layers": (Layer("gru-reset-before", 16),)},
    "bidirectional LSTM, GRU": {"layers": (Layer("lstm", 12, bidirectional=True), Layer("gru", 12))},
    "LSTM backwards, every step": {"layers": (Layer("lstm", 12, backwards=True),), "every_step": True},
    "encoder, decoder": {"layers": (Layer("lstm", 12, repeats=5), Layer("gru", 12)), "every_step": True},
    "dense, GRU": {"layers": (Layer("dense", 12), Layer("gru", 12))},
    "convolution, LSTM": {"layers": (Layer("lstm", 16),), "front": (CONVOLUTION,)},
    "LSTM, convolution": {
        "layers": (Layer("lstm", 16),),
        "back": (Convolution(Axis.causal(3), Axis(), 16, 8, activation="tanh"),),
    },
}


def network(facts: dict[str, Any], large: float, seed: int) -> Network:
    """Return a random network that neither explodes nor forgets at once, with one such weight in each kernel."""
    facts = {"every_step": False, "outputs": OUTPUTS, "activation": "tanh", **facts}
    architecture, random = Architecture(STEPS, FEATURES, **facts), np.random.default_rng(seed)
    weights = []
    for name, shape in architecture.shapes.items():
        if "recurrent" in name:
            # Orthogonal, block by block, and for relu a little less.
            gain = 0.7 if facts["layers"][0].activation == "relu" else 1.0
            sums = max(registry.load(layer.cell).sums for layer in facts["layers"] if _has(layer, shape))
            blocks = [np.linalg.qr(random.normal(size=(max(shape),) * 2))[0] for _ in range(sums)]
            values = gain * np.concatenate([block[: shape[0], : shape[1] // sums] for block in blocks], axis=1)
        else:
            values = random.normal(size=shape) * (0.1 if name.endswith("bias") else np.prod(shape[:-1]) ** -0.5)
        if "kernel" in name and not name.startswith("output"):
            values[tuple(random.integers(0, size) for size in shape)] *= large
        weights.append(values)
    return Network.of(architecture, weights)


def _has(layer: Layer, shape: tuple[int, ...]) -> bool:
    """Tell whether a layer's recurrent kernel has a shape."""
    return layer.shapes(1).get("recurrent_kernel") == shape


def inputs(samples: int, seed: int) -> np.ndarray:
    """Return inputs in [-1, 1], slow and fast."""
    random = np.random.default_rng(seed)
    slow = np.cumsum(random.normal(size=(samples, STEPS, FEATURES)), axis=1)
    return np.tanh(0.2 * slow + 0.5 * random.normal(size=slow.shape))


def measure(facts: dict[str, Any], large: float, seed: int) -> dict[str, float]:
    """Return what one network loses, plain and tuned, as shares of what is lost plainly."""
    real = network(facts, large, seed)
    given, unseen = Sequences(inputs(CALIBRATION, 2 * seed)), Sequences(inputs(UNSEEN, 2 * seed + 1))
    integers = quantize(real, given.x, io_bits=16, exact=True)
    start = time.perf_counter()
    found = fine_tune(integers, real, given, seed=seed)
    seconds = time.perf_counter() - start
    plain, together, trained = (output_error(way.integers, real, unseen) for way in found.ways)
    kept = output_error(found.kept.integers, real, unseen)
    return {
        "plain": plain,
        "together": together / plain,
        "trained": trained / plain,
        "kept": kept / plain,
        "helped": float(found.helped),
        "seconds": seconds,
    }


def line(row: dict[str, Any]) -> str:
    """Return a row of the table."""
    seeds = row["seeds"]
    figures = [statistics.median(seed[key] for seed in seeds) for key in ("together", "trained", "kept")]
    often = sum(int(seed["helped"]) for seed in seeds)
    cells = [row["structure"], f"x {row['large']:g}", *(f"{figure:.2f}" for figure in figures)]
    return f"| {' | '.join([*cells, f'{often} of {len(seeds)}'])} |"


def main() -> None:
    """Measure all structures, and print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="only structures whose name contains this")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    print("| structure | largest weight | rounded together | trained on | kept | how often |\n" + "| --- " * 6 + "|")
    table = []
    for name, facts in STRUCTURES.items():
        if arguments.only not in name:
            continue
        for large in LARGE:
            rows = [measure(facts, large, seed) for seed in range(arguments.seeds)]
            table.append({"structure": name, "large": large, "seeds": rows})
            print(line(table[-1]), flush=True)
            arguments.output.parent.mkdir(parents=True, exist_ok=True)
            arguments.output.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
