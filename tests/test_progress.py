"""Lines on how far a training is, where there is no terminal."""

import re
import time
from types import SimpleNamespace

import pytest

from rnnexp.console import Console
from rnnexp.progress import EpochLines, duration


def epoch(number):
    return SimpleNamespace(number=number, loss=0.5 / number, val_loss=0.25)


def said(epochs, *, seconds=60.0):
    """Return the lines of a training of so many epochs, each over at once."""
    lines = []
    with EpochLines(lines.append, epochs, "training", "validation", seconds=seconds) as progress:
        for number in range(1, epochs + 1):
            progress.advance(epoch(number))
    return lines


@pytest.mark.parametrize("epochs", [1, 3, 7, 10, 23, 100, 2999])
def test_there_is_a_line_at_least_every_tenth_and_at_the_end(epochs):
    numbers = [int(re.match(r"training: epoch (\d+) of", line)[1]) for line in said(epochs)]
    assert numbers[-1] == epochs
    steps = [after - before for before, after in zip([0, *numbers], numbers, strict=False)]
    assert max(steps) <= max(-(-epochs // 10), 1)
    assert len(numbers) <= 11


def test_a_line_has_the_epoch_the_losses_and_the_time_left():
    first, *others = said(10)
    assert first == "training: epoch 1 of 10 (10%), loss 0.5, validation 0.25"  # it has compiled: no pace yet
    assert others[3] == "training: epoch 5 of 10 (50%), loss 0.1, validation 0.25, 0 s left"


def test_the_time_left_is_reckoned_from_the_epochs_after_the_first():
    lines = []
    with EpochLines(lines.append, 10, "training", "validation") as progress:
        progress.advance(epoch(1))
        start = time.monotonic()
        time.sleep(1.5)
        progress.advance(epoch(2))
        took = time.monotonic() - start
    assert float(re.search(r"(\d+) s left", lines[-1])[1]) == pytest.approx(8 * took, abs=2)


def test_an_epoch_that_takes_long_is_spoken_of_meanwhile():
    lines = []
    with EpochLines(lines.append, 2, "training", "validation", seconds=0.05) as progress:
        while len(lines) < 2:
            time.sleep(0.01)
        progress.advance(epoch(1))
        before = len(lines)
        while len(lines) < before + 1:
            time.sleep(0.01)
    assert lines[0] == "training: epoch 1 of 2 for 0 s now"
    assert lines[before].startswith("training: epoch 2 of 2 for 0 s now, loss 0.5, validation 0.25")


def test_lines_that_are_due_by_time_come_with_epochs_too():
    lines = []
    with EpochLines(lines.append, 10_000, "training", "validation", seconds=0.0) as progress:
        progress.advance(epoch(1))
    assert any(line.startswith("training: epoch 1 of 10000 (0%)") for line in lines)


def test_a_training_that_goes_on_is_where_it_was():
    lines = []
    with EpochLines(lines.append, 100, "training", "validation", done=50, seconds=0.05) as progress:
        while not lines:
            time.sleep(0.01)
        progress.advance(epoch(51))
    assert lines[0] == "training: epoch 51 of 100 for 0 s now"


def test_a_training_of_no_epochs_says_nothing():
    assert said(0) == []


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (99, "99 s"), (330, "6 min"), (12_300, "3 h 25 min")])
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_the_log_and_a_pipe_get_the_same_lines(tmp_path, capsys):
    with Console(tmp_path / "log.txt", quiet=False) as console, console.training(20, "training") as bar:
        for number in range(1, 21):
            bar.advance(epoch(number))
    log = (tmp_path / "log.txt").read_text()
    assert log.count("training: epoch") == 10
    assert capsys.readouterr().out == log


def test_warnings_on_the_terminal_name_the_run(tmp_path, capsys):
    with Console(tmp_path / "log.txt", quiet=True, run="20261130-120000-wave-tanh") as console:
        console.warn("int8 loses much")
    assert capsys.readouterr().err == "WARNING: int8 loses much [20261130-120000-wave-tanh]\n"
    assert (tmp_path / "log.txt").read_text() == "WARNING: int8 loses much\n"
