"""How many more trials a minute two Ray nodes of one core each do than one, and whether they come to the same bits.

    python benchmarks/cluster_speed.py                prints the ratio, and writes benchmarks/results/cluster_speed.json
    python benchmarks/cluster_speed.py --seeds 8      quicker, and less exact

Two real raylets on this machine, each bound to a core of its own, on which everything that it starts stays. The sweep
has seeds alone, on the S&P 500 with the script's other settings; it runs with one node, with two, and with one again,
since the machine may get slower, or faster. Trials a minute are those between the first one that ends and the last one,
and so without the start of Ray and of TensorFlow, which the whole command has. Processor seconds a trial are those of
everything on the nodes meanwhile, which other programs on the machine disturb less: where two nodes need as many for a
trial as one does, each does as much as it would alone.

Needs Ray (poetry install --with cluster), and Linux with two cores.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results" / "cluster_speed.json"
WANTED = 1.8
OBJECTS = 100 * 2**20
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measured:
    """A sweep with some nodes.

    Attributes:
        nodes: how many.
        per_minute: trials, from the first one's end to the last one's.
        processor_seconds: of the nodes, a trial.
        whole: seconds of the whole command.
        digests: of the trials' networks, by seed.
    """

    nodes: int
    per_minute: float
    processor_seconds: float
    whole: float
    digests: tuple[str, ...]


@contextmanager
def cluster(nodes: int, cores: list[int]) -> Iterator[str]:
    """Start nodes, each on a core, and give their address."""
    os.environ |= {"PYTHONPATH": str(PROJECT), "RAY_USAGE_STATS_ENABLED": "0"}
    from ray.cluster_utils import Cluster

    started, own = Cluster(), os.sched_getaffinity(0)
    try:
        for number in range(nodes):
            os.sched_setaffinity(0, {cores[number]})
            options = {} if number else {"include_dashboard": False}
            started.add_node(num_cpus=1, object_store_memory=OBJECTS, **options)
        os.sched_setaffinity(0, own)
        yield started.address
    finally:
        os.sched_setaffinity(0, own)
        started.shutdown()


def busy() -> float:
    """Return the processor seconds of the nodes' processes so far: of all that are below this one, and were."""
    parents, spent = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                # Behind the name, which is in brackets and can hold anything: the state, and then the parent.
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended
            parents[int(entry.name)] = int(fields[1])
            spent[int(entry.name)] = sum(map(int, fields[11:15])) / TICKS

    def below(number: int) -> bool:
        while number in parents:
            number = parents[number]
            if number == os.getpid():
                return True
        return False

    return sum(seconds for number, seconds in spent.items() if below(number))


def measure(nodes: int, seeds: int, cores: list[int], folder: Path) -> Measured:
    """Run the sweep with so many nodes."""
    command = ["-m", "rnnexp", "sweep", "regression", "--seed", f"0..{seeds - 1}", "--keep", "none", "--name", "s"]
    with cluster(nodes, cores) as address:
        start = time.perf_counter()
        driver = subprocess.Popen(
            [sys.executable, *command, "--ray", address], cwd=folder, stdout=subprocess.PIPE, text=True
        )
        assert driver.stdout is not None
        ends = [(time.perf_counter(), busy()) for line in driver.stdout if f"/{seeds}  " in line]
        assert driver.wait() == 0
        whole = time.perf_counter() - start
    (first, before), (last, after) = ends[0], ends[-1]
    with (folder / "sweeps" / "s" / "results.csv").open(newline="") as file:
        digests = tuple(row["digest"] for row in csv.DictReader(file))
    assert len(ends) == len(digests) == seeds
    return Measured(nodes, 60 * (seeds - 1) / (last - first), (after - before) / (seeds - 1), whole, digests)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=30, help="trials of the sweep")
    parser.add_argument("--output", type=Path, default=RESULTS, help="file of the results")
    options = parser.parse_args()
    seeds = options.seeds
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        sys.exit("two nodes of a core each need two cores")
    found = []
    for nodes in (1, 2, 1):
        with tempfile.TemporaryDirectory() as name:
            found.append(measure(nodes, seeds, cores, Path(name)))
        last = found[-1]
        print(
            f"{nodes} node{'s' if nodes > 1 else ' '}  {last.per_minute:6.1f} trials a minute, "
            f"{last.processor_seconds:6.2f} processor seconds a trial, whole command {last.whole:6.1f} s",
            flush=True,
        )
    one, two = [item for item in found if item.nodes == 1], found[1]
    ratio = two.per_minute / statistics.mean(item.per_minute for item in one)
    whole = statistics.mean(item.whole for item in one) / two.whole
    seconds = two.processor_seconds / statistics.mean(item.processor_seconds for item in one)
    same = all(item.digests == two.digests for item in one)
    print(
        f"two nodes do {ratio:.2f} times the trials a minute of one (the whole command {whole:.2f} times), with "
        f"{seconds:.2f} times the processor seconds a trial"
    )
    print("the same weights" if same else "OTHER WEIGHTS")
    about = {"machine": platform.processor() or platform.machine(), "cores": os.cpu_count(), "trials": seeds}
    measured = [{name: value for name, value in asdict(item).items() if name != "digests"} for item in found]
    ratios = {"per_minute": ratio, "whole": whole, "processor_seconds": seconds}
    results = {**about, "measured": measured, "ratios": ratios, "same": same}
    options.output.write_text(json.dumps(results, indent=1) + "\n")
    sys.exit(0 if same and ratio >= WANTED else 1)


if __name__ == "__main__":
    main()
