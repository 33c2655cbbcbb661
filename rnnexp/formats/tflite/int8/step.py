"""Integer networks that take one time step, as TensorFlow Lite graphs: whoever runs them keeps the states."""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.formats.tflite.builder import Subgraph
from rnnexp.formats.tflite.int8.graph import GraphArithmetic
from rnnexp.formats.tflite.int8.operators import CONCATENATION_VERSION, STRIDED_SLICE_VERSION, Op
from rnnexp.formats.tflite.int8.output import write_output_layer, write_probabilities
from rnnexp.formats.tflite.int8.value import Value
from rnnexp.quantization.cell import IntegerCell, State, width_of
from rnnexp.quantization.network import IntegerNetwork


def write_step(graph: Subgraph, network: IntegerNetwork) -> None:
    """Write a time step with states as int16 numbers, which is what users and other programs want to see.

    Of an encoder-decoder it is the decoder's, whose input is the encoder's context.

    Raises:
        ValueError: if a layer reads sequences from their end, or there is more than recurrent layers.
    """
    if not all(layer.forward for layer in network.decoder):
        raise ValueError("a network that reads sequences from their end cannot go step by step")
    if network.waits or (network.front and not network.encoder):
        raise ValueError("a network with others ahead of its recurrent layers or behind them has no step by step file")
    cells = [layer.cells[0] for layer in network.decoder]
    scopes = [f"layer_{number + 1}_" if len(cells) > 1 else "" for number in range(len(cells))]
    given = [
        [
            graph.tensor(f"{scope}{state.name}", [1, width_of(cell, state)], np.int16, scale=state.scale)
            for state in kept_states(cell)
        ]
        for cell, scope in zip(cells, scopes, strict=True)
    ]
    inputs, values = _context(graph, network) if network.encoder else _codes(graph, network)
    made, first = [], len(network.encoder)
    by_layer = {first - 1: values}
    for place, (cell, scope, tensors) in enumerate(zip(cells, scopes, given, strict=True), first):
        values = [value for layer in network.reads[place] for value in by_layer[layer]]
        arithmetic = GraphArithmetic(graph, scope)
        before = []
        for state, tensor in zip(kept_states(cell), tensors, strict=True):
            width = width_of(cell, state)
            numbers = arithmetic.reshape(tensor, [width, 1], np.int16, state.scale, f"{state.name}_numbers")
            before.append(Value(width, state.scale, numbers))
        # A state that is not kept is not read either.
        after = cell.step(arithmetic, values, before or [None] * len(cell.states))
        for state, value in zip(kept_states(cell), after, strict=False):
            number = arithmetic.number(value)
            made.append(arithmetic.reshape(number, [1, value.units], np.int16, state.scale, f"next_{state.name}"))
        values = by_layer[place] = [after[0]]
    states = [tensor for tensors in given for tensor in tensors]
    if network.path_inputs:
        window, next_window = _window(graph, network, inputs)
        values.append(Value.of_window(GraphArithmetic(graph), next_window, network))
        states.append(window)
        made.append(next_window)
    result = write_probabilities(graph, network, write_output_layer(graph, network, values))
    graph.interface([inputs, *states], [result, *made])


def kept_states(cell: IntegerCell) -> tuple[State, ...]:
    """Return the states of a cell that go from step to step."""
    return () if all(state.fresh for state in cell.states) else cell.states


def _codes(graph: Subgraph, network: IntegerNetwork) -> tuple[int, list[Value]]:
    """Return the input, and what it stands for."""
    affine, features = network.input, network.features
    inputs = graph.tensor("input", [1, features], affine.dtype, scale=affine.scale, zero_point=affine.zero_point)
    scale = network.layers[0].cells[0].states[0].scale
    return inputs, [Value.of_codes(GraphArithmetic(graph), inputs, features, scale, affine)]


def _window(graph: Subgraph, network: IntegerNetwork, inputs: int) -> tuple[int, int]:
    """Return the inputs of as many steps as a sequence has before this one, and after it, without the oldest."""
    affine = network.input
    steps, features = network.sequence_length, network.features
    codes: dict[str, Any] = {"dtype": affine.dtype, "scale": affine.scale, "zero_point": affine.zero_point}
    window = graph.tensor("window", [1, steps, features], **codes)
    newest = graph.tensor("newest", [1, 1, features], **codes)
    reshape = schema.ReshapeOptionsT()
    reshape.newShape = np.array([1, 1, features], np.int32)
    graph.operator(Op.RESHAPE, [inputs, graph.constant("shape", reshape.newShape)], [newest], reshape)
    longer = graph.tensor("window_and_newest", [1, steps + 1, features], **codes)
    joining = schema.ConcatenationOptionsT()
    joining.axis = 1
    graph.operator(Op.CONCATENATION, [window, newest], [longer], joining, version=CONCATENATION_VERSION[affine.dtype])
    begin, end, strides = (
        graph.constant(name, np.array(numbers, np.int32))
        for name, numbers in (("oldest", [0, 1, 0]), ("end", [1, steps + 1, features]), ("strides", [1, 1, 1]))
    )
    following = graph.tensor("next_window", [1, steps, features], **codes)
    options = schema.StridedSliceOptionsT()
    version = STRIDED_SLICE_VERSION[affine.dtype]
    graph.operator(Op.STRIDED_SLICE, [longer, begin, end, strides], [following], options, version=version)
    return window, following


def _context(graph: Subgraph, network: IntegerNetwork) -> tuple[int, list[Value]]:
    """Return the encoder's values as an input, and as what they are."""
    scales = network.encoder[-1].scales
    units, scale = len(scales), float(scales[0])
    inputs = graph.tensor("context", [1, units], np.int16, scale=scale)
    numbers = GraphArithmetic(graph).reshape(inputs, [units, 1], np.int16, scale, "context_numbers")
    return inputs, [Value(units, scale, numbers)]
