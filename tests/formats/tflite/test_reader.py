"""Reading any TensorFlow Lite file: what the schema's own reader finds in whole ones, and an error for damaged ones."""

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from helpers.properties import examples
from helpers.schema_models import model, packed
from hypothesis import given
from hypothesis import strategies as st

from rnnexp.errors import UserError
from rnnexp.formats.tflite.builder import Model
from rnnexp.formats.tflite.reader import read


def text(name):
    return (name or b"").decode()


def numbers(values):
    return [] if values is None else np.asarray(values).tolist()


def assert_as_the_schema_reads_it(content):
    found, expected = read(content), schema.ModelT.InitFromPackedBuf(content, 0)
    assert (found.version, found.description) == (expected.version, text(expected.description))
    assert found.metadata == tuple((text(entry.name), entry.buffer) for entry in expected.metadata)
    assert [bytes(content[span.start : span.end]) for span in found.buffers] == [
        bytes(numbers(buffer.data)) for buffer in expected.buffers
    ]
    assert len(found.subgraphs) == len(expected.subgraphs)
    for graph, wanted in zip(found.subgraphs, expected.subgraphs, strict=True):
        assert (graph.name, list(graph.inputs), list(graph.outputs)) == (
            text(wanted.name),
            numbers(wanted.inputs),
            numbers(wanted.outputs),
        )
        assert [operator.inputs.tolist() for operator in graph.operators] == [
            numbers(operator.inputs) for operator in wanted.operators
        ]
        assert [getattr(schema.BuiltinOperator, operator.name) for operator in graph.operators] == [
            expected.operatorCodes[operator.opcodeIndex].builtinCode for operator in wanted.operators
        ]
        for tensor, other in zip(graph.tensors, wanted.tensors, strict=True):
            assert getattr(schema.TensorType, tensor.type) == other.type
            assert (tensor.name, tensor.buffer, list(tensor.shape)) == (
                text(other.name),
                other.buffer,
                numbers(other.shape),
            )
            assert list(tensor.shape_signature) == numbers(other.shapeSignature)
            quantization = other.quantization or schema.QuantizationParametersT()
            assert tensor.scale.tolist() == numbers(quantization.scale)
            assert tensor.zero_point.tolist() == numbers(quantization.zeroPoint)
            assert tensor.quantized_dimension == quantization.quantizedDimension


@pytest.mark.parametrize("name", ["int8", "dynamic_range", "float16", "lstm_loop", "lstm_fused", "embedding"])
def test_the_converters_files(foreign, name):
    assert_as_the_schema_reads_it(foreign[name])


def test_our_own_files(regression_run):
    for path in regression_run.config.output_dir.glob("*.tflite"):
        assert_as_the_schema_reads_it(path.read_bytes())


def test_operators_that_are_not_known_by_name():
    codes = []
    for builtin, deprecated, custom in (
        (schema.BuiltinOperator.CUSTOM, 32, b"Mine"),
        (schema.BuiltinOperator.CUSTOM, 32, None),
        (9999, 127, None),
        (0, schema.BuiltinOperator.TANH, None),  # as old files have it
    ):
        code = schema.OperatorCodeT()
        code.builtinCode, code.deprecatedBuiltinCode, code.customCode = builtin, deprecated, custom
        codes.append(code)
    made = model(operatorCodes=codes)
    for number in range(len(codes)):
        operator = schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = number, [0, -1], [0]
        made.subgraphs[0].operators.append(operator)
    (graph,) = read(packed(made)).subgraphs
    assert [operator.name for operator in graph.operators] == ["CUSTOM Mine", "CUSTOM", "#9999", "TANH"]
    assert graph.operators[0].inputs.tolist() == [0, -1]


def test_large_models_have_their_constants_behind_the_flatbuffer():
    made = model()
    made.buffers[1].data, made.buffers[1].offset, made.buffers[1].size = None, 4096, 8
    content = packed(made)
    content += bytes(4096 - len(content)) + bytes(range(8))
    found = read(content)
    span = found.constant(found.subgraphs[0].tensors[0])
    assert content[span.start : span.end] == bytes(range(8))
    with pytest.raises(
        UserError, match=r"buffer 1 of the model: is said to be at bytes 4,096 to 4,104 of a file of 4,103"
    ):
        read(content[:-1])


