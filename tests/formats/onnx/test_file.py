"""ONNX files that nobody vouches for: damaged ones, such as reach for other files, and such as are something else."""

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from helpers.damage import damaged  # noqa: E402
from helpers.onnx_models import content, model, recurrent  # noqa: E402
from onnx import TensorProto, helper  # noqa: E402

from rnnexp.errors import UserError  # noqa: E402
from rnnexp.formats.onnx import file, outputs, reader  # noqa: E402
from rnnexp.network.graph.agreement import compare  # noqa: E402

pytestmark = pytest.mark.usefixtures("in_this_process")

PATH = Path("strange.onnx")


def network(kind="LSTM"):
    """A network with a convolution, a recurrent layer and a head."""
    rng = np.random.default_rng(0)
    node, constants = recurrent(kind, rng, features=6)
    constants |= {
        "k": rng.normal(size=(6, 4, 3)).astype(np.float32),
        "head": rng.normal(size=(5, 2)).astype(np.float32),
        "b": rng.normal(size=2).astype(np.float32),
        "zero": np.array([0]),
    }
    nodes = [
        helper.make_node("Transpose", ["given"], ["ncw"], perm=[0, 2, 1]),
        helper.make_node("Conv", ["ncw", "k"], ["c"], pads=[1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("Transpose", ["r"], ["x"], perm=[2, 0, 1]),
        node,
        helper.make_node("Squeeze", ["h", "zero"], ["s"]),
        helper.make_node("Gemm", ["s", "head", "b"], ["out"]),
    ]
    return model(nodes, constants, ("given", ("n", "t", 4)), ("out", ("n", 2)))


def never_in_silence(data):
    """Read a file, which has to be refused in one line or read as what it is; return whether it was read."""
    try:
        parsed = file.parse(PATH, data)
        found = reader.read_file(parsed)
    except UserError as error:
        message = str(error)
    else:
        message = ""
    if message:
        assert 10 < len(message) < 1000
        assert "\n" not in message
        return False
    shape = (2, min(found.graph.steps or 6, 50), max(found.graph.features, 1))
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    try:
        own = outputs.own_values(parsed, found, x)
    except UserError:  # what cannot be run cannot be misread
        return True
    # Weights of 1e30, which some damage makes, are nothing that float32 can be compared with.
    if max(np.abs(array).max() for array in parsed.constants.values() if array.dtype == np.float32) < 1e4:
        assert compare(found.graph, own, x).misread is None
    return True


def variants(numbers):
    whole = [content(network(kind)) for kind in ("LSTM", "GRU", "RNN")]
    read = [never_in_silence(damaged(whole[seed % 3], seed)) for seed in numbers]
    assert all(never_in_silence(one) for one in whole)
    # Damage to weights alone cannot be told from other weights, so some are read.
    assert 0 < sum(read) < len(read)


def test_damaged_files():
    variants(range(60))


@pytest.mark.slow
def test_many_damaged_files():
    variants(range(60, 1060))


def test_cut_short_anywhere():
    whole = content(network())
    for size in range(0, len(whole), max(len(whole) // 40, 1)):
        never_in_silence(whole[:size])
    with pytest.raises(UserError, match="not an ONNX file"):
        file.parse(PATH, b"")


class Runs:
    """Pickled, it would leave a mark when opened."""

    def __reduce__(self):
        return exec, ("import sys; sys.rnnexp_was_run = True",)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_pickles_are_not_opened(tmp_path, protocol):
    path = tmp_path / "model.onnx"
    path.write_bytes(pickle.dumps(Runs(), protocol))
    with pytest.raises(UserError, match="not an ONNX file"):
        reader.read(path)
    assert not hasattr(sys, "rnnexp_was_run")


def outside(location, **more):
    made = network()
    tensor = made.graph.initializer[0]
    data = tensor.raw_data
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **more}.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(value)
    return made.SerializeToString(), data


def test_values_in_a_file_beside_it_are_read(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    whole, data = outside("weights.bin", offset=8, length=4 * 4 * 5 * 6)
    (folder / "model.onnx").write_bytes(whole)
    (folder / "weights.bin").write_bytes(b"\0" * 8 + data)
    found, plain = reader.read(folder / "model.onnx"), reader.read_file(file.parse(PATH, content(network()))).graph
    x = np.random.default_rng(0).normal(size=(2, 7, 4))
    np.testing.assert_array_equal(found.run(x), plain.run(x))
    (folder / "weights.bin").write_bytes(data)
    with pytest.raises(UserError, match="which that file does not have"):
        reader.read(folder / "model.onnx")


def test_files_outside_of_its_folder_are_not_opened(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"\0" * 10_000)
    (folder / "link.bin").symlink_to(secret)
    (folder / "folder.bin").mkdir()
    for location in (
        "../secret.bin",
        str(secret),
        "link.bin",
        "a/../../secret.bin",
        "",
        "folder.bin",
        "..\\secret.bin",
    ):
        (folder / "model.onnx").write_bytes(outside(location)[0])
        with pytest.raises(UserError, match="no file of the same folder"):
            reader.read(folder / "model.onnx")
    for more in ({"offset": -1}, {"length": -5}, {"offset": "x"}, {"length": 2**62}):
        (folder / "weights.bin").write_bytes(b"\0" * 100)
        (folder / "model.onnx").write_bytes(outside("weights.bin", **more)[0])
        with pytest.raises(UserError, match=r"weights\.bin"):
            reader.read(folder / "model.onnx")


def test_huge_sizes_are_refused_before_they_are_made():
    for dims in ([2**40], [2**31, 2**31], [-1, 5], [2**62, 4]):
        made = network()
        made.graph.initializer[0].dims[:] = dims
        with pytest.raises(UserError):
            reader.read_file(file.parse(PATH, made.SerializeToString()))
    made = network()
    made.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 2**50
    with pytest.raises(UserError, match="shape"):
        reader.read_file(file.parse(PATH, made.SerializeToString()))
    for kind, inputs in (("ConstantOfShape", ["big"]), ("Expand", ["zero", "big"]), ("Tile", ["zero", "one"])):
        made = network()
        constants = {"big": np.array([2**20, 2**20, 2**20]), "one": np.array([2**40])}
        made.graph.initializer.extend(onnx.numpy_helper.from_array(array, name) for name, array in constants.items())
        made.graph.node.insert(0, helper.make_node(kind, inputs, ["huge"], name="huge"))
        made.graph.node[-2].input[1] = "huge"
        with pytest.raises(UserError, match="huge"):
            reader.read_file(file.parse(PATH, made.SerializeToString()))


def test_constants_that_grow_over_and_over_are_refused():
    made = network()
    names = ["zero", *(f"grown{n}" for n in range(60))]
    made.graph.initializer.append(onnx.numpy_helper.from_array(np.array([2]), "two"))
    for n in range(60):
        grow = helper.make_node("Tile", [names[n], "two"], [names[n + 1]], name=names[n + 1])
        made.graph.node.insert(n, grow)
    made.graph.node[-2].input[1] = names[-1]
    with pytest.raises(UserError, match=r"grown\d+.*makes a constant"):
        reader.read_file(file.parse(PATH, made.SerializeToString()))


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(UserError, match="cannot read"):
        reader.read(tmp_path / "none.onnx")
    with pytest.raises(UserError, match="cannot read"):
        reader.read(tmp_path)


def test_without_the_package_one_message_says_so(monkeypatch):
    for name in [name for name in sys.modules if name == "onnx" or name.startswith("onnx.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(UserError, match="pip install onnx"):
        reader.read(PATH)
