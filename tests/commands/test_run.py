"""``rnnexp run``: the predictions of the report, from the file and the data alone, by every runtime."""

import csv
import dataclasses
import io
import json
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from helpers.c_compiler import needs_compiler
from helpers.random_networks import inputs, integers, layered
from helpers.runs import wave

from rnnexp import cli, datasets
from rnnexp.commands import run as prediction
from rnnexp.errors import UserError
from rnnexp.formats.about import ENTRY as ABOUT
from rnnexp.formats.about import About
from rnnexp.formats.tflite import builder as flatbuffer
from rnnexp.formats.tflite.int8 import details
from rnnexp.formats.tflite.int8.reader import from_tflite
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.formats.tflite.metadata import metadata, read_about, with_metadata
from rnnexp.runtimes.tflite import TFLiteModel


@pytest.fixture
def answer(capsys):
    """Run the command and return the rows of its answer as dictionaries."""

    def call(*arguments):
        assert prediction.main([str(argument) for argument in arguments]) == 0
        return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))

    return call


def int8(finished):
    return finished.config.output_dir / f"{finished.config.stem}-int8.tflite"


def column(rows, name):
    return np.array([float(row[name]) for row in rows])


@pytest.mark.parametrize("kind", ["float32", "int8"])
def test_predictions_of_a_series_are_in_its_own_units(answer, regression_run, monkeypatch, kind):
    folder = regression_run.config.output_dir.parent
    monkeypatch.chdir(folder)
    path = regression_run.model if kind == "float32" else int8(regression_run)
    rows = answer(path, folder / "data" / "wave.csv")
    length = regression_run.config.sequence_length
    assert [int(row["after_row"]) for row in rows] == list(range(length, len(wave()) + 1))
    part = datasets.load(regression_run.config).evaluation
    expected = part.to_units(TFLiteModel(path).predict(part.x))[:, 0]
    # The last window's target is not in the file: there is one prediction more.
    assert np.allclose(column(rows, "prediction")[-len(part) - 1 : -1], expected, rtol=1e-6)


def test_classes_come_with_their_names_and_probabilities(answer, iris_run, tmp_path):
    from sklearn.datasets import load_iris

    iris = load_iris()
    np.savetxt(tmp_path / "flowers.csv", iris.data[:20], delimiter=",")
    rows = answer(iris_run.model, tmp_path / "flowers.csv")
    assert list(rows[0]) == ["sample", "class", "setosa", "versicolor", "virginica"]
    probabilities = np.stack([column(rows, name) for name in iris.target_names], axis=1)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert [row["class"] for row in rows] == [iris.target_names[i] for i in probabilities.argmax(axis=1)]
    assert [row["class"] for row in rows].count("setosa") > 15


@needs_compiler
@pytest.mark.parametrize("runtime", ["reference", "numpy", "c", "micro"])
def test_every_runtime_gives_the_same_answer(answer, memory_run, tmp_path, runtime):
    if runtime == "micro":
        pytest.importorskip("tflite_micro", reason="TensorFlow Lite Micro is not installed")
    np.save(tmp_path / "x.npy", np.random.default_rng(0).uniform(-1, 1, (30, 12)))
    assert answer(int8(memory_run), tmp_path / "x.npy", "--runtime", runtime) == answer(
        int8(memory_run), tmp_path / "x.npy"
    )


def test_the_answer_can_go_to_a_file(answer, memory_run, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((2, 12)))
    assert answer(memory_run.model, tmp_path / "x.npy", "--output", tmp_path / "y.csv") == []
    assert (tmp_path / "y.csv").read_text().splitlines()[0] == "sample,prediction"
    assert len((tmp_path / "y.csv").read_text().splitlines()) == 3


def test_a_file_without_a_description_is_run_as_it_is(memory_run, tmp_path, capsys):
    content = with_metadata(memory_run.model.read_bytes(), {})
    assert b"input_map" in content
    (tmp_path / "other.tflite").write_bytes(content.replace(b"input_map", b"other_map"))
    np.save(tmp_path / "x.npy", np.ones((1, 12)))
    with pytest.raises(UserError, match=r"other.tflite says nothing usable about how its inputs are normalised"):
        prediction.main([str(tmp_path / "other.tflite"), str(tmp_path / "x.npy")])
    (tmp_path / "other.tflite").write_bytes(content.replace(b'{"version"', b'X"version"'))
    assert prediction.main([str(tmp_path / "other.tflite"), str(tmp_path / "x.npy")]) == 0
    out, err = capsys.readouterr()
    assert "does not say how its inputs are normalised" in err
    expected = TFLiteModel(memory_run.model).predict(np.ones((1, 12, 1)))[0, 0]
    assert float(out.splitlines()[1].split(",")[1]) == pytest.approx(float(expected), rel=1e-6)


