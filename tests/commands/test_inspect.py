"""``rnnexp inspect``: what it tells about whole files of any origin, and that damaged ones are one message."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from helpers.damage import damaged
from helpers.runs import PROJECT
from helpers.schema_models import model, packed

from rnnexp import cli
from rnnexp.commands.inspect import describe, lines
from rnnexp.errors import UserError
from rnnexp.formats.tflite.arrays import write_npz
from rnnexp.formats.tflite.reader import read

DAMAGED_COUNT = 500
NOBODY = 65534


@pytest.fixture
def inspect(monkeypatch, capsys):
    """Run ``rnnexp inspect`` in this process; return its exit code, and what it wrote."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["rnnexp", "inspect", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        output = capsys.readouterr()
        return caught.value.code, output.out, output.err

    return run


@pytest.fixture
def saved(tmp_path):
    """Write a model of the schema, or content, to a file."""

    def save(content, name="model.tflite"):
        path = tmp_path / name
        path.write_bytes(packed(content) if isinstance(content, schema.ModelT) else content)
        return path

    return save


def in_a_process(*arguments, **options):
    """Run ``rnnexp inspect`` as its users do."""
    command = [sys.executable, "-c", "from rnnexp.cli import main; main()", "inspect", *map(str, arguments)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, **options)


def tensors(description):
    return [entry for graph in description["subgraphs"] for entry in graph["tensors"]]


# ---- what it tells


def test_our_int8_model(inspect, iris_run):
    path = iris_run.config.output_dir / f"{iris_run.config.stem}-int8.tflite"
    code, out, errors = inspect(path, "--json")
    assert (code, errors) == (0, "")
    found = json.loads(out)
    assert (found["file"], found["bytes"], found["version"]) == (str(path), path.stat().st_size, 3)
    assert found["description"] == "rnnexp int8 recurrent network"
    assert "rnnexp" in {entry["name"] for entry in found["metadata"]}
    assert [graph["name"] for graph in found["subgraphs"]] == ["main", "more_steps", "time_step"]
    main, condition, body = found["subgraphs"]
    assert (main["operators"]["WHILE"], condition["operators"]) == (1, {"LESS": 1})
    (given,), (made,) = main["inputs"], main["outputs"]
    assert (given["name"], given["type"], given["shape"][0]) == ("input", "INT8", 1)
    assert (made["name"], made["scale"], made["zero_point"]) == ("probabilities", [1 / 256], [-128])
    (table,) = (entry for entry in body["tensors"] if entry["kind"] == "tables")
    assert (table["name"], table["constant_bytes"]) == ("activation_table", found["bytes_by_kind"]["tables"])


def test_text_and_json_tell_the_same(inspect, foreign, saved):
    path = saved(foreign["int8"])
    _, out, _ = inspect(path)
    found = json.loads(inspect(path, "--json")[1])
    assert f"{len(foreign['int8']):,} bytes, schema version 3" in out
    for kind, count in found["bytes_by_kind"].items():
        assert any(line.split() == [kind, f"{count:,}", "bytes"] for line in out.splitlines())
    for graph in found["subgraphs"]:
        assert f"subgraph {graph['index']}: {graph['name']}\n" in out
        for name, count in graph["operators"].items():
            assert f"{count} {name}" in out
        for use, entries in (("input", graph["inputs"]), ("output", graph["outputs"]), ("tensor", graph["tensors"])):
            for entry in entries:
                (line,) = (line for line in out.splitlines() if line.split()[:2] == [use, str(entry["index"])])
                assert line.endswith(f"  {entry['name']}")
                assert f"  {entry['type']} " in line
                assert str(entry["shape"]) in line
    channels = [entry for entry in tensors(found) if len(entry["scale"]) > 1]
    assert channels
    for entry in channels:
        (line,) = (line for line in out.splitlines() if f"tensor {entry['index']}, scales along dimension" in line)
        assert np.float32(line.partition(": ")[2].split()).tolist() == entry["scale"]


def test_a_piped_text_is_plain_and_whole(saved):
    name = "n" * 5000
    made = model()
    made.subgraphs[0].tensors[0].name = name.encode()
    done = in_a_process(saved(made), env={"COLUMNS": "40", "FORCE_COLOR": "1", "PATH": ""})
    assert done.returncode == 0
    assert done.stdout.count(name) == 3  # as input, output and tensor
    assert "\x1b" not in done.stdout


def test_operators_by_subgraph(foreign):
    found = {name: describe(read(content), name) for name, content in foreign.items()}
    assert found["lstm_fused"]["subgraphs"][0]["operators"]["UNIDIRECTIONAL_SEQUENCE_LSTM"] == 1
    assert [graph["operators"].get("WHILE") for graph in found["lstm_loop"]["subgraphs"]] == [1, None, None]
    assert found["int8"]["subgraphs"][0]["operators"]["TANH"] == 4
    assert "WHILE" not in found["int8"]["subgraphs"][0]["operators"]


