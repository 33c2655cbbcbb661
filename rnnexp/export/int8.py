"""int8 TensorFlow Lite files: an integer network as a graph with a loop.

The loop is one WHILE operator over two small subgraphs, so the file's size does not depend on the number of time steps.
For streaming there is a model of one time step, without the loop: state in, state out.

``rnnexp.quantization.network`` has the arithmetic. Every operator is exact, or rounds what cannot tie: FULLY_CONNECTED
multiplies by 4, or has odd sums and divides by powers of two; QUANTIZE only clips to int8. So all kernels give the same
bits.

Values are carried as pairs of numbers in the last dimension: first as int8 ``(upper, lower)``, then as int16
``(4 * value, 4 * upper)``, the fine and the coarse code that a weight's two parts are multiplied with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.export import flatbuffer
from rnnexp.export.flatbuffer import Model, Subgraph
from rnnexp.quantization.network import CODE_UNIT, RADIX, IntegerNetwork, Product, split

Op = schema.BuiltinOperator

# The metadata entry with what the graph itself does not say.
DETAILS = "integer_network"

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
    return _finished(model, network, metadata)


def to_step_tflite(network: IntegerNetwork, metadata: Mapping[str, str | bytes] | None = None) -> bytes:
    """Return the content of a .tflite file that makes one time step: whoever runs it keeps the state.

    Inputs: ``input`` int8 ``[1, features]`` and ``state`` int16 ``[1, units]``, at the start of a sequence all 0.
    Outputs: ``output`` int8 ``[1, outputs]`` and ``next_state``, in the same codes as ``state``.

    Args:
        network: what to write.
        metadata: names and texts to put into the file.

    Raises:
        ValueError: if anything but integers got into it.
    """
    model = Model("rnnexp int8 recurrent network, one time step")
    _write_step(model.subgraph("main"), network)
    return _finished(model, network, metadata)


def _finished(model: Model, network: IntegerNetwork, metadata: Mapping[str, str | bytes] | None) -> bytes:
    model.add_metadata({DETAILS: json.dumps({"table_start": network.table_start}), **(metadata or {})})
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
    _reshape(graph, inputs, codes, shape)

    first = graph.constant("first_step", np.int32(0))
    zero = graph.constant("initial_state", np.zeros((1, units, 2), np.int8), scale=scale)
    end = graph.tensor("last_step", [], np.int32)
    state = graph.tensor("last_state", [1, units, 2], np.int8, scale=scale)
    unused = graph.tensor("input_codes_again", shape, np.int8, scale=scale)
    loop = schema.WhileOptionsT()
    loop.condSubgraphIndex, loop.bodySubgraphIndex = condition.number, body.number
    graph.operator(Op.WHILE, [first, zero, codes], [end, state, unused], loop)

    graph.interface([inputs], [_write_output(graph, network, state)])


def _write_step(graph: Subgraph, network: IntegerNetwork) -> None:
    """A time step with the state as int16 numbers, which is what users and other programs want to see."""
    features, units, scale = network.features, network.hidden_size, network.state_scale
    affine = network.input
    inputs = graph.tensor("input", [1, features], np.int8, scale=affine.scale, zero_point=affine.zero_point)
    state = graph.tensor("state", [1, units], np.int16, scale=scale)

    # To int16 pairs (value, upper), all numbers in units of the state's scale. Of an input's code that is (64 * c, c).
    column = graph.tensor("input_column", [features, 1], np.int8, scale=scale)
    _reshape(graph, inputs, column, [features, 1])
    codes = _cast(graph, network, column, "input_codes", [features, 1])
    input_pairs = _combine(graph, network, codes, [[RADIX], [1]], "input_pairs")
    values = graph.tensor("state_values", [units, 1], np.int16, scale=scale)
    _reshape(graph, state, values, [units, 1])
    # upper(v) = floor((v + 32) / 64), which is (2 * v + 1) / 128 rounded to nearest: an odd number does not tie.
    uppers = graph.tensor("state_uppers", [units, 1], np.int16, scale=scale)
    share = 1 / (2 * RADIX)
    twice = graph.constant("twice", np.array([[2]], np.int8), scale=share)
    one = graph.constant("one", np.array([1], np.int64), scale=scale * share)
    _fully_connected(graph, [values, twice, one], uppers)
    state_pairs = graph.tensor("state_pairs", [units, 2], np.int16, scale=scale)
    _concatenate(graph, [values, uppers], state_pairs, axis=1)
    pairs = graph.tensor("inputs_and_state", [features + units, 2], np.int16, scale=scale)
    _concatenate(graph, [input_pairs, state_pairs], pairs, axis=0)

    sums = _sums(graph, network, network.cell, pairs, [[1, 0], [0, 1]], "cell")
    next_pairs = _write_activation(graph, network, sums)
    wide = _cast(graph, network, next_pairs, "next_state_pairs", [units, 2])
    next_values = _combine(graph, network, wide, [[RADIX, 1]], "next_state_values")
    next_state = graph.tensor("next_state", [1, units], np.int16, scale=scale)
    _reshape(graph, next_values, next_state, [1, units])
    graph.interface([inputs, state], [_write_output(graph, network, next_pairs), next_state])


def _write_output(graph: Subgraph, network: IntegerNetwork, state: int) -> int:
    """The output layer, and the softmax for classes, for a state in pairs."""
    sums = _multiply(graph, network, network.output_layer, state, "output")
    affine = network.output
    name = "logits" if network.softmax else "output"
    result = graph.tensor(name, [1, network.outputs], np.int8, scale=affine.scale, zero_point=affine.zero_point)
    graph.operator(Op.QUANTIZE, [sums], [result], schema.QuantizeOptionsT(), version=QUANTIZE_VERSION)
    return _write_softmax(graph, network, result) if network.softmax else result


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
    next_state = _write_activation(graph, network, _multiply(graph, network, network.cell, joined, "cell"))
    graph.interface([step, state, codes], [next_step, next_state, codes])


def _write_activation(graph: Subgraph, network: IntegerNetwork, sums: int) -> int:
    """Look the cell's sums up in the table; return the next state in pairs."""
    units, scale = network.hidden_size, network.state_scale
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
    state = graph.tensor("next_state_int8", [1, units, 2], np.int8, scale=scale)
    graph.operator(Op.GATHER, [table, entry], [state], schema.GatherOptionsT(), version=INT8_VERSION)
    return state


