"""Every run is checked when it has ended: for each check a run that breaks it on purpose, and is caught."""

import re
import shutil

import numpy as np
import pytest
from helpers.c_compiler import COMPILER
from helpers.classic import classic
from helpers.runs import folders, run, wave, write_series

from rnnexp.config import ClassificationConfig, RegressionConfig
from rnnexp.experiment import export
from rnnexp.experiment.run import run as run_alone
from rnnexp.runtimes.c import CompiledNetwork

SMALL = {"hidden_size": 4, "sequence_length": 6, "epochs": 2, "generate_steps": 0}


@pytest.fixture
def own(here):
    """A series of one's own."""
    write_series(here, "wave", wave())
    return here


def warnings(finished, capsys):
    """Return what a run has warned of, by kind; it says so on standard error, and in both reports for people."""
    said, found = capsys.readouterr().err, finished.report["warnings"]
    texts = re.findall(r"^WARNING: (.*) \[[\w-]+\]$", said, re.MULTILINE)
    assert texts == [warning["text"] for warning in found]
    markdown = (finished.folder / "report.md").read_text()
    page = (finished.folder / "report.html").read_text()
    for text in texts:
        assert f"- Warning: {text}\n" in markdown or f"- {text}\n" in markdown
        assert text in page.replace("&#x27;", "'").replace("&quot;", '"')
    kinds = {warning["kind"] for warning in found}
    return {kind: "; ".join(warning["text"] for warning in found if warning["kind"] == kind) for kind in kinds}


def test_a_run_as_it_should_be_has_no_warning(own, capsys):
    finished = run(classic(dataset_name="wave", **SMALL, gap_limit=1.0, **folders(own)))
    assert warnings(finished, capsys) == {}
    bits = {each["runtime"]: each for each in finished.report["bits"]}
    assert set(bits) == {"LiteRT", "LiteRT's reference kernels", "TensorFlow Lite Micro", "C"}
    there = {"LiteRT", "LiteRT's reference kernels"} | ({"C"} if COMPILER else set())
    for name, each in bits.items():
        assert each["sequences"] or each["absent"]
        if name in there:
            assert each["sequences"] == min(64, finished.report["data"]["evaluation"])


def test_a_file_that_is_not_the_trained_network(own, capsys, monkeypatch):
    to_float32 = export.to_float32

    def another(*arguments):
        made = to_float32(*arguments)
        shutil.copyfile(made.paths[0], made.paths[-1])
        return made

    monkeypatch.setattr(export, "to_float32", another)
    found = warnings(run(classic(dataset_name="wave", **SMALL, **folders(own))), capsys)
    assert re.match(r"the exported float32 file differs from the trained model by \d", found["difference"])


@pytest.mark.skipif(not COMPILER, reason="there is no C compiler")
def test_other_bits_in_a_runtime_are_not_exported(own, capsys, monkeypatch):
    compute = CompiledNetwork.run
    monkeypatch.setattr(CompiledNetwork, "run", lambda self, *given: compute(self, *given) ^ 1)
    finished = run(classic(dataset_name="wave", **SMALL, **folders(own)))
    assert finished.code == 1
    found = warnings(finished, capsys)
    assert found["export"] == (
        "C gives other bits than the NumPy reference for 100.00% of the outputs; please report this"
    )
    left = {path.name for path in (own / "out").iterdir()}
    assert "wave-custom-float32.tflite" in left
    assert not [name for name in left if "int8" in name or name.endswith((".c", ".h"))]


def test_a_classifier_that_gives_one_class(here, capsys):
    random = np.random.default_rng(0)
    np.savez(here / "own.npz", x=random.normal(size=(200, 6, 2)), y=(np.arange(200) % 20 == 0).astype(int))
    config = ClassificationConfig(
        dataset_name=str(here / "own.npz"), hidden_size=3, epochs=2, samples_per_step=1, **folders(here)
    )
    found = warnings(run(config), capsys)
    assert found["constant"] == "constant: nearly the same answer whatever is asked (float32 and int8)"


def test_predictions_that_are_constant(here, capsys):
    # A network whose units a huge step has put beyond the reach of every input.
    write_series(here, "noise", np.random.default_rng(0).normal(size=90).round(3))
    settings = SMALL | {"epochs": 30, "activation": "relu", "learning_rate": 3.0, "normalization": "train"}
    found = warnings(run(classic(dataset_name="noise", **settings, **folders(here))), capsys)
    assert found["constant"].startswith("constant: nearly the same answer whatever is asked")


def test_what_is_no_better_than_a_baseline_says_so_first(own, capsys):
    run_alone(classic(dataset_name="wave", **(SMALL | {"epochs": 0}), **folders(own)))
    said = capsys.readouterr().out.splitlines()
    first = next(line for line in said if "the best baseline" in line)
    assert re.match(r"int8 is worse than the best baseline, \w+: RMSE [\d.]+ against [\d.]+", first)
    assert not [line for line in said[: said.index(first)] if re.search(r"persistence +\d", line)]


def test_inputs_that_tell_the_answer(here, capsys):
    y = np.cumsum(np.random.default_rng(0).normal(size=120))
    rows = [f"{now},{later}" for now, later in zip(y, np.roll(y, -1), strict=True)]
    write_series(here, "leaky", rows, header="y,later")
    config = RegressionConfig(dataset_name="leaky", target=("y",), inputs=("later",), **SMALL, **folders(here))
    found = warnings(run(config), capsys)
    assert found["data"].startswith("'later' is what 'y' is a step later, but for its scale: the answer")


def test_sequences_of_the_training_part_in_another_one(here, capsys):
    found = warnings(run(RegressionConfig(dataset_name="sine", **SMALL, **folders(here))), capsys)
    assert "of the 200 sequences of the validation part are in the training part too" in found["data"]


def test_values_that_are_cut_off(here, capsys):
    # From a level to its double where training has not been.
    write_series(here, "level", np.concatenate([wave(80), 3 * wave(10)]))
    settings = SMALL | {"normalization": "train"}
    found = warnings(run(classic(dataset_name="level", **settings, **folders(here))), capsys)
    assert re.match(r"int8 cuts off \d+\.\d% of the values of the input", found["saturation"])


def test_a_gap_above_the_limit(own, capsys):
    # Roundings can make errors smaller as well, by chance.
    for seed in range(8):
        settings = SMALL | {"epochs": 40, "seed": seed, "gap_limit": 1e-9, "qat_epochs": 0}
        finished = run(classic(dataset_name="wave", **settings, **folders(own)))
        found = warnings(finished, capsys)
        assert ("gap" in found) == (finished.report["degradation"]["gap"] > 1e-9)
        if "gap" in found:
            break
    assert re.match(r"int8 loses [\d.e-]+, more than the limit of 1e-09: ", found["gap"])


def test_data_that_was_left_out(here, capsys):
    values = wave()
    lines = ["" if number in (20, 21) else value for number, value in enumerate(values)]
    write_series(here, "gappy", lines)
    found = warnings(run(classic(dataset_name="gappy", **SMALL, **folders(here))), capsys)
    assert found["data"].startswith("2 of 90 time steps have no value, in one gap: no window goes over one")