@pytest.mark.parametrize("runtime", ["numpy", "c"])
def test_float_files_have_no_integers(memory_run, tmp_path, runtime):
    np.save(tmp_path / "x.npy", np.zeros((1, 12)))
    with pytest.raises(UserError, match=f"--runtime {runtime} runs only int8 sequence models"):
        prediction.main([str(memory_run.model), str(tmp_path / "x.npy"), "--runtime", runtime])


def test_what_is_no_model(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((1, 12)))
    (tmp_path / "broken.tflite").write_bytes(b"not a model")
    for name, message in (("missing.tflite", "cannot read"), ("broken.tflite", "broken.tflite")):
        with pytest.raises(UserError, match=message):
            prediction.main([str(tmp_path / name), str(tmp_path / "x.npy")])


def test_the_answer_goes_through_links_and_into_devices(memory_run, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((2, 12)))
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    for output in (tmp_path / "link.csv", "/dev/null"):
        assert prediction.main([str(memory_run.model), str(tmp_path / "x.npy"), "--output", str(output)]) == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text().startswith("sample,prediction")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize("output", [".", "no/such/folder/y.csv", "/dev/full"])
def test_an_answer_that_cannot_be_written(memory_run, here, output):
    np.save(here / "x.npy", np.zeros((2, 12)))
    with pytest.raises(UserError, match=f"cannot write {output}"):
        prediction.main([str(memory_run.model), str(here / "x.npy"), "--output", output])


def graph(shapes, dtype=np.int32, scale=None):
    """Return a model that adds its input to itself, with the input's and the output's shape."""
    model = flatbuffer.Model("adder")
    main = model.subgraph("main")
    given, made = (main.tensor(name, shape, dtype, scale=scale) for name, shape in zip("xy", shapes, strict=True))
    main.operator(schema.BuiltinOperator.ADD, [given, given], [made], schema.AddOptionsT())
    main.interface([given], [made])
    return model.to_bytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (graph([[1, 12], [1, 12]]), r"no model of sequences.*\[1, 12\] -> \[1, 12\]"),
        (graph([[1, 4, 4, 3], [1, 4, 4, 3]]), "no model of sequences"),
        (graph([[2, 12, 1], [2, 12, 1]]), "no model of sequences"),
    ],
)
def test_models_of_something_else(tmp_path, content, message):
    (tmp_path / "other.tflite").write_bytes(content)
    np.save(tmp_path / "x.npy", np.zeros((2, 12)))
    with pytest.raises(UserError, match=message):
        prediction.main([str(tmp_path / "other.tflite"), str(tmp_path / "x.npy")])


def test_a_model_of_one_time_step_names_what_to_run_instead(memory_run, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((2, 12)))
    step = memory_run.config.output_dir / f"{memory_run.config.stem}-step-int8.tflite"
    with pytest.raises(UserError, match=r"step-int8.tflite is no model of sequences.*run the sequence model"):
        prediction.main([str(step), str(tmp_path / "x.npy")])


@pytest.mark.parametrize("runtime", ["litert", "numpy"])
def test_a_model_that_fails_while_it_runs(memory_run, tmp_path, runtime):
    network = from_tflite(int8(memory_run).read_bytes())
    content = to_tflite(dataclasses.replace(network, sequence_length=12))
    steps = np.int32(12).tobytes()
    # The one int32 constant that is 12 and no shape: how often the loop runs.
    broken = content.replace(steps + b"\x00" * 0, np.int32(10**6).tobytes())
    assert broken != content
    (tmp_path / "broken.tflite").write_bytes(broken)
    np.save(tmp_path / "x.npy", np.zeros((2, 12)))
    with pytest.raises(UserError):
        prediction.main([str(tmp_path / "broken.tflite"), str(tmp_path / "x.npy"), "--runtime", runtime])


@pytest.mark.parametrize("runtime", ["numpy", "c"])
def test_integers_of_another_sequence_than_the_graph(tmp_path, runtime):
    network, _ = integers(layered(("gru", 3), steps=7), inputs(5, 7))
    content = to_tflite(network)
    said = details.unpack(metadata(content)[details.ENTRY])
    assert said["sequence_length"] == 7
    content = with_metadata(content, {details.ENTRY: json.dumps({**said, "sequence_length": 9})})
    (tmp_path / "odd.tflite").write_bytes(content)
    np.save(tmp_path / "x.npy", np.zeros((2, 7)))
    with pytest.raises(UserError, match=r"odd\.tflite: what it says of its integers does not fit its graph"):
        prediction.main([str(tmp_path / "odd.tflite"), str(tmp_path / "x.npy"), "--runtime", runtime])


