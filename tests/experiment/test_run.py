"""Runs from beginning to end, in this process, small."""

import csv
import errno
import hashlib
import os

import numpy as np
import pytest
from helpers.classic import classic
from helpers.runs import folders, run, wave, write_series
from matplotlib import image

from rnnexp import cli, datasets, files
from rnnexp.config import ClassificationConfig, MemoryConfig
from rnnexp.errors import UserError
from rnnexp.experiment import build
from rnnexp.experiment import run as experiment
from rnnexp.experiment.watching import HistoryFile
from rnnexp.formats.tflite.float32 import ConversionError, Converter
from rnnexp.report import text as words
from rnnexp.report.file import read_report
from rnnexp.training.history import Epoch


def history(folder):
    with (folder / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(params=["regression_run", "memory_run", "iris_run"])
def finished(request):
    return request.getfixturevalue(request.param)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name != ".lock"}


# ---- what a run leaves


def test_the_files_are_where_they_should_be(finished):
    stem = finished.config.stem
    published = set(contents(finished.config.output_dir))
    assert {f"{stem}-float32.tflite", f"{stem}-report.json"} <= published
    assert all(name.startswith((f"{stem}-", f"{stem}.")) for name in published)
    left = {path.name for path in finished.folder.iterdir()}
    picture = "confusion.png" if finished.config.task == "classification" else "predictions.png"
    assert {
        "history.csv",
        "model.keras",
        "log.txt",
        "report.json",
        "report.md",
        "report.html",
        "loss.png",
        picture,
    } <= left
    assert finished.folder.name.endswith(f"-{stem}")
    assert finished.folder.parent == finished.config.runs_dir
    assert not list(finished.folder.rglob(".rnnexp-*"))


def test_the_runs_own_folder_keeps_what_it_published(finished):
    """So that any run can be deployed later."""
    published = contents(finished.config.output_dir)
    kept = contents(finished.folder)
    name = f"{finished.config.stem}-report.json"
    assert kept.pop("report.json") == published.pop(name)
    assert published
    assert {name: kept.get(name) for name in published} == published


def test_history_has_a_row_for_each_epoch(finished):
    rows, training = history(finished.folder), finished.report["training"]
    assert list(rows[0]) == ["epoch", "loss", "val_loss", "seconds"]
    assert [int(row["epoch"]) for row in rows] == list(range(1, training["epochs_run"] + 1))
    kept = rows[training["best_epoch"] - 1]
    assert float(kept["loss"]) == training["loss"]
    assert float(kept["val_loss"]) == training["val_loss"]
    seconds = [float(row["seconds"]) for row in rows]
    assert seconds == sorted(seconds)


def test_the_history_grows_by_whole_rows(here):
    epochs = [Epoch(number, 1 / number, 2 / number, 0.0) for number in range(1, 6)]
    rows = HistoryFile(here, epochs[:1])
    for count, epoch in enumerate(epochs[1:], 2):
        rows.add(epoch)
        text = (here / "history.csv").read_text()
        assert text.endswith("\n")
        assert [int(row["epoch"]) for row in history(here)] == list(range(1, count + 1))
    HistoryFile(here, epochs[:2])
    assert [float(row["val_loss"]) for row in history(here)] == [2.0, 1.0]


def test_the_least_validation_loss_is_in_the_report(finished):
    losses = [float(row["val_loss"]) for row in history(finished.folder)]
    training = finished.report["training"]
    assert training["least_val_loss"] == min(losses)
    assert training["least_val_loss_epoch"] == np.argmin(losses) + 1


def test_epoch_0_1_and_the_last_are_evaluated(finished):
    last = finished.report["training"]["best_epoch"]
    progress = finished.report["progress"]
    assert [step["epoch"] for step in progress] == sorted({0, 1, last})
    assert progress[-1]["float32"] == finished.report["models"]["float32"]["metrics"]
    score = "cross_entropy" if finished.config.task == "classification" else "rmse"
    assert progress[0]["float32"][score] != progress[1]["float32"][score]
    # Each of them was exported, and no two files are the same.
    digests = {hashlib.sha256(path.read_bytes()).digest() for path in finished.folder.glob("*.float32.tflite")}
    assert len(digests) == len(progress) + 1  # and that of one time step


def test_the_plots_are_pictures(finished):
    pictures = sorted(finished.folder.glob("*.png"))
    assert len(pictures) >= 2
    for path in pictures:
        pixels = image.imread(path)
        assert min(pixels.shape[:2]) > 200
        assert pixels[..., :3].std() > 0.02  # something is drawn


