"""Clocks, neighbours, homes and helpers that are not as they should be."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from faults.campaign import Campaign
from faults.commands import OUTPUT, RUNS, contents, ended, succeed
from faults.kills import CONVERTER
from faults.places import needs_mount
from faults.process import BrokenError, later, spawn, start, until


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
            until(process, later(waited))
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
        if needs_mount() or not shutil.which("unshare"):
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


def needs_faketime() -> str:
    """Return why there is no other clock here; nothing where there is."""
    found = any(Path("/usr/lib").glob("**/faketime/libfaketime.so.1"))
    return "" if found else "needs libfaketime (Debian's package faketime)"