def test_an_input_without_a_scale(memory_run, tmp_path):
    network = from_tflite(int8(memory_run).read_bytes())
    content = to_tflite(network)
    scale = np.float32(network.input.scale).tobytes()
    (tmp_path / "broken.tflite").write_bytes(content.replace(scale, np.float32(0).tobytes()))
    np.save(tmp_path / "x.npy", np.zeros((2, 12)))
    with pytest.raises(UserError, match="takes int8 with the scale 0"):
        prediction.main([str(tmp_path / "broken.tflite"), str(tmp_path / "x.npy")])


# ---- what a file says of itself, from whoever wrote it


@pytest.fixture
def command(monkeypatch, capsys):
    """Run ``rnnexp run`` as the command line does; return its exit code, and what it wrote."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["rnnexp", "run", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return caught.value.code, *capsys.readouterr()

    return call


def saying(finished, folder, text, kind="float32"):
    """Write a run's file with another text about itself."""
    content = (finished.model if kind == "float32" else int8(finished)).read_bytes()
    path = folder / "other.tflite"
    # Of entries of the same name, the last one counts.
    path.write_bytes(with_metadata(content, {ABOUT: text if isinstance(text, str) else json.dumps(text)}))
    return path


TRAIN = {"kind": "train", "to": 1.0, "minimum": 0.0, "range": 1.0}
WINDOW = {"kind": "window", "to": 255.0, "flat_range": 1.0}
UNUSABLE = {
    "nothing": ({}, "there is no input_map"),
    "no map": ({"input_map": None}, "valid dictionary"),
    "text": ({"input_map": "none"}, "valid dictionary"),
    "list": ({"input_map": [1, 2]}, "valid dictionary"),
    "no kind": ({"input_map": {}}, "kind"),
    "unknown kind": ({"input_map": {"kind": "other"}}, "'other'"),
    "control characters": ({"input_map": {"kind": "\x1b[2J\r\n"}}, r"\\x1b\[2J\\r\\n"),
    "missing number": ({"input_map": {"kind": "train", "to": 1.0}}, "minimum: Field required"),
    "no range": ({"input_map": {**TRAIN, "range": 0}}, "range: Input should be greater than 0"),
    "negative range": ({"input_map": {**TRAIN, "range": [1.0, -1.0]}}, "range: Input should be"),
    "negative flat range": (
        {"input_map": {**WINDOW, "flat_range": -1.0}},
        "flat_range: Input should be greater than 0",
    ),
    "not a number": ({"input_map": {**TRAIN, "minimum": float("nan")}}, "minimum: Input should be a finite number"),
    "infinite": ({"input_map": {**WINDOW, "to": float("inf")}}, "to: Input should be a finite number"),
    "other counts": ({"input_map": {**TRAIN, "minimum": [0.0], "range": [1.0] * 12}}, "not of as many time steps"),
    "other steps": ({"input_map": {**TRAIN, "minimum": [0.0] * 5}}, "for 5 time steps, and there are 12"),
    "other steps of a range": ({"input_map": {**TRAIN, "range": [1.0] * 13}}, "for 13 time steps, and there are 12"),
    "other features": (
        {"input_map": {**TRAIN, "minimum": [0.0] * 2, "axis": "feature"}},
        "for 2 features, and there are 1",
    ),
    "other columns": ({"input_map": {"kind": "columns", "columns": [WINDOW] * 2}}, "for 2 features, and there are 1"),
    "units of steps": (
        {"task": "regression", "input_map": {**TRAIN, "minimum": [0.0] * 12}},
        "numbers for each time step are of inputs alone",
    ),
    "range of nothing": ({"input_map": {**TRAIN, "minimum": 1.0, "range": 5e-324}}, "leave float32's range"),
    "far away": ({"input_map": {**TRAIN, "minimum": -1e308}}, "leave float32's range"),
    "sound": (
        {"input_map": {"kind": "raw", "sample_rate": 16000, "clip_samples": 16000, "segment": "first", "samples": 12}},
        "minimum: Field required",
    ),
    "sound beyond 16 bits": (
        {
            "input_map": {
                "kind": "raw",
                "sample_rate": 16000,
                "clip_samples": 16000,
                "segment": "first",
                "samples": 12,
                "minimum": -(10**30),
                "maximum": 0,
            }
        },
        "minimum: Input should be greater than or equal to -32768",
    ),
    "no time steps": ({"input_map": {"kind": "none"}, "time_steps": None}, "int"),
    "endless time steps": ({"input_map": {"kind": "none"}, "time_steps": float("inf")}, "infinity"),
    "no M": ({"input_map": {"kind": "none"}, "max_value": "M"}, "could not convert"),
}


