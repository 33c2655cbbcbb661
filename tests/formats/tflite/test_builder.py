"""The layer over the schema: what is written is what the schema's own reader, and LiteRT, find."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from rnnexp.errors import UserError
from rnnexp.formats.tflite import metadata
from rnnexp.formats.tflite.builder import BUFFER_ALIGNMENT, Model
from rnnexp.runtimes.tflite import TFLiteModel


def adder(addend=(1, 2, 3)):
    """A model that adds a constant to three int32."""
    model = Model("adder")
    graph = model.subgraph("main")
    given = graph.tensor("given", [1, 3], np.int32)
    constant = graph.constant("addend", np.array(addend, np.int32))
    made = graph.tensor("made", [1, 3], np.int32)
    graph.operator(schema.BuiltinOperator.ADD, [given, constant], [made], schema.AddOptionsT())
    graph.interface([given], [made])
    return model


def test_a_written_model_runs():
    found = TFLiteModel(adder().to_bytes()).run_codes(np.array([[10, 20, 30]], np.int32))
    assert found.tolist() == [[11, 22, 33]]


def test_names_types_operators_and_metadata_are_read_back():
    model = adder()
    model.add_metadata({"note": "text", "raw": b"\x00\x01"})
    content = model.to_bytes()
    read = metadata.parse(content)
    assert [tensor.name for tensor in read.subgraphs[0].tensors] == [b"given", b"addend", b"made"]
    assert metadata.operators(content) == ["ADD"]
    assert metadata.tensor_types(content) == {"INT32"}
    assert metadata.interface_sizes(content) == ([12], [12])
    assert {entry.name: bytes(read.buffers[entry.buffer].data) for entry in read.metadata} == {
        b"note": b"text",
        b"raw": b"\x00\x01",
    }


def test_equal_buffers_and_operator_codes_are_stored_once():
    model = Model("twice")
    graph = model.subgraph("main")
    for name in ("a", "b"):
        constant = graph.constant(name, np.arange(5, dtype=np.int32))
        graph.operator(schema.BuiltinOperator.ADD, [constant, constant], [constant], schema.AddOptionsT())
    read = metadata.parse(model.to_bytes())
    assert len(read.buffers) == 2  # the empty one, too
    assert len(read.operatorCodes) == 1
    assert [tensor.buffer for tensor in read.subgraphs[0].tensors] == [1, 1]


def test_the_same_calls_give_the_same_bytes():
    assert adder().to_bytes() == adder().to_bytes() != adder((1, 2, 4)).to_bytes()


def test_constants_are_aligned_for_kernels_that_read_them_in_place():
    model = adder()
    graph = model.subgraph("constants")
    pieces = [np.arange(1000 + size, 1000 + 2 * size, dtype=np.int64) for size in (1, 2, 3, 5)]
    for piece in pieces:
        graph.constant("piece", piece)
    content = model.to_bytes()
    assert all(content.index(piece.tobytes()) % BUFFER_ALIGNMENT == 0 for piece in pieces)


def test_quantization():
    model = Model("scales")
    graph = model.subgraph("main")
    graph.tensor("x", [2], np.int8, scale=0.5, zero_point=-3)
    graph.tensor("y", [2], np.int8)
    x, y = metadata.parse(model.to_bytes()).subgraphs[0].tensors
    assert (x.quantization.scale.tolist(), x.quantization.zeroPoint.tolist()) == ([0.5], [-3])
    assert y.quantization is None


def test_floats_cannot_be_written():
    with pytest.raises(KeyError):
        Model("float").subgraph("main").constant("x", np.float32(1))


def test_loading_verifies():
    content = adder().to_bytes()
    with pytest.raises(UserError, match="not a valid Flatbuffer"):
        TFLiteModel(content[: len(content) // 2])
