"""The sine."""

import numpy as np
import pytest
from helpers.runs import folders, run

from rnnexp import datasets
from rnnexp.commands import run as prediction
from rnnexp.config import RegressionConfig


@pytest.mark.parametrize("steps", [0, 222, 5000])
def test_nine_periods_in_a_thousand_points_the_last_fifth_held_out(steps):
    dataset = datasets.load(RegressionConfig(preset="sine", generate_steps=steps))
    expected = np.sin(np.linspace(0, 18 * np.pi, 1000))
    assert dataset.train.x.shape == (750, 50, 1)
    np.testing.assert_allclose(dataset.train.target[:, 0], expected[50:800], atol=1e-12)
    np.testing.assert_allclose(dataset.evaluation.target[:, 0], expected[800:], atol=1e-12)
    np.testing.assert_allclose(dataset.continuation.window, expected[750:800], atol=1e-12)
    # It goes on where the points end, so that more than is held out can be compared.
    t = np.arange(800, 800 + steps)
    np.testing.assert_allclose(dataset.continuation.truth, np.sin(t * 18 * np.pi / 999), atol=1e-9)


def test_a_run_with_the_preset_names_it_and_rnnexp_run_reads_its_file(tmp_path, capsys):
    done = run(RegressionConfig(preset="sine", epochs=1, hidden_size=3, sequence_length=4, **folders(tmp_path)))
    assert done.code == 0
    assert done.report["config"]["preset"] == "sine"
    assert done.report["data"]["input_map"] == {"kind": "none"}
    assert done.report["generation"]["steps"] == 222
    assert "Preset `sine`: the next value of a sine" in (done.folder / "report.md").read_text()
    values = np.sin(np.arange(20) / 5)
    (tmp_path / "own.csv").write_text("data\n" + "\n".join(map(repr, values.tolist())) + "\n")
    capsys.readouterr()
    assert prediction.main([str(done.model), str(tmp_path / "own.csv")]) == 0
    heading, *rows = capsys.readouterr().out.split()
    assert heading == "after_row,prediction"
    assert [int(row.split(",")[0]) for row in rows] == list(range(4, 21))
