"""docs/pytorch.md does what it says: its commands and its code are run, one after the other."""

import re
import runpy
import shlex
import sys

import numpy as np
import pytest
from helpers.runs import PROJECT
from helpers.stored_networks import share_of_range

TEXT = (PROJECT / "docs" / "pytorch.md").read_text()
BLOCKS = re.findall(r"^```(python)?\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


@pytest.mark.slow
def test_the_page_goes_both_ways(here, capsys, monkeypatch):
    torch = pytest.importorskip("torch")
    import keras

    from rnnexp import datasets
    from rnnexp.config import RegressionConfig
    from rnnexp.runtimes.tflite import TFLiteModel

    assert [kind for kind, _ in BLOCKS] == ["", "python", "python", ""]
    run_command(BLOCKS[0][1], monkeypatch)
    (kept,) = here.glob("runs/*/model.keras")
    model = keras.saving.load_model(kept, compile=False)

    names = {}
    exec(compile(BLOCKS[1][1], "docs/pytorch.md", "exec"), names)
    windows = names["windows"].numpy()
    assert share_of_range(names["network"](names["windows"]).detach().numpy(), model(windows).numpy()) < 1e-5
    assert "tensor(" in capsys.readouterr().out

    torch.manual_seed(0)
    exec(compile(BLOCKS[2][1], "docs/pytorch.md", "exec"), names)
    run_command(BLOCKS[3][1], monkeypatch)
    config = RegressionConfig(dataset_name="airline-passengers", data_sigma=1.0)
    x = datasets.load(config).evaluation.x
    expected = names["model"](torch.from_numpy(x)).detach().numpy()
    assert np.corrcoef(expected[:, 0], datasets.load(config).evaluation.y[:, 0])[0, 1] > 0.5  # it has learned
    for kind, tolerance in (("float32", 1e-5), ("int8", 0.02)):
        exported = TFLiteModel(here / "tflite_models" / f"airline-passengers-tanh-{kind}.tflite")
        assert share_of_range(exported.predict(x), expected) < tolerance


def run_command(line, monkeypatch):
    """Run a script as the shell would, but in this process, where TensorFlow is already loaded."""
    program, script, *arguments = shlex.split(line)
    assert program == "python"
    monkeypatch.setattr(sys, "argv", [script, *arguments])
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(PROJECT / script), run_name="__main__")
    assert caught.value.code == 0
