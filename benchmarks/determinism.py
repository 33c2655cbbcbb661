"""The bits of a run on several processors, with DETERMINISTIC and without, and what it costs in speed.

    python benchmarks/determinism.py
    python benchmarks/determinism.py --processors Haswell --runs memory-gru

The processors besides this one are emulated by ``qemu-x86_64`` (Debian: qemu-user), where a run takes minutes; the
converter of TensorFlow, of which only the float32 file comes, runs on this one. What is compared is the integers and
weights of the exported network. It prints a table and writes benchmarks/results/determinism.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from rnnexp import files
from rnnexp.determinism import environment

RESULTS = Path(__file__).parent / "results" / "determinism.json"
EMULATOR = "qemu-x86_64"
HERE = "this one"
PROCESSORS = ("Haswell",)
RUNS = {
    name: words.split()
    for name, words in {
        "regression": "regression --epochs 10 --generate-steps 0",
        "memory-gru": "memory --cell gru --hidden-size 32 --memory-n 40 --epochs 20",
        "digits-lstm": "classification --dataset-name digits --cell lstm --hidden-size 32 --epochs 3",
    }.items()
}


@dataclass(frozen=True)
class Result:
    """A run.

    Attributes:
        run: its name.
        processor: that it ran on.
        deterministic: whether it was asked for.
        digest: of all exported numbers.
        steps_per_second: of the training.
    """

    run: str
    processor: str
    deterministic: bool
    digest: str
    steps_per_second: float


def digest(path: Path) -> str:
    """Return a digest of all arrays of a file."""
    found = hashlib.sha256()
    with np.load(path, allow_pickle=False) as arrays:
        for name in sorted(arrays):
            if arrays[name].dtype.kind in "fiub":
                found.update(name.encode() + arrays[name].tobytes())
    return found.hexdigest()[:16]


def run(name: str, processor: str, *, deterministic: bool) -> Result:
    """Run once, on a processor of this kind."""
    emulated = [] if processor == HERE else [EMULATOR, "-cpu", processor]
    # A process that starts again leaves the emulator; with the variables there already, it does not.
    variables = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"} | (environment() if deterministic else {})
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        command = [*emulated, sys.executable, "-m", "rnnexp", *RUNS[name], "--quiet"]
        command += ["--output-dir", str(out / "out"), "--runs-dir", str(out / "runs")]
        command += ["--deterministic"] if deterministic else []
        subprocess.run(command, env=variables, check=True, stderr=subprocess.DEVNULL)
        (weights,), (report,) = ((out / "out").glob(f"*{end}") for end in ("-weights.npz", "-report.json"))
        speed = json.loads(report.read_text())["training"]["steps_per_second"]
        return Result(name, processor, deterministic, digest(weights), speed)


def main() -> None:
    """Run everything, print a table, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=list(RUNS))
    parser.add_argument(
        "--processors", nargs="*", default=list(PROCESSORS), help="besides this one, as QEMU names them"
    )
    parser.add_argument("--repeats", type=int, default=3, help="on this processor, for the speed")
    given = parser.parse_args()
    if given.processors and not shutil.which(EMULATOR):
        sys.exit(f"{EMULATOR} is not there (Debian: qemu-user); --processors without names leaves it out")
    found = []
    for name in given.runs:
        for deterministic in (True, False):
            here = [run(name, HERE, deterministic=deterministic) for _ in range(given.repeats)]
            speed = statistics.median(result.steps_per_second for result in here)
            found.append(Result(name, HERE, deterministic, here[0].digest, speed))
            assert len({result.digest for result in here}) == 1
            found += [run(name, processor, deterministic=deterministic) for processor in given.processors]
        own = [result for result in found if result.run == name]
        for deterministic in (True, False):
            digests = {result.processor: result.digest for result in own if result.deterministic is deterministic}
            same = "the same bits" if len(set(digests.values())) == 1 else "other bits"
            print(f"{name}, DETERMINISTIC = {deterministic}: {same} on {', '.join(digests)}: {digests}", flush=True)
        slow, fast = (
            next(each.steps_per_second for each in own if each.processor == HERE and each.deterministic is kind)
            for kind in (True, False)
        )
        print(f"{name}: trains at {slow / fast:.2f} of the speed")
    files.write_atomically(RESULTS, json.dumps([asdict(result) for result in found], indent=1) + "\n")


if __name__ == "__main__":
    main()
