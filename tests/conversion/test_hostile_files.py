"""Files that nobody vouches for, of every kind that is converted: one message and exit code 2, or no harm done."""

import contextlib
import pickle
import resource
import struct
import sys
import zipfile
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from helpers.damage import damaged
from helpers.float_models import FloatModel
from helpers.keras_files import as_keras_2, h5_file, members, packed, saved, with_config
from helpers.random_networks import layered

from rnnexp import cli
from rnnexp.conversion import samples
from rnnexp.conversion.sources import open_file
from rnnexp.errors import UserError
from rnnexp.formats.about import About
from rnnexp.formats.npz import weights
from rnnexp.preprocessing.input_map import AS_IT_IS

STEPS, FEATURES, UNITS = 12, 3, 4
ABOUT = {"task": "regression", "dataset": "some", "input_map": AS_IT_IS, "units": ""}
# Beyond what the process has, for one file.
MEMORY = 2 << 30
KINDS = {
    "keras": ".keras", "weights": ".keras", "config": ".keras", "h5": ".h5", "h5 of Keras 2": ".h5",
    "h5 of Keras 1": ".h5", "onnx": ".onnx", "tflite": ".tflite", "pt": ".pt", "calibration": ".npz",
    "calibration, packed": ".npz", "own weights": ".npz",
}  # fmt: skip


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def of_keras_1(path):
    """Write a file of Keras 1, which has weights for each gate."""
    weights = [
        (f"lstm_1_{array}_{gate}", numbers(*{"W": (FEATURES, UNITS), "U": (UNITS, UNITS), "b": (UNITS,)}[array]))
        for gate in "icfo"
        for array in "WUb"
    ]
    layers = [
        {
            "class_name": "LSTM",
            "config": {"name": "lstm_1", "output_dim": UNITS, "batch_input_shape": [None, STEPS, FEATURES]},
        },
        {"class_name": "Dense", "config": {"name": "dense_1", "output_dim": 2, "activation": "linear"}},
    ]
    dense = [("dense_1_W", numbers(UNITS, 2)), ("dense_1_b", numbers(2))]
    return h5_file(path, {"class_name": "Sequential", "config": layers}, {"lstm_1": weights, "dense_1": dense}, "1.2.2")