def test_the_log_has_what_the_terminal_had(finished):
    text = (finished.folder / "log.txt").read_text()
    assert f"seed {finished.config.seed}" in text
    assert f"float32 epoch {finished.report['training']['best_epoch']}" in text
    for name in finished.report["baselines"]:
        assert name in text
    assert str(finished.model) in text
    for line in words.verdict(finished.returned):
        assert (
            0
            < text.index(line)
            < text.index(f"{finished.report['name']}, {finished.report['data']['evaluation_part']}")
        )


def test_simple_models_stand_beside_the_network(regression_run, memory_run, iris_run):
    """And what the report says of the best one is what its metrics say."""
    for finished, names, metric in (
        (regression_run, ["persistence", "seasonal naive", "ridge", "ETS", "always up"], "rmse"),
        (memory_run, ["mean", "ridge"], "rmse"),
        (iris_run, ["majority class", "logistic regression", "1-NN Euclid", "1-NN DTW"], "accuracy"),
    ):
        report = finished.report
        assert list(report["baselines"]) == names
        verdict, model = report["verdict"], report["models"]["int8"]["metrics"][metric]
        best = report["baselines"][verdict["best_baseline"]][metric]
        assert verdict["best"] == pytest.approx(best)
        standing = verdict["models"]["int8"]
        if metric == "rmse":
            assert standing["ratio"] == pytest.approx(model / best)
        else:
            assert standing["points"] == pytest.approx(100 * (model - best))
    assert [finding["kind"] for finding in iris_run.report["verdict"]["findings"]] == ["few sequences"]


def test_the_loss_at_the_end_is_that_of_the_exported_file(regression_run, memory_run):
    """Training at unit scale and folding afterwards comes to the same as the file in the data's own units."""
    for finished in (regression_run, memory_run):
        metrics = finished.report["models"]["float32"]["metrics"]
        loss = finished.report["training"]["val_loss"]
        assert metrics["l2_normalized"] == pytest.approx(loss, rel=1e-4)


