"""The memory task with several delays at once: one network, a series held out, and the capacity as their sum."""

import pytest
from helpers.runs import folders, run

from rnnexp.config import MemoryConfig


def test_the_capacity_of_several_delays_is_below_the_number_of_units(tmp_path):
    settings = {"memory_signal_length": 400, "memory_n": 16, "memory_k": -1, "memory_delays": 8, "batch_size": 16}
    report = run(MemoryConfig(**settings, hidden_size=4, epochs=30, quiet=True, **folders(tmp_path))).returned
    assert report.data.evaluation_part == "validation part"
    for model in report.models.exported.values():
        scores = model.metrics
        assert len(scores.memory_by_output) == 8
        assert scores.memory_capacity == pytest.approx(sum(scores.memory_by_output))
        # Jaeger 2001: as many as there are units, whatever they compute; and this short training comes half as far.
        assert 2.0 < scores.memory_capacity < 4.1
    assert report.baselines["ridge"].memory_capacity == pytest.approx(8.0, abs=0.01)
    assert abs(report.baselines["mean"].memory_capacity) < 1e-9
