"""Random networks of Keras, saved and read: the same values as Keras', or a clear refusal."""

import numpy as np
import pytest
from helpers.properties import examples
from helpers.random_keras import Drawing
from hypothesis import given
from hypothesis import strategies as st

from rnnexp.errors import UserError
from rnnexp.formats.keras.reader import read

# Of the output's range.
TOLERANCE = 1e-5


def difference(seed, suffix, folder):
    """The largest difference as a share of the range, or the message with which the file is refused."""
    drawn = Drawing(seed, foreign=False).draw()
    model, x, lengths = drawn.model, drawn.x, drawn.lengths if drawn.masked else None
    path = folder / f"model{suffix}"
    model.save(path)
    right = np.asarray(model(x), np.float64)
    if not np.isfinite(right).all() or np.abs(right).max() > 1e6:
        return "no numbers to compare"
    try:
        graph = read(path)
    except UserError as problem:
        return str(problem)
    given = x if graph.words else x.reshape(*x.shape[:2], -1)
    if lengths is not None and drawn.padding == "begin":
        given = np.stack([np.roll(row, length, axis=0) for row, length in zip(given, lengths, strict=True)])
    found = graph.run(given, lengths)
    if lengths is not None and found.ndim > 2:  # what is at padding is nobody's
        there = np.arange(found.shape[1]) < lengths[:, None]
        right, found = right[there[:, ::-1] if drawn.padding == "begin" else there], found[there]
    assert found.shape == right.shape
    return np.abs(found - right).max() / max(np.ptp(right), np.abs(right).max(), 1e-30)


# What a refusal of one of these models can be about.
REFUSALS = (
    "no numbers to compare",
    "nothing is computed of the input",
    "padding is 'same' with a stride: then the model has to say the steps",
    "would take the steps that the mask hides",
    "would take the steps of padding too",
    "picks the last step, which may be padding",
    "does not see the mask",
    "cannot be converted where steps are masked",
    "would take the mask of steps for one of numbers",
    "joins values of which some are masked",
    "is called with a mask of its own",
)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@given(seed=st.integers(0, 2**32 - 1))
@examples(25)
def test_reads_what_keras_computes(tmp_path_factory, suffix, seed):
    found = difference(seed, suffix, tmp_path_factory.mktemp("random"))
    if isinstance(found, str):
        assert any(words in found for words in REFUSALS), found
    else:
        assert found < TOLERANCE


@pytest.mark.slow
def test_reads_most_of_many(tmp_path_factory):
    read_right = 0
    for seed in range(300):
        found = difference(seed, (".keras", ".h5")[seed % 2], tmp_path_factory.mktemp("random"))
        if isinstance(found, str):
            assert any(words in found for words in REFUSALS), found
        else:
            assert found < TOLERANCE
            read_right += 1
    assert read_right > 230
