"""Thousands of bad inputs, of every kind that the tool reads: one message and exit code 2, or a result that is whole.

    python benchmarks/bad_inputs.py                       prints a table and writes benchmarks/results/bad_inputs.json
    python benchmarks/bad_inputs.py --input csv:17        tries one of them again, and prints what it came to

Whole files, tables, settings, reports, checkpoints and sweeps are changed as mistakes, disks and enemies do it
(tests/helpers/mutations.py, damage.py), always the same for a seed, and given to the commands that read them, each in a
process with 2 GB of memory beyond what it begins with, 60 seconds, and a folder of its own
(tests/helpers/attempt.py). What counts as a fault: a traceback or a crash, more memory or time than that, anything
written outside the folders named for output, anything left behind by a command that has failed, a message that is not
one printable line, and a result that is not whole.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import pickle
import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

PROJECT = Path(__file__).resolve().parents[1]
sys.path.append(str(PROJECT / "tests"))

from helpers import attempt as attempts  # noqa: E402
from helpers import bad_inputs as kinds  # noqa: E402
from helpers.attempt import Attempt, attempt, emptied  # noqa: E402
from helpers.mutations import COMMENT, SCRIPT  # noqa: E402

from rnnexp import files  # noqa: E402

RESULTS = Path(__file__).parent / "results" / "bad_inputs.json"
COLUMNS = (
    "tried",
    "exit 0",
    "exit 2",
    "exit 1",
    "tracebacks",
    "too slow",
    "too much memory",
    "escapes",
    "other faults",
)
MESSAGE = re.compile(r"(rnnexp( [a-z]+)*|run_\w+\.py): error: .+")
LONGEST_MESSAGE = 80_000
# What data is like is printed, and drawn, before its fault is named.
DRAWN = "out/p.png"
# How the exit code 1 is documented: a training that diverged, files that an older version had kept less of.
EXPECTED_1 = re.compile(r"no longer a number|WARNING: .* does not have|could not be exported", re.S)


@dataclass(frozen=True)
class Judged:
    """An input, and what it came to.

    Attributes:
        column: of the table that it is a fault of; empty for none.
        why: in words.
    """

    kind: str
    number: int
    found: Attempt
    column: str = ""
    why: str = ""


def judge(kind: str, number: int, found: Attempt, folder: Path) -> Judged:
    """Say whether what a command came to is as it should be."""
    column, why = _fault(kind, found, folder)
    return Judged(kind, number, found, column, why)


def _fault(kind: str, found: Attempt, folder: Path) -> tuple[str, str]:
    if found.late:
        return "too slow", f"not done after {attempts.SECONDS:.0f} s"
    if "MemoryError" in found.err or "bad_alloc" in found.err or found.memory > attempts.MEMORY:
        return "too much memory", found.err[-300:]
    if found.code < 0 or found.code == attempts.TRACEBACK or "Traceback (most recent" in found.err:
        return "tracebacks", f"exit code {found.code}: {found.err[-700:]}"
    written = [name for name in found.changed if not _is_output(name)]
    if written:
        return "escapes", f"{', '.join(written)[:300]} changed, exit code {found.code}"
    if re.search(r"\.py:\d+: \w*Warning", found.err):
        return "other faults", f"a library's warning: {found.err[:300]}"
    if found.code == 0:
        return _insane(found, folder)
    if found.code == 1 and EXPECTED_1.search(found.err):
        return "", ""
    if found.code != 2:
        return "other faults", f"exit code {found.code}: {found.err[:300]}"
    # A lock is empty, and stays.
    left = [name for name in found.changed if not name.endswith((".lock", DRAWN))]
    if left:
        return "escapes", f"left behind by exit code 2: {', '.join(left)[:300]}"
    return _bad_message(kind, found.err)


def _is_output(name: str) -> bool:
    place, _, below = name.partition("/")
    return place == "work" and below.partition("/")[0] in attempts.OUTPUT


def _bad_message(kind: str, said: str) -> tuple[str, str]:
    """Say what is wrong with a message."""
    lines = said.split("\n")[:-1]
    if kind == "settings" and lines and lines[0].startswith("╭"):
        return "", ""  # the command line itself cannot be read
    if kind == "settings" and lines and lines[0].startswith("rnnexp: unknown command"):
        return "", ""
    # Of several settings that are wrong, each has its line.
    ours = len(lines) == 1 or (kind == "settings" and all(" in " in line for line in lines[1:]))
    if not ours or not MESSAGE.match(lines[0] if lines else ""):
        return "other faults", f"not one message: {said[:500]!r}"
    if not all(line.isprintable() for line in lines):
        return "other faults", f"not printable: {said[:300]!r}"
    if len(said) > LONGEST_MESSAGE:
        return "other faults", f"a message of {len(said)} characters: {said[:200]!r}"
    return "", ""


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} in JSON")


def _insane(found: Attempt, folder: Path) -> tuple[str, str]:
    """Say what is wrong with the results of a command that was content."""
    try:
        if found.out.startswith(("{", "[{")):
            json.loads(found.out, parse_constant=_refuse)
        for name in found.changed:
            path = folder / name
            if not path.is_file():
                continue
            if path.name.startswith(files._TEMPORARY):
                return "other faults", f"{name} is left"
            if path.suffix == ".json":
                json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
            elif path.suffix == ".html" and SCRIPT in path.read_text(encoding="utf-8"):
                return "other faults", f"{name} has {SCRIPT} in it"
            elif path.suffix in (".c", ".h") and COMMENT in path.read_text(encoding="utf-8"):
                return "other faults", f"{name} has {COMMENT} in it"
    except ValueError as error:
        return "other faults", f"{error}"
    return "", ""


def try_one(own: kinds.Whole, kind: str, seed: int, number: int, place: Path) -> Judged:
    """Make an input, give it to a command, and judge what it came to."""
    folder = emptied(place)
    work = folder / "work"
    work.mkdir()
    run = kinds.KINDS[kind].make(own, Random(f"{seed} {kind} {number}"), work)
    addresses = attempts.MEMORY * (8 if kinds.KINDS[kind].trains else 1)
    return judge(kind, number, attempt(run, folder, addresses=addresses), folder)


def counts(inputs: int, chosen: list[str]) -> dict[str, int]:
    """Return how many inputs of each kind there are: as its share is, together all."""
    whole = sum(kinds.KINDS[kind].share for kind in chosen)
    found = {kind: max(1, inputs * kinds.KINDS[kind].share // whole) for kind in chosen}
    found[chosen[0]] += inputs - sum(found.values())
    return found


def row(kind: str, judged: list[Judged]) -> dict[str, int | float | str]:
    """Return the line of a kind."""
    codes, faults = Counter(each.found.code for each in judged), Counter(each.column for each in judged)
    numbers = {"tried": len(judged), **{f"exit {code}": codes[code] for code in (0, 2, 1)}}
    numbers |= {column: faults[column] for column in COLUMNS[4:]}
    slowest = max(each.found.seconds for each in judged)
    largest = max(each.found.memory for each in judged) / 2**20
    return {"kind": kind, **numbers, "slowest, seconds": round(slowest, 1), "largest, MB": round(largest)}


def page_row(entry: dict[str, int | float | str]) -> str:
    """Return the line of a kind in the pages."""
    return f"| {' | '.join(str(value) for value in entry.values())} |"


def campaign(own: kinds.Whole, wanted: dict[str, int], seed: int, place: Path, output: Path) -> int:
    """Try all inputs, print the table, write it after each kind, and return how many faults there were.

    Kinds that are not tried this time stay in the file as they are.
    """
    known = json.loads(output.read_text(encoding="utf-8")) if output.exists() else {"kinds": [], "faults": []}
    heading, count_of_faults = False, 0
    for kind, count in wanted.items():
        kinds.KINDS[kind].load()
        # What is there is not looked at again by the forks, which would copy it.
        gc.collect()
        gc.freeze()
        judged, begun = [], time.perf_counter()
        for number in range(count):
            judged.append(each := try_one(own, kind, seed, number, place))
            if each.column:
                print(f"{kind}:{number}: {each.column}: {each.why}", file=sys.stderr, flush=True)
        entry = {**row(kind, judged), "minutes": round((time.perf_counter() - begun) / 60, 1), "seed": seed}
        if not heading:
            print(f"| {' | '.join(entry)} |\n|{' --- |' * len(entry)}")
            heading = True
        print(page_row(entry), flush=True)
        faults = [{"kind": kind, "number": each.number, "fault": each.column, "why": each.why} for each in judged]
        found = [fault for fault in faults if fault["fault"]]
        count_of_faults += len(found)
        known["kinds"] = [*(other for other in known["kinds"] if other["kind"] != kind), entry]
        known["faults"] = [*(other for other in known["faults"] if other["kind"] != kind), *found]
        known["inputs"] = sum(other["tried"] for other in known["kinds"])
        output.parent.mkdir(parents=True, exist_ok=True)
        files.write_atomically(output, json.dumps(known, indent=2, ensure_ascii=False) + "\n")
    return count_of_faults


def whole_in(folder: Path, chosen: list[str]) -> kinds.Whole:
    """Return whole files, which a process of its own has made: TensorFlow must not begin to work in this one."""
    process = os.fork()
    if not process:
        code = 1
        try:
            (folder / "whole.pickle").write_bytes(pickle.dumps(kinds.make(folder / "whole", chosen)))
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    if os.waitpid(process, 0)[1]:
        sys.exit("the whole files could not be made")
    return pickle.loads((folder / "whole.pickle").read_bytes())


def main() -> None:
    """Try all inputs, and print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", choices=list(kinds.KINDS), default=list(kinds.KINDS))
    parser.add_argument("--input", help="one alone, such as csv:17, again")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        chosen = [kind for kind in arguments.kinds if kinds.KINDS[kind].is_there()]
        if arguments.input:
            kind, _, number = arguments.input.partition(":")
            kinds.KINDS[kind].load()
            judged = try_one(whole_in(folder, [kind]), kind, arguments.seed, int(number), folder / "input")
            print(judged.found.out, judged.found.err, judged, sep="\n")
            return
        own = whole_in(folder, chosen)
        wanted = counts(arguments.inputs, chosen)
        faults = campaign(own, wanted, arguments.seed, folder / "input", arguments.output)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