def of_tflite():
    """Return a file with a fused LSTM and a dense layer."""
    from ai_edge_litert import schema_py_generated as schema

    made = FloatModel()
    given = made.tensor([1, STEPS, FEATURES])
    kernels = [made.constant(numbers(UNITS, FEATURES, seed=n)) for n in range(4)]
    recurrent = [made.constant(numbers(UNITS, UNITS, seed=n)) for n in range(4)]
    biases = [made.constant(numbers(UNITS, seed=n)) for n in range(4)]
    states = [made.tensor([1, UNITS], variable=True) for _ in range(2)]
    options = schema.UnidirectionalSequenceLSTMOptionsT()
    options.fusedActivationFunction = schema.ActivationFunctionType.TANH
    inputs = [given, *kernels, *recurrent, -1, -1, -1, *biases, -1, -1, *states]
    found = made.operator("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [[1, STEPS, UNITS]], options)
    dense = [made.constant(numbers(2, UNITS)), made.constant(numbers(2))]
    fully = schema.FullyConnectedOptionsT()
    fully.keepNumDims = True
    return made.content(given, made.operator("FULLY_CONNECTED", [found, *dense], [[1, STEPS, 2]], fully))


def of_onnx():
    """Return a file with an LSTM and a dense layer; None where there is no package for it."""
    with contextlib.suppress(ImportError):
        from helpers.onnx_models import content, model, recurrent
        from onnx import helper

        node, constants = recurrent("LSTM", np.random.default_rng(0), features=FEATURES)
        constants |= {"head": numbers(5, 2), "b": numbers(2), "zero": np.array([0])}
        nodes = [
            helper.make_node("Transpose", ["given"], ["x"], perm=[1, 0, 2]),
            node,
            helper.make_node("Squeeze", ["h", "zero"], ["s"]),
            helper.make_node("Gemm", ["s", "head", "b"], ["out"]),
        ]
        return content(model(nodes, constants, ("given", ("n", "t", FEATURES)), ("out", ("n", 2))))
    return None


def of_pytorch(folder):
    """Return a state dict as PyTorch saves it: an archive with a pickle."""
    path = folder / "state.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("state/data.pkl", pickle.dumps({"weight_ih_l0": [0.5] * 40}))
        archive.writestr("state/data/0", numbers(40).tobytes())
        archive.writestr("state/version", "3\n")
    return path.read_bytes()


def of_this_project():
    """Return the weights of a network of two layers."""
    network = layered(("lstm", UNITS, "both"), ("gru", 3), steps=STEPS, features=FEATURES, outputs=2)
    return weights.to_npz(weights.arrays(network, None, About.of(network.architecture, **ABOUT)))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Files as they ought to be: kind -> content."""
    folder = tmp_path_factory.mktemp("whole")
    keras, h5 = saved(folder, "model.keras"), saved(folder, "model.h5")
    inner = members(keras)
    np.savez(folder / "x.npz", x=numbers(20, STEPS, FEATURES))
    np.savez_compressed(folder / "packed.npz", x=numbers(20, STEPS, FEATURES), y=np.zeros(20, int))
    found = {
        "keras": keras.read_bytes(),
        "weights": inner["model.weights.h5"],
        "config": inner["config.json"],
        "h5": h5.read_bytes(),
        "h5 of Keras 2": as_keras_2(h5, folder / "keras2.h5").read_bytes(),
        "h5 of Keras 1": of_keras_1(folder / "keras1.h5").read_bytes(),
        "tflite": of_tflite(),
        "pt": of_pytorch(folder),
        "own weights": of_this_project(),
        "calibration": (folder / "x.npz").read_bytes(),
        "calibration, packed": (folder / "packed.npz").read_bytes(),
    }
    onnx = of_onnx()
    return found if onnx is None else {**found, "onnx": onnx}


@contextlib.contextmanager
def little_memory(size=MEMORY):
    """Have this process get little more than it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


def written(whole, kind, content, folder):
    """Write a file of a kind; return the model's path and the calibration data's."""
    path = folder / f"model{KINDS[kind]}"
    if kind in ("weights", "config"):
        inner = {"weights": "model.weights.h5", "config": "config.json"}[kind]
        (folder / "whole.keras").write_bytes(whole["keras"])
        packed({**members(folder / "whole.keras"), inner: content}, path)
        (folder / "whole.keras").unlink()
    else:
        path.write_bytes(content)
    if kind.startswith("calibration"):
        model = folder / "model.tflite"
        model.write_bytes(whole["tflite"])
        return model, path
    data = folder / "data.npz"
    np.savez(data, x=numbers(20, STEPS, FEATURES))
    return path, data


def attempt(model, data):
    """Read a model and data as a conversion does; return the message with which that ends, or nothing."""
    try:
        graph = open_file(model).graph
        given = samples.fitting(samples.load(data, "--calibration"), graph, None)
        graph.run(given.x[:2])
    except UserError as error:
        text = str(error)
        assert 0 < len(text) < 2000
        assert "\n" not in text
        assert text.isprintable(), text
        return text
    return ""


@pytest.mark.parametrize("kind", KINDS)
def test_whole_files_are_read(whole, kind, tmp_path):
    if kind not in whole:
        pytest.skip("onnx is not installed")
    found = attempt(*written(whole, kind, whole[kind], tmp_path))
    assert "pickled" in found if kind == "pt" else not found


def damage(whole, kind, seeds, folder):
    """Read damaged files of a kind; return how many were refused."""
    refused = 0
    with little_memory():
        for seed in seeds:
            model, data = written(whole, kind, damaged(whole[kind], seed), folder)
            there = set(folder.iterdir())
            refused += bool(attempt(model, data))
            assert set(folder.iterdir()) == there
    return refused


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_refused_or_do_no_harm(whole, kind, tmp_path):
    if kind not in whole:
        pytest.skip("onnx is not installed")
    damage(whole, kind, range(8), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_so_are_a_hundred_of_each(whole, kind, tmp_path):
    if kind not in whole:
        pytest.skip("onnx is not installed")
    # Bits of weights may change without anyone's noticing; most damage is seen.
    assert damage(whole, kind, range(1000, 1100), tmp_path) > 25


def convert(model, data, folder, capsys):
    """Run the command in this process; return its exit code and what it says."""
    capsys.readouterr()
    words = ["convert", str(model), "--calibration", str(data), "--output-dir", str(folder / "out"), "--no-float"]
    with mock.patch.object(sys, "argv", ["rnnexp", *words]), pytest.raises(SystemExit) as caught:
        cli.main()
    code, said = caught.value.code, capsys.readouterr()
    if code:
        assert not said.out
        assert said.err.startswith("rnnexp: error: ") or said.err.startswith("rnnexp convert: error: "), said.err
        assert said.err.count("\n") == 1, said.err
        assert not (folder / "out").exists()
    return code, said.err


class Runs:
    """Pickled, it would leave a mark when opened."""

    def __reduce__(self):
        return exec, ("import sys; sys.rnnexp_was_run = True",)


def pickled(path):
    path.write_bytes(pickle.dumps(Runs()))


def of_objects(path):
    np.savez(path, x=np.array([Runs()], object))


def bomb(path):
    """Write many zeros in a small archive, and say so."""
    header = np.lib.format.magic(1, 0)
    text = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2147483648, 4, 3), }"
    text += b" " * (63 - (len(header) + 2 + len(text)) % 64) + b"\n"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w", force_zip64=True) as file,
    ):
        file.write(header + struct.pack("<H", len(text)) + text)
        for _ in range(1024):
            file.write(bytes(1 << 20))