def test_tensorboard_has_the_same_losses(regression_run, memory_run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    events = EventAccumulator(str(regression_run.folder / "tensorboard")).Reload()
    rows = history(regression_run.folder)

    def scalars(name):
        return {event.step: float(make_ndarray(event.tensor_proto)) for event in events.Tensors(name)}

    for name in ("loss", "val_loss"):
        assert list(scalars(name)) == [1, 2, 3, 4]
        np.testing.assert_allclose(list(scalars(name).values()), [float(row[name]) for row in rows], rtol=1e-6)
    # It falls along a cosine, to a hundredth.
    rates = list(scalars("learning_rate").values())
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(regression_run.report["config"]["learning_rate"] / 100)
    assert all(length > 0 for length in scalars("gradient_norm").values())
    for kind in ("float32", "int8"):
        metrics = regression_run.report["models"][kind]["metrics"]
        assert scalars(f"final/{kind}/rmse") == {4: pytest.approx(metrics["rmse"])}
    assert scalars("final/gap") == {4: pytest.approx(regression_run.report["degradation"]["gap"])}
    assert not (memory_run.folder / "tensorboard").exists()


def test_early_stopping_is_reported_on_a_part_of_its_own(iris_run):
    data = iris_run.report["data"]
    assert (data["train"], data["validation"], data["evaluation"]) == (96, 24, 30)
    assert data["evaluation_part"] == "test part"
    losses = [float(row["val_loss"]) for row in history(iris_run.folder)]
    assert iris_run.report["training"]["best_epoch"] == np.argmin(losses) + 1


def test_same_seed_same_file_and_quiet_says_nothing(regression_run, regression_settings, here, capfd):
    write_series(here, "wave", wave())
    again = run(classic(**regression_settings, quiet=True, **folders(here)))
    output = capfd.readouterr()
    assert (output.out, output.err) == ("", "")
    for path in regression_run.config.output_dir.glob("*.tflite"):
        assert (here / "out" / path.name).read_bytes() == path.read_bytes()
    assert [row["loss"] for row in history(again.folder)] == [row["loss"] for row in history(regression_run.folder)]
    # Another seed, over the first: everything is replaced, and the report is of the new file.
    other = run(classic(**regression_settings, seed=1, **folders(here)))
    assert other.model.read_bytes() != regression_run.model.read_bytes()
    assert other.report["models"]["float32"]["sha256"] == hashlib.sha256(other.model.read_bytes()).hexdigest()
    assert len(list((here / "runs").iterdir())) == 2
    output = capfd.readouterr().out
    assert "seed 1" in output
    for name in ("persistence", "always up", "float32 epoch 0", "float32 epoch 1", "float32 epoch 4"):
        assert name in output
    assert str(other.model) in output
    assert str(other.folder) in output


# ---- other cells


def test_a_structure_trains_with_dropout_and_regularisation(here, regression_settings):
    write_series(here, "wave", wave())
    settings = {**regression_settings, **folders(here), "quiet": True, "activation": "tanh", "cell": "lstm"}
    finished = run(classic(**settings, dropout=0.1, recurrent_dropout=0.1, l2_regularization=1e-4))
    assert finished.code == 0
    losses = [float(row["loss"]) for row in history(finished.folder)]
    assert losses[-1] < losses[0]


# ---- limits on figures


def test_a_gate_that_fails_is_said_in_a_line_and_is_the_exit_code(here, capsys, regression_settings):
    write_series(here, "wave", wave())
    settings = {**regression_settings, "seed": 3, **folders(here)}
    flags = [part for name, value in settings.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    # That of the wrong task has no value here; baselines of other names might have been there.
    gates = ["gap>0.5", "rmse > 1e-3", "baselines.ridge.rmse<1e9", "memory_capacity<0.1", "baselines.ridg.rmse>1"]
    flags += [part for gate in gates for part in ("--fail-on", gate)]
    with pytest.raises(SystemExit) as caught:
        cli.run_script("regression", {"__file__": "run_regression.py", "FAIL_ON": "gap>-9"}, [*flags, "--quiet"])
    assert caught.value.code == 3
    (folder,) = (here / "runs").iterdir()
    assert folder.name.endswith("-wave-custom-seed3")
    lines = [line for line in capsys.readouterr().err.splitlines() if "gate failed" in line]
    report = read_report(folder / "report.json")
    rmse = f"{report.models.int8.metrics.rmse:.6g}"
    said = f'gate failed: rmse (models.int8.metrics.rmse) is {rmse}, above the limit of 0.001 (--fail-on "rmse > 1e-3")'
    assert lines[0] == f"{said} [{folder.name}]"
    assert said in (folder / "log.txt").read_text()
    assert [line.partition(" cannot be judged")[0] for line in lines[2:]] == [
        "gate failed: memory_capacity (models.int8.metrics.memory_capacity)",
        "gate failed: baselines.ridg.rmse",
    ]
    assert [(outcome.gate, outcome.failure is None) for outcome in report.gates] == [
        (gate, gate == "gap>0.5") for gate in gates
    ]
    assert report.exit_code == 3
    page = (folder / "report.md").read_text()
    assert "A limit of `FAIL_ON` was crossed:" in page
    assert f"- gap>0.5: not so, it is {report.degradation.gap:.6g}" in page


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ("gap", 'it has to be a name, one of > < >= <= and a number, such as "gap>0.003"'),
        ("gap>nan", "is no limit on a figure"),
        ("accuracy<0.9", "there is no figure 'accuracy'"),
        ("gop>0.1", "there is no figure 'gop'; did you mean 'gap'? (there are rmse_to_float32, rmse_ratio, "),
    ],
)
def test_a_gate_that_is_none_ends_the_run_before_anything_is_read(here, gate, said):
    with pytest.raises(UserError) as caught:
        experiment.run(classic(dataset_name="nothing", fail_on=[gate], **folders(here)))
    assert str(caught.value).startswith(f"FAIL_ON: {gate!r}")
    assert said in str(caught.value)
    assert list(here.iterdir()) == []


# ---- settings chosen by themselves


def test_automatic_settings():
    def resolved(config):
        return build.resolve(config, datasets.load(config))

    airline = resolved(classic(dataset_name="airline-passengers"))
    assert (airline.batch_size, airline.learning_rate) == (4, 0.01)
    assert airline.validation_share == pytest.approx(1 / 3, abs=1e-3)
    sp500 = resolved(classic())
    assert (sp500.batch_size, sp500.learning_rate) == (build.MAX_AUTOMATIC_BATCH, 0.003)
    # What the report says can be set by hand, and comes to the same.
    for resolved_ in (airline, sp500):
        given = datasets.load(classic(dataset_name=resolved_.dataset_name))
        assert len(datasets.load(resolved_).validation) == len(given.validation)
    said = {"batch_size": 7, "learning_rate": 0.5, "validation_share": 0.3, "generate_steps": 9, "linear_path": True}
    own = classic(**said, gradient_clip_norm=None)
    assert resolved(own) == own  # what was said is left alone, and no clipping stays no clipping
    iris = resolved(ClassificationConfig(dataset_name="iris"))
    assert (iris.batch_size, iris.validation_share) == (4, 0.2)
    assert resolved(MemoryConfig()).batch_size == 32


