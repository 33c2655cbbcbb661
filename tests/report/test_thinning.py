"""Long lines: what is left of them shows what all of them would."""

import numpy as np

from rnnexp.report.thinning import extremes


def test_short_lines_stay_as_they_are():
    assert extremes(np.arange(50.0), 50).tolist() == list(range(50))


def test_extremes_and_gaps_of_a_long_line_stay():
    values = np.zeros(100_000)
    values[12_345], values[67_890], values[50_000:50_007] = 9, -9, np.nan
    shown = extremes(values, 4000)
    assert len(shown) <= 4010
    assert {0, 12_345, 67_890, 49_999, 50_000, 50_007, 99_999} <= set(shown.tolist())


def test_every_line_keeps_its_extremes():
    lines = np.zeros((30_000, 3))
    lines[777, 0], lines[15_000, 1], lines[29_000, 2] = 5, -5, 5
    shown = extremes(lines, 600)
    assert len(shown) <= 610
    assert {777, 15_000, 29_000} <= set(shown.tolist())