def larger_than_it_is(path):
    """Write an array whose header says that there is far more of it."""
    np.savez(path, x=numbers(20, STEPS, FEATURES))
    content = path.read_bytes()
    path.write_bytes(content.replace(b"(20, 12, 3), }       ", b"(2000000000, 12, 3), }"[:21]))


DATA = {
    "empty": lambda path: path.write_bytes(b""),
    "a text": lambda path: path.write_text("x"),
    "pickled": pickled,
    "objects": of_objects,
    "a bomb": bomb,
    "larger than it is": larger_than_it_is,
    "another name": lambda path: np.savez(path, **{"../x": numbers(2, STEPS, FEATURES)}, y=[0, 1]),
    "complex": lambda path: np.savez(path, x=numbers(20, STEPS, FEATURES) + 1j),
    "nothing in it": lambda path: np.savez(path, x=numbers(0, STEPS, FEATURES)),
    "not finite": lambda path: np.savez(path, x=np.full((2, STEPS, FEATURES), np.nan)),
    "beyond float32": lambda path: np.savez(path, x=np.full((2, STEPS, FEATURES), 1e300)),
    "dates": lambda path: np.savez(path, x=np.zeros((20, STEPS, FEATURES), "datetime64[s]")),
    "answers that are objects": lambda path: np.savez(path, x=numbers(2, STEPS, FEATURES), y=np.array([None, 1])),
    "answers that are words": lambda path: np.savez(path, x=numbers(2, STEPS, FEATURES), y=np.array(["a", "b"])),
    "lengths of another kind": lambda path: np.savez(path, x=numbers(2, STEPS, FEATURES), lengths=[1.5, 2.0]),
}


@pytest.mark.parametrize("suffix", [".npz", ".npy"])
@pytest.mark.parametrize("kind", DATA)
def test_calibration_data_of_enemies(whole, kind, suffix, tmp_path, capsys):
    model, data = tmp_path / "model.tflite", tmp_path / "data.npz"
    model.write_bytes(whole["tflite"])
    DATA[kind](data)
    # What a file is called does not make it what it is called.
    data = data.rename(data.with_suffix(suffix))
    with little_memory():
        code, said = convert(model, data, tmp_path, capsys)
    assert code == 2, said
    assert not hasattr(sys, "rnnexp_was_run")
    assert set(tmp_path.iterdir()) == {model, data}


def test_an_array_alone_that_is_larger_than_it_is(whole, tmp_path, capsys):
    model, data = tmp_path / "model.tflite", tmp_path / "x.npy"
    model.write_bytes(whole["tflite"])
    np.save(data, numbers(20, STEPS, FEATURES))
    content = data.read_bytes()
    data.write_bytes(content.replace(b"(20, 12, 3), }        ", b"(2000000000, 12, 3), }"))
    assert data.read_bytes() != content
    with little_memory():
        assert convert(model, data, tmp_path, capsys)[0] == 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", [".keras", ".h5", ".onnx", ".tflite", ".pt", ".npz", ".txt"])
def test_renamed_files(whole, kind, suffix, tmp_path, capsys):
    if kind not in whole or (suffix == ".onnx" and "onnx" not in whole):
        pytest.skip("onnx is not installed")
    model, data = tmp_path / f"model{suffix}", tmp_path / "data.npz"
    model.write_bytes(whole[kind])
    np.savez(data, x=numbers(20, STEPS, FEATURES))
    by_content = kind in ("keras", "h5", "h5 of Keras 1", "h5 of Keras 2") and suffix in (".keras", ".h5")
    if by_content or (kind in ("onnx", "tflite", "own weights") and KINDS[kind] == suffix):
        assert not attempt(model, data)
    else:
        code, said = convert(model, data, tmp_path, capsys)
        assert code == 2, said
        assert set(tmp_path.iterdir()) == {model, data}


def test_code_and_names_of_a_file_reach_nothing(whole, tmp_path, capsys):
    """A Lambda layer, a class from elsewhere, a pickle, and a name that leads out of a folder."""
    data, source = tmp_path / "data.npz", tmp_path / "whole.keras"
    np.savez(data, x=numbers(20, STEPS, FEATURES))
    source.write_bytes(whole["keras"])

    def to_lambda(config):
        config["config"]["layers"][3] |= {"class_name": "Lambda", "config": {"name": "side", "function": "os.getcwd"}}

    def elsewhere(config):
        config["config"]["layers"][3] |= {"class_name": "system", "module": "os", "registered_name": "os>system"}

    path = tmp_path / "model.keras"
    makers = [
        lambda: with_config(source, path, to_lambda),
        lambda: with_config(source, path, elsewhere),
        lambda: pickled(path),
        lambda: packed({**members(source), "../outside": b"x"}, path),
        lambda: packed({**members(source), "/tmp/outside": b"x"}, path),
    ]
    for make in makers:
        make()
        assert convert(path, data, tmp_path, capsys)[0] == 2
        assert set(tmp_path.iterdir()) == {path, data, source}
    assert not hasattr(sys, "rnnexp_was_run")
