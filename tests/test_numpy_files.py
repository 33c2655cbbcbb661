"""NumPy's files that hold something else than they seem to: one message, by every command that reads them."""

import io
import struct
import zipfile

import numpy as np
import pytest

from rnnexp.commands.array_samples import read_array
from rnnexp.conversion import samples
from rnnexp.datasets import tables
from rnnexp.datasets.recordings import arrays as recordings
from rnnexp.errors import UserError
from rnnexp.formats.npz import arrays
from rnnexp.numpy_files import UnreadableError, load

HEADERS = {
    "no end": "{" * 90,
    "deep": "(" * 5000,
    "long number": "1" * 5000,
    "code": "__import__('os').getcwd()",
    "larger than any": "{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999999999999, 9), }",
    "far larger": "{'descr': '<f8', 'fortran_order': True, 'shape': (2**40,), }",
    "wide words": "{'descr': '<U1000000000', 'fortran_order': False, 'shape': (9,), }",
    "no type": "{'descr': 'x', 'fortran_order': None, 'shape': 3}",
    "a name twice": "{'descr': [('a', '<f4'), ('a', '<f4')], 'fortran_order': False, 'shape': (2,), }",
}
READERS = (recordings.read_npy, tables.read, read_array, lambda path: samples.load(path, "--calibration"))


def with_header(text):
    raw = text.encode() + b" " * 20 + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(raw)) + raw + bytes(400)


@pytest.mark.parametrize("kind", HEADERS)
def test_headers_that_are_none(tmp_path, kind):
    path = tmp_path / "x.npy"
    path.write_bytes(with_header(HEADERS[kind]))
    with pytest.raises(UnreadableError) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    for read in READERS:
        with pytest.raises(UserError, match=r"x\.npy cannot be read"):
            read(path)


@pytest.mark.parametrize("member", [b"no array", b"", with_header("{" * 90)])
def test_archives_with_something_else_in_them(tmp_path, member):
    path, x = tmp_path / "x.npz", io.BytesIO()
    np.save(x, np.zeros((4, 3, 2)))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", x.getvalue())
        archive.writestr("y.npy", member)
    for read in (recordings.read_npz, tables.read, arrays.read):
        with pytest.raises(UserError, match=r"x\.npz"):
            read(path)


def test_what_is_plain_is_read(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(3))
    np.savez(tmp_path / "x.npz", a=np.arange(3), b=["u", "v"])
    assert load(tmp_path / "x.npy").tolist() == [0, 1, 2]
    assert {key: values.tolist() for key, values in load(tmp_path / "x.npz").items()} == {
        "a": [0, 1, 2],
        "b": ["u", "v"],
    }
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.npy")
