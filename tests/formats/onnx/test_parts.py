"""Parts of ONNX files: from an operator or a tensor on, through branches, with states, whatever is ahead of them."""

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from helpers.onnx_models import model, recurrent  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from rnnexp.errors import UserError  # noqa: E402
from rnnexp.formats.onnx import file, outputs, reader  # noqa: E402
from rnnexp.network.graph.agreement import compare  # noqa: E402

PATH = Path("part.onnx")
pytestmark = pytest.mark.usefixtures("in_this_process")


def read(made, until="", begin=""):
    return reader.read_file(file.parse(PATH, made.SerializeToString()), until, begin)


def agree(made, until="", begin="", steps=6):
    """Read a part, see that onnxruntime computes the same from there on, and return what was read."""
    parsed = file.parse(PATH, made.SerializeToString())
    found = reader.read_file(parsed, until, begin)
    x = np.random.default_rng(0).normal(size=(3, steps, found.graph.features)).astype(np.float32)
    assert compare(found.graph, outputs.own_values(parsed, found, x), x).misread is None
    return found


def strange(nodes, constants, shape=("t", "n", 4), out="out"):
    """A model that begins with what no graph has, the sine of the input."""
    first = [helper.make_node("Sin", ["given"], ["sine"], name="sine"), helper.make_node("Relu", ["sine"], ["x"])]
    return model([*first, *nodes], constants, ("given", shape), (out, ["any"] * 2))


def head(constants, source="h"):
    constants |= {"head": np.random.default_rng(1).normal(size=(5, 2)).astype(np.float32), "zero": np.array([0])}
    return [helper.make_node("Squeeze", [source, "zero"], ["s"]), helper.make_node("MatMul", ["s", "head"], ["out"])]


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("begin", ["rnn", "x"])
def test_what_is_ahead_is_not_looked_at(kind, begin):
    node, constants = recurrent(kind, np.random.default_rng(0))
    made = strange([node, *head(constants)], constants)
    with pytest.raises(UserError, match=r'"sine" \(Sin\) cannot be converted'):
        read(made)
    found = agree(made, begin=begin)
    assert [node.kind for node in found.graph.nodes] == ["Recurrent", "Dense"]
    assert (found.graph.axes, found.graph.steps, found.graph.features) == ("TNF", None, 4)
    assert agree(made, "rnn", begin).graph.output == "rnn"


def test_zeros_as_long_as_the_input_ahead_says_are_first_states():
    node, constants = recurrent("LSTM", np.random.default_rng(0))
    node.input.extend(["", "state", "state"])
    constants |= {"one": np.array([1]), "ways": np.array([1]), "units": np.array([5])}
    sizes = [
        helper.make_node("Shape", ["given"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["batch"]),
        helper.make_node("Concat", ["ways", "batch", "units"], ["sizes"], axis=0),
        helper.make_node("ConstantOfShape", ["sizes"], ["state"]),
    ]
    found = agree(strange([*sizes, node, *head(constants)], constants), begin="rnn")
    assert not found.graph.nodes[0].stateful
    sizes[-1].attribute.append(helper.make_attribute("value", numpy_helper.from_array(np.ones(1, np.float32))))
    with pytest.raises(UserError, match=r'"rnn" \(LSTM\) cannot be converted'):
        read(strange([*sizes, node, *head(constants)], constants), begin="rnn")


def test_what_reads_values_from_ahead_is_refused():
    node, constants = recurrent("GRU", np.random.default_rng(0))
    constants["axis"] = np.array([1])
    skip = [
        helper.make_node("Squeeze", ["y", "axis"], ["values"]),
        helper.make_node("Concat", ["values", "sine"], ["out"], axis=2, name="skip"),
    ]
    with pytest.raises(UserError, match=r'"skip" \(Concat\) cannot be converted: it reads .* ahead of where reading'):
        read(strange([node, *skip], constants), begin="rnn")


def test_names_that_there_are_not():
    node, constants = recurrent("GRU", np.random.default_rng(0))
    made = strange([node, *head(constants)], constants)
    with pytest.raises(UserError, match="has no operator or tensor 'rmm'"):
        read(made, begin="rmm")
    with pytest.raises(UserError, match=r'"rnn" .* of what is ahead of where reading begins, and of that alone'):
        read(made, until="y", begin="s")


def streaming(kind, extra=()):
    """A file that takes one step and its states, as PyTorch writes cells."""
    node, constants = recurrent(kind, np.random.default_rng(0))
    node.input[0] = "step"
    node.input.extend(["", "h0"])
    states = ["h0"]
    if kind == "LSTM":
        node.input.append("c0")
        node.output.append("c")
        states.append("c0")
    constants |= {"at": np.array([0])}
    first = helper.make_node("Unsqueeze", ["x", "at"], ["step"], name="step")
    made = strange([*extra, first, node, *head(constants)], constants, shape=("n", 4))
    for name in states:
        made.graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, "n", 5]))
    return made


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_a_file_of_one_step_and_states_is_the_network_of_every_step(kind):
    found = agree(streaming(kind), begin="rnn")
    assert found.streamed
    assert found.graph.steps is None
    assert found.graph.run(np.zeros((2, 9, 4))).shape == (2, 9, 2)


