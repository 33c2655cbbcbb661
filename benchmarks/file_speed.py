"""Bytes and LiteRT's time a step of int8 sequence files, beside those that another version writes, in one run.

    python benchmarks/file_speed.py --write FOLDER                 writes the files of this version
    python benchmarks/file_speed.py --beside FOLDER                measures them beside those in a folder

    git worktree add ../before COMMIT                              the files of an earlier version, by this script
    PYTHONPATH=../before python benchmarks/file_speed.py --write FOLDER

Networks of one layer with random weights, as ``benchmarks/step_speed.py`` has them, on sequences of 100 steps. Both
files of a network run in turn; the ratio is the median over all turns, of CPU time.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from step_speed import random_network

from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.runtimes.tflite import Runtime, load

RESULTS = Path(__file__).parent / "results" / "file_speed.json"
STEPS, TURNS, RUNS = 100, 60, 10
# Cell, units, features, activation.
NETWORKS = (
    ("lstm", 20, 8, "tanh"),
    ("gru", 20, 8, "tanh"),
    ("lstm", 64, 16, "tanh"),
    ("gru", 64, 16, "tanh"),
    ("simple", 10, 1, "tanh"),
    ("lstm", 20, 8, "relu"),
    ("gru", 20, 8, "relu"),
    ("gru-reset-before", 20, 8, "relu"),
)


def name(cell: str, units: int, activation: str) -> str:
    """Return the name of a network's file."""
    return f"{cell}-{units}-{activation}.tflite"


def write(folder: Path) -> None:
    """Write the files of this version."""
    folder.mkdir(parents=True, exist_ok=True)
    for cell, units, features, activation in NETWORKS:
        network = dataclasses.replace(random_network(units, features, cell, activation), sequence_length=STEPS)
        (folder / name(cell, units, activation)).write_bytes(to_tflite(network))


def runtime(content: bytes) -> Runtime:
    """Return LiteRT, with an input set."""
    found = load(content)
    random = np.random.default_rng(0)
    found.set_input(0, random.integers(-128, 128, found.inputs[0].shape).astype(np.int8))
    found.invoke()
    return found


def us_a_step(model: Runtime) -> float:
    """Return microseconds of CPU time."""
    start = time.process_time()
    for _ in range(RUNS):
        model.invoke()
    return (time.process_time() - start) / RUNS / STEPS * 1e6


def main() -> None:
    """Write the files, or measure them, and print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    parser.add_argument("--beside", type=Path, metavar="FOLDER")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    if arguments.write:
        write(arguments.write)
    if not arguments.beside:
        return
    table = []
    print("| cell, units, features, activation | bytes before | now | us a step before | now | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    for cell, units, features, activation in NETWORKS:
        network = dataclasses.replace(random_network(units, features, cell, activation), sequence_length=STEPS)
        contents = (arguments.beside / name(cell, units, activation)).read_bytes(), to_tflite(network)
        models = [runtime(content) for content in contents]
        turns = [[us_a_step(model) for model in models] for _ in range(TURNS)]
        us = [statistics.median(turn[place] for turn in turns) for place in range(2)]
        ratio = statistics.median(before / now for before, now in turns)
        sizes = [len(content) for content in contents]
        what = {"cell": cell, "units": units, "features": features, "activation": activation}
        table.append({**what, "bytes": sizes, "us_a_step": us, "ratio": ratio})
        said = ", ".join(map(str, what.values()))
        print(
            f"| {said} | {sizes[0]:,} | {sizes[1]:,} | {us[0]:.2f} | {us[1]:.2f} | {ratio:.2f} |",
            flush=True,
        )
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
