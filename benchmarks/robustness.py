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
import contextlib
import functools
import hashlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rnnexp import files

RESULTS = Path(__file__).parent / "results" / "robustness.json"
PROJECT = Path(__file__).resolve().parents[1]
OUTPUT, RUNS = "tflite_models", "runs"
TINY = ["--epochs", "3", "--memory-signal-length", "200", "--memory-n", "6", "--qat-epochs", "0", "--quiet"]
# Of these, times are a part.
TIMED = (".json", ".md", ".html")
WORKER, CONVERTER = "rnnexp.experiment.sweep.worker", "rnnexp.formats.tflite.float32"
PATIENCE = 600.0
DISK = "96m"


class BrokenError(Exception):
    """Something was not as it must be; the message says what."""


# ---- processes


def warm() -> None:
    """Import what commands need, so that copies of this process begin at once."""
    import keras  # noqa: F401
    import matplotlib.backends.backend_agg  # noqa: F401
    import statsmodels.api  # noqa: F401
    import tensorflow  # noqa: F401

    import rnnexp.commands.convert
    import rnnexp.conversion.convert
    import rnnexp.experiment.run
    import rnnexp.training.trainer  # noqa: F401


@dataclass
class Process:
    """A command under way, in a group of its own.

    Attributes:
        number: of the process.
        log: what it prints.
    """

    number: int
    log: Path
    _code: int | None = None

    def poll(self) -> int | None:
        """Return its exit code; None while it is under way."""
        if self._code is None:
            number, status = os.waitpid(self.number, os.WNOHANG)
            if number:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def wait(self, seconds: float = PATIENCE) -> int:
        """Return its exit code, as soon as there is one."""
        end = time.monotonic() + seconds
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                self.kill()
                raise BrokenError(f"it hangs: {self.said()}")
            time.sleep(0.005)
        return code

    def kill(self, children: bool = True) -> bool:
        """Kill it, with those below it or without; return whether it was under way."""
        alive = self.poll() is None
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if children else os.kill)(self.number, signal.SIGKILL)
        while self.poll() is None:
            time.sleep(0.002)
        return alive and self._code == -signal.SIGKILL

    def said(self) -> str:
        """Return the end of what it has printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-1500:]


def start(
    folder: Path, arguments: Sequence[str], before: Callable[[], object] = lambda: None, mark: str = ""
) -> Process:
    """Start a command in a folder, as a copy of this process; ``before`` is called in it first.

    Several at once in a folder have a mark each, for their logs.
    """
    log = Path(f"{folder}{mark}.log")
    log.write_bytes(b"")
    number = os.fork()
    if number:
        return Process(number, log)
    code = 1
    try:
        os.setsid()
        os.chdir(folder)
        handle = os.open(log, os.O_WRONLY | os.O_APPEND)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        from rnnexp import cli

        sys.argv = ["rnnexp", *arguments]
        before()
        cli.main()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 0
        sys.stdout.flush()
    except BaseException:
        import traceback

        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def spawn(folder: Path, command: Sequence[str], **environment: str | None) -> Process:
    """Start a program in a folder; an entry of the environment that is None is left out."""
    log = Path(f"{folder}.log")
    log.write_bytes(b"")
    changed = {**os.environ, "PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "3", **environment}
    kept = {name: value for name, value in changed.items() if value is not None}
    with log.open("ab") as out:
        child = subprocess.Popen(command, cwd=folder, env=kept, stdout=out, stderr=out, start_new_session=True)
    return Process(child.pid, log)


def descendants(parent: int, module: str) -> list[int]:
    """Return the processes below one that run a module."""
    parents, named = {}, []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            # Behind the name, which is in brackets and can hold anything: the state, and then the parent.
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if module.encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                named.append(int(entry.name))
        except OSError:
            continue  # it has ended

    def below(number: int) -> bool:
        while number in parents:
            number = parents[number]
            if number == parent:
                return True
        return False

    return [number for number in named if below(number)]


def at_write(folder: Path, number: int, act: Callable[[], object]) -> Callable[[], None]:
    """Return what makes a process act when it opens the file that it writes as the ``number``-th below a folder."""
    inside, counted = str(folder.resolve()) + os.sep, itertools.count(1)

    def heard(event: str, facts: Any) -> None:
        if event != "open" or not isinstance(facts[0], str | bytes | os.PathLike):
            return
        path, mode, flags = facts
        written = set(mode) & set("wax+") if isinstance(mode, str) else flags & (os.O_WRONLY | os.O_RDWR)
        if written and str(Path(os.fsdecode(path)).absolute()).startswith(inside) and next(counted) == number:
            act()

    return lambda: sys.addaudithook(heard)


# ---- what was published


@dataclass
class Commands:
    """What is run: one into an empty folder, and another one over its files; and the bits that each comes to.

    Attributes:
        folder: with what is read.
        name: ``run`` or ``convert``.
    """

    folder: Path
    name: str
    bits: list[dict[str, bytes]] = field(default_factory=list)
    seconds: float = 0.0

    def of(self, number: int) -> list[str]:
        """Return the arguments of the first (0) or the second (1) one."""
        if self.name == "run":
            return ["memory", "--seed", str(number), *TINY]
        model, data = self.folder / f"{number}.npz", self.folder / "calibration.npz"
        return ["convert", str(model), "--calibration", str(data), "--name", "network", "--no-float"]

    def learn(self) -> None:
        """Run each where nothing happens."""
        for number in (0, 1):
            place = self.folder / f"{self.name}-{number}"
            place.mkdir()
            begun = time.monotonic()
            succeed(start(place, self.of(number)))
            self.seconds = time.monotonic() - begun
            self.bits.append(contents(place / OUTPUT))

    def prepare(self, place: Path) -> None:
        """Make a folder in which the first one has been."""
        place.mkdir(exist_ok=True)
        shutil.copytree(self.folder / f"{self.name}-0" / OUTPUT, place / OUTPUT)

    def check(self, out: Path) -> str:
        """Return whose files are published, ``old``, ``new`` or ``both``.

        Raises:
            BrokenError: if one is not whole, or a report stands beside the files of another.
        """
        found = contents(out)
        if set(found) != set(self.bits[0]):
            raise BrokenError(f"files are missing, or too many: {sorted(set(found) ^ set(self.bits[0]))}")
        whose = set()
        for name, content in found.items():
            if name.endswith(TIMED):
                continue
            of = [number for number in (0, 1) if content == self.bits[number][name]]
            if not of:
                raise BrokenError(f"{name} is of neither run ({len(content)} bytes)")
            if len(of) == 1:
                whose.add(of[0])
        (report,) = (json.loads(content) for name, content in found.items() if name.endswith("-report.json"))
        sums = {model["file"]: model["sha256"] for model in _models(report)}
        own = [hashlib.sha256(found[name]).hexdigest() == wanted for name, wanted in sums.items()]
        if not own or (any(own) and not all(own) and len(whose) == 1):
            raise BrokenError("the report's checksums are of other files")
        if len(whose) > 1:
            return "both"
        return "new" if whose == {1} else "old"

    def again(self, place: Path, *more: str) -> None:
        """Run the second one to its end, and see that it is as if nothing had happened.

        Raises:
            BrokenError: if it is not.
        """
        succeed(start(place, [*self.of(1), *more]))
        if self.check(place / OUTPUT) != "new":
            raise BrokenError("the next run has not come to the same bits")
        left = [path.name for path in (place / OUTPUT).glob(".rnnexp-*")]
        if left:
            raise BrokenError(f"left behind: {left}")


def _models(report: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    models = report["models"]
    for model in models.values() if isinstance(models, dict) else models:
        if model.get("sha256"):
            yield model


def contents(folder: Path) -> dict[str, bytes]:
    """Return the published files of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if not path.name.startswith(".")}


