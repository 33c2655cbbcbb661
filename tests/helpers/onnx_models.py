"""ONNX models made by hand, operator by operator, with every option that their recurrent operators have."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}


def model(nodes, constants, given, out, opset=17, kind=TensorProto.FLOAT):
    """Return a model: ``given`` and ``out`` are a name and a shape, in which texts are open sizes."""
    graph = helper.make_graph(
        nodes,
        "by hand",
        [helper.make_tensor_value_info(given[0], kind, given[1])],
        [helper.make_tensor_value_info(out[0], TensorProto.FLOAT, out[1])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def recurrent(kind, rng, features=4, units=5, direction="forward", bias=True, peepholes=False, **attributes):
    """Return a recurrent operator of ``x`` that gives ``y`` and ``h``, and its weights."""
    ways, sums = 1 + (direction == "bidirectional"), GATES[kind]
    draw = lambda *shape: rng.normal(0, 0.5, shape).astype(np.float32)  # noqa: E731
    constants = {"W": draw(ways, sums * units, features), "R": draw(ways, sums * units, units)}
    inputs = ["x", "W", "R"]
    if bias:
        constants["B"] = draw(ways, 2 * sums * units)
    inputs.append("B" if bias else "")
    if peepholes:
        constants["P"] = draw(ways, 3 * units)
        inputs += ["", "", "", "P"]
    node = helper.make_node(kind, inputs, ["y", "h"], name="rnn", hidden_size=units, direction=direction, **attributes)
    return node, constants


def content(made):
    onnx.checker.check_model(made)
    return made.SerializeToString()