def test_bytes_by_kind_add_up(foreign, regression_run, memory_run):
    ours = [
        path.read_bytes() for run in (regression_run, memory_run) for path in run.config.output_dir.glob("*.tflite")
    ]
    for content in (*foreign.values(), *ours):
        found = describe(read(content), "x")
        kinds = found["bytes_by_kind"]
        assert list(kinds) == ["weights", "tables", "names", "rest"]
        assert sum(kinds.values()) == found["bytes"] == len(content)
        assert min(kinds.values()) >= 0
        assert kinds["weights"] > 0


def test_what_each_kind_is():
    """By hand: a looked-up constant, one that is not, both used twice, a metadata text and three names."""
    made = model(description=b"about")
    for size in (40, 100):
        buffer = schema.BufferT()
        buffer.data = np.zeros(size, np.uint8)
        made.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = b"not counted", 3
    made.metadata = [entry]
    (graph,) = made.subgraphs
    graph.name = b"main"
    for number in (1, 1, 2, 2):
        tensor = schema.TensorT()
        tensor.name, tensor.buffer = b"tensor", number
        graph.tensors.append(tensor)
    code, gather = schema.OperatorCodeT(), schema.OperatorT()
    code.builtinCode = schema.BuiltinOperator.GATHER
    gather.inputs, gather.outputs = [3, 0], [0]
    made.operatorCodes, graph.operators = [code], [gather]
    content = packed(made)
    kinds = describe(read(content), "x")["bytes_by_kind"]
    names = len(b"about" + b"main" + b"x" + 4 * b"tensor")
    assert kinds == {"weights": 8, "tables": 40, "names": names, "rest": len(content) - 48 - names}


def test_an_embedding_is_a_table(foreign):
    assert describe(read(foreign["embedding"]), "x")["bytes_by_kind"]["tables"] == 11 * 4 * 4


def test_a_shape_that_may_change_and_odd_numbers():
    made = model()
    tensor = made.subgraphs[0].tensors[0]
    tensor.shapeSignature = np.array([-1], np.int32)
    tensor.quantization = schema.QuantizationParametersT()
    tensor.quantization.scale = np.array([np.nan, np.inf, 0.5], np.float32)
    tensor.quantization.zeroPoint = np.array([1, 2], np.int64)
    found = describe(read(packed(made)), "x")
    (entry,) = tensors(json.loads(json.dumps(found, allow_nan=False)))
    assert (entry["shape"], entry["shape_signature"]) == ([2], [-1])
    assert (entry["scale"], entry["zero_point"]) == ([None, None, 0.5], [1, 2])
    assert entry["notes"] == [
        "a scale that is not finite",
        "3 scales, but 2 zero points",
        "3 scales, which do not fit dimension 0 of the shape",
    ]
    text = "\n".join(lines(found))
    assert "[?]" in text
    assert "scales along dimension 0: not finite not finite 0.5" in text


