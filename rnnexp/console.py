"""What a run tells the person who started it, on the terminal and in the run's log."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType

from rich.box import SIMPLE_HEAD
from rich.console import Console as RichConsole
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from rnnexp import stderr as native
from rnnexp.errors import UserError
from rnnexp.printable import printable
from rnnexp.progress import Epoch, EpochLines

LOG_WIDTH = 110


def print_lines(texts: Iterable[str]) -> None:
    """Print whole lines to standard output, whatever its width; what its encoding lacks is escaped.

    Raises:
        UserError: if it cannot be written. That its reader, such as ``head``, has enough is no error.
    """
    encoding = sys.stdout.encoding or "utf-8"
    try:
        for text in texts:
            sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        sys.stdout.flush()
    except OSError as error:
        silence()
        if not isinstance(error, BrokenPipeError):
            raise UserError(f"cannot write to standard output: {error.strerror}") from error


def silence() -> None:
    """Drop what still goes to standard output: Python writes what is left when it ends, and would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Console:
    """Prints to the terminal, unless quiet, and always to a log.

    Args:
        log: file for the same text; what is in it stays ahead of it.
        quiet: keep the terminal silent; warnings still go to standard error.
        run: what warnings on the terminal name: of many runs, each says which one it is.
    """

    def __init__(self, log: Path, *, quiet: bool, run: str = "") -> None:
        self._of_run = f" [{run}]" if run else ""
        self._file: TextIOWrapper = log.open("a", encoding="utf-8")
        self._log = RichConsole(file=self._file, width=LOG_WIDTH, no_color=True)
        # Where the output is not a terminal, it goes to a file or a pipe that has room for whole lines.
        width = None if sys.stdout.isatty() else LOG_WIDTH
        self._terminal = RichConsole(quiet=quiet, highlight=False, width=width)
        self._errors = RichConsole(stderr=True, highlight=False, soft_wrap=True)

    def __enter__(self) -> Console:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._log.print(f"ended by {type(error).__name__}: {error}", markup=False)
        self._file.close()

    def say(self, text: str) -> None:
        """Print a line; what a name in it would do to a terminal is written out."""
        text = printable(text, keep="\n")
        for console in (self._terminal, self._log):
            console.print(text, markup=False, soft_wrap=True)

    def warn(self, text: str) -> None:
        """Print a warning, to standard error, also when quiet."""
        self._alarm(f"WARNING: {text}")

    def fail(self, text: str) -> None:
        """Print why the run ends with an exit code other than 0, to standard error, also when quiet."""
        self._alarm(text)

    def _alarm(self, text: str) -> None:
        text = printable(text, keep="\n")
        self._errors.print(f"{text}{self._of_run}", markup=False, soft_wrap=True)
        self._log.print(text, markup=False, soft_wrap=True)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table: the first column is names, the others are numbers."""
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for number, column in enumerate(columns):
            table.add_column(Text(printable(column)), justify="right" if number else "left", no_wrap=True)
        for row in rows:
            # As texts: names in brackets are no markup.
            table.add_row(*(Text(printable(cell)) for cell in row))
        for console in (self._terminal, self._log):
            # Not the table's own title, which is broken at the table's width.
            console.print(title, style="italic", markup=False, soft_wrap=True)
            console.print(table)

    @contextmanager
    def native_output_to_log(self) -> Iterator[None]:
        """Send what native code prints to standard error, which no logger can reach, to the log instead."""
        with native.errors_to(self._file.fileno()):
            yield

    @contextmanager
    def training(
        self, epochs: int, what: str = "training", watched: str = "validation", done: int = 0
    ) -> Iterator[EpochBar]:
        """Show how far ``what`` is: the epoch, the loss, that on what is ``watched``, and the time left.

        On a terminal it is a bar that moves; elsewhere, and in the log, lines. Of what goes on, some epochs are
        ``done`` already.
        """
        columns = (
            TextColumn(what),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(f"loss {{task.fields[loss]}}  {watched} {{task.fields[val_loss]}}"),
            TimeRemainingColumn(),
        )
        moves = sys.stdout.isatty() and not self._terminal.is_dumb_terminal
        lines = EpochLines(self._log_line if moves else self.say, epochs, what, watched, done=done)
        with lines, Progress(*columns, console=self._terminal, disable=not (epochs and moves)) as progress:
            yield EpochBar(progress, lines, epochs, done)

    def _log_line(self, text: str) -> None:
        self._log.print(text, markup=False, soft_wrap=True)


class EpochBar:
    """Shows how far one training is."""

    def __init__(self, progress: Progress, lines: EpochLines, epochs: int, done: int) -> None:
        self._progress, self._lines = progress, lines
        self._task = progress.add_task("", total=epochs, completed=done, loss="-", val_loss="-")

    def advance(self, epoch: Epoch) -> None:
        """Show that ``epoch`` is done."""
        self._lines.advance(epoch)
        self._progress.update(
            self._task, completed=epoch.number, loss=f"{epoch.loss:.3g}", val_loss=f"{epoch.val_loss:.3g}"
        )
