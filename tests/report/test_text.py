"""The report's form, and that what a run writes into it is true."""

import hashlib
import json
import math

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from helpers.runs import PROJECT, wave

from rnnexp.report import text
from rnnexp.report.file import read_report
from rnnexp.report.metrics import DirectionMetrics, RegressionMetrics
from rnnexp.report.models import Progress

REPORT = read_report(PROJECT / "tests" / "report" / "schema1" / "regression.json")


@pytest.mark.parametrize(
    ("run", "speed", "epochs", "words"),
    [
        (0, 0.0, "0 epochs", "0"),
        (1, 0.0, "1 epoch", "0"),
        (2, 0.42, "2 epochs", "0.42"),
        (3, 2086.4, "3 epochs", "2086"),
    ],
)
def test_epochs_and_speed_in_words(run, speed, epochs, words):
    training = REPORT.training.model_copy(update={"epochs_run": run, "steps_per_second": speed})
    assert (text.epochs(training), text.steps_a_second(training)) == (epochs, f"{words} steps a second")


def test_the_table_has_every_model_at_every_epoch_after_the_baselines():
    names = ("l1", "l2", "rmse", "l1_normalized", "l2_normalized", "rmse_normalized")
    some, other = (RegressionMetrics(**dict.fromkeys(names, value)) for value in (1.23456, 0.000123456))
    baselines = {"mean": some, "always up": DirectionMetrics(direction_accuracy=0.5)}
    progress = [Progress(epoch=0, sequences=9, float32=some, int8=other), Progress(epoch=7, int8=other)]
    headings, rows = text.table(REPORT.model_copy(update={"baselines": baselines, "progress": progress}))
    assert headings == ["", "L1", "L2", "RMSE", "direction"]
    assert rows == [
        ["mean", "1.235", "1.235", "1.235", "-"],
        ["always up", "-", "-", "-", "0.5"],
        ["float32 epoch 0 (of 9)", "1.235", "1.235", "1.235", "-"],
        ["int8 epoch 0 (of 9)", "0.0001235", "0.0001235", "0.0001235", "-"],
        ["int8 epoch 7", "0.0001235", "0.0001235", "0.0001235", "-"],
    ]


def test_several_targets_have_a_column_each_and_are_judged_together():
    names = ("l1", "l2", "rmse", "l1_normalized", "l2_normalized", "rmse_normalized")
    some = RegressionMetrics(**dict.fromkeys(names, 0.5), rmse_by_target={"load": 300.0, "price": 0.02})
    progress = [Progress(epoch=0, int8=some)]
    float32 = REPORT.models.float32.model_copy(update={"metrics": some})
    models = REPORT.models.model_copy(update={"float32": float32})
    several = REPORT.model_copy(
        update={"baselines": {"up": DirectionMetrics(direction_accuracy=0.5)}, "progress": progress, "models": models}
    )
    headings, rows = text.table(several)
    assert headings == ["", "L1", "L2", "RMSE", "direction", "RMSE load", "RMSE price"]
    assert rows[0][-2:] == ["-", "-"]
    assert rows[1] == ["int8 epoch 0", "0.5", "0.5", "0.5", "-", "300", "0.02"]
    assert text.units(several).startswith("all targets together in standard deviations")
    assert text.units(REPORT) == f"in {REPORT.data.units}"


RUNS = ("regression_run", "memory_run", "iris_run")


@pytest.fixture(params=RUNS)
def finished(request):
    return request.getfixturevalue(request.param)


def leaves(value):
    if isinstance(value, dict):
        value = list(value.values())
    return [leaf for inner in value for leaf in leaves(inner)] if isinstance(value, list) else [value]


