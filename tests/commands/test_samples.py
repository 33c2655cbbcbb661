"""Samples of the user's own: what is read, and what is said of what cannot be."""

import numpy as np
import pytest

from rnnexp.commands import samples
from rnnexp.errors import UserError
from rnnexp.formats.about import About
from rnnexp.preprocessing.input_map import Characters

AB = About(input_map=Characters(characters="ab "))


@pytest.fixture
def file(tmp_path):
    def write(name, content):
        path = tmp_path / name
        if isinstance(content, np.ndarray):
            np.save(path, content)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content)
        return path

    return write


@pytest.mark.parametrize(
    "content",
    ["data\n1\n2\n3\n4\n", "1\n2\n3\n4\n", "date,data\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\n2020-01-04,4\n"],
)
def test_every_window_of_a_series(file, content):
    found = samples.read(file("s.csv", content), (3, 1))
    assert found.values[..., 0].tolist() == [[1, 2, 3], [2, 3, 4]]
    assert (found.heading, found.first) == ("after_row", 3)


def test_a_series_as_npy(file):
    found = samples.read(file("s.npy", np.array([1, 2, 3, 4], np.int16)), (3, 1))
    assert found.values[..., 0].tolist() == [[1, 2, 3], [2, 3, 4]]


@pytest.mark.parametrize("content", ["a,b,c\n1,2,3\n4,5,6\n", "1,2,3\n4,5,6\n"])
def test_a_sample_a_row(file, content):
    found = samples.read(file("s.csv", content), (3, 1))
    assert found.values[..., 0].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert (found.heading, found.first) == ("sample", 1)


def test_rows_of_several_features_have_time_steps_together(file):
    found = samples.read(file("s.csv", "1,2,3,4\n"), (2, 2))
    assert found.values.tolist() == [[[1, 2], [3, 4]]]


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 1)])
def test_npy_with_or_without_the_features(file, shape):
    values = np.arange(6.0).reshape(shape)
    assert samples.read(file("s.npy", values), (3, 1)).values.tolist() == values.reshape(2, 3, 1).tolist()


@pytest.mark.parametrize(
    ("name", "content", "shape", "message"),
    [
        ("s.mp3", "1", (1, 1), "not a file that this model can be run on: .csv, .*.npy"),
        ("s.csv", "1\n2\n", (3, 1), "2 values, fewer than the 3 time steps"),
        ("s.csv", "1,2\n3,4\n", (3, 1), "rows have 2 numbers, and a sample has 3 .*'data'"),
        ("s.csv", "1,2\n3,4\n", (3, 2), r"rows have 2 numbers, and a sample has 6 \(3 time steps of 2\)"),
        ("s.csv", "data\n1\ntwo\n3\n", (2, 1), "row 2 .*not a number: 'two'"),
        ("s.csv", "a,b\n1,2\nx,3\n", (1, 2), "row 2, column 1: the value is not a number: 'x'"),
        ("s.csv", "a,b\n1,2\n3,\n", (1, 2), "row 2, column 2: the value is empty"),
        ("s.csv", "1e300\n1\n", (1, 1), "1e[+]300 .*not a number that can be used|is too large"),
        ("s.csv", "value\n1\nx\n", (1, 1), "column 'value': the value is not a number"),
        ("s.csv", "", (1, 1), "is empty"),
        ("s.csv", b"\xff\xfe\x00\x01\x02", (1, 1), "no text: its byte order mark says UTF-16"),
        ("s.csv", "1,2,inf\n", (3, 1), "sample 1, time step 3: inf is not a number that can be used"),
        ("s.npy", np.zeros((2, 4)), (3, 1), r"shape \[2, 4\]; the model takes \[n, 3, 1\], or \[n, 3\]"),
        ("s.npy", np.zeros((2, 3)), (3, 2), r"shape \[2, 3\]; the model takes \[n, 3, 2\]$"),
        ("s.npy", np.zeros((0, 3)), (3, 1), "holds no sample"),
        ("s.npy", np.array(1.0), (3, 1), r"shape \[\]"),
        ("s.npy", np.array(["a"]), (3, 1), "does not hold an array of numbers"),
        ("s.npy", np.array([[np.nan] * 3]), (3, 1), "sample 1, time step 1: nan is not a number that can be used"),
        ("s.npy", np.array([{}], object), (3, 1), "cannot be read as .npy"),
        ("s.npy", b"nonsense", (3, 1), "cannot be read as .npy"),
        ("s.npy", b"", (3, 1), "cannot be read as .npy"),
    ],
)
def test_what_cannot_be_read(file, name, content, shape, message):
    with pytest.raises(UserError, match=message):
        samples.read(file(name, content), shape)


def test_a_missing_file_and_a_folder(tmp_path):
    for name in ("missing.csv", "missing.npy"):
        with pytest.raises(UserError, match="there is no file"):
            samples.read(tmp_path / name, (3, 1))
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UserError, match="there is no file"):
        samples.read(tmp_path / "folder.csv", (3, 1))


def test_a_column_data_makes_it_a_series_whatever_else_is_there(file):
    found = samples.read(file("s.csv", "year,data\n1949,1\n1950,2\n1951,3\n"), (2, 1))
    assert found.values[..., 0].tolist() == [[1, 2], [2, 3]]


def test_an_npy_that_claims_to_be_larger_than_the_memory(file):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 3), }"
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with pytest.raises(UserError, match=r"larger than the memory|cannot be read as .npy"):
        samples.read(file("s.npy", content), (3, 1))


def test_a_text_in_each_line_for_models_of_texts(file):
    found = samples.read(file("s.txt", "ab\nb\n"), (3, 3), AB)
    assert found.texts == ["ab", "b"]
    assert found.values.argmax(axis=2).tolist() == [[2, 0, 1], [2, 2, 1]]
    assert samples.read(file("s.txt", "ab\r\nb"), (3, 3), AB).texts == ["ab", "b"]
    padded = samples.read(file("s.txt", "\ufeffab   \n  b \n"), (3, 3), AB)
    assert padded.texts == found.texts
    assert padded.values.tolist() == found.values.tolist()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("ab\nac\n", r"s.txt, line 2: 'ac' is not 1 to 3 characters of 'ab '"),
        ("abab\n", r"line 1: 'abab' is not 1 to 3 characters"),
        ("ab\n\nb\n", r"line 2: '' is not 1 to 3 characters"),
        ("ab\n  \n", r"line 2: '' is not 1 to 3 characters"),
        (b"\xff\xfe", r"s.txt is not text in UTF-8"),
        ("", r"s.txt holds no sample"),
    ],
)
def test_texts_that_do_not_fit(file, content, message):
    with pytest.raises(UserError, match=message):
        samples.read(file("s.txt", content), (3, 3), AB)
