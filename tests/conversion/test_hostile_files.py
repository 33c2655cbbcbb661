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
from helpers.keras_files import members, packed, with_config
from helpers.whole_files import FEATURES, KINDS, STEPS, numbers, whole_files, written

from rnnexp import cli
from rnnexp.conversion import samples
from rnnexp.conversion.sources import open_file
from rnnexp.errors import UserError

# Beyond what the process has, for one file.
MEMORY = 2 << 30


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Files as they ought to be: kind -> content."""
    return whole_files(tmp_path_factory.mktemp("whole"))


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