def succeed(process: Process) -> None:
    """Wait for a process that nothing keeps from its work.

    Raises:
        BrokenError: if it fails.
    """
    code = process.wait()
    if code or "Traceback" in process.said():
        raise BrokenError(f"exit code {code}: {process.said()}")


def ended(process: Process) -> str:
    """Wait for a process to which something has happened, and return how it ended.

    Raises:
        BrokenError: if not as a command may.
    """
    code = process.wait()
    said = process.said()
    if code not in (0, 2) or "Traceback" in said or (code == 2 and "error: " not in said):
        raise BrokenError(f"exit code {code}: {said}")
    return f"exit code {code}"


# ---- faults


@dataclass
class Campaign:
    """What all faults share.

    Attributes:
        folder: for everything.
        random: where moments come from.
        kills: how many, of all kinds together.
        strikes: how many of the other faults, each.
    """

    folder: Path
    random: random.Random
    kills: int
    strikes: int
    known: dict[str, Commands] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    _places: Iterator[int] = field(default_factory=itertools.count)

    def commands(self, name: str) -> Commands:
        """Return commands, whose bits are known."""
        if name not in self.known:
            made = Commands(self.folder, name)
            if name == "convert":
                self._give(self.commands("run"))
            made.learn()
            self.known[name] = made
        return self.known[name]

    def _give(self, runs: Commands) -> None:
        for number, bits in enumerate(runs.bits):
            (weights,) = (content for name, content in bits.items() if name.endswith("-weights.npz"))
            (self.folder / f"{number}.npz").write_bytes(weights)
        x = np.random.default_rng(0).normal(size=(60, 6, 1)).astype(np.float32)
        np.savez(self.folder / "calibration.npz", x=x)

    def place(self) -> Path:
        """Return a folder that is not there yet."""
        return self.folder / f"place-{next(self._places)}"

    def note(self, what: str) -> None:
        """Count something."""
        self.counts[what] += 1

    @contextlib.contextmanager
    def judged(self, place: Path) -> Iterator[None]:
        """Remember what is not as it must be, and go on; what is left of a place is removed."""
        try:
            yield
        except BrokenError as error:
            self.failures.append(str(error))
            print(f"FAILED: {error}", flush=True)
        finally:
            shutil.rmtree(place, ignore_errors=True)