def test_the_contract(finished):
    """DESIGN.md, section 3."""
    written = finished.report
    assert finished.code == 0
    assert (written["schema"], written["task"]) == (2, finished.config.task)
    assert {"name", "config", "seed", "versions", "data", "models", "baselines", "training"} <= set(written)
    assert written["name"] == finished.config.stem
    assert set(written["config"]) == set(type(finished.config).model_fields)
    assert written["seed"] == finished.config.seed
    assert {"python", "tensorflow", "keras", "numpy", "rnnexp"} <= set(written["versions"])
    assert {"source", "units", "train", "validation"} <= set(written["data"])
    model = written["models"]["float32"]
    assert {"file", "bytes", "metrics", "latency_us"} <= set(model)
    assert {"epochs_run", "seconds", "steps_per_second", "loss", "val_loss"} <= set(written["training"])
    assert written["baselines"]
    names = {
        "regression": {"l1", "l2", "rmse", "correlation", "l1_normalized", "l2_normalized", "rmse_normalized"},
        "memory": {"l1", "l2", "rmse", "correlation", "memory_capacity"},
        "classification": {"accuracy", "cross_entropy", "confusion"},
    }[finished.config.task]
    assert names <= set(model["metrics"])


def test_every_number_is_a_number(finished):
    def refuse(text):
        raise AssertionError(text)

    values = leaves(json.loads(finished.report_file.read_text(), parse_constant=refuse))
    assert len(values) > 50
    assert all(math.isfinite(value) for value in values if isinstance(value, float))


def test_the_file_is_the_one_reported(finished):
    assert finished.report["models"]["float32"]["file"] == finished.model.name
    for model in finished.report["models"].values():
        content = (finished.config.output_dir / model["file"]).read_bytes()
        assert model["bytes"] == len(content)
        assert model["sha256"] == hashlib.sha256(content).hexdigest()


def test_the_file_does_what_the_trained_model_does(finished):
    assert 0 <= finished.report["models"]["float32"]["keras_difference"] <= 1e-5


def test_the_copy_in_the_runs_folder_is_the_same(finished):
    assert (finished.folder / "report.json").read_bytes() == finished.report_file.read_bytes()


def test_the_readable_report_has_the_table_the_files_and_the_plots(finished):
    page = (finished.folder / "report.md").read_text()
    headings, rows = text.table(finished.returned)
    for row in (headings, *rows):
        assert "| " + " | ".join(row) + " |" in page
    count = len(finished.report["baselines"])
    assert f"The first {count} rows are what takes no network" in page
    judged, *findings = text.verdict(finished.returned)
    assert page.splitlines()[2] == f"**{judged}.**"
    assert all(f"- {finding}" in page for finding in findings)
    assert finished.model.name in page
    for name, value in finished.report["config"].items():
        assert f"| {name} | {value}" in page
    pictures = {path.name for path in finished.folder.glob("*.png")}
    assert pictures == {line[line.index("(") + 1 : -1] for line in page.splitlines() if line.startswith("![")}


def test_the_settings_chosen_by_themselves_are_named(regression_run, memory_run):
    assert regression_run.report["automatic"] == ["learning_rate", "validation_share", "generate_steps"]
    assert memory_run.report["automatic"] == ["batch_size", "learning_rate"]
    assert memory_run.report["config"]["batch_size"] >= 1
    assert memory_run.report["config"]["learning_rate"] > 0
    assert "(automatic)" in (memory_run.folder / "report.md").read_text()


# ---- the metrics once more, from nothing but the file, the raw data and NumPy


def outputs(path, x):
    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert source["shape"].tolist() == [1, *x.shape[1:]]
    assert source["dtype"] == np.float32
    rows = []
    for sample in x.astype(np.float32):
        interpreter.set_tensor(source["index"], sample[None])
        interpreter.invoke()
        rows.append(interpreter.get_tensor(target["index"])[0])
    return np.array(rows, np.float64)


