"""Integer networks that take whole sequences, as TensorFlow Lite graphs with loops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.formats.tflite.builder import Model, Subgraph
from rnnexp.formats.tflite.int8 import front
from rnnexp.formats.tflite.int8.extent import Extent, write_extent
from rnnexp.formats.tflite.int8.graph import GraphArithmetic
from rnnexp.formats.tflite.int8.loop import Carried, LoopWriter, shape_of_state
from rnnexp.formats.tflite.int8.operators import FILL_VERSION, Op, Operators
from rnnexp.formats.tflite.int8.output import write_output_layer, write_probabilities
from rnnexp.formats.tflite.int8.value import Value
from rnnexp.network.taps import INPUT
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.scales import Affine
from rnnexp.quantization.schedule import Loop, plan


def write_sequence(model: Model, network: IntegerNetwork) -> None:
    """Write a network that takes whole sequences: the main subgraph, and two for each of its loops."""
    main, loops = model.subgraph("main"), plan(network)
    inputs, sequences, carried = _write_loops(model, main, network, loops)
    if network.waits or not loops:
        value = front.write_back(main, network, sequences, network.front_steps)
        result = write_output_layer(main, network, [value])
    elif network.every_step:
        affine, name = network.output, "logits" if network.softmax else "output"
        shape = [1, network.output_steps, network.outputs]
        result = main.named(main.tensor(name, shape, affine.dtype, scale=affine.scale, zero_point=affine.zero_point))
        reshape = schema.ReshapeOptionsT()
        reshape.newShape = np.array(shape, np.int32)
        main.operator(Op.RESHAPE, [carried.results[0], main.constant("shape", reshape.newShape)], [result], reshape)
    else:
        values = _last_values(loops[-1], carried)
        if network.path_inputs:
            values.append(Value.of_window(GraphArithmetic(main), inputs[0], network))
        result = write_output_layer(main, network, values)
    main.interface(inputs, [write_probabilities(main, network, result)])


def write_encoder(model: Model, network: IntegerNetwork) -> None:
    """Write the encoder alone: its context is an int16 number of each unit, those of a second direction behind.

    Raises:
        ValueError: if there is none.
    """
    if not network.encoder:
        raise ValueError("a network without a decoder has no encoder either")
    main, loops = model.subgraph("main"), plan(network)
    # Encoders end where the first last values are read.
    loops = loops[: 1 + next(number for number, loop in enumerate(loops) if loop.gives == "last")]
    inputs, _, carried = _write_loops(model, main, network, loops)
    arithmetic, found = GraphArithmetic(main), []
    values = _last_values(loops[-1], carried)
    # Who reads it has the second direction's own scale in its weights.
    scale = values[0].scale
    for value in values:
        number = arithmetic.number(value)
        found.append(arithmetic.reshape(number, [1, value.units], np.int16, scale, "context"))
    context = found[0]
    if len(found) > 1:
        units = sum(value.units for value in values)
        context = arithmetic.concatenate(found, [1, units], 1, np.int16, scale, "both_contexts")
    main.interface(inputs, [context])


def _last_values(loop: Loop, carried: Carried) -> list[Value]:
    """Return what the last cells of a loop's chains have come to."""
    found = []
    for chain, states in zip(loop.chains, carried.states, strict=True):
        cell = chain.cells[-1]
        found.append(Value.of_state(cell, cell.states[0], states[-1][0]))
    return found


def _write_loops(
    model: Model, graph: Subgraph, network: IntegerNetwork, loops: Sequence[Loop]
) -> tuple[list[int], list[int], Carried]:
    """Write inputs and loops into the main subgraph.

    Returns:
        The inputs, the sequences that a further loop would read, and what the last loop has carried.
    """
    steps, arithmetic = network.sequence_length, GraphArithmetic(graph)
    inputs, sequences = _write_input(graph, network, loops)
    given, extent = [inputs], None
    if network.variable_length:
        given.append(graph.tensor("length", [1], np.int32))
        extent = write_extent(graph, given[1], steps, network.padding)
    carried = Carried([], [], [])
    waiting = {INPUT: sequences}
    for number, loop in enumerate(loops):
        prefix = "" if len(loops) == 1 else f"loop_{number + 1}_"
        writer = LoopWriter(network, loop)
        sequences = [*sequences, *(waiting[read.layer][read.direction] for read in loop.skips)]
        carried = _write_loop(model, graph, writer, sequences, prefix, extent if loop.padded else None)
        if loop.gives == "values":
            sequences = [
                arithmetic.reshape(array, [loop.steps, 1, cell.units, 2], np.int8, cell.states[0].scale, "values")
                for array, cell in zip(carried.results, (chain.cells[-1] for chain in loop.chains), strict=False)
            ]
        elif loop is not loops[-1]:
            sequences = [
                arithmetic.reshape(
                    arithmetic.as_pairs(value, "context"), [1, 1, value.units, 2], np.int8, value.scale, "context"
                )
                for value in _last_values(loop, carried)
            ]
        if loop.chains:
            waiting[loop.chains[0].first + len(loop.chains[0].cells) - 1] = sequences
            waiting |= _kept(arithmetic, network, loop, carried)
    return given, sequences, carried


