"""FastGRNN beside a GRU of the same width, on two data sets: accuracy, flash and instructions, median of three seeds.

    python benchmarks/fastgrnn.py --speech-commands FOLDER
    python benchmarks/fastgrnn.py --speech-commands FOLDER --only digits --seeds 1

The folder has the layout of Speech Commands. All cells train with the same settings, which are those of a data set, but
for the learning rate: the GRU has that of the preset ``keyword-spotting``, and FastGRNNs have twice that, since by the
validation part they learn too slowly with it. Accuracies are those on the part held out, of the network in real
numbers, and of its integers after plain quantisation, whose bits all exported files have. The flash is what the C of
the network alone takes on a Cortex-M4 with ``-Os``, where its compiler is installed; instructions of a time step are
the estimate of the report. It prints a table and writes benchmarks/results/fastgrnn.json; with --only, the rows of
other data sets stay as they are there.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

from rnnexp.config import ClassificationConfig
from rnnexp.console import Console
from rnnexp.experiment import build
from rnnexp.experiment.prepare import prepare
from rnnexp.experiment.train import train
from rnnexp.formats.about import About
from rnnexp.formats.c.chips.chip import CHIPS
from rnnexp.formats.c.estimate import instructions
from rnnexp.formats.c.files import to_c
from rnnexp.quantization import reference
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.quantizer import quantize
from rnnexp.runtimes.emulator.firmware import Firmware
from rnnexp.training.programs import Programs

RESULTS = Path(__file__).parent / "results" / "fastgrnn.json"
CHIP = "Cortex-M4"
UNITS, RANK = 64, 16
COMMON = {"activation": "tanh", "hidden_size": UNITS}
DATA: dict[str, dict[str, Any]] = {
    "digits": {"dataset_name": "digits", "epochs": 150, "batch_size": 32, "dropout": 0.1},
    "speech_commands": {
        "dataset_name": "speech_commands",
        "features": "log-mel",
        "frames": 49,
        "augmentation": 1.0,
        "epochs": 60,
        "batch_size": 32,
        "dropout": 0.1,
    },
}
CELLS: dict[str, dict[str, Any]] = {
    "GRU": {"cell": "gru", "learning_rate": 0.005},
    "FastGRNN": {"cell": "fastgrnn", "learning_rate": 0.01},
    f"FastGRNN, rank {RANK}": {"cell": "fastgrnn", "rank": RANK, "learning_rate": 0.01},
}


def flash_of(network: IntegerNetwork) -> int | None:
    """Return the bytes of code and constants that the C of a network takes."""
    chip = next(chip for chip in CHIPS if chip.name == CHIP)
    if chip.missing:
        return None
    codes = np.zeros((1, network.sequence_length, network.features), network.input.dtype)
    made = to_c(network, "network", About(), codes)
    with tempfile.TemporaryDirectory() as place:
        sources = {"network.c": made.source, "network.h": made.header}
        return Firmware(chip, Path(place), "-Os").sizes("network.c", sources)[0]


def measure(settings: Mapping[str, Any], cache: Path, programs: Programs) -> dict[str, Any]:
    """Train, and return what the network comes to, in real numbers and in integers."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        prepared = prepare(ClassificationConfig(**settings, cache_dir=cache, output_dir=folder, runs_dir=folder))
        dataset = prepared.dataset
        with Console(folder / "log.txt", quiet=True) as console:
            unit = build.unit_scale(dataset)
            architecture = prepared.architecture
            trained = train(
                prepared.config, dataset, architecture, unit, folder, console, programs=programs, only_last=True
            )
    network, part = trained.last.network, dataset.evaluation
    integers = quantize(network, dataset.train.x)

    def accuracy(outputs: np.ndarray) -> float:
        return float((outputs.argmax(axis=-1) == part.y).mean())

    return {
        "float32": accuracy(network.run(part.x)),
        "int8": accuracy(reference.outputs(integers, part.x)),
        "validation_loss": trained.history.epochs[-1].val_loss,
        "weights": sum(values.size for values in network.weights),
        "flash": flash_of(integers),
        "instructions": instructions(integers)[CHIP],
    }


def row_of(data: str, network: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the table has of a network: of all seeds, and medians."""
    each = {name: [one[name] for one in found] for name in ("float32", "int8", "validation_loss")}
    last = {name: found[-1][name] for name in ("weights", "flash", "instructions")}
    return {"data": data, "network": network, "units": UNITS, **each, **last}


def line(row: Mapping[str, Any]) -> str:
    """Return the line of the table of a network."""
    accuracies = (f"{100 * statistics.median(row[kind]):.1f} %" for kind in ("float32", "int8"))
    counts = ("-" if row[name] is None else f"{row[name]:,}" for name in ("weights", "flash", "instructions"))
    return f"| {row['data']} | {row['network']} | {' | '.join(accuracies)} | {' | '.join(counts)} |"


def main() -> None:
    """Train everything, print the table and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech-commands", type=Path, help="folder of Speech Commands")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", choices=DATA, nargs="+", default=list(DATA), help="only these data sets")
    options = parser.parse_args()
    if "speech_commands" in options.only and options.speech_commands is None:
        parser.error("--speech-commands FOLDER is needed, or --only digits")
    before = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else []
    kept = [row for row in before if row["data"] not in options.only]
    rows: list[dict[str, Any]] = []
    print("| data | network | float32 | int8 | weights | flash | instructions a step |\n" + "| --- " * 7 + "|")
    with tempfile.TemporaryDirectory() as cache:
        for data in options.only:
            folder = {"data_dir": options.speech_commands} if data == "speech_commands" else {}
            for name, cell in CELLS.items():
                programs = Programs()
                given = {**COMMON, **DATA[data], **cell, **folder}
                found = [measure({**given, "seed": seed}, Path(cache), programs) for seed in range(options.seeds)]
                rows.append(row_of(data, name, found))
                print(line(rows[-1]), flush=True)
    found = sorted([*kept, *rows], key=lambda row: list(DATA).index(row["data"]))
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
