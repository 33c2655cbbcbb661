"""ONNX operators by hand, whose outputs onnxruntime and onnx itself compute too."""

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from helpers.onnx_models import model, recurrent  # noqa: E402
from onnx import TensorProto, helper  # noqa: E402

from rnnexp.errors import UserError  # noqa: E402
from rnnexp.formats.foreign.axes import as_node  # noqa: E402
from rnnexp.formats.onnx import file, outputs, reader  # noqa: E402
from rnnexp.network.graph.agreement import compare  # noqa: E402

pytestmark = pytest.mark.usefixtures("in_this_process")

PATH = Path("by-hand.onnx")


def read(made):
    return reader.read_file(file.parse(PATH, made.SerializeToString()))


def agree(made, steps=7, n=3, seed=0):
    """Read a model, see that every node of the file gives what onnxruntime gives, and return the graph."""
    parsed = file.parse(PATH, made.SerializeToString())
    found = reader.read_file(parsed)
    rng = np.random.default_rng(seed)
    graph = found.graph
    shape = (n, graph.steps or steps, graph.features) if graph.features else (n, graph.steps or steps)
    x = rng.normal(size=shape).astype(np.float32) if graph.features else rng.integers(0, 5, shape)
    own = outputs.own_values(parsed, found, x)
    assert compare(graph, own, x).misread is None
    ours = graph.values(x)
    for name, values in own.items():
        np.testing.assert_allclose(ours[name], values, rtol=1e-4, atol=1e-5, err_msg=name)
    return graph


def flat(nodes, constants, out="y", shape=("n", "t", 4), **more):
    return model(nodes, constants, ("x", shape), (out, ("any",)), **more)


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("output", ["y", "h"])
def test_directions_and_both_outputs(kind, direction, output):
    node, constants = recurrent(kind, np.random.default_rng(1), direction=direction)
    ways = 1 + (direction == "bidirectional")
    # Directions side by side, as frameworks have them.
    after = [helper.make_node("Transpose", [output], ["a"], perm=[0, 2, 1, 3] if output == "y" else [1, 0, 2])]
    constants["shape"] = np.array([0, 0, 5 * ways] if output == "y" else [0, 5 * ways])
    after.append(helper.make_node("Reshape", ["a", "shape"], ["out"]))
    graph = agree(flat([node, *after], constants, "out", ("t", "n", 4)))
    assert graph.axes == "TNF"


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("bias", [False, True])
def test_both_kinds_of_reset(before, bias):
    node, constants = recurrent("GRU", np.random.default_rng(2), bias=bias, linear_before_reset=before)
    squeeze = helper.make_node("Squeeze", ["y", "one"], ["out"])
    graph = agree(flat([node, squeeze], constants | {"one": np.array([1])}, "out", ("t", "n", 4)))
    assert graph.nodes[0].cell == ("gru" if before else "gru-reset-before")


@pytest.mark.parametrize(
    ("kind", "functions", "more"),
    [
        ("RNN", ["Relu"], {}),
        ("RNN", ["LeakyRelu"], {"activation_alpha": [0.3]}),
        ("RNN", ["Softsign"], {}),
        ("LSTM", ["HardSigmoid", "Tanh", "Tanh"], {"activation_alpha": [0.25], "activation_beta": [0.4]}),
        ("LSTM", ["Sigmoid", "Elu", "Elu"], {"activation_alpha": [0.7, 0.7]}),
        ("GRU", ["HardSigmoid", "Softplus"], {"activation_alpha": [0.2], "activation_beta": [0.5]}),
    ],
)
def test_activations(kind, functions, more):
    node, constants = recurrent(kind, np.random.default_rng(3), activations=functions, **more)
    squeeze = helper.make_node("Squeeze", ["h", "zero"], ["out"])
    agree(flat([node, squeeze], constants | {"zero": np.array([0])}, "out", ("t", "n", 4)))


