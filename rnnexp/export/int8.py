"""int8 TensorFlow Lite files: an integer network as a graph with a loop.

The loop is one WHILE operator over two small subgraphs, so the file's size does not depend on the number of time steps.
``rnnexp.quantization.network`` has the arithmetic. Every operator is exact, or rounds what cannot tie: FULLY_CONNECTED
multiplies by 4, or has odd sums and divides by powers of two; QUANTIZE only clips to int8. So all kernels give the same
bits.

Values are carried as pairs of numbers in the last dimension: first as int8 ``(upper, lower)``, then as int16
``(4 * value, 4 * upper)``, the fine and the coarse code that a weight's two parts are multiplied with.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.export import flatbuffer
from rnnexp.export.flatbuffer import Model, Subgraph
from rnnexp.quantization.network import CODE_UNIT, RADIX, IntegerNetwork, Product, split

Op = schema.BuiltinOperator

OPERATORS = frozenset(
    {
        "ADD",
        "CAST",
        "CONCATENATION",
        "FULLY_CONNECTED",
        "GATHER",
        "LESS",
        "MAXIMUM",
        "MINIMUM",
        "QUANTIZE",
        "RESHAPE",
        "SOFTMAX",
        "WHILE",
    }
)
TENSOR_TYPES = frozenset({"INT8", "INT16", "INT32", "INT64", "BOOL"})

# The lowest versions of the kernels that take these types.
CAST_VERSION = 4  # int16
QUANTIZE_VERSION = 3  # int16
FULLY_CONNECTED_VERSION = 7  # int16 inputs with int64 biases
INT8_VERSION = 2  # CONCATENATION, GATHER, SOFTMAX of int8


def to_tflite(network: IntegerNetwork, metadata: Mapping[str, str | bytes] | None = None) -> bytes:
    """Return the content of a .tflite file.

    Input: int8 ``[1, time, features]``; output: int8 ``[1, outputs]``.

    Args:
        network: what to write.
        metadata: names and texts to put into the file.

    Raises:
        ValueError: if anything but integers got into it.
    """
    model = Model("rnnexp int8 recurrent network")
    main, condition, body = (model.subgraph(name) for name in ("main", "more_steps", "time_step"))
    _write_condition(condition, network)
    _write_body(body, network)
    _write_main(main, network, condition, body)
    model.add_metadata(metadata or {})
    content = model.to_bytes()
    check_integer(content)
    return content


def check_integer(content: bytes) -> None:
    """Check that a file has integer tensors only, and only operators that are known to be exact (but SOFTMAX).

    Raises:
        ValueError: naming what does not belong.
    """
    strange = (set(flatbuffer.operators(content)) - OPERATORS) | (flatbuffer.tensor_types(content) - TENSOR_TYPES)
    if strange:
        raise ValueError(f"not a purely integer model: {', '.join(sorted(strange))}")


def _write_main(graph: Subgraph, network: IntegerNetwork, condition: Subgraph, body: Subgraph) -> None:
    """Input, loop and output."""
    steps, features, units = network.sequence_length, network.features, network.hidden_size
    affine = network.input
    inputs = graph.tensor("input", [1, steps, features], np.int8, scale=affine.scale, zero_point=affine.zero_point)
    # From here on, to be joined with the state, codes are numbers in units of the state's scale. The kernel's input
    # columns make up for the true scale, the biases for the true zero point.
    scale = network.state_scale
    shape = [steps, 1, features, 1]
    codes = graph.tensor("input_codes", shape, np.int8, scale=scale)
    reshape = schema.ReshapeOptionsT()
    reshape.newShape = np.array(shape, np.int32)
    new_shape = graph.constant("input_codes_shape", reshape.newShape)
    graph.operator(Op.RESHAPE, [inputs, new_shape], [codes], reshape)

    first = graph.constant("first_step", np.int32(0))
    zero = graph.constant("initial_state", np.zeros((1, units, 2), np.int8), scale=scale)
    end = graph.tensor("last_step", [], np.int32)
    state = graph.tensor("last_state", [1, units, 2], np.int8, scale=scale)
    unused = graph.tensor("input_codes_again", shape, np.int8, scale=scale)
    loop = schema.WhileOptionsT()
    loop.condSubgraphIndex, loop.bodySubgraphIndex = condition.number, body.number
    graph.operator(Op.WHILE, [first, zero, codes], [end, state, unused], loop)

    sums = _multiply(graph, network, network.output_layer, state, "output")
    affine = network.output
    name = "logits" if network.softmax else "output"
    result = graph.tensor(name, [1, network.outputs], np.int8, scale=affine.scale, zero_point=affine.zero_point)
    graph.operator(Op.QUANTIZE, [sums], [result], schema.QuantizeOptionsT(), version=QUANTIZE_VERSION)
    if network.softmax:
        result = _write_softmax(graph, network, result)
    graph.interface([inputs], [result])


def _write_softmax(graph: Subgraph, network: IntegerNetwork, logits: int) -> int:
    probabilities = graph.tensor("probabilities", [1, network.outputs], np.int8, scale=1 / 256, zero_point=-128)
    options = schema.SoftmaxOptionsT()
    options.beta = 1.0
    graph.operator(Op.SOFTMAX, [logits], [probabilities], options, version=INT8_VERSION)
    return probabilities


def _write_condition(graph: Subgraph, network: IntegerNetwork) -> None:
    """Whether there is another time step."""
    step, state, codes = _loop_variables(graph, network)
    count = graph.constant("steps", np.int32(network.sequence_length))
    more = graph.tensor("more", [], np.bool_)
    graph.operator(Op.LESS, [step, count], [more], schema.LessOptionsT())
    graph.interface([step, state, codes], [more])


def _write_body(graph: Subgraph, network: IntegerNetwork) -> None:
    """One time step: the next state from this one and the step's inputs."""
    step, state, codes = _loop_variables(graph, network)
    features, units = network.features, network.hidden_size
    next_step = graph.tensor("next_step", [], np.int32)
    graph.operator(Op.ADD, [step, graph.constant("one", np.int32(1))], [next_step], schema.AddOptionsT())

    # Padded here and not ahead of the loop, which would carry twice the bytes. An input has no lower part.
    scale = network.state_scale
    inputs = graph.tensor("inputs", [1, features, 1], np.int8, scale=scale)
    graph.operator(Op.GATHER, [codes, step], [inputs], schema.GatherOptionsT(), version=INT8_VERSION)
    zeros = graph.constant("no_lower_part", np.zeros((1, features, 1), np.int8), scale=scale)
    pairs = graph.tensor("input_pairs", [1, features, 2], np.int8, scale=scale)
    _concatenate(graph, [inputs, zeros], pairs, axis=2)
    joined = graph.tensor("inputs_and_state", [1, features + units, 2], np.int8, scale=scale)
    _concatenate(graph, [pairs, state], joined, axis=1)
    sums = _multiply(graph, network, network.cell, joined, "cell")

    wide = graph.tensor("pre_activation", [1, units], np.int32)
    graph.operator(Op.CAST, [sums], [wide], schema.CastOptionsT(), version=CAST_VERSION)
    first = graph.constant("first_entry", np.int32(0))
    last = graph.constant("last_entry", np.int32(len(network.table) - 1))
    not_below = graph.tensor("entry_not_below", [1, units], np.int32)
    graph.operator(Op.MAXIMUM, [wide, first], [not_below], schema.MaximumMinimumOptionsT())
    entry = graph.tensor("entry", [1, units], np.int32)
    graph.operator(Op.MINIMUM, [not_below, last], [entry], schema.MaximumMinimumOptionsT())
    values = np.stack(split(network.table.astype(np.int32)), axis=1).astype(np.int8)
    table = graph.constant("activation_table", values, scale=scale)
    next_state = graph.tensor("next_state", [1, units, 2], np.int8, scale=scale)
    graph.operator(Op.GATHER, [table, entry], [next_state], schema.GatherOptionsT(), version=INT8_VERSION)
    graph.interface([step, state, codes], [next_step, next_state, codes])


