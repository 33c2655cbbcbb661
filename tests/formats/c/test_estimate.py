"""About how many instructions a step takes, beside what was counted."""

import json
import runpy

import numpy as np
import pytest
from helpers.random_fronts import WORDS
from helpers.random_fronts import network as with_front
from helpers.random_networks import inputs, integers, layered
from helpers.runs import PROJECT

from rnnexp.formats.about import About
from rnnexp.formats.c.estimate import COSTS, instructions
from rnnexp.formats.c.files import to_c
from rnnexp.network.front import Embedding
from rnnexp.network.network import Network
from rnnexp.quantization.quantizer import quantize

RESULTS = json.loads((PROJECT / "benchmarks" / "results" / "microcontroller.json").read_text())
COUNTED = {(row["chip"], row["network"], row["arithmetic"]): row["step"] for row in RESULTS}
NETWORKS = runpy.run_path(str(PROJECT / "benchmarks" / "microcontroller.py"), run_name="read")["networks"]


@pytest.mark.parametrize(("name", "real"), list(NETWORKS()), ids=lambda value: value if isinstance(value, str) else "")
def test_it_is_near_what_was_counted(name, real):
    x = np.tanh(np.cumsum(np.random.default_rng(1).normal(size=(64, 20, 1)), axis=1) * 0.2)
    kinds = {"int8": "full", "int8, interpolated tables": "interpolated"}
    counted = [kind for kind in kinds if ("Cortex-M4", name, kind) in COUNTED]
    assert "int8" in counted
    for kind in counted:
        estimated = instructions(quantize(real, x, tables=kinds[kind]))
        assert set(estimated) == set(COSTS)
        for chip, count in estimated.items():
            assert count == pytest.approx(COUNTED[chip, name, kind], rel=0.08)


def test_there_is_none_of_networks_of_more_than_was_counted():
    assert instructions(integers(layered(("gru", 4, "both")), inputs(4, 20))[0]) == {}
    real = with_front((Embedding(WORDS, 5),), [("simple", 3)], steps=6)
    words = np.random.default_rng(0).integers(0, WORDS, (4, 6))
    assert instructions(quantize(real, words)) == {}


@pytest.mark.parametrize("cell", ["simple", "lstm", "gru", "fastgrnn"])
def test_what_c_keeps_counts_however_many_zeros_there_are(cell):
    real = layered((cell, 8), features=3)
    pruned = [np.where(np.arange(values.shape[-1]) % 4 == 0, values, 0.0) for values in real.weights]
    x = inputs(8, real.architecture.sequence_length, 3)
    whole, few = (quantize(network, x) for network in (real, Network(real.architecture, tuple(pruned))))
    sizes = {to_c(network, "net", About(), network.input.encode(x)).constant_bytes for network in (whole, few)}
    assert len(sizes) == 1
    assert instructions(few) == instructions(whole)


def test_there_is_one_of_layers_that_read_fewer_values_than_they_make():
    for kind in ("dense", "gru"):
        real = layered(("lstm", 5), (kind, 12))
        found, _ = integers(real, inputs(4, real.architecture.sequence_length))
        assert set(instructions(found)) == set(COSTS)
