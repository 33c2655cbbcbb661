"""A worker of a sweep: a process that trains one network after the other, and keeps warm what they share.

``python -m rnnexp.experiment.sweep.worker FOLDER TRIALS`` reads jobs from standard input, a line of JSON each, and
writes messages to standard output in the same form. The end of the input is the end of the process, whatever it is
doing: a sweep that was killed leaves no worker behind.

    job      {"job": 3, "task": "regression", "settings": {...}, "watch": false, "run": false}
    messages {"job": 3, "kind": "epoch", "epoch": 1, "val_loss": 0.02}        with "watch"; an answer is waited for
             {"job": 3, "kind": "done", "outcome": {...}, "baselines": {...}}
             {"job": 3, "kind": "failed", "outcome": {"message": "...", "pruned": false}}
    answer   {"prune": false}

A worker that is worn out says why in its last message, as "retires", and ends.
"""

from __future__ import annotations

import functools
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnexp.errors import DivergedError, UserError
from rnnexp.experiment.sweep.outcome import Failure
from rnnexp.experiment.sweep.wear import Wear

if TYPE_CHECKING:
    from rnnexp.experiment.sweep.trial import Workshop
    from rnnexp.training.history import Epoch

Message = dict[str, Any]


class PrunedError(Exception):
    """The trial looks hopeless, and ends."""


def serve(folder: Path, most_trials: int) -> None:
    """Do the jobs that standard input names until it ends, or the process is worn out.

    Args:
        folder: for what the process leaves for a moment.
        most_trials: after which it ends.
    """
    # Of a job that ends, batch systems tell every process of it: here too, what to do is for the sweep to decide.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # Libraries print to standard output, which is for the messages alone.
    messages = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def say(message: Message) -> None:
        messages.write(json.dumps(message) + "\n")

    lines = _lines()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from rnnexp.experiment.sweep.trial import Workshop

    wear = Wear(most_trials)
    with Workshop(folder) as workshop:
        while True:
            job = json.loads(lines.get())
            message = _do(job, workshop, functools.partial(_ask, job["job"], say, lines))
            if workshop.broken:
                # The sweep gives the job to another worker.
                sys.exit("TensorFlow's converter has ended")
            reason = wear.reason_to_retire()
            say({"job": job["job"], **message, "retires": reason})
            if reason:
                return


def _do(job: Message, workshop: Workshop, ask: Callable[[Message], Message]) -> Message:
    """Do a job, and return the message that ends it."""
    from rnnexp.config import CONFIGS

    def watch(epoch: Epoch) -> None:
        if ask({"kind": "epoch", "epoch": epoch.number, "val_loss": epoch.val_loss})["prune"]:
            raise PrunedError

    try:
        config = CONFIGS[job["task"]](**job["settings"])
        watched = watch if job["watch"] else None
        found = (workshop.run if job["run"] else workshop.try_settings)(config, watched)
        return {"kind": "done", "outcome": found.outcome.to_json(), "baselines": found.baselines}
    except PrunedError:
        failure = Failure("pruned: it looked hopeless beside the others", pruned=True)
    except DivergedError as error:
        failure = Failure(error.in_short)
    except UserError as error:
        failure = Failure(str(error))
    except Exception as error:  # whatever it is, it ends this trial and not the sweep, and is told
        traceback.print_exc()
        failure = Failure(f"{type(error).__name__}: {error}")
    return {"kind": "failed", "outcome": failure.to_json()}


def _ask(job: int, say: Callable[[Message], None], lines: queue.Queue[str], message: Message) -> Message:
    say({"job": job, **message})
    answer: Message = json.loads(lines.get())
    return answer


def _lines() -> queue.Queue[str]:
    """Return what standard input brings; its end ends the process at once."""
    found: queue.Queue[str] = queue.Queue()

    def read() -> None:
        for line in sys.stdin:
            found.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return found


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