def _multiply(graph: Subgraph, network: IntegerNetwork, product: Product, pairs: int, name: str) -> int:
    """Multiply int8 pairs (upper, lower) of values with a kernel; return the int16 tensor ``[1, units]``."""
    # QUANTIZE from int8 to int16 is missing in older runtimes, so this CAST, and the unit of the codes joined next.
    wide = _cast(graph, network, pairs, f"{name}_pairs", [1, product.high.shape[1], 2])
    return _sums(graph, network, product, wide, [[RADIX, 1], [1, 0]], name)


def _sums(
    graph: Subgraph, network: IntegerNetwork, product: Product, pairs: int, joining: list[list[int]], name: str
) -> int:
    """Multiply int16 pairs, that ``joining`` makes (value, upper) of, with a kernel; return ``[1, units]``, int16."""
    parts = [product.high] if product.low is None else [product.high, product.low]
    codes = _combine(graph, network, pairs, joining[: len(parts)], f"{name}_codes", finer=CODE_UNIT)
    scale, fine = RADIX * product.scale, network.state_scale / CODE_UNIT
    kernel = graph.constant(f"{name}_kernel", np.stack(parts, axis=2).reshape(len(product.high), -1), scale=scale)
    bias = graph.constant(f"{name}_bias", product.bias, scale=scale * fine)
    sums = graph.tensor(f"{name}_sums", [1, len(product.high)], np.int16, scale=product.step)
    _fully_connected(graph, [codes, kernel, bias], sums)
    return sums


def _combine(
    graph: Subgraph, network: IntegerNetwork, values: int, matrix: list[list[int]], name: str, *, finer: int = 1
) -> int:
    """Multiply int16 numbers ``[..., m]`` with a small integer matrix ``[k, m]``; return ``[rows, k]``, int16, exact.

    With ``finer``, the result has a scale smaller by this, and so numbers larger by this.
    """
    scale = network.state_scale
    result = graph.tensor(name, [graph.size(values) // len(matrix[0]), len(matrix)], np.int16, scale=scale / finer)
    weights = graph.constant(f"{name}_from", np.array(matrix, np.int8), scale=1.0)
    nothing = graph.constant(f"{name}_bias", np.zeros(len(matrix), np.int64), scale=scale)
    _fully_connected(graph, [values, weights, nothing], result)
    return result


def _cast(graph: Subgraph, network: IntegerNetwork, numbers: int, name: str, shape: list[int]) -> int:
    """Return int8 numbers as int16."""
    wide = graph.tensor(name, shape, np.int16, scale=network.state_scale)
    graph.operator(Op.CAST, [numbers], [wide], schema.CastOptionsT(), version=CAST_VERSION)
    return wide


def _reshape(graph: Subgraph, values: int, result: int, shape: list[int]) -> None:
    options = schema.ReshapeOptionsT()
    options.newShape = np.array(shape, np.int32)
    graph.operator(Op.RESHAPE, [values, graph.constant("shape", options.newShape)], [result], options)


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
