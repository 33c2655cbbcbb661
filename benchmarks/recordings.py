"""How good classifiers of recordings are next to the nearest neighbour: sets of the UCR and UEA archives, three seeds.

    python benchmarks/recordings.py                   of the packages aeon and sktime, as far as they are installed
    python benchmarks/recordings.py --folder DATA     of a folder with a folder for each set, as those packages have it
    python benchmarks/recordings.py --seeds 1 --only GunPoint

Every set is read from its own files with its own parts for training and testing; settings are those of the preset
``recordings``, and nothing else. Accuracies of the networks are of the exported files on the part for testing. The
nearest neighbours see the recordings as the archive has them, all samples: by Euclidean distance, where all are of one
length, and by dynamic time warping without a window. It prints a table and writes benchmarks/results/recordings.json.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from rnnexp.baselines.neighbours import nearest, warped_distances
from rnnexp.config import ClassificationConfig
from rnnexp.datasets import recordings
from rnnexp.datasets.recordings import Recording
from rnnexp.datasets.recordings.missing import filled
from rnnexp.experiment.run import run
from rnnexp.report.content import Report

RESULTS = Path(__file__).parent / "results" / "recordings.json"
PACKAGES = ("aeon", "sktime")
SETS = (
    "ItalyPowerDemand", "GunPoint", "BasicMotions", "JapaneseVowels", "ArrowHead", "OSULeaf", "PickupGestureWiimoteZ",
    "UnitTest", "ACSF1",
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """What a set came to.

    Attributes:
        name: of the set.
        train: recordings to learn from.
        test: recordings that accuracies are of.
        steps: time steps of the longest sequence that the network reads.
        samples_per_step: consecutive samples that are one of them.
        classes: how many.
        euclid: accuracy of the nearest neighbour; None where recordings have different lengths.
        warped: the same by dynamic time warping.
        float32: accuracies of the files, by seed.
        int8: the same.
        bytes: of the int8 file.
        seconds: of a run, the median.
    """

    name: str
    train: int
    test: int
    steps: int
    samples_per_step: int
    classes: int
    euclid: float | None
    warped: float
    float32: list[float]
    int8: list[float]
    bytes: int
    seconds: float

    @property
    def lead(self) -> float:
        """Points by which the median of the seeds is above the better nearest neighbour."""
        return 100 * (statistics.median(self.float32) - max(self.warped, self.euclid or 0.0))

    @property
    def lost(self) -> float:
        """Points that int8 loses, the median of the seeds."""
        return 100 * statistics.median(a - b for a, b in zip(self.float32, self.int8, strict=True))

    @property
    def row(self) -> str:
        """The line of the table."""
        euclid = "-" if self.euclid is None else f"{self.euclid:.3f}"
        each = ", ".join(f"{value:.3f}" for value in self.float32)
        return (
            f"| {self.name} | {self.train}, {self.test} | {self.steps} of {self.samples_per_step} | {self.classes} | "
            f"{euclid} | {self.warped:.3f} | {statistics.median(self.float32):.3f} ({each}) | "
            f"{statistics.median(self.int8):.3f} | {self.lead:+.1f} | {self.lost:+.1f} | {self.bytes:,} | "
            f"{self.seconds:.0f} |"
        )


HEADINGS = (
    "set", "recordings to learn from, to test", "time steps, samples each", "classes", "1-NN Euclid", "1-NN DTW",
    "float32 (seeds)", "int8", "points above the better", "points lost in int8", "int8 file, bytes", "seconds",
)  # fmt: skip


def folders(given: Path | None) -> list[Path]:
    """Return where the sets are."""
    if given:
        return [given]
    found = [importlib.util.find_spec(package) for package in PACKAGES]
    return [Path(spec.origin).parent / "datasets" / "data" for spec in found if spec and spec.origin]


def neighbours(path: Path) -> tuple[float | None, float]:
    """Return the accuracies of the nearest neighbour by Euclidean distance and by dynamic time warping."""
    found = recordings.read(path)
    whole = [filled(recording, found.where(recording)) for recording in found.recordings]
    train, test = ([one for one in whole if one.part == part] for part in ("train", "test"))
    labels, asked = (np.array([one.label for one in part]) for part in (train, test))
    euclid = None
    if len({len(one.values) for one in whole}) == 1:
        flat, flat_asked = (np.array([one.values.ravel() for one in part]) for part in (train, test))
        euclid = float(np.mean(nearest(flat, labels, flat_asked) == asked))
    return euclid, float(np.mean([labels[_nearest(one, train)] for one in test] == asked))


def _nearest(asked: Recording, train: list[Recording]) -> int:
    """Return the number of the nearest recording; those of one length are compared at once."""
    distances = np.empty(len(train), np.float32)
    lengths = np.array([len(one.values) for one in train])
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        others = np.array([train[row].values for row in rows], np.float32)
        distances[rows] = warped_distances(asked.values.astype(np.float32), others)
    return int(distances.argmin())


def measure(path: Path, seed: int) -> Report:
    """Run the preset on a set and return its report."""
    with tempfile.TemporaryDirectory() as folder:
        config = ClassificationConfig(
            dataset_name=str(path),
            preset="recordings",
            seed=seed,
            output_dir=Path(folder) / "out",
            runs_dir=Path(folder) / "runs",
            quiet=True,
        )
        return run(config)


def compare(name: str, path: Path, seeds: int) -> Result:
    """Return what a set comes to."""
    euclid, warped = neighbours(path)
    reports = [measure(path, seed) for seed in range(seeds)]
    data = reports[0].data
    return Result(
        name=name,
        train=data.train,
        test=data.evaluation,
        steps=data.time_steps,
        samples_per_step=reports[0].config["samples_per_step"],
        classes=len(data.classes),
        euclid=euclid,
        warped=warped,
        float32=[report.models.float32.metrics.accuracy for report in reports],
        int8=[report.models.int8.metrics.accuracy for report in reports],
        bytes=reports[0].models.int8.bytes,
        seconds=statistics.median(report.training.total_seconds for report in reports),
    )


def main() -> None:
    """Measure all sets, print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="with a folder for each set")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=SETS, help="names of sets")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    start, results = time.monotonic(), []
    print(f"| {' | '.join(HEADINGS)} |\n" + "| --- " * len(HEADINGS) + "|")
    for name in arguments.only:
        path = next((folder / name for folder in folders(arguments.folder) if (folder / name).is_dir()), None)
        if path is None:
            print(f"{name}: there is no such set", flush=True)
            continue
        results.append(compare(name, path / f"{name}_TRAIN.ts", arguments.seeds))
        print(results[-1].row, flush=True)
    if not results:
        raise SystemExit("no set was found: install aeon or sktime, or name a folder by --folder")
    leads, lost = ([getattr(result, what) for result in results] for what in ("lead", "lost"))
    print(
        f"\nmedian: {statistics.median(leads):+.1f} points above the better one, {min(leads):+.1f} at worst; int8 "
        f"loses {statistics.median(lost):+.1f}, {max(lost):+.1f} at worst; {time.monotonic() - start:.0f} s"
    )
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
