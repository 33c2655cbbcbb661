"""int8 files that version 0.1.0 wrote, of either kind, are read as what they were."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from helpers.schema_models import packed

from rnnexp.formats.npz import arrays, integers
from rnnexp.formats.tflite.int8 import details, previous
from rnnexp.formats.tflite.int8.reader import from_tflite
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.formats.tflite.metadata import metadata, parse, read_about, with_metadata
from rnnexp.preprocessing.input_map import AS_IT_IS
from rnnexp.quantization import reference
from rnnexp.runtimes.tflite import TFLiteModel

FORMATS = Path(__file__).parents[2]
NAMES = ["simple-custom", "gru-tanh"]


def content(name):
    return (FORMATS / "tflite" / "version_0_1" / f"{name}-int8.tflite").read_bytes()


def from_npz(name, kind):
    """What the same version wrote of the same network, and what its code made of it."""
    return arrays.read(FORMATS / "npz" / "version_0_1" / f"{name}-{kind}.npz")


@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_network_that_was_written(name):
    entry = metadata(content(name))[details.ENTRY]
    assert entry.startswith(b"{")
    assert previous.is_previous(details.unpack(entry)) == (name == "simple-custom")
    found = from_tflite(content(name))
    np.testing.assert_equal(dataclasses.asdict(found), dataclasses.asdict(integers.from_npz(from_npz(name, "weights"))))
    expected = from_npz(name, "expected")
    assert (found.input.encode(expected["inputs"]) == expected["input_codes"]).all()
    assert reference.run(found, expected["input_codes"]).tolist() == expected["output_codes"].tolist()


@pytest.mark.parametrize("name", NAMES)
def test_the_current_version_writes_the_same_network(name):
    found = from_tflite(content(name))
    again = to_tflite(found)
    np.testing.assert_equal(dataclasses.asdict(from_tflite(again)), dataclasses.asdict(found))
    codes = from_npz(name, "expected")["input_codes"]
    assert TFLiteModel(again).run_codes(codes).tolist() == TFLiteModel(content(name)).run_codes(codes).tolist()


def test_what_they_say_of_themselves():
    simple, gru = (read_about(content(name)) for name in NAMES)
    assert (simple.structure, simple.every_step, simple.activation) == ("", False, "custom")
    assert (gru.structure, gru.every_step, gru.activation) == ("gru", True, "tanh")
    assert (simple.classes, gru.classes) == (("a", "b", "c"), ("no", "yes"))
    for said in (simple, gru):
        assert (said.version, said.task, said.time_steps) == ("0.1.0", "classification", 9)
        assert said.input_map == AS_IT_IS


def refused(changed):
    with pytest.raises(ValueError, match="not an int8 sequence model of rnnexp"):
        from_tflite(changed)


@pytest.mark.parametrize("said", ['{"table_start": "x"}', '{"table_start": null}', '{"table_start": []}', "{}"])
def test_an_entry_that_says_something_else_is_refused(said):
    refused(with_metadata(content("simple-custom"), {details.ENTRY: said}))


def test_another_graph_than_that_of_the_version_is_refused(regression_run):
    for other in (content("gru-tanh"), regression_run.model.read_bytes()):
        refused(with_metadata(other, {details.ENTRY: '{"table_start": 0.0}'}))


@pytest.mark.parametrize("scale", [0.0, -1.0, float("inf"), float("nan"), 2.0**40])
@pytest.mark.parametrize("name", ["cell_bias", "cell_sums"])
def test_scales_that_make_no_shift_are_refused(name, scale):
    """They would go into C, and be compiled and run."""
    model = parse(content("simple-custom"))
    (tensor,) = (tensor for tensor in model.subgraphs[2].tensors if tensor.name.decode() == name)
    tensor.quantization.scale = np.array([scale], np.float32)
    refused(packed(model))


@pytest.mark.parametrize("name", ["cell_kernel", "activation_table", "cell_bias"])
def test_constants_of_another_size_are_refused(name):
    model = parse(content("simple-custom"))
    (tensor,) = (tensor for tensor in model.subgraphs[2].tensors if tensor.name.decode() == name)
    buffer = model.buffers[tensor.buffer]
    buffer.data = buffer.data[: len(buffer.data) // 2]
    refused(packed(model))
