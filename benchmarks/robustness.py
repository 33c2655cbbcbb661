"""What becomes of files when runs, sweeps and conversions are killed, or lose their disk, their folders or their clock.

    python benchmarks/robustness.py --kills 1000     prints a table and writes benchmarks/results/robustness.json
    python benchmarks/robustness.py --faults kill-convert disk-full --kills 20 --seed 1

Everything is tiny, and begins as a copy of a process that has imported what it needs; each fault strikes at random
moments of a seed, or at a write to the disk that is counted. Into a folder with the files of an earlier run comes
another one with other files, and something happens to it. What must be so then:

- every published file is whole, and has the very bytes of one run or the other; a report stands beside its own files;
- what ends by itself has exit code 0, or 2 with one message and no traceback;
- the next run works, comes to the bits of one that nothing has happened to, and leaves nothing behind.

Files of both runs beside each other, each whole, can be left by a kill within the milliseconds of renaming (README.md
says so); they are counted. Half of the kills strike anywhere, half from the moment on when a run begins to publish.
A fault that cannot be had on a machine is left out, and the reason is told.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from faults import kills, places, surroundings
from faults.campaign import Campaign
from faults.process import BrokenError, warm

from rnnexp import files

RESULTS = Path(__file__).parent / "results" / "robustness.json"
# name -> what it does, and why it cannot be done here, if so.
FAULTS: Mapping[str, tuple[Callable[[Campaign], None], Callable[[], str]]] = {
    "kill-convert": (kills.kill_convert, str),
    "kill-run": (kills.kill_run, str),
    "kill-sweep": (kills.kill_sweep, str),
    "disk-full": (places.disk_full, places.needs_mount),
    "read-only": (places.read_only, places.needs_mount),
    "vanishing": (places.vanishing, str),
    "clock": (surroundings.clock, surroundings.needs_faketime),
    "together": (surroundings.together, str),
    "without": (surroundings.without, str),
    "converter": (surroundings.converter, str),
}


def strike(name: str, campaign: Campaign) -> dict[str, Any]:
    """Do what a fault's name says, and return what came of it."""
    act, absent = FAULTS[name]
    if reason := absent():
        return {"fault": name, "skipped": reason}
    campaign.counts, campaign.failures = Counter(), []
    begun = time.monotonic()
    try:
        act(campaign)
    except BrokenError as error:  # where nothing should have happened yet
        campaign.failures.append(str(error))
    return {
        "fault": name,
        "counts": dict(sorted(campaign.counts.items())),
        "failures": campaign.failures,
        "seconds": round(time.monotonic() - begun, 1),
    }


def row(found: Mapping[str, Any]) -> str:
    """Return the line of a fault in the table."""
    if "skipped" in found:
        return f"| {found['fault']} | skipped: {found['skipped']} | |"
    counts = ", ".join(f"{what}: {count}" for what, count in found["counts"].items())
    return f"| {found['fault']} | {counts} | {len(found['failures'])} failures |"


def main() -> int:
    """Strike with all faults, and print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000, help="of runs, sweeps and conversions together")
    parser.add_argument("--strikes", type=int, default=300, help="of the others: writes of a command, at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", nargs="+", choices=FAULTS, default=list(FAULTS))
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    warm()
    # What was measured of other faults before stays.
    table: dict[str, dict[str, Any]] = {}
    if arguments.output.exists():
        table = {found["fault"]: found for found in json.loads(arguments.output.read_bytes())}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        campaign = Campaign(Path(name), random.Random(arguments.seed), arguments.kills, arguments.strikes)
        for fault in arguments.faults:
            table[fault] = {**strike(fault, campaign), "seed": arguments.seed}
            print(row(table[fault]), flush=True)
            # Whole after each fault: it takes long.
            arguments.output.parent.mkdir(parents=True, exist_ok=True)
            made = [table[name] for name in FAULTS if name in table]
            files.write_atomically(arguments.output, json.dumps(made, indent=2, ensure_ascii=False) + "\n")
    return 1 if any(table[fault].get("failures") for fault in arguments.faults) else 0


if __name__ == "__main__":
    sys.exit(main())
