"""A quiet signal with loud bursts: IO_BITS = 16 keeps its quiet part, and a run with 8 says what loses it."""

import importlib.util

import pytest
from helpers.runs import PROJECT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bursts():
    spec = importlib.util.spec_from_file_location("bursts", PROJECT / "benchmarks" / "bursts.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("activation", ["custom", "tanh"])
def test_the_quiet_part_is_kept_and_the_loss_is_named(bursts, tmp_path, activation):
    coarse, fine = (
        bursts.measure(0, tmp_path, activation=activation, epochs=30, io_bits=io_bits) for io_bits in (8, 16)
    )
    assert fine["float32"] < 0.8 * fine["persistence"]
    assert fine["int8"] <= 1.1 * fine["float32"]
    assert (fine["diagnosis"], abs(fine["robust_gap"]) < 0.003) == (None, True)
    # The gap sees nothing of what the quiet part has lost.
    assert coarse["int8"] > 1.3 * coarse["float32"]
    assert abs(coarse["gap"]) < 0.003 < coarse["robust_gap"]
    assert "of 8 bits is too coarse for most of the data" in coarse["diagnosis"]
    assert "IO_BITS = 16" in coarse["diagnosis"]
