"""The well-known demonstrations: what each of them asks for, and what it reaches, median of three seeds.

    python benchmarks/demonstrations.py                 prints a table and writes benchmarks/results/demonstrations.json
    python benchmarks/demonstrations.py --seeds 1 --only sine "sine lstm"
    python benchmarks/demonstrations.py --preset binary-addition       with all its variants
    python benchmarks/demonstrations.py --data-dir mnist_5k.csv.gz     MNIST from there, not from tensorflow_datasets
    python benchmarks/demonstrations.py --speech-commands FOLDER       the same of Speech Commands

Every figure is that of a whole run with a preset, of the exported float32 file on the part held out, read from the
report that the run writes. Where --only or --preset names some, the rows of the others stay as they are in the results.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnnexp.config import CONFIGS
from rnnexp.errors import UserError
from rnnexp.experiment.run import run
from rnnexp.presets import PRESETS
from rnnexp.report.content import Report

RESULTS = Path(__file__).parent / "results" / "demonstrations.json"
DataDirs = Mapping[str, Path | None]


@dataclass(frozen=True)
class Figure:
    """Something that a demonstration asks for.

    Attributes:
        what: it is, in words.
        limit: how large it may be, or, for ``at_least``, must be.
        read: finds it in a report.
        at_least: whether more is better.
    """

    what: str
    limit: float
    read: Callable[[Report], float]
    at_least: bool = False

    @property
    def asked(self) -> str:
        """What is asked, in words."""
        return f"{'at least' if self.at_least else 'at most'} {self.limit:g}"

    def reached_by(self, value: float) -> bool:
        """Whether a value is good enough."""
        return value >= self.limit if self.at_least else value <= self.limit


def metric(name: str, what: str, limit: float, *, at_least: bool = False) -> Figure:
    """Return the figure that is a metric of the float32 file."""
    return Figure(what, limit, lambda report: getattr(report.models.float32.metrics, name), at_least)


def points(name: str, what: str) -> Figure:
    """Return the figure that is what int8 loses of a share, in points."""
    return Figure(f"{what} lost by int8, in points", 0.5, lambda report: 100 * getattr(report.degradation, name))


def to_floor(report: Report) -> float:
    """Return the mean squared error as a multiple of the noise's own, in the same values."""
    return report.models.float32.metrics.l2 / report.baselines["clean sine"].l2


def generated(kind: str) -> Figure:
    """Return the figure that is the largest error of a file in closed loop; infinite where the values broke off."""

    def largest(report: Report) -> float:
        errors = report.generation.errors[kind]
        return float("inf") if errors.absent else errors.largest[-1]

    return Figure(f"largest error of two periods in closed loop, {kind}", 0.1, largest)


