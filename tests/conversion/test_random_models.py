"""Random networks of Keras: converted with the same bits everywhere, or refused in one message by the layer's name."""

import numpy as np
import pytest
from helpers.random_keras import Drawing

from rnnexp.conversion.convert import convert
from rnnexp.conversion.samples import Samples
from rnnexp.errors import UserError

SAMPLES = 16


def drawn(seed):
    """Return a random model and inputs of it, or None where its numbers leave all bounds."""
    model, x, lengths = Drawing(seed).model()
    rng = np.random.default_rng(seed)
    if x.ndim == 2:
        x = rng.integers(1, 20, (SAMPLES, x.shape[1]))
        if lengths is not None:
            x[np.arange(x.shape[1]) >= rng.integers(1, x.shape[1] + 1, SAMPLES)[:, None]] = 0
    else:
        x = rng.normal(size=(SAMPLES, *x.shape[1:])).astype(np.float32)
    outputs = np.asarray(model(x))
    if not np.isfinite(outputs).all() or np.abs(outputs).max() > 1e6:
        return None
    return model, x if x.ndim == 2 else x.reshape(*x.shape[:2], -1)


def check(seed, folder):
    """Convert a random model, and return whether it was."""
    made = drawn(seed)
    if made is None:
        return None
    model, x = made
    path = folder / f"model-{seed}.keras"
    model.save(path)
    try:
        found = convert(path, Samples("--calibration", x), float32=False)
    except UserError as error:
        text = str(error)
        assert "\n" not in text
        # These are ours to mend, and no matter of the model.
        assert "misread" not in text, text
        assert "other bits" not in text, text
        assert "please report" not in text, text
        return False
    assert found.report.float_check.difference <= 1e-5
    assert all(bits.absent is not None or bits.sequences == SAMPLES for bits in found.report.bits)
    assert np.isfinite(found(x)).all()
    return True


@pytest.mark.parametrize("seed", range(8))
def test_some(seed, tmp_path):
    check(seed, tmp_path)


@pytest.mark.slow
def test_five_hundred(tmp_path):
    found = [check(seed, tmp_path) for seed in range(1000, 1500)]
    # Most of what can be drawn is a network that there are integers for.
    assert found.count(True) > found.count(False)