def _multiply(graph: Subgraph, network: IntegerNetwork, product: Product, pairs: int, name: str) -> int:
    """Multiply int8 pairs ``[inputs, 2]`` with a kernel; return the int16 tensor ``[1, units]``."""
    units, inputs = product.high.shape
    # QUANTIZE from int8 to int16 is missing in older runtimes, so this CAST, and the unit of the codes joined next.
    wide = graph.tensor(f"{name}_pairs", [1, inputs, 2], np.int16, scale=network.state_scale)
    graph.operator(Op.CAST, [pairs], [wide], schema.CastOptionsT(), version=CAST_VERSION)
    parts = [product.high] if product.low is None else [product.high, product.low]
    # (upper, lower) to (fine code, coarse code). The output's smaller scale multiplies by CODE_UNIT.
    joining = np.array([[RADIX, 1], [1, 0]][: len(parts)], np.int8)
    fine = network.state_scale / CODE_UNIT
    codes = graph.tensor(f"{name}_codes", [inputs, len(parts)], np.int16, scale=fine)
    join = graph.constant("join", joining, scale=1.0)
    nothing = graph.constant("join_bias", np.zeros(len(parts), np.int64), scale=network.state_scale)
    _fully_connected(graph, [wide, join, nothing], codes)

    scale = RADIX * product.scale
    kernel = graph.constant(f"{name}_kernel", np.stack(parts, axis=2).reshape(units, -1), scale=scale)
    bias = graph.constant(f"{name}_bias", product.bias, scale=scale * fine)
    sums = graph.tensor(f"{name}_sums", [1, units], np.int16, scale=product.step)
    _fully_connected(graph, [codes, kernel, bias], sums)
    return sums


def _concatenate(graph: Subgraph, inputs: list[int], output: int, *, axis: int) -> None:
    options = schema.ConcatenationOptionsT()
    options.axis = axis
    graph.operator(Op.CONCATENATION, inputs, [output], options, version=INT8_VERSION)


def _fully_connected(graph: Subgraph, inputs: list[int], output: int) -> None:
    options = schema.FullyConnectedOptionsT()
    graph.operator(Op.FULLY_CONNECTED, inputs, [output], options, version=FULLY_CONNECTED_VERSION)


def _loop_variables(graph: Subgraph, network: IntegerNetwork) -> tuple[int, int, int]:
    """What the loop carries: the step's number, the state, and the inputs, which stay as they are."""
    shape = [network.sequence_length, 1, network.features, 1]
    return (
        graph.tensor("step", [], np.int32),
        graph.tensor("state", [1, network.hidden_size, 2], np.int8, scale=network.state_scale),
        graph.tensor("input_codes", shape, np.int8, scale=network.state_scale),
    )
