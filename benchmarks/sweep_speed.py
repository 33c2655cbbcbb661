"""How much faster a sweep is than as many runs of the script, and whether it comes to the same bits.

    python benchmarks/sweep_speed.py                prints the ratio, and writes benchmarks/results/sweep_speed.json
    python benchmarks/sweep_speed.py --seeds 2      quicker, and less in favour of the sweep

The sweep has all activations with ten seeds each, on the S&P 500 and with the script's other settings. Beside it, in
the same run, is the script itself with each activation and the first seed; the time of all trials one by one is taken
to be the mean of these times their number. Processor seconds, which other programs on the machine disturb less, are of
all processes.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from rnnexp.experiment.sweep.trial import digest
from rnnexp.network.activations import ACTIVATIONS

PROJECT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results" / "sweep_speed.json"


@dataclass(frozen=True)
class Cost:
    """Seconds that passed, and seconds that processors were busy."""

    wall: float
    cpu: float


def measure(command: list[str], folder: Path) -> Cost:
    """Run a command of this project in a folder, and return what it cost."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *command], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def run_script(activation: str, folder: Path) -> tuple[Cost, str, dict[str, float]]:
    """Run the script with an activation, and return its cost, the digest of its weights, and its figures."""
    cost = measure([str(PROJECT / "run_regression.py"), "--activation", activation, "--quiet"], folder)
    (weights,) = (folder / "tflite_models").glob(f"*-{activation}-weights.npz")
    (written,) = (folder / "tflite_models").glob(f"*-{activation}-report.json")
    report = json.loads(written.read_text())
    figures = {f"{kind}_rmse": report["models"][kind]["metrics"]["rmse"] for kind in ("float32", "int8")}
    with np.load(weights) as arrays:
        return cost, digest(dict(arrays)), {**figures, "gap": report["degradation"]["gap"]}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, help="of each activation in the sweep")
    seeds = parser.parse_args().seeds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").symlink_to(PROJECT / "data")
        names = list(ACTIVATIONS)
        scripts, found = [], {}
        # Half of the runs before the sweep, and half behind it: the machine may get slower, or faster.
        for activation in names[: len(names) // 2]:
            cost, *found[activation] = run_script(activation, folder)
            scripts.append(cost)
        command = ["-m", "rnnexp", "sweep", "regression", "--activation", *names, "--seed", *map(str, range(seeds))]
        sweep = measure([*command, "--name", "speed", "--quiet"], folder)
        for activation in names[len(names) // 2 :]:
            cost, *found[activation] = run_script(activation, folder)
            scripts.append(cost)
        with (folder / "sweeps" / "speed" / "results.csv").open(newline="") as file:
            rows = {(row["activation"], int(row["seed"])): row for row in csv.DictReader(file)}
    trials = len(names) * seeds
    assert len(rows) == trials
    same = all(
        rows[activation, 0]["digest"] == weights
        and all(float(rows[activation, 0][figure]) == value for figure, value in figures.items())
        for activation, (weights, figures) in found.items()
    )
    one = Cost(*(statistics.mean(getattr(cost, kind) for cost in scripts) for kind in ("wall", "cpu")))
    ratios = {kind: trials * getattr(one, kind) / getattr(sweep, kind) for kind in ("wall", "cpu")}
    print(f"script     {one.wall:7.1f} s, {one.cpu:7.1f} processor seconds, mean of {len(scripts)} runs")
    print(f"sweep      {sweep.wall:7.1f} s, {sweep.cpu:7.1f} processor seconds, {trials} trials")
    wall, cpu = ratios["wall"], ratios["cpu"]
    print(f"as many runs of the script take {wall:.1f} times as long, and {cpu:.1f} times the processor seconds")
    print("the same weights and figures" if same else "OTHER WEIGHTS OR FIGURES THAN THE SCRIPT'S")
    about = {"machine": platform.processor() or platform.machine(), "cores": os.cpu_count(), "trials": trials}
    measured = {"scripts": [asdict(cost) for cost in scripts], "sweep": asdict(sweep), "ratios": ratios, "same": same}
    RESULTS.write_text(json.dumps({**about, **measured}, indent=1) + "\n")
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