def test_names_cannot_control_the_terminal(inspect, saved):
    made = model()
    made.subgraphs[0].tensors[0].name = "\x1b[2J\r\n重み".encode()
    _, out, _ = inspect(saved(made))
    assert "\\x1b[2J\\r\\n重み" in out
    assert "\x1b" not in out
    done = in_a_process(saved(made), env={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\x1b[2J\\r\\n\\u91cd\\u307f" in done.stdout


def test_weights(inspect, foreign, saved, tmp_path):
    path = saved(foreign["int8"])
    code, out, errors = inspect(path, "--weights", tmp_path / "out.npz")
    assert (code, errors) == (0, "")
    found = json.loads(inspect(path, "--json", "--weights", tmp_path / "again.npz")[1])
    constants = {entry["key"]: entry for entry in tensors(found) if entry["constant_bytes"]}
    assert f"out.npz: {len(constants)} constants" in out
    with np.load(tmp_path / "out.npz", allow_pickle=False) as arrays:
        assert constants
        for key, entry in constants.items():
            assert arrays[key].nbytes == entry["constant_bytes"]
            assert list(arrays[key].shape) == entry["shape"]
            if entry["scale"]:
                assert arrays[f"{key}:scale"].tolist() == entry["scale"]
    assert (tmp_path / "out.npz").read_bytes() == (tmp_path / "again.npz").read_bytes()


def test_help(inspect):
    code, out, _ = inspect("--help")
    assert code == 0
    for text in ("usage: rnnexp inspect", "FILE", "--json", "--weights OUT.npz"):
        assert text in out


def test_it_does_not_load_tensorflow(saved):
    command = (
        f"import sys; sys.argv = ['rnnexp', 'inspect', {str(saved(model()))!r}]; from rnnexp.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", command], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "rnnexp.commands.inspect" in imported
    assert not imported & {"tensorflow", "keras", "matplotlib", "sklearn", "pandas", "ai_edge_litert.interpreter"}


# ---- what is wrong


def test_files_that_cannot_be_read(inspect, saved, tmp_path):
    sparse = saved(b"", "huge")
    with sparse.open("r+b") as file:
        file.truncate(3 * 2**30)
    for path, problem in (
        (tmp_path, "is a folder"),
        (tmp_path / "none", "cannot read .*none: No such file or directory"),
        (saved(b"", "empty"), "is empty"),
        (saved(b"TFL3", "short"), "short is not a TensorFlow Lite file: its bytes 4 to 7 are b''"),
        (sparse, "huge is not a TensorFlow Lite file"),
        (Path("/dev/zero"), "is not a regular file"),
    ):
        code, out, errors = inspect(path)
        assert (code, out, errors.count("\n")) == (2, "", 1)
        assert re.match(f"rnnexp inspect: error: .*{problem}", errors)


def test_a_file_that_must_not_be_read(inspect, saved):
    path = saved(model())
    path.chmod(0)
    user = os.geteuid()
    if user == 0:  # who may read everything
        os.seteuid(NOBODY)
    try:
        code, _, errors = inspect(path)
    finally:
        os.seteuid(user)
    assert (code, errors) == (2, f"rnnexp inspect: error: cannot read {path}: Permission denied\n")


@pytest.mark.parametrize("target", ["model.tflite", "model.npz", "none/out.npz"])
def test_weights_do_not_replace_the_model(inspect, saved, tmp_path, target):
    path = saved(model(), "model.npz")
    content = path.read_bytes()
    code, out, errors = inspect(path, "--weights", tmp_path / target)
    assert (code, out, errors.count("\n")) == (2, "", 1)
    assert target in errors
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("model.npz", content)]


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["a", "--jsn"]])
def test_arguments_that_cannot_be_read(inspect, arguments):
    code, out, errors = inspect(*arguments)
    assert (code, out) == (2, "")
    assert "Traceback" not in errors


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux only")
def test_output_that_cannot_be_written(saved):
    path = saved(model())
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-c", "from rnnexp.cli import main; main()", "inspect", path],
            cwd=PROJECT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 2
    assert done.stderr == "rnnexp inspect: error: cannot write to standard output: No space left on device\n"


# ---- damage


def test_damaged_files_are_described_or_one_message(foreign, regression_run, tmp_path):
    """Nothing but a UserError comes out, JSON is valid, kinds add up, and all constants can be written."""
    ours = regression_run.config.output_dir / f"{regression_run.config.stem}-int8.tflite"
    files = [*foreign.values(), ours.read_bytes()]
    messages, described = [], 0
    for seed in range(DAMAGED_COUNT):
        content = damaged(files[seed // 8 % len(files)], seed)
        try:
            file = read(content, "x.tflite")
        except UserError as error:
            messages.append(str(error))
            continue
        described += 1
        found = describe(file, "x.tflite")
        json.dumps(found, allow_nan=False)
        assert sum(found["bytes_by_kind"].values()) == len(content)
        assert min(found["bytes_by_kind"].values()) >= 0
        assert len(list(lines(found))) > len(tensors(found))
        count = write_npz(file, tmp_path / "x.npz")
        with np.load(tmp_path / "x.npz", allow_pickle=False) as arrays:
            assert count == sum(entry["constant_bytes"] > 0 for entry in tensors(found))
            assert {entry["key"] for entry in tensors(found) if entry["key"]} <= set(arrays.files)
    assert len(messages) + described == DAMAGED_COUNT
    for message in messages:
        assert re.fullmatch(r"x\.tflite is (damaged or cut off: .+: .+|not a TensorFlow Lite file: .+)", message), (
            message
        )
    # Both happen, or the damage is none, or total.
    assert DAMAGED_COUNT / 20 < described < DAMAGED_COUNT / 2


def test_damaged_files_in_a_process_of_their_own(foreign, saved, tmp_path):
    whole = foreign["lstm_loop"]
    codes = []
    for content in (whole, *(damaged(whole, seed) for seed in (0, 5, 7))):
        done = in_a_process(saved(content), "--json", "--weights", tmp_path / "out.npz", timeout=60)
        codes.append(done.returncode)
        assert "Traceback" not in done.stderr
        if done.returncode == 0:
            assert json.loads(done.stdout)["bytes"] == len(content)
            assert done.stderr == ""
        else:
            assert (done.returncode, done.stdout) == (2, "")
            assert done.stderr.count("\n") == 1
            assert "model.tflite is damaged or cut off: " in done.stderr
    assert codes[:2] == [0, 2]
