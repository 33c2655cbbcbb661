"""The command ``rnnexp sweep``, and scripts with a ``SWEEP``: what is asked for, what is wrong, and a real sweep."""

import csv
import json
import re
import shutil
import subprocess
import sys
from urllib.parse import unquote

import numpy as np
import pytest
from helpers.command_line import ended
from helpers.runs import PROJECT, once
from helpers.sweeps import HereAndNow

from rnnexp.commands import runs
from rnnexp.commands.sweep import main
from rnnexp.config import MemoryConfig
from rnnexp.errors import UserError
from rnnexp.experiment.run import run
from rnnexp.experiment.sweep import executor
from rnnexp.experiment.sweep.trial import digest
from rnnexp.report.file import read_report

ONLY = ["--keep", "none", "--quiet"]


@pytest.fixture
def quick(here, monkeypatch):  # noqa: ARG001 (the current folder is the test's own)
    """Sweeps whose trials are arithmetic; the executors that were made."""
    made = []

    def make(count, *_):
        made.append(HereAndNow(most=count))
        return made[-1]

    monkeypatch.setattr(executor, "LocalExecutor", make)
    return made


def rows(folder):
    with (folder / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def jobs(made):
    return [job.settings for own in made for job in own.started]


# ---- what is asked for


def test_several_values_are_all_combinations(quick, here):
    arguments = [
        "memory",
        "--activation",
        "relu",
        "tanh",
        "--hidden-size",
        "5",
        "10",
        "--seed",
        "0",
        "1",
        "2",
        "--epochs",
        "7",
        "--memory-k",
        "-3",
    ]
    assert main([*arguments, *ONLY]) == 0
    found = rows(here / "sweeps" / "memory-activation-hidden_size")
    assert len(found) == 12
    assert {(row["activation"], row["hidden_size"], row["seed"]) for row in found} == {
        (activation, size, seed) for activation in ("relu", "tanh") for size in ("5", "10") for seed in "012"
    }
    assert {(job["epochs"], job["memory_k"], type(job["hidden_size"])) for job in jobs(quick)} == {(7, -3, int)}


def test_a_value_can_stand_behind_an_equals_sign_and_none_is_a_value(quick):
    assert main(["memory", "--gradient-clip-norm", "None", "0.5", "--seed=4", *ONLY]) == 0
    assert {(job["gradient_clip_norm"], job["seed"]) for job in jobs(quick)} == {(None, 4), (0.5, 4)}


def test_switches_can_be_on_and_off(quick):
    assert main(["memory", "--bidirectional", "true", "false", *ONLY]) == 0
    assert {job["bidirectional"] for job in jobs(quick)} == {True, False}


def test_ranges_are_drawn_from(quick):
    arguments = ["memory", "--learning-rate", "1e-4..1e-1", "--hidden-size", "4..12", "--trials", "20"]
    assert main([*arguments, "--sampler", "random", *ONLY]) == 0
    rates = np.array([job["learning_rate"] for job in jobs(quick)])
    assert len(rates) == 20
    assert ((rates >= 1e-4) & (rates <= 1e-1)).all()
    assert (rates < 1e-2).mean() > 0.4  # on a logarithmic scale two thirds are there, on a linear one a tenth
    assert all(isinstance(job["hidden_size"], int) and 4 <= job["hidden_size"] <= 12 for job in jobs(quick))


def test_a_range_of_seeds_is_all_of_them(quick):
    assert main(["memory", "--activation", "relu", "tanh", "--seed", "3..6", *ONLY]) == 0
    assert sorted({job["seed"] for job in jobs(quick)}) == [3, 4, 5, 6]


def test_presets_work(quick):
    assert main(["regression", "--preset", "sine", "--hidden-size", "20", "60", "--epochs", "5", *ONLY]) == 0
    assert {(job["dataset_name"], job["sequence_length"], job["epochs"]) for job in jobs(quick)} == {("sine", 50, 5)}


def test_a_script_with_a_sweep_runs_it(quick, capsys):
    sweep = {"ACTIVATION": ["relu", "tanh"], "SEED": [0, 1], "KEEP": "none", "NAME": "mine"}
    code, _, errors = ended(capsys, ["--epochs", "2", "--quiet"], "memory", {"SWEEP": sweep, "MEMORY_N": 30})
    assert (code, errors) == (0, "")
    assert len(jobs(quick)) == 4
    assert {(job["memory_n"], job["epochs"]) for job in jobs(quick)} == {(30, 2)}


def test_flags_go_before_a_scripts_sweep(quick, here, capsys):
    sweep = {"ACTIVATION": ["relu", "tanh"], "LEARNING_RATE": ["1e-3..0.1"], "TRIALS": 3, "KEEP": "none"}
    arguments = ["--activation", "sigmoid", "--trials", "5", "--name", "other", "--quiet"]
    assert ended(capsys, arguments, "memory", {"SWEEP": sweep})[0] == 0
    assert {job["activation"] for job in jobs(quick)} == {"sigmoid"}
    assert len(rows(here / "sweeps" / "other")) == 5


# ---- what is wrong


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            "memory --hidden-size 5 0 10",
            "HIDDEN_SIZE (--hidden-size) in rnnexp sweep memory: input should be greater than or equal to 1",
        ),
        ("memory --activation relu tahn", "unknown activation 'tahn'; did you mean 'tanh'?"),
        ("memory --learning-rate 1e-1..1e-4 --trials 3", "1e-1..1e-4: the range goes backwards; write 1e-4..1e-1"),
        ("memory --hidden-size 0..10 --trials 3", "greater than or equal to 1, not '0'"),
        ("memory --learning-rate 1e-4..1e-1", "--learning-rate is a range: say with --trials how many"),
        ("memory --learning-rate 1e-4..1e-1 0.5 --trials 2", "one range, or several values, but not both"),
        ("memory --dropout 0.1..0.1 --trials 2", "the range is one value"),
        ("memory --activation relu tanh --sampler tpee", "unknown sampler 'tpee'; did you mean 'tpe'?"),
        ("memory --activation relu tanh --pruner no", "unknown pruner 'no'"),
        ("memory --activation relu tanh --objective size", "unknown objective 'size'"),
        ("memory --activation relu tanh --objective gap gap", "each of them once"),
        ("memory --activation relu tanh --keep some", "unknown keep 'some'"),
        ("memory --activation relu relu", "--activation: relu is there twice"),
        ("memory --activation relu tanh --activation sigmoid tanh", "--activation is there twice"),
        ("memory --bidirectional true false --go-backwards true false", "the combination bidirectional=True"),
        ("memory --trials 3", "there is nothing to draw from"),
        ("memory --hidden-size 2..8 --trials 0", "at least one combination"),
        ("memory --hidden-size 2..8 --trials 3 --pruner median --seed 0 1", "--pruner is for one --seed"),
        ("memory --hidden-size 2..8 --trials 3 --pruner median --objective gap error", "--pruner is for one --obj"),
        ("memory --activation relu tanh --workers 0", "--workers 0: there has to be at least one"),
        ("memory --activation relu tanh --name a/b", "a sweep's name is letters"),
        ("memory --output-dir a b", "OUTPUT_DIR (--output-dir) has one value in a sweep"),
        ("memory --activation relu tanh --output-dir a", "--output-dir is not for a sweep"),
        ("memory --activation relu tanh --resume true", "a sweep goes on by itself"),
        ("memory --activation relu tanh --fail-on gaps>1", "FAIL_ON"),
        ("memory --activation relu tanh --fail-on gap>1 --keep none", "with --keep none there is none"),
        ("regression --dataset-name nothing --activation relu tanh", "unknown data set 'nothing' for regression"),
        ("regression --dataset-name nothing --seed 0 1", "unknown data set 'nothing' for regression"),
        ("regression --dataset-name no/such.csv --hidden-size 4..9 --trials 3", "no/such.csv"),
        ("regression --dataset-name sine sien", "DATASET_NAME = sien: unknown data set 'sien' for regression; did you"),
        ("memory --weights nothing.npz --activation relu tanh", "WEIGHTS: "),
        ("memory --memory-n 30 5000 --seed 0 1", "MEMORY_N = 5000: MEMORY_N is 5000, but the whole signal has only"),
        ("memory --memory-k -200 --learning-rate 1e-4..1e-1 --trials 3", "MEMORY_K is -200, but the window holds"),
        ("regression --preset sine sequence", "PRESET (--preset) has one value in a sweep"),
        ("regresion --seed 0 1", "unknown task 'regresion'; did you mean 'regression'?"),
    ],
)
def test_what_is_wrong_is_said_in_one_message(quick, here, arguments, message):
    with pytest.raises(UserError) as caught:
        main(arguments.split())
    assert message in str(caught.value)
    assert not quick
    assert not list(here.glob("sweeps/*"))