@dataclass(frozen=True)
class Demonstration:
    """A preset, what differs from it, and the figures to be reached."""

    preset: str
    figures: Sequence[Figure]
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The preset and its differences."""
        differences = (value if isinstance(value, str) else f"{name} {value}" for name, value in self.settings.items())
        return " ".join([self.preset, *differences])


ONE_STEP = [metric("correlation", "correlation", 0.9999, at_least=True), metric("l2", "L2", 1e-4)]
LOOP = [generated("float32")]
NOISE = [Figure("L2 over that of the noise itself", 1.3, to_floor)]
NEXT = [metric("l1", "distance from 1.0", 0.03)]
SUM = [metric("l2", "L2", 0.01)]
# Twelve classes of speech, from 1,300 clips.
WORDS = [
    metric("accuracy", "accuracy", 0.8, at_least=True),
    points("gap", "accuracy"),
]
# Of scikit-learn's digits, of 5,000 of MNIST's, 4,000 to train on, and of the bits of sums, with and without dropout.
DIGITS, MNIST, BITS, DROPPED = (
    [metric("accuracy", "accuracy", least, at_least=True), points("gap", "accuracy")]
    for least in (0.97, 0.95, 1.0, 0.8)
)
EXACT = [
    metric("sequence_accuracy", "exact match", 0.99, at_least=True),
    points("sequences_lost", "exact match"),
    points("gap", "accuracy by character"),
]
DEMONSTRATIONS = [
    Demonstration("sine", [*ONE_STEP, *LOOP, generated("int8")]),
    Demonstration("sine", LOOP, {"cell": "lstm"}),
    Demonstration("sine", LOOP, {"cell": "gru"}),
    Demonstration("noisy-sine", NOISE),
    Demonstration("sequence", NEXT),
    Demonstration("sequence", NEXT, {"cell": "lstm"}),
    Demonstration("sequence", NEXT, {"cell": "gru"}),
    Demonstration("adding", SUM),
    Demonstration("adding", SUM, {"cell": "gru"}),
    Demonstration("adding-irnn", SUM),
    Demonstration("digits", DIGITS),
    Demonstration("mnist", MNIST),
    Demonstration("keyword-spotting", WORDS),
    Demonstration("binary-addition", BITS),
    Demonstration("binary-addition", BITS, {"activation": "relu"}),
    Demonstration("binary-addition", BITS, {"activation": "sigmoid"}),
    Demonstration("binary-addition", BITS, {"hidden_size": 128}),
    Demonstration("binary-addition", BITS, {"activation": "relu", "hidden_size": 128}),
    Demonstration("binary-addition", BITS, {"cell": "gru"}),
    Demonstration("binary-addition", BITS, {"cell": "lstm"}),
    Demonstration("binary-addition", BITS, {"optimizer": "sgd", "learning_rate": 0.3}),
    # Half of the time a whole number is missing: better than without any carry, but not perfect.
    Demonstration("binary-addition", DROPPED, {"dropout": 0.5}),
    Demonstration("addition", EXACT),
]


def measure(demonstration: Demonstration, seed: int, folder: Path, data_dirs: DataDirs) -> Report:
    """Run a demonstration once and return its report.

    Raises:
        UserError: if its data is not there.
    """
    config_class = CONFIGS[PRESETS[demonstration.preset].task]
    given = {"preset": demonstration.preset, **demonstration.settings, "seed": seed, "quiet": True}
    if "data_dir" in config_class.model_fields:
        dataset_name = PRESETS[demonstration.preset].settings["dataset_name"]
        given |= {"data_dir": data_dirs.get(dataset_name), "cache_dir": folder / "cache"}
    config = config_class(**given, output_dir=folder / "out", runs_dir=folder / "runs")
    report = run(config)
    if report.exit_code:
        raise SystemExit(f"{demonstration.name}, seed {seed}: the run failed")
    return report


def rows(demonstration: Demonstration, seeds: int, data_dirs: DataDirs) -> list[dict[str, Any]]:
    """Run a demonstration with the seeds 0, 1, ... and return a row for each of its figures.

    Args:
        demonstration: which.
        seeds: how many.
        data_dirs: data set -> where it is; what is missing here, ``tensorflow_datasets`` downloads.

    Raises:
        UserError: if its data is not there.
    """
    with tempfile.TemporaryDirectory() as folder:
        reports = [measure(demonstration, seed, Path(folder), data_dirs) for seed in range(seeds)]
    gaps = [report.degradation.gap for report in reports if report.degradation]
    common = {
        "name": demonstration.name,
        "seconds": statistics.median(report.training.total_seconds for report in reports),
        "int8_gap": max(gaps) if gaps else None,
    }
    result = []
    for figure in demonstration.figures:
        values = [figure.read(report) for report in reports]
        median = statistics.median(values)
        measured = {"median": median, "values": values, "reached": figure.reached_by(median)}
        result.append({**common, "figure": figure.what, "asked": figure.asked, **measured})
    return result


def line(row: Mapping[str, Any]) -> str:
    """Return a row of the table as Markdown."""
    low, high = min(row["values"]), max(row["values"])
    median = f"**{row['median']:.4g}**" if row["reached"] else f"{row['median']:.4g} (missed)"
    gap = "absent" if row["int8_gap"] is None else f"{row['int8_gap']:.1e}"
    return (
        f"| {row['name']} | {row['figure']} | {row['asked']} | {median} | {low:.4g} – {high:.4g} | {gap} | "
        f"{row['seconds']:.0f} |"
    )


def main() -> None:
    """Run the demonstrations and print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    names = [demonstration.name for demonstration in DEMONSTRATIONS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--preset", choices=PRESETS, metavar="PRESET", help="only this preset and its variants")
    parser.add_argument("--data-dir", type=Path, help="where MNIST is; without it, tensorflow_datasets downloads it")
    parser.add_argument("--speech-commands", type=Path, metavar="FOLDER", help="the same of Speech Commands")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    data_dirs = {"mnist": arguments.data_dir, "speech_commands": arguments.speech_commands}
    known = json.loads(arguments.output.read_text(encoding="utf-8")) if arguments.output.is_file() else []
    table = {name: [row for row in known if row["name"] == name] for name in names}
    print("| demonstration | figure | asked | median | lowest to highest | int8 gap, worst | seconds a run |")
    print("| --- " * 7 + "|")
    for demonstration in DEMONSTRATIONS:
        if demonstration.name in arguments.only and arguments.preset in (None, demonstration.preset):
            try:
                table[demonstration.name] = rows(demonstration, arguments.seeds, data_dirs)
            except UserError as error:
                print(f"{demonstration.name} is left out: {error}", file=sys.stderr)
                continue
            arguments.output.parent.mkdir(parents=True, exist_ok=True)
            flat = [row for some in table.values() for row in some]
            arguments.output.write_text(json.dumps(flat, indent=2) + "\n", encoding="utf-8")
        for row in table[demonstration.name]:
            print(line(row), flush=True)


if __name__ == "__main__":
    main()