def killed(campaign: Campaign, name: str, times: int) -> None:
    """Kill a command again and again; after some kills in the same folder, one goes to its end."""
    commands, done, tried = campaign.commands(name), 0, 0
    resume = ["--resume", "True"] if name == "run" else []
    # What ends before it is struck is tried again, but not for ever.
    while done < times and tried < 3 * times:
        place = campaign.place()
        with campaign.judged(place):
            commands.prepare(place)
            for _ in range(min(5, times - done)):
                tried += 1
                process = start(place, [*commands.of(1), *resume])
                if campaign.random.random() < 0.5:
                    moment = campaign.random.uniform(0, 1.05 * commands.seconds)
                    _until(process, _later(moment))
                else:
                    _until(process, functools.partial(_publishing, place / OUTPUT))
                    time.sleep(campaign.random.uniform(0, 0.05))
                struck = process.kill()
                campaign.note("killed" if struck else "ended before")
                done += struck
                if not struck and process.poll():
                    raise BrokenError(f"exit code {process.poll()}: {process.said()}")
                campaign.note(f"files of {commands.check(place / OUTPUT)}")
                _run_folders(place / RUNS)
            commands.again(place, *resume)
            campaign.note("went on to the same bits")


def _later(seconds: float) -> Callable[[], bool]:
    """Return what tells whether so much time has gone by."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def _publishing(out: Path) -> bool:
    return any(out.glob(".rnnexp-*"))


def _until(process: Process, condition: Callable[[], bool]) -> None:
    while process.poll() is None and not condition():
        time.sleep(0.001)


def _run_folders(runs: Path) -> None:
    """See that what runs leave in their own folders can be read.

    Raises:
        BrokenError: if not.
    """
    for path in runs.glob("*/*") if runs.exists() else ():
        if path.name.startswith("."):
            continue
        try:
            if path.suffix == ".json":
                json.loads(path.read_bytes())
            elif path.suffix == ".npz":
                with np.load(path) as found:
                    dict(found)
        except (ValueError, OSError, KeyError) as error:
            raise BrokenError(f"{path.name} in the run's folder cannot be read: {error}") from None
        if path.name == "history.csv" and not path.read_bytes().endswith(b"\n"):
            raise BrokenError("the last line of history.csv is half a line")


def kill_run(campaign: Campaign) -> None:
    """SIGKILL to a run and its converter."""
    killed(campaign, "run", campaign.kills * 2 // 5)


def kill_convert(campaign: Campaign) -> None:
    """SIGKILL to a conversion and what it has begun."""
    killed(campaign, "convert", campaign.kills * 11 // 20)


def kill_sweep(campaign: Campaign) -> None:
    """SIGKILL to a sweep, a worker of it, or a worker's converter."""
    command = [
        "sweep",
        "memory",
        "--activation",
        "tanh",
        "relu",
        "--seed",
        "0",
        "1",
        "--name",
        "s",
        "--workers",
        "2",
        *TINY,
    ]

    def finish(place: Path) -> dict[str, Any]:
        succeed(start(place, command))
        left = place / "sweeps" / "s"
        found = json.loads((left / "results.json").read_bytes())
        rows = (left / "results.csv").read_text(encoding="utf-8").splitlines()
        if len(rows) != 5 or any(",done," not in row for row in rows[1:]) or (left / "work").exists():
            raise BrokenError(f"the sweep has not come to 4 trials: {rows}")
        return {key: found[key]["point"] if key == "chosen" else None for key in ("chosen",)} | {
            # Times differ, digests of the integers do not.
            "digests": sorted(part for row in rows[1:] for part in row.split(",") if len(part) >= 32)
        }

    place = campaign.place()
    with campaign.judged(place):
        place.mkdir()
        begun = time.monotonic()
        expected = finish(place)
        duration = time.monotonic() - begun
    done, times = 0, campaign.kills - campaign.kills * 2 // 5 - campaign.kills * 11 // 20
    while done < times:
        place = campaign.place()
        with campaign.judged(place):
            place.mkdir()
            for _ in range(min(4, times - done)):
                process = start(place, command)
                time.sleep(campaign.random.uniform(0, duration))
                below = {name: descendants(process.number, name) for name in (WORKER, CONVERTER)}
                who = campaign.random.choice(["driver", *(name for name, found in below.items() if found)])
                if who == "driver":
                    campaign.note("killed" if process.kill(children=False) else "ended before")
                else:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(campaign.random.choice(below[who]), signal.SIGKILL)
                        campaign.note("worker or converter killed")
                    if campaign.random.random() < 0.5:
                        process.kill(children=False)
                    else:
                        succeed(process)
                done += 1
            if finish(place) != expected:
                raise BrokenError("the sweep has come to other results")
            campaign.note("went on to the same bits")