# ---- what goes wrong


@pytest.fixture
def previous(here):
    """A folder with the files of an earlier run of the same name."""
    write_series(here, "wave", wave())
    (here / "out").mkdir()
    for name in ("wave-custom-float32.tflite", "wave-custom-step-float32.tflite", "wave-custom-report.json"):
        (here / "out" / name).write_text(f"previous {name}")
    return contents(here / "out")


def test_a_diverging_run_gives_advice_and_publishes_nothing(previous, here, capsys, regression_settings):
    settings = {**regression_settings, "learning_rate": 1e30, "gradient_clip_norm": None, **folders(here)}
    flags = [part for name, value in settings.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    with pytest.raises(SystemExit) as caught:
        cli.run_script("regression", {"__file__": "run_regression.py"}, flags)
    errors = capsys.readouterr().err
    assert caught.value.code == 1
    assert "the loss was no longer a number in epoch 1" in errors
    assert "Set a smaller LEARNING_RATE (it was 1e+30) or a smaller GRADIENT_CLIP_NORM (it was None)" in errors
    assert "Traceback" not in errors
    assert contents(here / "out") == previous
    (folder,) = (here / "runs").iterdir()
    assert str(folder.relative_to(here) / "model.keras") in errors
    assert "no longer a number" in (folder / "log.txt").read_text()
    import keras

    weights = keras.saving.load_model(folder / "model.keras", custom_objects=None, compile=False).get_weights()
    assert all(np.isfinite(values).all() for values in weights)


def test_a_converter_that_fails_leaves_the_trained_model_and_says_so(
    previous, here, capsys, regression_settings, monkeypatch
):
    def fail(*_):
        raise ConversionError("the converter's process ended with code -11")

    monkeypatch.setattr(Converter, "convert", fail)
    settings = {**regression_settings, **folders(here)}
    flags = [part for name, value in settings.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    with pytest.raises(SystemExit) as caught:
        cli.run_script("regression", {"__file__": "run_regression.py"}, [*flags, "--quiet"])
    assert caught.value.code == 1
    assert "TensorFlow's converter failed: the converter's process ended with code -11" in capsys.readouterr().err
    (folder,) = (here / "runs").iterdir()
    assert (folder / "model.keras").exists()
    report = read_report(here / "out" / "wave-custom-report.json")
    assert report.exit_code == 1
    assert "code -11" in report.models.float32.absent
    assert report.models.int8.metrics.rmse > 0
    assert len(history(folder)) == 4
    assert "code -11" in (folder / "report.md").read_text()
    # The previous run's file would not be what the new report speaks of.
    assert "wave-custom-float32.tflite" in previous
    assert "wave-custom-step-float32.tflite" in previous
    kept = ("-int8.tflite", "-main.c", "-report.json", "-step-int8.tflite", "-test.c", "-weights.npz", ".c", ".h")
    assert sorted(contents(here / "out")) == [f"wave-custom{suffix}" for suffix in kept]


def test_a_run_whose_disk_fills_up_at_the_end_goes_on_later(previous, here, regression_settings, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    config = classic(**regression_settings, quiet=True, **folders(here))
    with monkeypatch.context() as patched:
        patched.setattr(files, "publish", full)
        with pytest.raises(UserError) as caught:
            run(config)
    assert str(caught.value) == f"the disk is full: cannot write {here / 'out'}; free some space and run again"
    assert contents(here / "out") == previous
    (folder,) = (here / "runs").iterdir()
    assert (folder / "model.float32.tflite").exists()
    # It has not ended, and goes on when there is space again.
    assert not (folder / "report.json").exists()
    run(config.model_copy(update={"resume": True}))
    assert (folder / "report.json").exists()
    assert contents(here / "out") != previous


def test_nothing_is_written_when_the_data_cannot_be_used(here):
    with pytest.raises(UserError):
        experiment.run(classic(dataset_name="nothing", **folders(here)))
    assert list(here.iterdir()) == []
