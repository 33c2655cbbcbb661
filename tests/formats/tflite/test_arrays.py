"""Constants as arrays: what the interpreter gives for files that run, and every type and oddity of others."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from helpers.foreign import UNITS
from helpers.schema_models import model, packed

from rnnexp.errors import UserError
from rnnexp.formats.tflite.arrays import keys, raw_reason, values, write_npz
from rnnexp.formats.tflite.reader import read


def only(kind, shape, content, **changes):
    """The file with one constant, and that tensor."""
    made = model()
    tensor = made.subgraphs[0].tensors[0]
    tensor.type, tensor.shape = getattr(schema.TensorType, kind), np.array(shape, np.int32)
    vars(tensor).update(changes)
    made.buffers[1].data = np.frombuffer(content, np.uint8)
    file = read(packed(made))
    return file, file.subgraphs[0].tensors[0]


def named(*names, shape=(2,), kind=schema.TensorType.INT32):
    """A file with a constant tensor of each name; all share a buffer."""
    made = model()
    tensors = []
    for name in names:
        tensor = schema.TensorT()
        tensor.name, tensor.buffer, tensor.shape, tensor.type = name.encode(), 1, np.array(shape, np.int32), kind
        tensors.append(tensor)
    made.subgraphs[0].tensors = tensors
    return read(packed(made))


def load(path):
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def assert_as_the_interpreter_has_them(content, path):
    file = read(content)
    count = write_npz(file, path)
    arrays, names = load(path), keys(file)
    assert count == len(names) > 0
    interpreter = Interpreter(
        model_content=content,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    for (graph, number), key in names.items():
        wanted = interpreter.get_tensor(number, graph)
        assert (arrays[key].dtype, arrays[key].shape) == (wanted.dtype, wanted.shape), key
        np.testing.assert_array_equal(arrays[key], wanted, err_msg=key)
        if graph == 0:
            (details,) = (entry for entry in interpreter.get_tensor_details() if entry["index"] == number)
            scales = details["quantization_parameters"]
            assert (f"{key}:scale" in arrays) == (scales["scales"].size > 0)
            if scales["scales"].size:
                np.testing.assert_array_equal(arrays[f"{key}:scale"], scales["scales"])
                np.testing.assert_array_equal(arrays[f"{key}:zero_point"], scales["zero_points"])
                assert arrays[f"{key}:quantized_dimension"] == scales["quantized_dimension"]


@pytest.mark.parametrize("name", ["int8", "dynamic_range", "float16", "lstm_loop", "lstm_fused", "embedding"])
def test_the_converters_files(foreign, tmp_path, name):
    assert_as_the_interpreter_has_them(foreign[name], tmp_path / "constants.npz")


def test_our_own_files(regression_run, tmp_path):
    for path in regression_run.config.output_dir.glob("*.tflite"):
        assert_as_the_interpreter_has_them(path.read_bytes(), tmp_path / "constants.npz")


def test_per_channel_scales_and_float16_are_kept(foreign, tmp_path):
    write_npz(read(foreign["int8"]), tmp_path / "int8.npz")
    arrays = load(tmp_path / "int8.npz")
    assert {arrays[name].size for name in arrays if name.endswith(":scale")} == {3, UNITS}  # outputs, units
    write_npz(read(foreign["float16"]), tmp_path / "float16.npz")
    assert np.float16 in {array.dtype.type for array in load(tmp_path / "float16.npz").values()}


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("INT8", b"\x01\xff", np.array([1, -1], np.int8)),
        ("UINT16", b"\x01\x00\xff\xff", np.array([1, 65535], np.uint16)),
        ("INT64", (5).to_bytes(8, "little") + bytes(8), np.array([5, 0])),
        ("BOOL", b"\x01\x00", np.array([True, False])),
        ("FLOAT64", np.array([0.1, -3]).tobytes(), np.array([0.1, -3])),
        ("COMPLEX64", np.array([1 + 2j, 0], np.complex64).tobytes(), np.array([1 + 2j, 0], np.complex64)),
        ("INT4", b"\x7f", np.array([-1, 7], np.int8)),
        ("UINT4", b"\x7f", np.array([15, 7], np.uint8)),
        ("INT2", b"\x06", np.array([-2, 1], np.int8)),
        ("BFLOAT16", b"\x80\x3f\x00\xc0", np.array([0x3F80, 0xC000], np.uint16)),
        ("FLOAT8_E5M2", b"\x3c\xc0", np.array([0x3C, 0xC0], np.uint8)),
    ],
)
def test_types(kind, content, expected):
    file, tensor = only(kind, [2], content)
    assert raw_reason(tensor, len(content)) == ""
    found = values(file, tensor)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def test_packed_types_of_odd_size():
    file, tensor = only("INT4", [3, 1], b"\x21\x08")
    assert values(file, tensor).tolist() == [[1], [2], [-8]]
    file, tensor = only("INT2", [5], b"\xe4\x03")
    assert values(file, tensor).tolist() == [0, 1, -2, -1, -1]


@pytest.mark.parametrize(
    ("kind", "shape", "reason"),
    [
        ("FLOAT32", [3], "its shape needs 12 bytes"),
        ("FLOAT32", [-2], "its shape has a negative size"),
        ("FLOAT32", [-1, -2], "its shape has a negative size"),
        ("INT4", [17], "its shape needs 9 bytes"),
        ("INT8", [0], "its shape needs 0 bytes"),
        ("INT8", [2**31 - 1] * 64, "its shape needs "),
        ("STRING", [1], "it is of type STRING"),
        ("RESOURCE", [1], "it is of type RESOURCE"),
        ("VARIANT", [8], "it is of type VARIANT"),
    ],
)
def test_what_is_no_array_is_kept_raw(tmp_path, kind, shape, reason):
    file, tensor = only(kind, shape, bytes(range(8)))
    assert raw_reason(tensor, 8).startswith(reason)
    write_npz(file, tmp_path / "x.npz")
    arrays = load(tmp_path / "x.npz")
    assert arrays["x"].tobytes() == bytes(range(8))
    assert (arrays["x:type"].item(), arrays["x:shape"].tolist()) == (kind, shape)


def test_unknown_types_and_sparse_tensors_are_kept_raw():
    file, tensor = only("INT8", [8], bytes(8), type=99)
    assert raw_reason(tensor, 8) == "it is of type #99"
    file, tensor = only("INT8", [8], bytes(range(8)), sparsity=schema.SparsityParametersT())
    assert raw_reason(tensor, 8) == "it is sparse"
    assert values(file, tensor).tolist() == list(range(8))


def test_names_are_unique_whatever_they_are(tmp_path):
    names = [
        "a",
        "a",
        "a:scale",
        "a#2",
        "",
        "",
        "../up",
        "b.npy",
        "b",
        "file",
        "c\0d",
        "c",
        "z" * 70_000,
        "é/重み",
        "a",
    ]
    file = named(*names)
    found = list(keys(file).values())
    assert len(set(found)) == len(names)
    assert found[:8] == ["a", "a#2", "a:scale#2", "a#2#2", "unnamed", "unnamed#2", "../up", "b_npy"]
    assert found[-1] == "a#3"
    write_npz(file, tmp_path / "x.npz")
    arrays = load(tmp_path / "x.npz")
    assert list(arrays) == found
    assert all(array.tobytes() == bytes(range(8)) for array in arrays.values())


def test_the_same_model_gives_the_same_bytes(foreign, tmp_path):
    for name in "ab":
        write_npz(read(foreign["int8"]), tmp_path / f"{name}.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_constants_shared_over_and_over_are_not_written(tmp_path):
    made = model()
    made.buffers[1].data = np.zeros(2**16, np.uint8)
    made.subgraphs[0].tensors *= 300
    file = read(packed(made))
    with pytest.raises(UserError, match="would have 19,660,800 bytes, as tensors share their constants"):
        write_npz(file, tmp_path / "x.npz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["none/x.npz", "folder.npz"])
def test_where_nothing_can_be_written(tmp_path, name):
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(UserError, match=r"cannot write .*x?\.npz: (No such file|Is a directory)"):
        write_npz(named("a"), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.npz"]