def _write_input(graph: Subgraph, network: IntegerNetwork, loops: Sequence[Loop]) -> tuple[int, list[int]]:
    """Return the input, and the sequence that the first loop reads."""
    if network.front:
        inputs, frames = front.write_input(graph, network)
        return inputs, [frames.tensor]
    steps, affine = network.sequence_length, network.input
    inputs = graph.tensor(
        "input", [1, steps, network.features], affine.dtype, scale=affine.scale, zero_point=affine.zero_point
    )
    read = loops[0].reads[0]
    shape = [read.steps, 1, read.numbers, read.parts]
    return inputs, [GraphArithmetic(graph).input_codes(inputs, affine, shape, read.scale)]


def _kept(arithmetic: GraphArithmetic, network: IntegerNetwork, loop: Loop, carried: Carried) -> dict[int, list[int]]:
    """Return the values of every step that a loop has kept for later ones, by the number of their layer."""
    found = {}
    for number, array in zip(loop.kept, carried.results[len(carried.results) - len(loop.kept) :], strict=True):
        cell = network.layers[number].cells[0]
        shape = [loop.steps, 1, cell.units, 2]
        found[number] = [arithmetic.reshape(array, shape, np.int8, cell.states[0].scale, "values")]
    return found


def _write_loop(
    model: Model,
    graph: Subgraph,
    writer: LoopWriter,
    sequences: Sequence[int],
    prefix: str,
    extent: Extent | None,
) -> Carried:
    """Write a loop over sequences, of which ``extent`` is real, with its two subgraphs; return what it has carried."""
    condition, body = model.subgraph(f"{prefix}more_steps"), model.subgraph(f"{prefix}time_step")
    writer.write_condition(condition)
    writer.write_body(body)
    start = [extent.first if extent else graph.constant("first_step", np.int32(0))]
    for chain in writer.loop.chains:
        for cell in chain.cells:
            for state in writer.loop.carried(cell):
                shape = shape_of_state(cell, state)
                dtype = np.int8 if state.paired else np.int16
                start.append(graph.constant(f"initial_{state.name}", np.zeros(shape, dtype), scale=state.scale))
    start += sequences
    start += [_no_results(graph, *result) for result in writer.results()]
    start += [extent.ends] if extent else []
    end = graph.tensor("last_step", [], np.int32)
    carried = writer.variables(graph, prefix="last_", suffix="_again")
    options = schema.WhileOptionsT()
    options.condSubgraphIndex, options.bodySubgraphIndex = condition.number, body.number
    graph.operator(Op.WHILE, start, [end, *carried.tensors], options)
    return carried


def _no_results(graph: Subgraph, shape: list[int], codes: Affine) -> int:
    """Return an array of results before the first step; as a constant it would take its size in the file."""
    scale, zero_point = codes.scale, codes.zero_point
    result = graph.tensor("no_results", shape, np.int8, scale=scale, zero_point=zero_point)
    sizes = graph.constant("results_shape", np.array(shape, np.int32))
    content = np.int8(zero_point).tobytes()
    nothing = graph.tensor("nothing", [], np.int8, scale=scale, zero_point=zero_point, content=content)
    graph.operator(Op.FILL, [sizes, nothing], [result], schema.FillOptionsT(), version=FILL_VERSION)
    # TensorFlow Lite Micro fills no int16; their zero point is 0.
    return result if codes.dtype is np.int8 else Operators(graph).cast(result, codes.dtype, scale, "no_wide_results")
