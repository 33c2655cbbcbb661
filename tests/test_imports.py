"""What can be used without TensorFlow: networks, their integers, and their files."""

import json
import subprocess
import sys

import numpy as np
import pytest
from helpers.random_networks import inputs, integers, layered
from helpers.runs import PROJECT

from rnnexp.formats.about import About
from rnnexp.formats.npz.weights import arrays, to_npz
from rnnexp.quantization import reference

PROGRAM = """if True:
    import json, pathlib, sys
    import numpy as np
    from rnnexp.formats.about import About
    from rnnexp.formats.c.files import to_c
    from rnnexp.formats.npz import arrays, integers, reader, weights
    from rnnexp.quantization import diagnosis, quantizer, reference, schedule, tensors

    folder = pathlib.Path(sys.argv[1])
    path = folder / "network.npz"
    found = arrays.read(path)
    network, integer = reader.load(path), integers.from_npz(found)
    x = np.load(folder / "x.npy")
    codes = integer.input.encode(x)
    made = quantizer.quantize(network, x)
    numbers = {
        "float": network.run(x).tolist(),
        "integers": reference.run(integer, codes).tolist(),
        "again": reference.run(made, codes).tolist(),
    }
    assert schedule.plan(integer)
    assert tensors.describe(integer, diagnosis.Comparison(integer, network, x).saturation())
    assert to_c(integer, "network", About(), codes).source
    assert weights.to_npz(weights.arrays(network, made, About.from_json(json.loads(str(found["about"])))))
    loaded = sorted({name.partition(".")[0] for name in sys.modules})
    print(json.dumps({"numbers": numbers, "loaded": loaded}))
"""
HEAVY = {"tensorflow", "keras", "torch", "ai_edge_litert", "tflite_micro", "matplotlib"}


def output_of(program, *arguments):
    """Return what a program prints in a Python of its own."""
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "cells",
    [
        [("simple", 5)],
        [("lstm", 4), ("lstm", 4)],
        [("gru", 4, "both")],
        [("gru", 4, "encodes"), ("gru", 4)],
    ],
    ids=str,
)
def test_a_network_from_its_file_runs_in_numpy_alone(cells, tmp_path):
    decoder = any("encodes" in cell for cell in cells)
    network = layered(*cells, steps=6, features=2, outputs=3, every_step=decoder, activation="custom")
    network = network.with_weights([values.astype(np.float32).astype(np.float64) for values in network.weights])
    x = inputs(8, 6, 2)
    integer, codes = integers(network, x)
    about = About.of(network.architecture, task="regression", dataset="some", input_map=About().input_map, units="")
    (tmp_path / "network.npz").write_bytes(to_npz(arrays(network, integer, about)))
    np.save(tmp_path / "x.npy", x)
    found = json.loads(output_of(PROGRAM, str(tmp_path)))
    assert not HEAVY & set(found["loaded"])
    expected = reference.run(integer, codes).tolist()
    assert found["numbers"]["integers"] == found["numbers"]["again"] == expected
    np.testing.assert_array_equal(found["numbers"]["float"], network.run(x))


@pytest.mark.parametrize(
    "module",
    [
        "network.activations",
        "network.architecture",
        "network.cells",
        "network.network",
        "network.ranges",
        "network.sampling",
        "quantization.arithmetic",
        "quantization.diagnosis",
        "quantization.network",
        "quantization.quantizer",
        "quantization.reference",
        "quantization.schedule",
        "quantization.tensors",
        "formats.about",
        "formats.c.files",
        "formats.npz.integers",
        "formats.npz.reader",
        "formats.npz.weights",
    ],
)
def test_a_module_can_be_loaded_first(module):
    """Alone, whatever was loaded before, and nothing heavy with it."""
    program = f"import sys, rnnexp.{module}; print(*sys.modules)"
    assert not HEAVY & {name.partition(".")[0] for name in output_of(program).split()}
