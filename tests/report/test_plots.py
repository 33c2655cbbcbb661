"""The pictures of a run: that all they are given is in them."""

import numpy as np
import pytest

from rnnexp.report import plots


def step_accuracy(path, lines):
    plots.step_accuracy(path, lines, "title")


def predictions(path, lines):
    outputs = {name: np.array(values)[:, None] for name, values in lines.items()}
    plots.predictions(path, np.zeros((4, 1)), outputs, units="units", title="title")


def generation(path, lines):
    generated = {name: np.array(values) for name, values in lines.items()}
    plots.generation(path, np.zeros(3), np.zeros(4), generated, units="units", title="title")


@pytest.mark.parametrize("plot", [step_accuracy, predictions, generation])
def test_every_line_is_drawn(tmp_path, plot):
    """One value of each line in turn is changed, which must change the picture."""
    lines = {f"line {number}": [0.1 * number] * 4 for number in range(6)}
    plot(tmp_path / "all.png", lines)
    picture = (tmp_path / "all.png").read_bytes()
    for name, values in lines.items():
        plot(tmp_path / "other.png", lines | {name: [*values[:3], 0.9]})
        assert (tmp_path / "other.png").read_bytes() != picture, name