def test_a_combination_that_fails_is_a_trial_that_fails(quick):
    """Each value is right in one of the combinations."""
    arguments = ["memory", "--memory-n", "10", "30", "--memory-k", "-5", "-20", "--epochs", "3", "--name", "mine"]
    assert main([*arguments, *ONLY]) == 0
    assert len(jobs(quick)) == 4


@pytest.mark.usefixtures("quick")
def test_what_has_gone_since_is_said_too(here):
    (here / "data").mkdir()
    (here / "data" / "own.csv").write_text("data\n" + "\n".join(str(number % 9) for number in range(99)))
    arguments = ["regression", "--dataset-name", "own", "--learning-rate", "1e-3..1e-2", "--name", "mine", *ONLY]
    assert main([*arguments, "--trials", "2"]) == 0
    (here / "data" / "own.csv").unlink()
    assert main([*arguments, "--trials", "2"]) == 0
    with pytest.raises(UserError, match="unknown data set 'own'"):
        main([*arguments, "--trials", "3"])


@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        (["relu"], "SWEEP is ['relu']: it is None, or a dictionary of lists"),
        ({"ACTIVATON": ["relu"]}, "ACTIVATON in SWEEP is not a setting; did you mean 'ACTIVATION'?"),
        ({"ACTIVATION": []}, "ACTIVATION in SWEEP has no values"),
        ({"HIDDEN_SIZE": [3, -1]}, "HIDDEN_SIZE (--hidden-size)"),
        ({"SEED": [0, 1], "SAMPLER": "best"}, "unknown sampler 'best'"),
    ],
)
@pytest.mark.usefixtures("quick")
def test_so_is_what_is_wrong_with_a_scripts_sweep(capsys, sweep, message):
    code, _, errors = ended(capsys, [], "memory", {"SWEEP": sweep})
    assert (code, errors.count("\n")) == (2, 1)
    assert message in errors


