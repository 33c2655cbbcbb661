"""Processes that are killed at random moments."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np

from faults.campaign import Campaign
from faults.commands import OUTPUT, RUNS, TINY, succeed
from faults.process import BrokenError, descendants, later, start, until

WORKER, CONVERTER = "rnnexp.experiment.sweep.worker", "rnnexp.formats.tflite.float32"


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
                    until(process, later(moment))
                else:
                    until(process, functools.partial(_publishing, place / OUTPUT))
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


def _publishing(out: Path) -> bool:
    return any(out.glob(".rnnexp-*"))


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
