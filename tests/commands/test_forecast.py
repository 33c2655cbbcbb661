"""Series as they come, from the file to the int8 model, ``rnnexp run`` and C; and what comes after their end."""

import csv
import io

import numpy as np
import pytest
from helpers.c_compiler import build_and_run, needs_compiler
from helpers.runs import folders, once, run

from rnnexp import datasets
from rnnexp.commands import run as prediction
from rnnexp.config import RegressionConfig
from rnnexp.errors import UserError
from rnnexp.formats.tflite.metadata import read_about
from rnnexp.runtimes.tflite import TFLiteModel

HOURS = np.datetime64("2024-02-28T00", "h") + np.arange(200)
# One of them is missing in the file.
GAP = 60


def load_of(hours):
    t = (hours - HOURS[0]).astype(int)
    return np.round(50 + 0.02 * t + 8 * np.sin(2 * np.pi * t / 24) + np.cos(t), 1)


def german(folder, name="電力 2024.csv", hours=HOURS):
    """Semicolons, decimal commas, days first, newest first, in Windows' encoding of Japan."""
    lines = ["日時;温度;負荷"]
    for hour, load in reversed(list(zip(hours, load_of(hours), strict=True))):
        if hour != HOURS[GAP]:
            stamp = hour.item().strftime("%d.%m.%Y %H:%M")
            lines.append(f"{stamp};20,5;{load:.1f}".replace(".", ",").replace(stamp.replace(".", ","), stamp))
    path = folder / name
    path.write_bytes("\n".join(lines).encode("cp932"))
    return path


@pytest.fixture(scope="module")
def german_run(tmp_path_factory):
    """Three steps ahead, with the calendar."""

    def make(path):
        settings = {"dataset_name": str(german(path)), "target": "負荷", "horizon": 3, "calendar": True}
        settings |= {"sequence_length": 8, "epochs": 2, "hidden_size": 4, "activation": "tanh"}
        return run(RegressionConfig(**settings, **folders(path)))

    return once(tmp_path_factory, "german", make)


@pytest.fixture
def answer(capsys):
    def call(*arguments):
        assert prediction.main([str(argument) for argument in arguments]) == 0
        output = capsys.readouterr()
        return list(csv.DictReader(io.StringIO(output.out))), output.err

    return call


def int8(finished):
    return finished.config.output_dir / f"{finished.config.stem}-int8.tflite"


def source(finished):
    return finished.config.dataset_name


def test_the_run_says_what_it_understood(german_run):
    data = german_run.report["data"]
    assert german_run.config.stem == "電力_2024-tanh"
    assert (data["features"], data["outputs"]) == (7, ["1", "2", "3"])
    notes = " ".join(data["notes"])
    for said in (
        "CP932",
        "separated by ';'",
        "newest row first",
        "decimal commas",
        "'温度'",
    ):
        assert said in notes
    (warning,) = german_run.report["warnings"]
    assert warning["text"].startswith("1 of 200 time steps have no value, in one gap")
    metrics = german_run.report["models"]["int8"]["metrics"]
    assert len(metrics["rmse_by_output"]) == 3
    assert metrics["rmse"] == pytest.approx(np.sqrt(np.mean(np.square(metrics["rmse_by_output"]))))
    text = (german_run.folder / "report.md").read_text()
    assert "RMSE of each output" in text
    many = german_run.report["generation"]["from_origins"]
    assert many["origins"] == 20
    assert {"persistence", "float32", "int8"} < set(many["errors"])


def test_the_file_says_what_the_columns_are(german_run):
    columns = read_about(int8(german_run).read_bytes()).columns
    assert (columns.targets, columns.calendar, columns.horizon) == (("負荷",), ("hour", "weekday", "month"), 3)
    assert columns.step == "1 hour"


def test_windows_are_run_with_the_times_of_what_they_predict(answer, german_run):
    rows, said = answer(int8(german_run), source(german_run))
    part = datasets.load(german_run.config).evaluation
    expected = part.to_units(TFLiteModel(int8(german_run)).predict(part.x))
    names = ["prediction_1", "prediction_2", "prediction_3"]
    assert list(rows[0]) == ["after_row", "time", *names]
    found = np.array([[float(row[name]) for name in names] for row in rows])
    # The last three windows have no target in the file, or not all of it.
    np.testing.assert_allclose(found[-len(part) - 3 : -3], expected, rtol=1e-6)
    assert rows[-1]["time"] == "2024-03-07 08:00"
    assert rows[-1]["after_row"] == "1"  # of a file with the newest row first
    assert "8 windows of" in said
    assert "are left out, since values are missing in them" in said


