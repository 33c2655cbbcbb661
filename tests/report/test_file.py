"""report.json: what is written is what is read, also from before, and what is no report is refused with a reason."""

import json
import math

import pytest
from helpers.runs import PROJECT
from hypothesis import given
from hypothesis import strategies as st

from rnnexp.errors import UserError
from rnnexp.preprocessing.input_map import TrainingRange
from rnnexp.report.file import MOST_BYTES, read_report, to_json
from rnnexp.report.metrics import ClassificationMetrics, DirectionMetrics, RegressionMetrics

# From runs of two epochs before there was schema 2, with the longer lists cut.
SCHEMA_1 = sorted((PROJECT / "tests" / "report" / "schema1").glob("*.json"))
TASKS = {"classification": "classification", "memory": "memory", "regression": "regression", "texts": "classification"}


@pytest.fixture
def written(tmp_path):
    """Write text to a file and return its path."""

    def write(text):
        path = tmp_path / "report.json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture
def content():
    """The content of a report of schema 2."""
    return json.loads(to_json(read_report(SCHEMA_1[-1].with_name("regression.json"))))


@pytest.mark.parametrize("run", ["regression_run", "memory_run", "iris_run"])
def test_a_runs_report_is_read_as_it_was_written(run, request):
    finished = request.getfixturevalue(run)
    report = read_report(finished.report_file)
    assert report == finished.returned
    assert to_json(report) == finished.report_file.read_text(encoding="utf-8")
    assert (report.schema_version, report.task) == (2, finished.config.task)
    assert report.models.float32.bytes == finished.model.stat().st_size


@pytest.mark.parametrize("path", SCHEMA_1, ids=lambda path: path.stem)
def test_schema_1_is_read_with_nothing_lost_and_the_task_added(path, written):
    before, report = json.loads(path.read_text(encoding="utf-8")), read_report(path)
    assert json.loads(to_json(report)) == {**before, "schema": 2, "task": TASKS[path.stem]}
    assert read_report(written(to_json(report))) == report


def test_the_parts_have_types_and_attributes():
    regression, classification, texts = (
        read_report(SCHEMA_1[0].with_name(f"{name}.json")) for name in ("regression", "classification", "texts")
    )
    assert isinstance(regression.models.int8.metrics, RegressionMetrics)
    assert isinstance(regression.baselines["always up"], DirectionMetrics)
    assert isinstance(regression.baselines["persistence"], RegressionMetrics)
    assert regression.baselines["persistence"].direction_accuracy is None
    assert regression.degradation.fine_tuning_best_epoch == 1
    assert len(regression.generation.errors["int8"].rmse) == len(regression.generation.horizons)
    assert isinstance(classification.baselines["majority class"], ClassificationMetrics)
    assert sum(map(sum, classification.models.float32.metrics.confusion)) == classification.data.evaluation
    assert (texts.examples[0].question, texts.examples[0].truth) == ("263+60", "323")
    assert texts.models.float32.metrics.sequence_accuracy is not None
    assert texts.generation is None


def test_settings_that_are_none_and_the_losses_of_no_epochs_stay_in_the_file(content, written):
    content["training"] |= {"epochs_run": 0, "loss": None, "val_loss": None}
    report = read_report(written(json.dumps(content)))
    assert json.loads(to_json(report)) == content
    assert content["config"]["weights"] is None


@given(st.floats(allow_nan=False, allow_infinity=False), st.text(st.characters(exclude_categories=["Cs"])))
def test_every_number_and_text_comes_back_exactly(tmp_path_factory, value, text):
    known = read_report(SCHEMA_1[0])
    input_map = TrainingRange(to=1.0, minimum=(value, value), range=(1.0, 3.0))
    data = known.data.model_copy(update={"source": text, "input_map": input_map})
    report = known.model_copy(update={"data": data, "baselines": {text: DirectionMetrics(direction_accuracy=value)}})
    path = tmp_path_factory.mktemp("exact") / "report.json"
    path.write_text(to_json(report), encoding="utf-8")
    assert read_report(path) == report


