"""``rnnexp runs``: runs are listed, found, compared, exported again and cleaned up, whatever state they are in."""

import json
import os
import select
import shutil
import subprocess
import sys
import time
from statistics import median

import pytest
from filelock import FileLock
from helpers.runs import PROJECT

from rnnexp import cli
from rnnexp.report.file import read_report, to_json

SCHEMA_1 = PROJECT / "tests" / "report" / "schema1"
HISTORY = "epoch,loss,val_loss,seconds\n1,0.5,0.6,0.0000\n2,0.25,0.3,0.1000\n"


@pytest.fixture
def command(monkeypatch, capsys):
    """Run ``rnnexp runs`` and return its exit code, what it prints, and what it says of errors."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["rnnexp", "runs", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        output = capsys.readouterr()
        return caught.value.code, output.out, output.err

    return run


def listed(command, *arguments):
    """Return the list as JSON."""
    code, out, errors = command("--json", *arguments)
    assert (code, errors) == (0, "")
    return json.loads(out)


def make(here, name, kind="regression", *, schema=1, rmse=None, **config):
    """Make the folder of a finished run from a stored report, with another RMSE of int8 and other settings."""
    folder = here / "runs" / name
    folder.mkdir(parents=True)
    content = json.loads((SCHEMA_1 / f"{kind}.json").read_text(encoding="utf-8"))
    if schema == 2:
        content = json.loads(to_json(read_report(SCHEMA_1 / f"{kind}.json")))
    content["config"] |= config
    if rmse is not None:
        content["models"]["int8"]["metrics"]["rmse"] = rmse
    (folder / "report.json").write_text(json.dumps(content), encoding="utf-8")
    (folder / "history.csv").write_text(HISTORY)
    (folder / "log.txt").write_text("some words\n")
    return folder


def begin(here, name, log="some words\n", **files):
    """Make the folder of a run that has left no report."""
    folder = here / "runs" / name
    folder.mkdir(parents=True)
    (folder / "log.txt").write_text(log)
    for suffix, text in files.items():
        (folder / suffix.replace("_", ".")).write_text(text)
    return folder


def lost(here):
    """Make a folder of every state, and return state -> its name."""
    make(here, "20260101-000000-a-tanh")
    stopped = make(here, "20260101-000001-a-tanh")
    content = json.loads((stopped / "report.json").read_text())
    content["training"]["ended"] = "interrupted"
    (stopped / "report.json").write_text(json.dumps(content))
    begin(
        here,
        "20260101-000002-a-tanh",
        "ended by DivergedError: the loss was no\nlonger a number\n",
        history_csv=HISTORY,
    )
    settings = {"task": "memory", "settings": {"dataset_name": "memory", "memory_k": -5, "seed": 0}}
    killed = begin(here, "20260101-000003-memory-tanh", history_csv=HISTORY, settings_json=json.dumps(settings))
    (killed / ".lock").touch()
    (here / "runs" / "20260101-000004-a-tanh").mkdir()
    cut = make(here, "20260101-000005-a-tanh")
    text = (cut / "report.json").read_text()
    (cut / "report.json").write_text(text[: len(text) // 2])
    going = begin(here, "20260101-000006-a-tanh", history_csv=HISTORY + "3,0.1")
    (here / "runs" / "notes").mkdir()  # of the user's own
    (here / "runs" / "notes" / "mine.txt").write_text("mine")
    states = ["finished", "interrupted", "failed", "unfinished", "empty", "broken", "running"]
    return going, dict(zip(states, sorted(path.name for path in (here / "runs").glob("2026*")), strict=True))


# ---- the list


def test_every_state_is_listed_with_what_is_wrong_and_nothing_else(here, command):
    going, states = lost(here)
    with FileLock(going / ".lock"):
        rows = listed(command)
    assert {row["state"]: row["run"] for row in rows} == states
    problems = {row["state"]: row["problem"] for row in rows}
    assert problems["finished"] == ""
    assert problems["interrupted"] == "interrupted after 30 epochs"
    assert problems["failed"] == "DivergedError: the loss was no longer a number"
    assert problems["unfinished"] == "ended without a report: 2 epochs done"
    assert problems["running"] == "running: 2 epochs done"  # the row that is being written does not count
    assert "is no report: it is not JSON" in problems["broken"]
    begun = next(row for row in rows if row["state"] == "unfinished")
    assert (begun["task"], begun["dataset"], begun["settings"]) == ("memory", "memory", {"memory_k": -5})


def test_an_error_before_a_run_was_resumed_is_past(here, command):
    log = "ended by UserError: the disk is full\ngoing on with runs/20260101-000000-a\nloading TensorFlow\n"
    begin(here, "20260101-000000-a", log, history_csv=HISTORY)
    assert listed(command)[0]["state"] == "unfinished"


@pytest.mark.parametrize(
    "text",
    [
        *("[]", "{}", "3", "", "\x00", "[" * 9999, '{"schema": 9}', '{"schema": 2}'),
        '{"schema": 2, "config": 3, "models": []}',
        '{"schema": 2, "config": {}, "models": {"int8": 3}, "training": {}, "automatic": 7, "verdict": [1]}',
        '{"schema": 1, "config": {"dataset_name": [1], "preset": {}}, "models": {}, "training": {}, "name": 4}',
    ],
)
def test_a_report_of_any_content_is_no_traceback(here, command, text):
    folder = begin(here, "20260101-000000-a-tanh", report_json=text)
    (row,) = listed(command)
    assert row["state"] in ("broken", "finished")
    assert (row["float32"], row["int8"], row["gap"]) == (None, None, None)
    for arguments in ([], ["--where", "rmse>0"], ["--best", "gap"], ["--where", "preset=x", "cell!=gru"]):
        assert command(*arguments)[0] == 0
    for verb in (["show", folder.name], ["export", folder.name, "out"]):
        code, _, errors = command(*verb)
        assert code in (0, 2)
        assert "Traceback" not in errors


def test_reports_of_both_schemas_and_all_tasks_are_read(here, command):
    for number, kind in enumerate(["regression", "memory", "classification", "texts"]):
        for schema in (1, 2):
            make(here, f"2026010{schema}-00000{number}-{kind}", kind, schema=schema)
    rows = listed(command)
    assert len(rows) == 8
    for first, second in zip(rows[:4], rows[4:], strict=True):
        assert all(first[key] == second[key] for key in ("task", "dataset", "settings", "metric", "float32", "int8"))
        metrics = read_report(here / first["folder"] / "report.json").models.int8.metrics
        assert first["int8"] == getattr(metrics, first["metric"])
    assert [row["task"] for row in rows[:4]] == ["regression", "memory", "classification", "classification"]
    assert rows[0]["date"] == "2026-01-01 00:00"


def test_settings_are_those_that_differ_from_the_defaults(here, command, regression_run):
    shutil.copytree(regression_run.folder, here / "runs" / regression_run.folder.name)
    (row,) = listed(command)
    config = regression_run.config
    told = {"epochs", "hidden_size", "sequence_length", "batch_size", "normalization", "linear_path"}
    assert set(row["settings"]) == told
    assert row["settings"]["hidden_size"] == config.hidden_size
    assert row["int8"] == regression_run.returned.models.int8.metrics.rmse
    assert row["baseline"] == regression_run.returned.verdict.best
    _, out, _ = command()
    assert regression_run.folder.name in out
    assert f"hidden_size={config.hidden_size}" in out
    assert "1 run: 1 finished" in out


def test_a_presets_own_settings_are_none_that_differ(here, command):
    make(here, "20260101-000000-a", dataset_name="sine", preset="sine", seed=4)
    (row,) = listed(command)
    assert row["settings"]["preset"] == "sine"
    assert row["settings"]["seed"] == 4
    assert "generate_steps" not in row["settings"]  # automatic


def test_the_best_comes_first_and_the_highest_where_higher_is_better(here, command):
    for number, rmse in enumerate([3.0, 1.0, 2.0]):
        make(here, f"20260101-00000{number}-a", rmse=rmse)
    make(here, "20260101-000009-b", "classification")
    rows = listed(command, "--best", "rmse")
    assert [row["best"] for row in rows] == [1.0, 2.0, 3.0]
    assert [row["best"] for row in listed(command, "--best", "models.int8.metrics.rmse")] == [1.0, 2.0, 3.0]
    _, out, _ = command("--best", "rmse")
    assert "1 run without rmse left out" in out
    for number, accuracy in enumerate([0.5, 0.75]):
        folder = make(here, f"20260102-00000{number}-c", "classification")
        content = json.loads((folder / "report.json").read_text())
        content["models"]["int8"]["metrics"]["accuracy"] = accuracy
        (folder / "report.json").write_text(json.dumps(content))
    accuracies = [row["best"] for row in listed(command, "--best", "accuracy")]
    assert accuracies == sorted(accuracies, reverse=True)
    make(here, "20260103-000000-d", dataset_name="other")
    assert "of 2 data sets: --where dataset_name=NAME" in command("--best", "rmse")[1]


@pytest.mark.parametrize(
    ("conditions", "numbers"),
    [
        ([], [0, 1, 2, 3]),
        (["cell=gru"], [1, 2]),
        (["cell=GRU"], [1, 2]),
        (["CELL=gru", "hidden_size>10"], [2]),
        (["hidden-size>=20"], [2, 3]),
        (["cell!=gru"], [0, 3]),
        (["rmse<2.5"], [0, 1]),
        (["models.int8.metrics.rmse >= 3"], [2, 3]),
        (["learning_rate=1e-2"], [3]),
        (["weights=none"], [0, 1, 2, 3]),
        (["bidirectional=true"], [1]),
        (["task=regression", "state=finished"], [0, 1, 2, 3]),
        (["date>2026-01-01 00:01"], [2, 3]),
        (["accuracy>0"], []),
        (["accuracy!=7"], []),
        (["memory_n=3"], []),
    ],
)
def test_conditions(here, command, conditions, numbers):
    for number, (cell, hidden_size) in enumerate([("simple", 10), ("gru", 5), ("gru", 20), ("lstm", 40)]):
        settings = {"cell": cell, "hidden_size": hidden_size, "bidirectional": number == 1, "weights": None}
        rate = 0.01 if number == 3 else 0.5
        make(here, f"20260101-000{number}00-{number}", rmse=number + 1.0, learning_rate=rate, **settings)
    flags = [part for condition in conditions for part in ("--where", condition)]
    assert [int(row["run"][-1]) for row in listed(command, *flags)] == numbers
    if conditions:
        assert [int(row["run"][-1]) for row in listed(command, "--where", *conditions)] == numbers


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--where", "cell"], "'cell' is no condition"),
        (["--where", "cel=gru"], "no figure 'cel'; did you mean 'cell'?"),
        (["--best", "rmsee"], "--best: there is no figure 'rmsee'; did you mean 'rmse'?"),
        (["lst"], "there is no command 'lst'; did you mean 'list'?"),
        (["--runs-dir", "nowhere"], "cannot read nowhere, where runs should be: No such file or directory"),
        (["show", "2027"], "there is no run '2027' in runs"),
        (["show", "20260101-00000"], "is the beginning of several runs: 20260101-000000-a, 20260101-000001-a"),
        (["compare", "20260101-000000"], "two different runs or more are compared"),
        (["compare", "20260101-000000", "20260101-000000-a"], "two different runs or more are compared"),
        (["compare", "20260101-000000", "20260101-000001", "--picture", "x.txt"], "has to end with one of .svg, .png"),
    ],
)
def test_what_cannot_be_is_one_message(here, command, arguments, said):
    make(here, "20260101-000000-a")
    make(here, "20260101-000001-a")
    code, out, errors = command(*arguments)
    assert (code, out) == (2, "")
    assert errors.startswith("rnnexp runs: error: ")
    assert said in errors


# ---- names of runs


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("runs/20260101-000000-wave-tanh", "20260101-000000-wave-tanh"),
        ("20260101-000000-wave-tanh", "20260101-000000-wave-tanh"),
        ("20260101-000001", "20260101-000001-wave-tanh-seed3"),
        ("wave-tanh", "20260101-000002-wave-tanh-2"),  # the newest that has finished
        ("wave-tanh-seed3", "20260101-000001-wave-tanh-seed3"),
        ("wave-relu", "20260101-000004-wave-relu"),
    ],
)
def test_a_run_is_named_by_folder_beginning_or_stem(here, command, text, name):
    for made in ("20260101-000000-wave-tanh", "20260101-000001-wave-tanh-seed3", "20260101-000002-wave-tanh-2"):
        make(here, made)
    begin(here, "20260101-000003-wave-tanh")
    begin(here, "20260101-000004-wave-relu")
    code, out, _ = command("show", text)
    assert code == 0
    assert out.startswith(f"runs/{name}: ")


# ---- one run


def test_a_run_is_shown_with_its_settings_figures_and_files(here, command, iris_run):
    shutil.copytree(iris_run.folder, here / "runs" / iris_run.folder.name)
    code, out, _ = command("show", "iris-custom")
    assert code == 0
    assert "epochs=30 early_stopping=8" in out
    assert "1-NN DTW" in out
    assert "iris-custom-weights.npz" in out
    assert f"{iris_run.model.stat().st_size:,}  iris-custom-float32.tflite" in out


def test_lost_runs_are_shown_as_far_as_they_go(here, command):
    _, states = lost(here)
    for state in ("failed", "unfinished", "empty"):
        code, out, _ = command("show", states[state])
        assert code == 0
        assert f": {state}" in out
    assert "epoch 2: loss 0.25, validation 0.3" in command("show", states["failed"])[1]
    begin(here, "20260102-000000-b", checkpoint_npz="").joinpath("checkpoint-7.npz").touch()
    assert "it can go on: --resume runs/20260102-000000-b" in command("show", "20260102")[1]


# ---- several


def test_runs_are_compared_by_what_differs(here, command):
    make(here, "20260101-000000-a", rmse=3.0, hidden_size=5)
    make(here, "20260101-000001-a", rmse=2.0, hidden_size=10, output_dir="elsewhere")
    code, out, _ = command("compare", "20260101-000000", "20260101-000001")
    assert code == 0
    assert [line.split() for line in out.splitlines() if line.startswith(("hidden_size", "output_dir"))] == [
        ["hidden_size", "5", "10"]
    ]
    (line,) = (line for line in out.splitlines() if line.startswith("models.int8.metrics.rmse "))
    assert line.split() == ["models.int8.metrics.rmse", "3", "2*"]


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_their_curves_are_in_one_picture(here, command, suffix):
    for number in range(2):
        make(here, f"20260101-00000{number}-a")
    begin(here, "20260101-000002-a")
    names = [f"20260101-00000{number}" for number in range(3)]
    code, out, _ = command("compare", *names, "--picture", f"curves.{suffix}")
    assert code == 0
    assert "without 20260101-000002-a, which has no history.csv" in out
    content = (here / f"curves.{suffix}").read_bytes()
    assert content.startswith(b"\x89PNG" if suffix == "png" else b"<?xml")
    if suffix == "svg":
        assert content.count(b"<!-- 20260101-00000") == 2  # in the legend
    code, _, errors = command("compare", names[2], begin(here, "20260102-000000-b"), "--picture", "x.png")
    assert code == 2
    assert "none of the runs has a history.csv with epochs" in errors


# ---- exported again


def test_a_run_is_exported_as_it_was_published(here, command, regression_run):
    shutil.copytree(regression_run.folder, here / "runs" / regression_run.folder.name)
    out = here / "out"
    out.mkdir()
    (out / "wave-custom-encoder-int8.tflite").write_text("of an earlier run of that name")
    (out / "other.txt").write_text("mine")
    code, said, errors = command("export", "wave-custom", "out")
    assert (code, errors) == (0, "")
    wanted = {path.name: path.read_bytes() for path in regression_run.config.output_dir.iterdir() if path.is_file()}
    found = {path.name: path.read_bytes() for path in out.iterdir()}
    assert found.pop("other.txt") == b"mine"
    assert {name: data for name, data in found.items() if name != ".lock"} == {
        name: data for name, data in wanted.items() if name != ".lock"
    }
    assert said.splitlines() == [f"out/{name}" for name in read_order(regression_run)]


def read_order(finished):
    report = finished.returned
    files = [*report.models.exported.values(), *report.exports.files]
    return [*(file.file for file in files), f"{report.name}-report.json"]


def test_what_an_earlier_version_did_not_keep_is_said(here, command, regression_run):
    folder = here / "runs" / regression_run.folder.name
    shutil.copytree(regression_run.folder, folder)
    for path in folder.glob("wave-custom*"):
        path.unlink()
    code, out, errors = command("export", "wave-custom", "out")
    assert code == 1
    assert "wave-custom-int8.tflite" in out
    assert "does not have wave-custom-weights.npz: the version that made it kept less" in errors
    published = regression_run.config.output_dir / "wave-custom-int8.tflite"
    assert (here / "out" / "wave-custom-int8.tflite").read_bytes() == published.read_bytes()


def test_a_file_of_another_run_is_not_exported(here, command, regression_run):
    folder = here / "runs" / regression_run.folder.name
    shutil.copytree(regression_run.folder, folder)
    (folder / "wave-custom-weights.npz").write_bytes(b"others")
    code, out, errors = command("export", "wave-custom", "out")
    assert (code, out) == (2, "")
    assert "wave-custom-weights.npz is not the file that" in errors
    assert not (here / "out").exists()
    begin(here, "20260101-000000-b")
    assert "has no files to export: ended without a report" in command("export", "20260101", "out")[2]


def test_names_of_files_in_a_report_cannot_lead_elsewhere(here, command, regression_run):
    folder = here / "runs" / regression_run.folder.name
    shutil.copytree(regression_run.folder, folder)
    content = json.loads((folder / "report.json").read_text())
    content["exports"]["files"][0]["file"] = "../../secret"
    (folder / "report.json").write_text(json.dumps(content))
    assert "names a file '../../secret' that is not in its folder" in command("export", "wave-custom", "out")[2]


# ---- cleaned up


def test_cleaning_deletes_what_came_to_nothing_and_only_with_yes(here, command):
    going, states = lost(here)
    resumable = begin(here, "20260102-000000-b")
    for name in ("checkpoint-30.npz", ".lock"):
        (resumable / name).touch()
    recent = begin(here, "20260102-000001-b")  # of an earlier version, which leaves no lock
    old = begin(here, "20260102-000002-b")
    for path in (old, *old.iterdir()):
        os.utime(path, (time.time() - 7200,) * 2)
    before = {path.name for path in (here / "runs").iterdir()}
    with FileLock(going / ".lock"):
        code, out, _ = command("clean")
        assert code == 0
        assert "nothing was deleted; with --yes, they are" in out
        assert {path.name for path in (here / "runs").iterdir()} == before
        code, out, _ = command("clean", "--yes")
    gone = {states["failed"], states["unfinished"], states["empty"], old.name}
    assert code == 0
    assert {path.name for path in (here / "runs").iterdir()} == before - gone
    assert "4 of 8 runs without results can be deleted" in out
    assert f"{recent.name}: unfinished" in out
    assert "kept, since a process is at work on it" in out
    assert "kept, since it can go on: --resume" in out
    assert "kept, since its report is damaged, its models may be whole" in out
    assert command("clean", "--yes", "--resumable")[0] == 0
    assert not resumable.exists()
    assert (here / "runs" / "notes" / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize(("answer", "gone"), [("n", False), ("", False), ("y", True)])
def test_at_a_terminal_it_asks(here, answer, gone):
    pytest.importorskip("pty", reason="there is no pseudo-terminal")
    folder = begin(here, "20260101-000000-a", "ended by ValueError: x\n")
    terminal, end = os.openpty()
    command = [sys.executable, "-m", "rnnexp", "runs", "clean"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(command, cwd=here, stdin=end, stdout=end, env=environment) as process:
        said = b""
        while b"Delete 1 folder? [y/N] " not in said:
            assert select.select([terminal], [], [], 120)[0], said
            said += os.read(terminal, 1024)
        os.write(terminal, f"{answer}\n".encode())
        assert process.wait(timeout=120) == 0
    os.close(terminal)
    os.close(end)
    assert folder.exists() != gone


def test_a_link_is_no_run(here, command):
    begin(here, "20260101-000000-a", "ended by ValueError: x\n")
    elsewhere = here / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "log.txt").write_text("ended by ValueError: x\n")
    (here / "runs" / "20260101-000001-a").symlink_to(elsewhere)
    assert len(listed(command)) == 1
    command("clean", "--yes")
    assert (elsewhere / "log.txt").exists()


# ---- speed

PROGRAM = """if True:
    import contextlib, io, json, pathlib, sys, time

    before = time.process_time()
    from rnnexp.commands.runs import main

    with contextlib.redirect_stdout(io.StringIO()) as out:
        main(["--runs-dir", sys.argv[1], "--best", "rmse", "--where", "epochs>0"])
    took = time.process_time() - before
    assert out.getvalue().count("20260101-") == 1000
    heavy = {"tensorflow", "keras", "torch", "matplotlib", "pandas", "scipy"} & set(sys.modules)

    before = time.process_time()
    for path in pathlib.Path(sys.argv[1]).glob("*/report.json"):
        json.loads(path.read_bytes())
    print(json.dumps({"list": took, "reading": time.process_time() - before, "loaded": sorted(heavy)}))
"""
IMPORT = "import time; before = time.process_time(); import tensorflow; print(time.process_time() - before)"


def test_a_thousand_runs_take_less_than_importing_tensorflow(here):
    """Their reports are read, and little more; on quiet cores that is about a second."""
    for number in range(1000):
        make(here, f"20260101-{number:06}-a", schema=2, rmse=float(number), seed=number)

    def output(program):
        command = [sys.executable, "-c", program, str(here / "runs")]
        return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout

    measured = [json.loads(output(PROGRAM)) for _ in range(3)]
    assert all(one["loaded"] == [] for one in measured)
    took = median(one["list"] for one in measured)
    # What is more than reading: the package itself, and a line a run.
    assert took < float(output(IMPORT))
    assert took < 10 * median(one["reading"] for one in measured) + 1