@pytest.mark.usefixtures("quick")
def test_a_sweep_of_other_settings_under_the_same_name_is_refused():
    assert main(["memory", "--activation", "relu", "tanh", "--name", "mine", *ONLY]) == 0
    with pytest.raises(UserError, match="holds a sweep of other settings: EPOCHS 100 there, 9 here; ACTIVATION relu"):
        main(["memory", "--activation", "relu", "--seed", "0", "1", "--epochs", "9", "--name", "mine", *ONLY])


def test_neither_help_nor_what_is_wrong_loads_tensorflow(here):
    for arguments, code in ((["memory", "--help"], 0), (["memory", "--hidden-size", "5", "0"], 2)):
        command = [sys.executable, "-X", "importtime", "-m", "rnnexp", "sweep", *arguments]
        done = subprocess.run(
            command, cwd=here, env={"PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines() if "import time:" in line}
        assert "tyro" in imported
        assert not imported & {"tensorflow", "keras", "matplotlib", "sklearn", "optuna"}
        if code == 0:
            assert "--trials" in done.stdout
            assert "--hidden-size" in done.stdout


# ---- a real sweep

REAL = ["memory", "--epochs", "4", "--activation", "tanh", "relu", "--seed", "0", "1", "--memory-k", "-3"]
REAL += ["--memory-signal-length", "200", "--memory-n", "12", "--learning-rate", "0.02", "--qat-epochs", "2"]
REAL += ["--gap-limit", "1e-6", "--workers", "1", "--trials-per-worker", "3", "--name", "real"]


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The folder of a sweep of real trials; its worker is renewed on the way."""

    def make(path):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(path)
            assert main(REAL) == 0
        return path / "sweeps" / "real"

    return once(tmp_path_factory, "sweep", make)


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    """What the script makes of one of the trials, in a process that has compiled nothing: report and weights."""
    path = tmp_path_factory.mktemp("script")
    settings = {"epochs": 4, "activation": "relu", "seed": 1, "memory_k": -3, "memory_signal_length": 200}
    settings |= {"memory_n": 12, "learning_rate": 0.02, "qat_epochs": 2, "gap_limit": 1e-6}
    config = MemoryConfig(**settings, quiet=True, output_dir=path / "out", runs_dir=path / "runs")
    report = run(config)
    with np.load(path / "out" / f"{config.stem}-weights.npz") as arrays:
        return report, digest(dict(arrays))


def test_a_trial_comes_to_the_bits_of_the_script(real, script):
    report, weights = script
    (row,) = (row for row in rows(real) if (row["activation"], row["seed"]) == ("relu", "1"))
    assert row["digest"] == weights
    assert row["fine_tuned"] == str(report.degradation.fine_tuned)
    assert float(row["gap"]) == report.degradation.gap
    for kind, model in report.models.exported.items():
        for metric in ("rmse", "l1", "memory_capacity"):
            assert float(row[f"{kind}_{metric}"]) == getattr(model.metrics, metric)
    assert int(row["flash_bytes"]) == report.exports.constant_bytes
    assert float(row["loss"]) == report.training.loss


def test_every_trial_is_there_once(real):
    assert [(row["activation"], row["seed"]) for row in rows(real)] == [
        ("tanh", "0"), ("tanh", "1"), ("relu", "0"), ("relu", "1"),
    ]  # fmt: skip
    assert len({row["digest"] for row in rows(real)}) == 4


def test_the_best_one_leaves_what_a_run_leaves(real):
    found = json.loads((real / "results.json").read_text())
    folder = real / found["run"]["folder"]
    assert [path.name for path in (real / "runs").iterdir()] == [folder.name]
    report = read_report(folder / "report.json")
    left = {path.name for path in folder.iterdir()}
    assert {"report.md", "model.keras", "history.csv", f"{report.name}.c", f"{report.name}-weights.npz"} <= left
    best = found["chosen"]
    (row,) = (
        row for row in rows(real)
        if (row["activation"], int(row["seed"])) == (best["point"]["activation"], best["seed"])
    )  # fmt: skip
    assert report.models.int8.metrics.rmse == float(row["int8_rmse"])
    assert float(row["error"]) == min(
        float(other["error"]) for other in rows(real) if other["activation"] == row["activation"]
    )


def test_baselines_stand_beside_it(real):
    for found in json.loads((real / "results.json").read_text())["combinations"]:
        assert set(found["baselines"]) == {"mean", "ridge"}
    table = (real / "table.md").read_text()
    assert "| ridge |" in table
    assert "| baseline |" in table


def test_the_page_needs_nothing_else(real):
    text = (real / "index.html").read_text()
    addresses = set(re.findall(r"""(?:src|href)\s*=\s*["']([^"'#][^"']*)""", text)) - {"data:,"}
    # What it leads to is beside it: files, and the best one's run.
    assert all((real / unquote(address)).is_file() for address in addresses)
    assert {"results.csv", "table.tex", "axis-activation.pdf"} < addresses
    assert any(re.fullmatch(r"runs/.*/report\.html", address) for address in addresses)
    assert text.count("<tbody>") >= 3


@pytest.fixture
def exporting(real, tmp_path, monkeypatch, capsys):
    """Run ``rnnexp runs export`` on a copy of the sweep, and return its exit code and what it prints."""
    shutil.copytree(real, tmp_path / "sweeps" / "real")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["rnnexp"])

    def run(*arguments):
        try:
            code = runs.main(["export", *arguments])
        except UserError as error:
            return error.exit_code, "", str(error)
        output = capsys.readouterr()
        return code, output.out, output.err

    return run


def number_of(folder, **wanted):
    """What a trial is called, from ``results.csv``."""
    (row,) = (row for row in rows(folder) if wanted.items() <= row.items())
    return f"{row['combination']}-seed-{row['seed']}", row


def test_a_trial_that_left_no_files_is_exported_by_training_it_again(exporting, here):
    folder = here / "sweeps" / "real"
    chosen = json.loads((folder / "results.json").read_text())["chosen"]
    activation, seed = {("relu", "1"), ("tanh", "1")}.difference(
        {(chosen["point"]["activation"], str(chosen["seed"]))}
    ).pop()
    name, row = number_of(folder, activation=activation, seed=seed)
    code, out, errors = exporting(f"sweeps/real/{name}", "out")
    assert code == 0
    assert f"sweeps/real/{name} left no files: training it again from its settings (activation={activation}" in errors
    with np.load(here / "out" / f"memory-{activation}-weights.npz") as arrays:
        assert digest(dict(arrays)) == row["digest"]
    assert {f"out/memory-{activation}-int8.tflite", f"out/memory-{activation}.c"} <= set(out.split())
    # It is kept: the next time it is there, also after the sweep's own command.
    assert main(REAL) == 0
    report = read_report(next((folder / "runs").glob(f"*-memory-{activation}-seed1")) / "report.json")
    assert report.models.int8.metrics.rmse == float(row["int8_rmse"])
    code, again, errors = exporting(f"sweeps/real/{name}", "other")
    assert (code, errors) == (0, "")
    assert again.replace("other/", "out/").splitlines()[-len(out.splitlines()) :] == out.splitlines()


def test_the_best_trial_is_exported_as_it_is(exporting, here):
    folder = here / "sweeps" / "real"
    chosen = json.loads((folder / "results.json").read_text())["chosen"]
    code, _, errors = exporting(f"sweeps/real/{chosen['number']}-seed-{chosen['seed']}", "out")
    assert (code, errors) == (0, "")
    models = folder / "models" / f"{chosen['number']}-seed-{chosen['seed']}"
    for path in models.glob("*.tflite"):
        assert (here / "out" / path.name).read_bytes() == path.read_bytes()


def test_a_trial_that_comes_to_something_else_is_not_exported(exporting, here):
    folder = here / "sweeps" / "real"
    name, row = number_of(folder, activation="tanh", seed="1")
    journal = folder / "study.journal"
    journal.write_text(journal.read_text().replace(row["digest"], "0" * 64))
    before = {path.name for path in (folder / "runs").iterdir()}
    code, _, errors = exporting(f"sweeps/real/{name}", "out")
    assert code == 2
    assert "it came to other weights than the sweep recorded, and nothing was exported" in errors
    assert {path.name for path in (folder / "runs").iterdir()} == before
    assert not (here / "out").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("7-seed-0", "the sweep has combinations 0 to 1"),
        ("0-seed-9", "the trial is not done; the sweep has seeds 0 1"),
        ("best", "there is no run 'sweeps/real/best'"),
    ],
)
def test_a_trial_that_is_none_is_said(exporting, here, name, message):
    (here / "runs").mkdir()
    code, _, errors = exporting(f"sweeps/real/{name}", "out")
    assert code == 2
    assert message in errors
    assert not (here / "out").exists()


def test_the_same_command_again_trains_nothing(real, tmp_path, monkeypatch):
    shutil.copytree(real, tmp_path / "sweeps" / "real")
    monkeypatch.chdir(tmp_path)
    before = (tmp_path / "sweeps" / "real" / "results.csv").read_bytes()

    def nobody(*_):
        raise AssertionError("a worker was started")

    monkeypatch.setattr(executor, "LocalExecutor", nobody)
    assert main(REAL) == 0
    assert (tmp_path / "sweeps" / "real" / "results.csv").read_bytes() == before