def test_constants_in_other_files_are_named():
    group = schema.ExternalBufferGroupT()
    group.name = b"weights.bin"
    external = schema.ExternalBufferT()
    external.id, external.group = 7, 0
    made = model(externalBufferGroups=[group], externalBuffers=[external])
    tensor = made.subgraphs[0].tensors[0]
    tensor.externalBuffer, tensor.buffer = 7, 0
    assert read(packed(made)).subgraphs[0].tensors[0].external == "weights.bin"
    tensor.externalBuffer = 8
    with pytest.raises(UserError, match="there is no external buffer 8"):
        read(packed(made))


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("subgraphs", [], "the model: has no subgraph"),
        ("subgraphs.0.inputs", [1], r"subgraph 0 of the model, inputs: refers to number 1, and there are 1"),
        ("subgraphs.0.outputs", [-1], "subgraph 0 of the model, outputs: refers to number -1"),
        ("subgraphs.0.tensors.0.buffer", 2, "tensor 0 of subgraph 0 of the model, buffer: refers to number 2"),
        ("subgraphs.0.tensors.0.shape", np.ones(65, np.int32), "tensor 0 .*, shape: has 65 dimensions"),
        ("subgraphs.0.tensors.0.name", b"\xff", r"tensor 0 .*, name: is not UTF-8 at byte \d+ of the file"),
        ("operators.inputs", [-2], "operator 0 of subgraph 0 of the model, inputs: refers to number -2"),
        ("operators.inputs", [2**31 - 1], "operator 0 .*, inputs: refers to number 2147483647"),
        ("operators.opcodeIndex", 1, "operator 0 .*, opcode_index: refers to number 1, and there are 1"),
        ("metadata.buffer", 2**32 - 1, "metadata entry 0 .*, buffer: refers to number 4294967295"),
    ],
)
def test_numbers_that_point_nowhere(place, value, message):
    made = model(operatorCodes=[schema.OperatorCodeT()])
    operator, entry = schema.OperatorT(), schema.MetadataT()
    operator.inputs, operator.outputs = [0], [0]
    made.subgraphs[0].operators, made.metadata = [operator], [entry]
    read(packed(made))
    *path, last = place.split(".")
    target = {("operators",): operator, ("metadata",): entry}.get(tuple(path), made)
    if target is made:
        for step in path:
            target = target[int(step)] if step.isdigit() else getattr(target, step)
    setattr(target, last, value)
    with pytest.raises(UserError, match=f"own.tflite is damaged or cut off: {message}"):
        read(packed(made), "own.tflite")


@pytest.mark.parametrize("content", [b"", b"TFL", b"\x10\0\0\0TFL2" + bytes(64), b"a text that goes on for a while"])
def test_what_is_no_tensorflow_lite_file(content):
    with pytest.raises(UserError, match="the model is not a TensorFlow Lite file: its bytes 4 to 7 are b'"):
        read(content)


@pytest.mark.parametrize("root", [0, 4, 8, 12, 2**31, 2**32 - 1])
def test_a_root_that_points_anywhere(root):
    with pytest.raises(UserError, match="the model is damaged or cut off: the model: "):
        read(root.to_bytes(4, "little") + b"TFL3" + bytes(16))


def test_every_truncation_of_a_file_is_noticed():
    content = packed(model())
    for size in range(len(content)):
        with pytest.raises(UserError):
            read(content[:size])


PATCHES = st.lists(st.tuples(st.integers(0, 2**16), st.binary(min_size=1, max_size=8)), min_size=1, max_size=5)


@examples(200)
@given(patches=PATCHES)
def test_whatever_is_written_over_a_file_it_is_read_or_refused(foreign, patches):
    content = bytearray(foreign["lstm_fused"])
    for place, patch in patches:
        at = 8 + place % (len(content) - 16)
        content[at : at + len(patch)] = patch
    try:
        file = read(bytes(content))
    except UserError as error:
        assert str(error).startswith("the model is damaged or cut off: ")  # noqa: PT017
    else:
        for graph in file.subgraphs:
            count = len(graph.tensors)
            assert all(number < count for number in (*graph.inputs, *graph.outputs))
            assert all(file.constant(tensor).end <= len(content) for tensor in graph.tensors)


def repeating(tensors, scales):
    """A file of few bytes whose tensors are one and the same, with many scales."""
    builder = flatbuffers.Builder(1 << 16)
    scale = builder.CreateNumpyVector(np.ones(scales, np.float32))
    schema.QuantizationParametersStart(builder)
    schema.QuantizationParametersAddScale(builder, scale)
    quantization = schema.QuantizationParametersEnd(builder)
    schema.TensorStart(builder)
    schema.TensorAddQuantization(builder, quantization)
    tensor = schema.TensorEnd(builder)

    def vector(table, count):
        builder.StartVector(4, count, 4)
        for _ in range(count):
            builder.PrependUOffsetTRelative(table)
        return builder.EndVector()

    tables = vector(tensor, tensors)
    schema.SubGraphStart(builder)
    schema.SubGraphAddTensors(builder, tables)
    graphs = vector(schema.SubGraphEnd(builder), 1)
    schema.ModelStart(builder)
    schema.ModelAddSubgraphs(builder, graphs)
    builder.Finish(schema.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())


def test_a_small_file_cannot_become_large_by_repeating_itself():
    assert len(read(repeating(10, 5)).subgraphs[0].tensors) == 10
    for content in (repeating(20_000, 1), repeating(1000, 10_000)):
        with pytest.raises(UserError, match=r"tensor \d+ of subgraph 0 .*: by here the file refers to the same bytes"):
            read(content)


def test_what_this_project_writes_shared_is_read():
    """Equal names, shapes and quantisations of a thousand tensors are stored once."""
    made = Model("shared")
    graph = made.subgraph("main")
    for _ in range(1000):
        graph.tensor("the same name for all of them", [1, 2, 3, 4], np.int8, scale=0.5)
    (found,) = read(made.to_bytes()).subgraphs
    assert len(found.tensors) == 1000
    assert found.tensors[999].scale.tolist() == [0.5]