@contextlib.contextmanager
def small_disk(place: Path) -> Iterator[None]:
    """Mount a small file system at a place."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=False)


def fill(folder: Path) -> None:
    """Fill a disk to its last byte."""
    with (folder / "fill").open("wb", buffering=0) as file:
        for size in (2**20, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(b"x" * size):
                    pass


def _writes(campaign: Campaign, name: str, below: str = ".") -> list[int]:
    """Return the numbers of the writes at which a fault strikes: all, or some of them at random."""
    commands, place = campaign.commands(name), campaign.place()
    commands.prepare(place)
    counted = Path(f"{place}.count")

    def count() -> None:
        with counted.open("ab") as file:
            file.write(b".")

    with campaign.judged(place):
        hooks = [at_write(place / below, number, count) for number in range(1, 301)]
        succeed(start(place, commands.of(1), lambda: [hook() for hook in hooks]))
    total = counted.stat().st_size
    if total <= campaign.strikes:
        return list(range(1, total + 1))
    return sorted(campaign.random.sample(range(1, total + 1), campaign.strikes))


def disk_full(campaign: Campaign) -> None:
    """The disk is full from a write on."""
    for name in ("run", "convert"):
        commands = campaign.commands(name)
        for number in _writes(campaign, name):
            place = campaign.place()
            with campaign.judged(place), small_disk(place):
                commands.prepare(place)
                campaign.note(
                    ended(start(place, commands.of(1), at_write(place, number, functools.partial(fill, place))))
                )
                whose = commands.check(place / OUTPUT)
                campaign.note(f"files of {whose}")
                if whose == "both":
                    raise BrokenError(f"{name}, write {number}: a full disk leaves files of both runs")
                (place / "fill").unlink(missing_ok=True)
                if campaign.random.random() < 0.25:
                    commands.again(place)
                    campaign.note("next one works")


def read_only(campaign: Campaign) -> None:
    """The output folder can be read alone, from the beginning or from a write of the run's on."""
    for name in ("run", "convert"):
        commands = campaign.commands(name)
        for number in [0, *_writes(campaign, name)]:
            place, out = campaign.place(), None
            with campaign.judged(place):
                place.mkdir()
                out = place / OUTPUT
                with small_disk(out):
                    shutil.copytree(campaign.folder / f"{name}-0" / OUTPUT, out, dirs_exist_ok=True)
                    command = ["mount", "-o", "remount,ro", str(out)]

                    def shut(command: list[str] = command) -> None:
                        subprocess.run(command, check=False, stderr=subprocess.DEVNULL)

                    if not number:
                        shut()
                    hook = at_write(place, number, shut) if number else lambda: None
                    campaign.note(ended(start(place, commands.of(1), hook)))
                    campaign.note(f"files of {commands.check(out)}")
                    subprocess.run(["mount", "-o", "remount,rw", str(out)], check=True)
                    commands.again(place)


