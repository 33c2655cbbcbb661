"""What is kept on disk is whole or not there, whatever happens to the folder."""

import shutil

import numpy as np
import pytest

from rnnexp.datasets.support.cache import Cache
from rnnexp.errors import UserError


def fill(writer):
    writer.append("x", np.arange(6.0).reshape(3, 2))
    return {"rows": 3}


def test_it_is_made_once_and_found_again(tmp_path):
    cache = Cache(tmp_path, "set", {"version": 1})
    assert cache.find() is None
    made = cache.make(fill)
    assert made.facts == {"rows": 3}
    assert cache.find().arrays["x"].tolist() == made.arrays["x"].tolist()
    assert Cache(tmp_path, "set", {"version": 2}).find() is None


def test_what_was_damaged_is_made_again(tmp_path):
    cache = Cache(tmp_path, "set", {})
    cache.make(fill)
    (tmp_path / "set" / "x.npy").write_bytes(b"\x93NUMPY")
    assert cache.find() is None
    assert cache.make(fill).arrays["x"].shape == (3, 2)


def test_a_folder_that_is_removed_meanwhile_is_said_in_words(tmp_path):
    folder = tmp_path / "cache"
    cache = Cache(folder, "set", {})

    def meanwhile(writer):
        facts = fill(writer)
        shutil.rmtree(folder)
        return facts

    with pytest.raises(UserError, match="is not there any more: it was moved or removed; run again"):
        cache.make(meanwhile)
    # What is in use stays in use, and the next one makes it again.
    made = cache.make(fill)
    shutil.rmtree(folder)
    assert made.arrays["x"].sum() == 15
    assert cache.find() is None
    assert cache.make(fill).facts == {"rows": 3}