def test_what_a_later_version_adds_is_passed_over(content, written):
    known = read_report(written(json.dumps(content)))
    content["energy"] = {"uj": 3.0}
    content["data"]["holidays"] = []
    content["models"]["int8"]["metrics"]["median"] = 1.0
    content["quantization"][0]["bits"] = 8
    assert read_report(written(json.dumps(content))) == known


# ---- what is no report


def refused(path):
    with pytest.raises(UserError) as caught:
        read_report(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    assert len(message) < len(str(path)) + 250
    return message.replace(str(path), "FILE")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "FILE is no report: it is not JSON (Expecting value: line 1 column 1 (char 0))"),
        ('{"schema": 2, ', "FILE is no report: it is not JSON ("),
        (b"\xff\xfe\x00\xd8", "FILE is no report: it is not JSON ("),
        ("[" * 100_000, "FILE is no report: it is not JSON ("),
        ("[1, 2]", "FILE is no report: it names no schema"),
        ('{"name": "x"}', "FILE is no report: it names no schema"),
        ('{"schema": 3}', "FILE: a report of schema 3; this version of rnnexp reads 1 and 2"),
        ('{"schema": true}', "FILE: a report of schema true; this version of rnnexp reads 1 and 2"),
        ('{"schema": [1]}', "FILE: a report of schema [1]; this version of rnnexp reads 1 and 2"),
        ('{"schema": 1}', "FILE is no report: name: field required"),
    ],
)
def test_other_files_are_refused(text, message, written):
    assert refused(written(text)).startswith(message)


def test_files_that_cannot_be_read_are_refused(tmp_path):
    assert "No such file" in refused(tmp_path / "none.json")
    assert "cannot read FILE: Is a directory" in refused(tmp_path)


def test_a_huge_file_is_refused_without_being_read_whole(tmp_path):
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES * 1000)
    assert refused(path) == "FILE is no report: it has more than 64 MB"


WRONG = "FILE is no report: "


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (["seed"], "0", 'seed: input should be a valid integer, not "0"'),
        (["seed"], True, "seed: input should be a valid integer, not true"),
        (
            ["task"],
            "clustering",
            "task: input should be 'regression', 'memory' or 'classification', not \"clustering\"",
        ),
        (["models"], [], "models: input should be a valid dictionary or instance of Models, not []"),
        (["models", "int8", "bytes"], 1.5, "models.int8.bytes: input should be a valid integer, not 1.5"),
        (["name"], list(range(100)), "name: input should be a valid string, not " + str(list(range(100)))[:60] + "..."),
        (["progress", 1, "float32", "l2"], None, "progress[1].float32.l2: input should be a valid number, not null"),
        (["quantization", 2, "shape", 0], "10", 'quantization[2].shape[0]: input should be a valid integer, not "10"'),
        *(
            (place, value, f"{where}: input should be a finite number, not {shown}")
            for place, where in [
                (["models", "float32", "latency_us"], "models.float32.latency_us"),
                (["baselines", "always up", "direction_accuracy"], "baselines.always up.direction_accuracy"),
                (["generation", "values", "int8", 3], "generation.values.int8[3]"),
                (["data", "input_map", "to"], "data.input_map.to"),
                (["config", "learning_rate"], "config.learning_rate"),
            ]
            for value, shown in [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")]
        ),
    ],
)
def test_a_wrong_value_is_named_with_its_place(content, written, place, value, message):
    inner = content
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    assert refused(written(json.dumps(content))) == WRONG + message


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (["training"], "training"),
        (["training", "loss"], "training.loss"),
        (["models", "int8"], "models.int8"),
        (["models", "int8", "sha256"], "models.int8.sha256"),
        (["models", "float32", "metrics", "rmse"], "models.float32.metrics.rmse"),
        (["quantization", 0, "scale"], "quantization[0].scale"),
        (["degradation", "fine_tuned_in_float", "l1"], "degradation.fine_tuned_in_float.l1"),
    ],
)
def test_what_is_missing_is_named(content, written, place, message):
    inner = content
    for step in place[:-1]:
        inner = inner[step]
    del inner[place[-1]]
    assert refused(written(json.dumps(content))) == f"{WRONG}{message}: field required"