@pytest.mark.parametrize(("text", "words"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_file_that_says_nothing_usable_ends_in_one_message(memory_run, tmp_path, command, text, words):
    np.save(tmp_path / "x.npy", np.zeros((2, 12)))
    for kind, options in (("float32", []), ("int8", []), ("int8", ["--runtime", "numpy"])):
        path = saying(memory_run, tmp_path, text, kind)
        code, out, errors = command(path, tmp_path / "x.npy", *options)
        assert (code, out, errors.count("\n")) == (2, "", 1)
        assert errors.startswith(f"rnnexp run: error: {path} says nothing usable about how its inputs are normalised (")
        assert errors.strip().isprintable()
        with pytest.raises(UserError, match=words):
            prediction.main([str(path), str(tmp_path / "x.npy"), *options])


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "3", '"text"', "\ud800".encode("utf-8", "surrogatepass"), "[" * 100_000], ids=repr
)
def test_what_is_no_json_object_says_nothing(memory_run, tmp_path, command, text):
    np.save(tmp_path / "x.npy", np.ones((1, 12)))
    path = saying(memory_run, tmp_path, "0123456789")
    if isinstance(text, bytes):
        path.write_bytes(path.read_bytes().replace(b"0123456789", text.ljust(10)))
    else:
        path = saying(memory_run, tmp_path, text)
    code, out, errors = command(path, tmp_path / "x.npy")
    assert (code, errors) == (0, f"rnnexp run: {path} does not say how its inputs are normalised: run as they are\n")
    expected = TFLiteModel(memory_run.model).predict(np.ones((1, 12, 1)))[0, 0]
    assert float(out.splitlines()[1].split(",")[1]) == pytest.approx(float(expected), rel=1e-6)


def test_odd_texts_that_do_not_matter(memory_run, tmp_path, command):
    np.save(tmp_path / "x.npy", np.zeros((2, 12)))
    for odd in (
        {"task": 3, "classes": "abc", "units": None, "structure": ["lstm"], "dataset": {"a": 1}},
        {"classes": ["\ud800", 2, None], "every_step": "no"},
        {"unknown": 1, "input_map": WINDOW},
    ):
        path = saying(memory_run, tmp_path, {"input_map": {"kind": "none"}, **odd})
        code, out, errors = command(path, tmp_path / "x.npy")
        assert (code, errors, len(out.splitlines())) == (0, "", 3)


def test_the_text_of_our_own_files_is_read_back(memory_run, regression_run, iris_run):
    for finished in (memory_run, regression_run, iris_run):
        about = read_about(finished.model.read_bytes())
        assert About.from_json(json.loads(json.dumps(about.to_json()))) == about
        assert about == read_about(int8(finished).read_bytes())
        assert about.task == finished.config.task


def test_units_of_a_file_that_answers_at_every_step(tmp_path, command):
    """Of any origin: a series' own units at each step, sample by sample."""
    network, _ = integers(layered(("simple", 3), steps=7, every_step=True), inputs(5, 7))
    text = About(task="regression").to_json() | {"input_map": {"kind": "window", "to": 2.0, "flat_range": 1.0}}
    (tmp_path / "a.tflite").write_bytes(to_tflite(network, {ABOUT: json.dumps(text)}))
    x = np.random.default_rng(0).normal(size=(3, 7))
    np.save(tmp_path / "x.npy", x)
    code, out, errors = command(tmp_path / "a.tflite", tmp_path / "x.npy")
    assert (code, errors) == (0, "")
    low, unit = x.min(axis=1, keepdims=True), np.ptp(x, axis=1, keepdims=True) / 2.0
    made = TFLiteModel(tmp_path / "a.tflite").predict(((x - low) / unit)[..., None].astype(np.float32))[..., 0]
    rows = list(csv.DictReader(io.StringIO(out)))
    np.testing.assert_allclose(column(rows, "prediction").reshape(3, 7), low + unit * made, rtol=1e-6)
