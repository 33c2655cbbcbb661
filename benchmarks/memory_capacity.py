"""Memory capacity of small recurrent networks, float32 and int8: cells, activations and sizes, trained on all delays.

    python benchmarks/memory_capacity.py            writes benchmarks/results/memory_capacity.json, figure and tables
    python benchmarks/memory_capacity.py --sweeps-dir FOLDER

One network is trained to recall the values 1 to 50 steps back, all at once, from windows of 64 values of a series that
is uniform in [-1, 1]. Its capacity is the sum over these delays of the squared correlation of what it gives with what
was asked (Jaeger 2001, "Short term memory in echo state networks"), each without the share that chance has in it
(``rnnexp.report.metrics.adjusted_square``), on a series of its own that training has not seen, from the exported files.

All of it is one sweep, which goes on where it was stopped. Beside it, two small ones see what the training has to do
with it: a smaller learning rate for the network that learns worst, and three times as many epochs. It takes about half
an hour on two quiet cores.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rnnexp.commands import sweep

RESULTS = Path(__file__).parent / "results" / "memory_capacity.json"
DOCS = Path(__file__).parents[1] / "docs"
FIGURE, PAGES = DOCS / "memory-capacity.svg", (DOCS / "memory-capacity.md", DOCS / "memory-capacity.ja.md")
CELLS, ACTIVATIONS, SIZES = ("simple", "gru", "lstm"), ("relu", "tanh", "custom"), (5, 10, 20, 40)
TASK = "--memory-k -1 --memory-delays 50 --memory-n 64 --memory-signal-length 2111 --batch-size 64 --seed 0 1 2"
UNITS = f"--hidden-size {' '.join(map(str, SIZES))}"
FAST = "--learning-rate 0.01"
SWEEPS = {
    "capacity": f"--cell {' '.join(CELLS)} --activation {' '.join(ACTIVATIONS)} {UNITS} --epochs 100 {FAST}",
    "capacity-slower": f"--cell simple --activation custom {UNITS} --epochs 100 --learning-rate 0.003",
    "capacity-longer": f"--cell {' '.join(CELLS)} --activation tanh --hidden-size 20 --epochs 300 {FAST}",
}
COLORS = {"relu": "#d55e00", "tanh": "#0072b2", "custom": "#009e73"}

Row = dict[str, Any]


def rows(results: dict[str, Any]) -> list[Row]:
    """Return what a sweep's combinations came to, from its ``results.json``: capacities, seed by seed."""
    found = []
    fixed = results["definition"]["settings"]
    for combination in results["combinations"]:
        point = {**{name: fixed[name] for name in ("cell", "activation", "hidden_size")}, **combination["point"]}
        trials = [trial for trial in results["trials"] if trial["combination"] == combination["combination"]]
        assert all("message" not in trial for trial in trials), trials
        found.append(
            {
                "cell": point["cell"],
                "activation": point["activation"],
                "units": point["hidden_size"],
                "weights": trials[0]["weights"],
                "float32": [round(trial["float32"]["memory_capacity"], 4) for trial in trials],
                "int8": [round(trial["int8"]["memory_capacity"], 4) for trial in trials],
            }
        )
    return found


def lost(row: Row) -> float:
    """Return what int8 loses of the capacity, the mean over seeds of differences."""
    return statistics.mean(a - b for a, b in zip(row["float32"], row["int8"], strict=True))


def capacity_lines(found: list[Row]) -> list[str]:
    """Return the rows of the table of capacities of float32: means over seeds, and standard deviations."""
    return _lines(found, capacity)


def loss_lines(found: list[Row]) -> list[str]:
    """Return the rows of the table of what int8 loses."""
    return _lines(found, lambda row: f"{round(lost(row), 3) + 0.0:.3f}")


def capacity(row: Row) -> str:
    """Return the capacity of float32 as a table has it."""
    return f"{statistics.mean(row['float32']):.1f} ± {statistics.stdev(row['float32']):.1f}"


def _lines(found: list[Row], cell: Callable[[Row], str]) -> list[str]:
    at = {(row["cell"], row["activation"], row["units"]): row for row in found}
    kinds = dict.fromkeys((row["cell"], row["activation"]) for row in found)
    return [f"| {', '.join(kind)} | {' | '.join(cell(at[(*kind, units)]) for units in SIZES)} |" for kind in kinds]


def put(page: Path, found: list[Row]) -> None:
    """Put both tables into a page, each in the place of the rows below a heading of sizes."""
    text = page.read_text(encoding="utf-8")
    heading = rf"(^\|[^|\n]*\| {' [|] '.join(map(str, SIZES))} \|\n\|[- :|]+\|\n)(?:\|.*\n)*"
    tables = iter((capacity_lines(found), loss_lines(found)))
    text = re.sub(
        heading, lambda place: place[1] + "".join(f"{row}\n" for row in next(tables)), text, flags=re.MULTILINE
    )
    page.write_text(text, encoding="utf-8")


def draw(found: list[Row], path: Path) -> None:
    """Draw capacity over units: float32 as lines, int8 as rings on them, and the bound that nothing exceeds."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.hashsalt": "rnnexp", "svg.fonttype": "none", "font.family": "DejaVu Sans"}):
        figure = Figure(figsize=(9.6, 3.6), layout="constrained")
        cells = dict.fromkeys(row["cell"] for row in found)
        panels = figure.subplots(1, len(cells), sharey=True)
        for panel, name in zip(panels, cells, strict=True):
            panel.plot(SIZES, SIZES, color="0.5", linestyle=":", label="bound: as many as units")
            for activation in ACTIVATIONS:
                own = [row for row in found if (row["cell"], row["activation"]) == (name, activation)]
                units = [row["units"] for row in own]
                means = [statistics.mean(row["float32"]) for row in own]
                bars = [statistics.stdev(row["float32"]) for row in own]
                color = COLORS[activation]
                panel.errorbar(units, means, bars, color=color, capsize=3, label=f"{activation}, float32")
                rings = [statistics.mean(row["int8"]) for row in own]
                panel.plot(units, rings, "o", color=color, markerfacecolor="none", markersize=8, label="int8")
            panel.set(title=name, xlabel="units", xticks=SIZES)
            panel.grid(alpha=0.3)
        panels[0].set_ylabel("memory capacity")
        panels[0].legend(fontsize=7)
        figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Run the sweeps, or go on with them, and write what they came to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweeps-dir", type=Path, default=Path("sweeps"))
    arguments = parser.parse_args()
    found = {}
    for name, settings in SWEEPS.items():
        place = ["--keep", "none", "--name", name, "--sweeps-dir", str(arguments.sweeps_dir)]
        sweep.main(["memory", *TASK.split(), *settings.split(), *place])
        found[name] = rows(json.loads((arguments.sweeps_dir / name / "results.json").read_text(encoding="utf-8")))
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    draw(found["capacity"], FIGURE)
    for page in PAGES:
        put(page, found["capacity"])


if __name__ == "__main__":
    main()