@needs_compiler
@pytest.mark.parametrize("runtime", ["reference", "numpy", "c"])
def test_every_runtime_goes_on_alike(answer, german_run, runtime):
    command = (int8(german_run), source(german_run), "--steps", 7)
    assert answer(*command, "--runtime", runtime) == answer(*command)


def test_what_comes_after_the_end(answer, german_run):
    rows, _ = answer(int8(german_run), source(german_run), "--steps", 7)
    assert [row["time"] for row in rows] == [f"2024-03-07 {hour:02}:00" for hour in range(8, 15)]
    windows, _ = answer(int8(german_run), source(german_run))
    first = [float(windows[-1][f"prediction_{step}"]) for step in (1, 2, 3)]
    assert [float(row["prediction"]) for row in rows[:3]] == pytest.approx(first, rel=1e-6)


def test_predictions_are_fed_back_with_the_calendar(answer, german_run, tmp_path):
    """The fourth step is what the model says of a file that ends with the first three."""
    rows, _ = answer(int8(german_run), source(german_run), "--steps", 4)
    known = load_of(HOURS).tolist() + [float(row["prediction"]) for row in rows[:3]]
    longer = np.datetime64("2024-02-28T00", "h") + np.arange(203)
    lines = [f"{hour},{load}" for hour, load in zip(longer, known, strict=True)]
    (tmp_path / "plain.csv").write_text("\n".join(["日時,負荷", *lines]))
    again, _ = answer(int8(german_run), tmp_path / "plain.csv", "--steps", 1)
    assert float(again[0]["prediction"]) == pytest.approx(float(rows[3]["prediction"]), rel=1e-6)
    assert again[0]["time"] == rows[3]["time"]


@needs_compiler
def test_the_self_test_compiles_under_a_name_in_other_letters(german_run):
    done = build_and_run(german_run.config.output_dir, german_run.config.stem)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "日時,温度,湿度\n" + "".join(f"2024-01-01T{n:02},{n % 3},{n % 4}\n" for n in range(20)),
            "several columns of numbers",
        ),
        (
            "負荷\n" + "1\n" * 20,
            "has no column that says when, and the model takes hour and weekday and month as input",
        ),
        (
            "日時,負荷\n" + "".join(f"2024-01-01T{n:02},{n}\n" for n in range(5)),
            "5 values, fewer than the 8 time steps",
        ),
        (
            "日時,負荷\n" + "".join(f"2024-01-01T{n:02},{'' if n == 17 else n}\n" for n in range(20)),
            "no value at time step 18",
        ),
        (
            "日時,負荷\n" + "".join(f"2024-01-01T{n:02},{'x' if n == 3 else n}\n" for n in range(20)),
            "row 4 .*not a number: 'x'",
        ),
    ],
)
def test_series_that_a_model_cannot_go_on_with(german_run, tmp_path, content, message):
    (tmp_path / "own.csv").write_text(content)
    with pytest.raises(UserError, match=message):
        prediction.main([str(int8(german_run)), str(tmp_path / "own.csv"), "--steps", "2"])


def test_models_of_something_else_do_not_go_on(iris_run, memory_run, german_run, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros(40))
    for finished, steps, message in (
        (iris_run, 2, "is a model of classification"),
        (memory_run, 2, "is a model of memory"),
        (german_run, -1, "--steps is -1"),
    ):
        with pytest.raises(UserError, match=message):
            prediction.main([str(finished.model), str(tmp_path / "x.npy"), "--steps", str(steps)])


def test_further_inputs_end_with_the_horizon(answer, tmp_path):
    t = np.arange(80)
    lines = [f"{np.sin(n / 3)},{np.cos(n / 3)}" for n in t]
    (tmp_path / "two.csv").write_text("\n".join(["a,b", *lines]))
    settings = {"dataset_name": str(tmp_path / "two.csv"), "target": "a", "inputs": "b", "horizon": 2}
    finished = run(
        RegressionConfig(
            **settings, sequence_length=5, epochs=1, hidden_size=3, activation="tanh", quiet=True, **folders(tmp_path)
        )
    )
    assert "generation" not in finished.report
    rows, _ = answer(int8(finished), tmp_path / "two.csv", "--steps", 2)
    windows, _ = answer(int8(finished), tmp_path / "two.csv")
    assert [row["prediction"] for row in rows] == [windows[-1]["prediction_1"], windows[-1]["prediction_2"]]
    with pytest.raises(
        UserError, match=r"--steps 3: the model takes 'b' too, whose future values are not known: 2 at most"
    ):
        prediction.main([str(int8(finished)), str(tmp_path / "two.csv"), "--steps", "3"])