@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
def test_peepholes(direction):
    node, constants = recurrent("LSTM", np.random.default_rng(4), direction=direction, peepholes=True)
    after = helper.make_node("ReduceSum", ["h", "zero"], ["out"], keepdims=0)
    graph = agree(flat([node, after], constants | {"zero": np.array([0])}, "out", ("t", "n", 4)))
    assert graph.nodes[0].cell == "lstm-peephole"


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_batch_first_layout_against_the_other_one(kind):
    # onnxruntime does not know layout 1, so the same weights in layout 0 say what has to come out.
    rng = np.random.default_rng(5)
    first, constants = recurrent(kind, rng, direction="bidirectional", layout=1)
    second, _ = recurrent(kind, rng, direction="bidirectional")
    constants["shape"] = np.array([0, 0, 10])
    one = read(flat([first, helper.make_node("Reshape", ["y", "shape"], ["out"])], constants, "out"))
    turned = helper.make_node("Transpose", ["y"], ["a"], perm=[0, 2, 1, 3])
    other = read(
        flat([second, turned, helper.make_node("Reshape", ["a", "shape"], ["out"])], constants, "out", ("t", "n", 4))
    )
    x = rng.normal(size=(3, 7, 4))
    assert (one.graph.axes, other.graph.axes) == ("NTF", "TNF")
    np.testing.assert_array_equal(one.graph.run(x), other.graph.run(x))


@pytest.mark.parametrize(
    ("kind", "attributes", "message"),
    [
        ("LSTM", {"clip": 3.0}, "clip"),
        ("LSTM", {"input_forget": 1}, "input_forget"),
        ("LSTM", {"activations": ["Sigmoid", "Tanh", "Relu"]}, "one function for both"),
        ("RNN", {"activations": ["Affine"]}, "Affine"),
        ("RNN", {"activations": ["Elu"], "activation_alpha": [1.0, 2.0]}, "activation_alpha"),
        ("GRU", {"unheard_of": 1}, "unheard_of"),
    ],
)
def test_what_is_not_known_is_refused_by_name(kind, attributes, message):
    node, constants = recurrent(kind, np.random.default_rng(6), **attributes)
    made = flat([node], constants, "y", ("t", "n", 4))
    with pytest.raises(UserError, match=message):
        read(made)


def test_a_first_state_that_is_not_zero_is_refused():
    node, constants = recurrent("RNN", np.random.default_rng(6))
    node.input.extend(["", "h0"])
    made = flat([node], constants | {"h0": np.ones((1, 3, 5), np.float32)}, "y", ("t", 3, 4))
    with pytest.raises(UserError, match=r'node "rnn" \(RNN\) cannot be converted: its first state is not zero'):
        read(made)


def test_lengths_are_refused_unless_they_are_all_of_them():
    for lengths, fits in (([7, 7, 7], True), ([7, 5, 7], False)):
        node, constants = recurrent("RNN", np.random.default_rng(6))
        node.input.append("lengths")
        made = flat([node], constants | {"lengths": np.array(lengths, np.int32)}, "y", (7, 3, 4))
        if fits:
            agree(made)
        else:
            with pytest.raises(UserError, match="sequence_lens"):
                read(made)


def test_two_values_multiplied_name_the_operator_and_what_is_ahead_of_it():
    weights = {"w": np.eye(4, dtype=np.float32)}
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], name="/fc/MatMul"),
        helper.make_node("Transpose", ["a"], ["b"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["a", "b"], ["y"], name="/attn/MatMul"),
    ]
    made = flat(nodes, weights)
    with pytest.raises(UserError) as caught:
        read(made)
    assert 'node "/attn/MatMul" (MatMul of two values) cannot be converted' in str(caught.value)
    assert str(caught.value).endswith('What is ahead of it can: --until "/fc/MatMul"')
    graph = reader.read_file(file.parse(PATH, made.SerializeToString()), "/fc/MatMul").graph
    np.testing.assert_array_equal(graph.run(np.ones((1, 2, 4))), np.ones((1, 2, 4)))
    with pytest.raises(UserError, match="no operator or tensor '/fc/Matmul'; did you mean '/fc/MatMul'"):
        reader.read_file(file.parse(PATH, made.SerializeToString()), "/fc/Matmul")