def vanishing(campaign: Campaign) -> None:
    """The output folder, or the folder of runs, is removed at a write."""
    for name in ("run", "convert"):
        commands = campaign.commands(name)
        for number in _writes(campaign, name):
            place = campaign.place()
            gone = campaign.random.choice([OUTPUT, RUNS] if name == "run" else [OUTPUT])
            with campaign.judged(place):
                commands.prepare(place)

                def remove(folder: Path = place / gone) -> None:
                    shutil.rmtree(folder, ignore_errors=True)

                campaign.note(f"{gone}: " + ended(start(place, commands.of(1), at_write(place, number, remove))))
                commands.again(place)


def clock(campaign: Campaign) -> None:
    """The clock jumps back by a day in the middle of a run."""
    for name in ("run", "convert"):
        commands, place = campaign.commands(name), campaign.place()
        with campaign.judged(place):
            commands.prepare(place)
            told = Path(f"{place}.clock")
            told.write_text("+0")
            (library,) = sorted(Path("/usr/lib").glob("**/faketime/libfaketime.so.1"))[:1]
            facts = {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(told), "FAKETIME_NO_CACHE": "1"}
            facts |= {"FAKETIME_DONT_FAKE_MONOTONIC": "1"}
            # It has the kernel refuse Python's way to sleep, to a moment of a clock that it does not fake.
            awake = "import select, time; time.sleep = lambda seconds: select.select([], [], [], seconds)"
            program = f"{awake}; from rnnexp.cli import main; main()"
            process = spawn(place, [sys.executable, "-c", program, *commands.of(1)], **facts)
            waited = campaign.random.uniform(0.2, 0.8) * (commands.seconds + 4)
            _until(process, _later(waited))
            campaign.note("in the middle" if process.poll() is None else "ended before")
            told.write_text("-1d")
            succeed(process)
            if commands.check(place / OUTPUT) != "new":
                raise BrokenError("with another clock there are other bits")
            campaign.note("exit code 0")
            commands.again(place)


def together(campaign: Campaign) -> None:
    """Two, and eight, into one folder at once."""
    for name, count in (("convert", 2), ("convert", 8), ("run", 2), ("run", 8))[: 1 + campaign.strikes]:
        commands, place = campaign.commands(name), campaign.place()
        with campaign.judged(place):
            commands.prepare(place)
            processes = [start(place, commands.of(number % 2), mark=f"-{number}") for number in range(count)]
            for process in processes:
                succeed(process)
            whose = commands.check(place / OUTPUT)
            campaign.note(f"files of {whose}")
            if whose == "both":
                raise BrokenError(f"{count} at once have mixed their files")
            if name == "run" and len(list((place / RUNS).iterdir())) != count:
                raise BrokenError(f"{count} runs have not {count} folders")
            commands.again(place)


