"""Recordings of different lengths: trained on as they are, and run from files, by every runtime, of any length."""

import csv
import io

import numpy as np
import pytest
from helpers.recordings import ts_file
from helpers.runs import folders, once, run

from rnnexp.commands.run import main
from rnnexp.config import ClassificationConfig
from rnnexp.errors import UserError


def wave(kind, seed, steps):
    """A rising or a falling ramp under noise, over any number of samples."""
    random = np.random.default_rng([seed, kind == "up"])
    ramp = np.linspace(-1, 1, steps) * (1 if kind == "up" else -1)
    return np.stack([100 * ramp + random.normal(size=steps) * 20, random.normal(size=steps)], axis=1)


@pytest.fixture(scope="module")
def ramps(tmp_path_factory):
    def make(folder):
        random = np.random.default_rng(0)
        recordings = [
            (wave(kind, number, int(random.integers(12, 60))), kind) for number in range(20) for kind in ("up", "down")
        ]
        (folder / "ramps.ts").write_text(ts_file(recordings, classes="up down"))
        settings = {"cell": "gru", "activation": "tanh", "hidden_size": 8, "epochs": 30, "samples_per_step": 3}
        return run(
            ClassificationConfig(dataset_name=str(folder / "ramps.ts"), quiet=True, **settings, **folders(folder))
        )

    return once(tmp_path_factory, "ramps", make)


def test_lengths_are_learned_from_as_they_are(ramps):
    metrics = ramps.report["models"]
    assert metrics["float32"]["metrics"]["accuracy"] == metrics["int8"]["metrics"]["accuracy"] >= 0.85


@pytest.mark.parametrize("runtime", ["litert", "numpy", "c"])
def test_recordings_of_any_length(ramps, capsys, tmp_path, runtime):
    model = ramps.config.output_dir / "ramps-gru-tanh-int8.tflite"
    path = tmp_path / "new.ts"
    new = [(wave(kind, 100 + steps, steps), kind) for steps in (14, 31, 50) for kind in ("up", "down")]
    path.write_text(ts_file(new, classes="up down"))
    assert main([str(model), str(path), "--runtime", runtime]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert np.mean([row["class"] == kind for row, (_, kind) in zip(rows, new, strict=True)]) >= 0.8
    path.write_text(ts_file([(wave("up", 0, 100), "up")], classes="up down"))
    with pytest.raises(UserError, match="it has 100 samples, and the model reads recordings of 3 to"):
        main([str(model), str(path)])