@pytest.mark.parametrize("opset", [9, 11, 12, 13, 18, 21])
def test_operators_of_several_versions(opset):
    rng = np.random.default_rng(opset)
    constants = {
        "w": rng.normal(size=(4, 6)).astype(np.float32),
        "b": rng.normal(size=6).astype(np.float32),
        "last": np.array(-1),
    }
    attribute = {"axes": [1]} if opset < 18 else {}
    mean = helper.make_node("ReduceMean", ["c"] if opset < 18 else ["c", "one"], ["d"], keepdims=0, **attribute)
    if opset >= 18:
        constants["one"] = np.array([1])
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"]),
        helper.make_node("Add", ["a", "b"], ["b1"]),
        helper.make_node("Clip", ["b1"], ["c"], min=0.0, max=6.0)
        if opset < 11
        else helper.make_node("Clip", ["b1", "low", "high"], ["c"]),
        mean,
        helper.make_node("Softmax", ["d"], ["y"]),
    ]
    if opset >= 11:
        constants |= {"low": np.float32(0.0), "high": np.float32(6.0)}
    graph = agree(flat(nodes, constants, opset=opset))
    assert [node.kind for node in graph.nodes] == ["Dense", "Activation", "GlobalPooling", "Activation"]


@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize(("stride", "size", "groups"), [(1, 3, 1), (2, 4, 2), (3, 2, 4)])
def test_padding_of_convolutions_by_name(auto_pad, stride, size, groups):
    rng = np.random.default_rng(stride)
    constants = {"k": rng.normal(size=(8, 4 // groups, size)).astype(np.float32)}
    node = helper.make_node("Conv", ["x", "k"], ["y"], auto_pad=auto_pad, strides=[stride], group=groups)
    agree(flat([node], constants, shape=("n", 4, 20)))


@pytest.mark.parametrize("kind", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize("pads", [[0, 0], [1, 1], [0, 1]])
def test_pooling_with_padding(kind, pads):
    node = helper.make_node(kind, ["x"], ["y"], kernel_shape=[3], strides=[2], pads=pads)
    agree(flat([node], {}, shape=("n", 4, 20)))
    if kind == "AveragePool" and any(pads):
        counting = helper.make_node(kind, ["x"], ["y"], kernel_shape=[3], pads=pads, count_include_pad=1)
        with pytest.raises(UserError, match="count the padding"):
            read(flat([counting], {}, shape=("n", 4, 20)))


def test_a_share_of_the_steps_that_are_open_is_no_constant():
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "one"], ["t"]),
        helper.make_node("Cast", ["t"], ["tf"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["x", "tf"], ["y"], name="share"),
    ]
    with pytest.raises(UserError, match=r'"share" \(Div\).*leaves open'):
        read(flat(nodes, {"one": np.array(1)}))
    agree(flat(nodes, {"one": np.array(1)}, shape=("n", 20, 4)))


def test_words():
    rng = np.random.default_rng(0)
    node, constants = recurrent("LSTM", rng)
    constants |= {"table": rng.normal(size=(5, 4)).astype(np.float32), "one": np.array([1])}
    nodes = [
        helper.make_node("Gather", ["words", "table"][::-1], ["e"]),
        helper.make_node("Transpose", ["e"], ["x"], perm=[1, 0, 2]),
        node,
        helper.make_node("Squeeze", ["y", "one"], ["out"]),
    ]
    graph = agree(model(nodes, constants, ("words", ("n", "t")), ("out", ("any",)), kind=TensorProto.INT64))
    assert (graph.words, graph.axes) == (True, "NT")


def test_half_precision_and_further_inputs_are_refused():
    node, constants = recurrent("RNN", np.random.default_rng(0))
    made = flat([node], constants, "y", ("t", "n", 4))
    made.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT16
    with pytest.raises(UserError, match="neither float32 nor words"):
        reader.read_file(file.ModelFile(PATH, made, 17, constants))
    node.input.extend(["", "h0"])
    made = flat([node], constants, "y", ("t", "n", 4))
    made.graph.input.append(helper.make_tensor_value_info("h0", TensorProto.FLOAT, [1, "n", 5]))
    made.graph.node.append(helper.make_node("Identity", ["h0"], ["z"]))
    made.graph.node.append(helper.make_node("Add", ["y", "z"], ["sum"]))
    made.graph.output[0].name = "sum"
    with pytest.raises(UserError, match=r"takes 2 inputs \(x, h0\)"):
        read(made)


@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
def test_first_states_as_inputs_are_zero_at_first(direction):
    node, constants = recurrent("LSTM", np.random.default_rng(0), direction=direction)
    node.input.extend(["", "h", "c0"])
    node.output[1] = "last"
    ways = 1 + (direction == "bidirectional")
    # As of a part of the states of several layers.
    part = helper.make_node("Slice", ["h0", "begin", "end", "begin"], ["h"])
    constants |= {"begin": np.array([0]), "end": np.array([ways])}
    made = flat([part, node], constants, "last", ("t", "n", 4))
    for name, layers in (("h0", 2 * ways), ("c0", ways)):
        made.graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [layers, "n", 5]))
    graph = agree(made)
    assert [(node.kind, node.stateful) for node in graph.nodes] == [("Recurrent", True)]