def without(campaign: Campaign) -> None:
    """No home, a home that is not there, a TMPDIR that is not there, and no folder for temporary files at all."""
    nowhere = str(campaign.folder / "nowhere")
    changes: dict[str, dict[str, str | None]] = {
        "no HOME": {"HOME": None},
        "a HOME that is not there": {"HOME": nowhere},
        "a TMPDIR that is not there": {"TMPDIR": nowhere},
    }
    for name in ("run", "convert"):
        commands = campaign.commands(name)
        for what, change in changes.items():
            place = campaign.place()
            with campaign.judged(place):
                commands.prepare(place)
                # Where the cache of pictures' fonts is would hide it.
                spare = {"MPLCONFIGDIR": None, **change}
                succeed(spawn(place, [sys.executable, "-m", "rnnexp", *commands.of(1)], **spare))
                if commands.check(place / OUTPUT) != "new":
                    raise BrokenError(f"{what}: other bits")
                campaign.note(f"{what}: exit code 0")
        place = campaign.place()
        if os.geteuid() or not shutil.which("unshare"):
            continue
        with campaign.judged(place):
            commands.prepare(place)
            # Python would take the folder it is in: that cannot be written to either.
            shut = " && ".join(
                f"mount -t tmpfs -o ro none {folder}"
                for folder in ("/var/tmp", "/usr/tmp", "/tmp")
                if Path(folder).is_dir()
            )
            run = " ".join([sys.executable, "-m", "rnnexp", *commands.of(1)])
            own = f"mount --bind {place} {place} && mount -o remount,bind,ro {place} && cd {place}"
            script = f"{own} && {shut} && exec {run}"
            code = ended(spawn(place, ["unshare", "--mount", "sh", "-c", script]))
            campaign.note(f"no folder for temporary files: {code}")
            commands.check(place / OUTPUT)


def converter(campaign: Campaign) -> None:
    """TensorFlow's converter dies, hangs, or writes rubbish."""
    from rnnexp.formats.tflite import float32

    commands = campaign.commands("run")
    for what in ("dies", "hangs", "writes rubbish"):
        place = campaign.place()
        with campaign.judged(place):
            commands.prepare(place)

            def before(what: str = what) -> None:
                float32.SECONDS = 3.0
                begin = float32.subprocess.Popen  # type: ignore[attr-defined]

                def other(command: list[str], *given: Any, **options: Any) -> Any:
                    if CONVERTER in command:
                        programs = {
                            "dies": "input()",
                            "hangs": "while True: pass",
                            "writes rubbish": "print(input()[:9] * 2)",
                        }
                        command = [sys.executable, "-c", programs[what]]
                    return begin(command, *given, **options)

                float32.subprocess.Popen = other  # type: ignore[attr-defined,misc]

            process = start(place, commands.of(1), before)
            code = process.wait()
            # As the README says of a run that has made one model of two.
            if code != 1 or "Traceback" in process.said() or "converter" not in process.said():
                raise BrokenError(f"the converter {what}: exit code {code}: {process.said()}")
            campaign.note(f"{what}: exit code {code}, and it says so")
            found = contents(place / OUTPUT)
            if [name for name in found if name.endswith("float32.tflite")]:
                raise BrokenError(f"the converter {what}: an earlier run's float32 file is still there")
            commands.again(place)


def _needs_root() -> str:
    return "" if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("mount") else "needs root, to mount"


def _needs_faketime() -> str:
    found = any(Path("/usr/lib").glob("**/faketime/libfaketime.so.1"))
    return "" if found else "needs libfaketime (Debian's package faketime)"


# name -> what it does, and why it cannot be done here, if so.
FAULTS: Mapping[str, tuple[Callable[[Campaign], None], Callable[[], str]]] = {
    "kill-convert": (kill_convert, str),
    "kill-run": (kill_run, str),
    "kill-sweep": (kill_sweep, str),
    "disk-full": (disk_full, _needs_root),
    "read-only": (read_only, _needs_root),
    "vanishing": (vanishing, str),
    "clock": (clock, _needs_faketime),
    "together": (together, str),
    "without": (without, str),
    "converter": (converter, str),
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
