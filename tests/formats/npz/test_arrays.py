"""Npz files that can be read, and one message for those that cannot."""

import io
import pickle
import zipfile

import numpy as np
import pytest
from helpers.stored_networks import own, random_weights, saved

from rnnexp.errors import UserError
from rnnexp.formats.npz import arrays as npz


def test_reads_every_array(tmp_path):
    arrays = own(random_weights())
    found = npz.read(saved(tmp_path / "a.npz", arrays))
    assert found.keys() == arrays.keys()
    for key, values in arrays.items():
        np.testing.assert_array_equal(found[key], values)
        assert found[key].dtype == values.dtype


def message(path):
    with pytest.raises(UserError) as caught:
        npz.read(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_what_is_not_there(tmp_path):
    assert message(tmp_path / "none.npz") == f"there is no file {tmp_path / 'none.npz'}"
    assert "is a folder" in message(tmp_path)


def test_files_of_other_kinds(tmp_path):
    path = tmp_path / "file"
    for content in (b"", b"hello", b"PK\x03\x04", pickle.dumps({"a": 1}), b"\x93NUMPY\x01\x00"):
        path.write_bytes(content)
        assert "cannot be read as an npz file" in message(path)
        assert "pickle" not in message(path)
    np.save(tmp_path / "one.npy", np.zeros(3))
    assert "single array" in message(tmp_path / "one.npy")
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("readme.txt", "hello")
    assert "readme.txt is not an array" in message(path)


def test_a_file_of_torch_save_says_how_to_save_it(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.pt", "w") as file:
        file.writestr("archive/data.pkl", b"")
    assert "np.savez(path, **{" in message(tmp_path / "model.pt")


def test_pickled_objects_are_refused_by_name(tmp_path):
    path = saved(tmp_path / "a.npz", {"rnn.weight_ih_l0": np.array([{}], dtype=object)})
    assert "rnn.weight_ih_l0 holds pickled Python objects" in message(path)


def test_damaged_files_are_read_whole_or_refused(tmp_path):
    buffer, random, refused = io.BytesIO(), np.random.default_rng(0), 0
    np.savez_compressed(buffer, **own(random_weights()))
    good, path = buffer.getvalue(), tmp_path / "a.npz"
    for _ in range(400):
        damaged = bytearray(good[: random.integers(1, len(good))] if random.random() < 0.3 else good)
        for place in random.integers(0, len(damaged), random.integers(1, 6)):
            damaged[place] = random.integers(256)
        path.write_bytes(damaged)
        try:
            npz.read(path)
        except UserError:
            refused += 1
    assert refused > 300


def test_numbers_are_float64_of_any_width(tmp_path):
    for dtype in (np.float16, np.float32, np.float64):
        found = npz.numbers(tmp_path, {"a": np.array([0.5, -2], dtype)}, "a")
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, [0.5, -2])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.array([1, 2]), "w is of type int64"),
        (np.array([1j]), "w is of type complex128"),
        (np.array(["a"]), "w is of type <U1"),
        (np.array([[1.0, np.nan], [np.inf, 0.0]]), "w[0, 1] is nan, not a finite float32 number (2 of 4"),
        (np.array([1.0, 1e39]), "w[1] is 1e+39, not a finite float32 number (1 of 2"),
    ],
)
def test_what_are_no_finite_numbers(tmp_path, values, words):
    with pytest.raises(UserError) as caught:
        npz.numbers(tmp_path / "a.npz", {"w": values}, "w")
    assert words in str(caught.value)
    assert str(tmp_path / "a.npz") in str(caught.value)


def test_long_lists_are_cut():
    assert npz.listed("abc") == "a, b, c"
    assert npz.listed([]) == "none"
    assert npz.listed("abcdefghij") == "a, b, c, d, e, f, g, h and 2 more"