def test_words_are_looked_up_and_not_computed_with():
    node = helper.make_node("Div", ["words", "two"], ["out"], name="half")
    made = model([node], {"two": np.array(2)}, ("words", ("n", "t")), ("out", ("any",)), kind=TensorProto.INT64)
    with pytest.raises(UserError, match=r'"half".*computes with words'):
        read(made)


def test_an_output_with_all_steps_in_one_row():
    node, constants = recurrent("GRU", np.random.default_rng(0))
    turned = helper.make_node("Transpose", ["y"], ["a"], perm=[2, 0, 1, 3])
    graph = agree(flat([node, turned, helper.make_node("Flatten", ["a"], ["out"])], constants, "out", (7, 3, 4)))
    assert [node.kind for node in graph.nodes] == ["Recurrent", "Flatten"]


def onnx_cases():
    """Return the cases of onnx' own conformance tests that are of recurrent layers, convolutions and pooling."""
    from onnx.backend.test.case.node import collect_testcases

    kinds = ("RNN", "LSTM", "GRU", "Conv", "MaxPool", "AveragePool", "BatchNormalization", "Softmax", "LogSoftmax")
    cases = [case for case in collect_testcases(None) if case.data_sets and len(case.model.graph.node) == 1]
    return [case for case in cases if case.model.graph.node[0].op_type in kinds]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_onnx_own_conformance_tests():
    """What is read gives what onnx says that comes out, layout 1 included; the rest is refused."""
    read_cases = 0
    for case in onnx_cases():
        made, (inputs, expected) = case.model, case.data_sets[0]
        # Weights come as inputs there.
        names = [entry.name for entry in made.graph.input]
        for name, array in list(zip(names, inputs, strict=False))[1:]:
            made.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(array), name))
        try:
            found = read(made)
        except UserError:
            continue
        guess, graph = found.input, found.graph
        x, order = np.asarray(inputs[0], np.float64), guess.axes
        for letter in "NTFC":
            if letter not in order:
                x, order = x[..., None], order + letter
        x = x.transpose([order.index(letter) for letter in "NTFC"])
        x = x.reshape(*x.shape[:2], -1)
        trace = found.traces[graph.output]
        wanted = as_node(np.asarray(expected[0], np.float64), trace.value, len(x), guess.batch_axis)
        np.testing.assert_allclose(graph.run(x), wanted, rtol=1e-4, atol=1e-5, err_msg=case.name)
        read_cases += 1
        if case.name.endswith("_batchwise") or "defaults" in case.name:
            assert any(node.kind == "Recurrent" for node in graph.nodes)
    assert read_cases >= 40
