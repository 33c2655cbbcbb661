"""How far a training is, in lines: for a pipe, a batch system or a log, where there is no bar that moves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

# A line comes after so many seconds without one, and after so large a share of all epochs.
SECONDS, SHARE = 10.0, 0.1


class Epoch(Protocol):
    """An epoch that is done, counted from 1, and its losses."""

    number: int
    loss: float
    val_loss: float


class EpochLines:
    """Says how far a training is: after every tenth of its epochs, and whenever it has been silent for 10 seconds.

    Use as a context manager: a thread of its own speaks while an epoch takes longer.

    Args:
        say: takes a line.
        epochs: of the training.
        what: is under way.
        watched: what the second loss is of.
        done: epochs that are over already, of a training that goes on.
        seconds: of silence, at most.
    """

    def __init__(
        self,
        say: Callable[[str], object],
        epochs: int,
        what: str,
        watched: str,
        *,
        done: int = 0,
        seconds: float = SECONDS,
    ) -> None:
        self._say = say
        self._epochs, self._what, self._watched, self._seconds = epochs, what, watched, seconds
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._done: Epoch | None = None
        self._number = self._said = done  # epochs that are over, and those that there has been a line of
        # The first epoch compiles: what is left is reckoned from the others.
        self._first: tuple[int, float] | None = None
        self._last_line = self._last_epoch = time.monotonic()
        self._thread = threading.Thread(target=self._speak_up, daemon=True)

    def __enter__(self) -> EpochLines:
        if self._epochs:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()

    def advance(self, epoch: Epoch) -> None:
        """Note that ``epoch`` is done, and say so if a line is due."""
        with self._lock:
            self._done, self._number, self._last_epoch = epoch, epoch.number, time.monotonic()
            self._first = self._first or (epoch.number, self._last_epoch)
            due = epoch.number - self._said >= SHARE * self._epochs or epoch.number == self._epochs
            if due or self._last_epoch - self._last_line >= self._seconds:
                self._said = epoch.number
                self._line(f"epoch {epoch.number} of {self._epochs} ({epoch.number / self._epochs:.0%})")

    def _speak_up(self) -> None:
        """Say what is under way, whenever there has been no line for long."""
        while not self._ended.wait(max(self._last_line + self._seconds - time.monotonic(), 0.01)):
            with self._lock:
                now = time.monotonic()
                if now - self._last_line < self._seconds:
                    continue
                try:
                    self._line(f"epoch {self._number + 1} of {self._epochs} for {duration(now - self._last_epoch)} now")
                except OSError:
                    return  # nobody reads any more; the training itself finds that out when it next says something

    def _line(self, text: str) -> None:
        parts = [f"{self._what}: {text}"]
        if self._done:
            parts += [f"loss {self._done.loss:.3g}", f"{self._watched} {self._done.val_loss:.3g}"]
        left = self._left()
        if left is not None:
            parts.append(f"{duration(left)} left")
        self._last_line = time.monotonic()
        self._say(", ".join(parts))

    def _left(self) -> float | None:
        """Return the seconds that the other epochs will take at the pace so far; None before there is one."""
        if self._done is None or self._first is None or self._done.number <= self._first[0]:
            return None
        number, since = self._first
        pace = (self._last_epoch - since) / (self._done.number - number)
        return pace * (self._epochs - self._done.number)


def duration(seconds: float) -> str:
    """Return a number of seconds in words."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