def test_the_metrics_of_a_series(regression_run):
    values, held_out = wave(), 18
    windows = np.array([values[t - 6 : t] for t in range(len(values) - held_out, len(values))])
    low, high = windows.min(axis=1), windows.max(axis=1)
    x = (windows - low[:, None]) / (high - low)[:, None] * 255
    prediction = low + (high - low) / 255 * outputs(regression_run.model, x[:, :, None])[:, 0]
    target, last = values[-held_out:], values[-held_out - 1 : -1]
    error = prediction - target
    got = regression_run.report["models"]["float32"]["metrics"]
    assert regression_run.report["data"]["evaluation"] == held_out
    assert got["l1"] == pytest.approx(np.abs(error).mean(), rel=1e-5)
    assert got["l2"] == pytest.approx((error**2).mean(), rel=1e-5)
    assert got["rmse"] == pytest.approx(np.sqrt((error**2).mean()), rel=1e-5)
    assert got["correlation"] == pytest.approx(np.corrcoef(target, prediction)[0, 1], rel=1e-4)
    assert got["rmse_to_persistence"] == pytest.approx(
        np.sqrt((error**2).mean() / ((target - last) ** 2).mean()), rel=1e-5
    )
    moved = target != last
    assert got["direction_accuracy"] == pytest.approx(((prediction > last) == (target > last))[moved].mean())
    assert got["rmse_normalized"] == pytest.approx(np.sqrt(((error / (high - low)) ** 2).mean()), rel=1e-5)
    assert regression_run.report["baselines"]["persistence"]["l1"] == pytest.approx(np.abs(target - last).mean())


def test_the_metrics_of_memory(memory_run):
    signal = np.random.default_rng(0).uniform(-1, 1, 200).astype(np.float32)
    x = np.array([signal[start : start + 12] for start in range(189)])
    target = x[:, 12 - 2 - 1].astype(np.float64)  # value N + K, counted from 1
    prediction = outputs(memory_run.model, x[:, :, None])[:, 0]
    got = memory_run.report["models"]["float32"]["metrics"]
    assert got["l2"] == pytest.approx(((prediction - target) ** 2).mean(), rel=1e-5)
    assert got["memory_capacity"] == pytest.approx(np.corrcoef(target, prediction)[0, 1] ** 2, rel=1e-4)
    assert memory_run.report["baselines"]["mean"]["l2"] == pytest.approx(np.var(target), rel=1e-6)
    assert "no split" in " ".join(memory_run.report["data"]["notes"])


def test_the_metrics_of_iris(iris_run):
    from sklearn.datasets import load_iris
    from sklearn.metrics import accuracy_score, confusion_matrix, log_loss
    from sklearn.model_selection import train_test_split

    iris = load_iris()
    rest, test, rest_labels, labels = train_test_split(
        iris.data, iris.target, test_size=0.2, stratify=iris.target, random_state=0
    )
    train, _ = train_test_split(rest, test_size=0.2, stratify=rest_labels, random_state=0)
    x = (test - train.min(axis=0)) / np.ptp(train, axis=0)
    probabilities = outputs(iris_run.model, x[:, :, None])
    shares = probabilities / probabilities.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, probabilities, rtol=1e-5)
    got = iris_run.report["models"]["float32"]["metrics"]
    assert got["accuracy"] == pytest.approx(accuracy_score(labels, probabilities.argmax(axis=1)))
    assert got["cross_entropy"] == pytest.approx(log_loss(labels, shares), rel=1e-4)
    assert got["confusion"] == confusion_matrix(labels, probabilities.argmax(axis=1)).tolist()
    assert iris_run.report["data"]["evaluation_part"] == "test part"


def test_every_class_is_in_the_report_with_its_recall(iris_run):
    page = (iris_run.folder / "report.md").read_text()
    models = iris_run.report["models"]
    for number, name in enumerate(iris_run.report["data"]["classes"]):
        confusion = np.array(models["int8"]["metrics"]["confusion"])
        found = [models[kind]["metrics"]["recall"][name] for kind in ("float32", "int8")]
        assert found[1] == confusion[number, number] / confusion[number].sum()
        assert f"| {name} | {confusion[number].sum()} | {found[0]:.4g} | {found[1]:.4g} |" in page


def test_without_classes_there_is_no_such_section(memory_run):
    assert "## Classes" not in (memory_run.folder / "report.md").read_text()
