"""How good the float32 files are next to the best baseline: the median of five seeds, by data set and activation.

    python benchmarks/quality.py                      prints a table and writes benchmarks/results/quality.json
    python benchmarks/quality.py --seeds 1 --only iris

Every figure is that of a whole run with the scripts' defaults, read from the report it writes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from rnnexp.config import ClassificationConfig, MemoryConfig, RegressionConfig, Settings
from rnnexp.experiment.run import run
from rnnexp.report.content import Report

RESULTS = Path(__file__).parent / "results" / "quality.json"
ACTIVATIONS = ("custom", "tanh", "relu")
# What is compared, as it is called in a report.
METRICS = {"regression": "rmse", "classification": "accuracy", "memory": "memory_capacity"}


def cases() -> list[tuple[str, type[Settings], dict[str, Any]]]:
    """Return what is run: a name, the kind of settings, and what differs from the defaults."""
    result: list[tuple[str, type[Settings], dict[str, Any]]] = []
    for activation in ACTIVATIONS:
        for name in ("SP500", "airline-passengers"):
            settings = {"dataset_name": name, "activation": activation}
            result.append((f"{name}, {activation}", RegressionConfig, settings))
        result.append((f"iris, {activation}", ClassificationConfig, {"dataset_name": "iris", "activation": activation}))
        epochs = 300 if activation == "custom" else 100
        settings = {"activation": activation, "memory_k": -5, "epochs": epochs}
        result.append((f"memory, K = -5, {activation}, {epochs} epochs", MemoryConfig, settings))
    return sorted(result, key=lambda case: case[0].lower())


def measure(config_class: type[Settings], settings: dict[str, Any], seed: int, folder: Path) -> Report:
    """Run one case and return its report."""
    config = config_class(**settings, seed=seed, output_dir=folder / "out", runs_dir=folder / "runs", quiet=True)
    report = run(config)
    if report.exit_code:
        raise SystemExit(f"{config.stem}, seed {seed}: the run failed")
    return report


def main() -> None:
    """Run all cases and print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    table = []
    print("| data set, activation | metric | baseline | median | all seeds | seconds |\n" + "| --- " * 6 + "|")
    for name, config_class, settings in cases():
        if arguments.only not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            reports = [measure(config_class, settings, seed, Path(folder)) for seed in range(arguments.seeds)]
        metric = METRICS[reports[0].task]
        verdict = reports[0].verdict
        assert verdict is not None
        baseline = verdict.best_baseline
        values = [getattr(report.models.float32.metrics, metric) for report in reports]
        row = {
            "case": name,
            "metric": metric,
            "baseline": baseline,
            "baseline_value": getattr(reports[0].baselines[baseline], metric),
            "median": statistics.median(values),
            "values": values,
            "seconds": statistics.median(report.training.total_seconds for report in reports),
        }
        table.append(row)
        shown = ", ".join(f"{value:.4g}" for value in values)
        print(
            f"| {name} | {metric} | {row['baseline_value']:.4g} ({baseline}) | {row['median']:.4g} | {shown} | "
            f"{row['seconds']:.1f} |",
            flush=True,
        )
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