def branches(condition, then, other):
    """An ``If`` whose branches are operators that give ``then`` and ``other``."""
    made = [
        helper.make_graph(
            nodes, name, [], [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)]
        )
        for name, nodes in (("then", then), ("else", other))
    ]
    return helper.make_node("If", [condition], ["chosen"], name="choice", then_branch=made[0], else_branch=made[1])


@pytest.mark.parametrize("kind", ["constant", "ahead"])
def test_networks_in_branches(kind):
    node, constants = recurrent("LSTM", np.random.default_rng(0))
    other = helper.make_node("LSTM", ["x", "W2", "R"], ["y2", "h2"], name="rnn2", hidden_size=5)
    constants |= {"W2": 2 * constants["W"], "yes": np.array(True)}
    constants |= {"head": np.ones((5, 2), np.float32), "zero": np.array([0]), "axes": np.array([0, 1, 2])}
    last = [helper.make_node("Squeeze", ["chosen", "zero"], ["s"]), helper.make_node("MatMul", ["s", "head"], ["out"])]
    ahead = [
        helper.make_node("ReduceSum", ["given", "axes"], ["sum"], keepdims=0),
        helper.make_node("Cast", ["sum"], ["sign"], to=TensorProto.BOOL),
    ]
    which = "yes" if kind == "constant" else "sign"
    then = [node, helper.make_node("Identity", ["h"], ["then"])]
    choice = branches(which, then, [other, helper.make_node("Identity", ["h2"], ["else"])])
    made = strange([*ahead, choice, *last], constants)
    first, second = agree(made, begin="rnn").graph, agree(made, begin="rnn2").graph
    np.testing.assert_array_equal(2 * first.nodes[0].directions[0][0], second.nodes[0].directions[0][0])
    if kind == "constant":
        chosen = agree(made, begin="x").graph
        np.testing.assert_array_equal(chosen.nodes[0].directions[0][0], first.nodes[0].directions[0][0])
    else:
        with pytest.raises(UserError, match=r'"choice" \(If\) cannot be converted: which of its branches is taken'):
            read(made, begin="x")


def test_a_branch_for_sizes_that_are_open_is_the_one_that_fits():
    node, constants = recurrent("GRU", np.random.default_rng(0))
    constants |= {"first": np.array(0), "one": np.array(1), "axis": np.array([1])}
    sizes = [
        helper.make_node("Shape", ["h"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["batch"]),
        helper.make_node("Equal", ["batch", "one"], ["alone"]),
    ]
    then = [helper.make_node("Squeeze", ["h", "axis"], ["then"])]
    choice = branches("alone", then, [helper.make_node("Identity", ["h"], ["else"])])
    found = agree(strange([node, *sizes, choice, *head(constants, "chosen")], constants), begin="rnn")
    assert [node.kind for node in found.graph.nodes] == ["Recurrent", "Dense"]


def test_values_in_other_files_are_not_fetched_for_branches_either(tmp_path):
    node, constants = recurrent("GRU", np.random.default_rng(0))
    weights = numpy_helper.from_array(np.zeros(3, np.float32), "far")
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="../secret")
    then = [helper.make_node("Constant", [], ["c"], value=weights), helper.make_node("Identity", ["h"], ["then"])]
    constants["yes"] = np.array(True)
    choice = branches("yes", then, [helper.make_node("Identity", ["h"], ["else"])])
    made = strange([node, choice, *head(constants, "chosen")], constants)
    with pytest.raises(UserError, match="nothing outside of it is read"):
        file.parse(tmp_path / "model.onnx", made.SerializeToString())
