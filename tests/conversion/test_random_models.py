"""Random networks of Keras: converted with the same bits everywhere, or refused in one message by the layer's name."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from helpers.c_compiler import COMPILER
from helpers.random_keras import Drawing
from helpers.same_bits import KERNELS, assert_same_bits

from rnnexp.conversion.convert import convert
from rnnexp.conversion.samples import Samples
from rnnexp.errors import UserError
from rnnexp.network.lengths import placed, real

SAMPLES = 16
# Values beyond this are no figure to compare.
BOUND = 1e6
# What int8 may cost: no more than this share of the values, or times what rounding the outputs does. What is misread in
# silence is another network, whose values are as far away as values are from each other.
MOST_SHARE, MOST_RATIO = 0.1, 4.0
# Of two classes that are nearer to each other either may come out.
TIE = 0.1
# What a report says of a network that loses more than its outputs' rounding.
LOST = "times what rounding them costs"
# What would be ours to mend, and no matter of the model.
OURS = ("misread", "other bits", "please report", "Traceback")


@dataclass(frozen=True)
class Outcome:
    """What has become of a model.

    Attributes:
        what: ``converted``, ``refused``, ``warned`` of what is lost, or ``unbounded``, where Keras' own values are no
            numbers to compare.
        why: it was refused.
        error: of the converted network beside Keras, root mean squared, as a share of the values' own.
        ratio: the same over what rounding the outputs costs; of probabilities there is none.
    """

    what: str
    why: str = ""
    error: float = 0.0
    ratio: float | None = None


def by_keras(drawn):
    """Return what Keras makes of the inputs, and which of these values are answers to real steps."""
    if drawn.lengths is not None and not drawn.masked:
        # Only the user knows how long they are: Keras is asked for each alone.
        each = [drawn.model(row[None, :length]) for row, length in zip(drawn.x, drawn.lengths, strict=True)]
        return np.concatenate([np.asarray(values, np.float64) for values in each]), ...
    found = drawn.model.predict(drawn.x, verbose=0).astype(np.float64)
    if drawn.lengths is None or found.ndim < 3 or found.shape[1] != drawn.x.shape[1]:
        return found, ...
    return found, placed(real(drawn.lengths, found.shape[1]), drawn.lengths, drawn.padding)


def saved(drawn, seed, folder):
    """Return a model as one that is in memory, or in a file."""
    suffix = {0: ".keras", 16: ".h5"}.get(seed % 32)
    if not suffix:
        return drawn.model
    path = folder / f"model-{seed}{suffix}"
    drawn.model.save(path)
    return path


def outcome(seed, folder):
    """Convert a random model, and compare what comes out with Keras."""
    drawn = Drawing(seed).draw(SAMPLES)
    expected, there = by_keras(drawn)
    if not np.isfinite(expected).all() or np.abs(expected).max() > BOUND:
        return Outcome("unbounded")
    lengths = None if drawn.masked else drawn.lengths
    try:
        found = convert(saved(drawn, seed, folder), Samples("--calibration", drawn.x, lengths=lengths), float32=False)
    except UserError as error:
        text = str(error)
        assert "\n" not in text
        assert not any(words.lower() in text.lower() for words in OURS), text
        assert any(name in text for name in names(drawn.model)) or "nothing is computed" in text, text
        return Outcome("refused", text)
    check = found.report.float_check
    assert check.absent is None
    assert check.difference <= check.limit < 1e-3
    # Other bits than NumPy's are an error of convert itself; here, that all runtimes were there.
    there_are = {"C": bool(COMPILER), "TensorFlow Lite Micro": "micro" in KERNELS}
    assert all(bits.sequences == SAMPLES or not there_are.get(bits.runtime, True) for bits in found.report.bits)
    integers = replace(found.candidate.integers, softmax=False)
    if seed % 8 == 0:
        # The files of one step too, and what is read back.
        codes = integers.input.encode(found.candidate.inputs(drawn.x.reshape(*drawn.x.shape[:2], -1)))
        assert_same_bits(integers, codes if drawn.x.ndim > 2 else codes[..., 0], drawn.lengths)
    made = found(drawn.x, lengths)
    assert made.shape == expected.shape
    # Of a network whose values grow from step to step, 8 bits lose much; the report says so.
    if any(LOST in warning for warning in found.report.warnings):
        return Outcome("warned")
    return compared(made[there], expected[there], found)


def compared(made, expected, found):
    """Compare values with Keras' own, which no part of a conversion has seen."""
    assert np.isfinite(made).all()
    error, size = (float(np.sqrt(np.mean(np.square(values)))) for values in (made - expected, expected))
    if not found.candidate.integers.softmax:
        rounding = found.report.fidelity.rounding
        assert error <= max(MOST_SHARE * size, MOST_RATIO * rounding)
        return Outcome("converted", "", error / max(size, rounding), error / rounding)
    assert error <= MOST_SHARE * size
    rows, own = (values.reshape(-1, values.shape[-1]) for values in (made, expected))
    if own.shape[1] == 1:
        rows, own = (np.concatenate([values, 1.0 - values], axis=1) for values in (rows, own))
    clear = np.ptp(np.sort(own, axis=1)[:, -2:], axis=1) > TIE
    assert np.array_equal(rows.argmax(axis=1)[clear], own.argmax(axis=1)[clear])
    return Outcome("converted", "", error / size)


def names(model):
    """Return the names of all layers of a model, also within others."""
    return [layer.name for layer in model._flatten_layers()]


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize("seed", range(8))
def test_some(seed, tmp_path):
    outcome(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 500, 50))
def test_five_hundred(first, tmp_path):
    found = [outcome(seed, tmp_path).what for seed in range(first, first + 50)]
    # Most of what is drawn is such as people build, and there are integers for it.
    assert found.count("converted") >= 0.7 * len(found)
    assert found.count("warned") <= 0.05 * len(found)
