"""int8 TensorFlow Lite files of networks of any cells and layers (``rnnexp.quantization.layered``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.export import flatbuffer
from rnnexp.export.flatbuffer import Model, Subgraph
from rnnexp.export.int8 import OPERATORS as SIMPLE_OPERATORS
from rnnexp.export.int8 import TENSOR_TYPES
from rnnexp.export.int8_graph import GraphArithmetic, Value
from rnnexp.export.loops import Loop, plan
from rnnexp.export.operators import INT8_VERSION, QUANTIZE_VERSION, Op
from rnnexp.quantization.cells.cell import Cell
from rnnexp.quantization.layered import LayeredNetwork

OPERATORS = SIMPLE_OPERATORS | {"BATCH_MATMUL", "DYNAMIC_UPDATE_SLICE", "MUL"}


def to_tflite(network: LayeredNetwork, metadata: Mapping[str, str | bytes] | None = None) -> bytes:
    """Return the content of a .tflite file.

    Input: int8 ``[1, time, features]``; output: int8 ``[1, outputs]``, or ``[1, time, outputs]``.

    Args:
        network: what to write.
        metadata: names and texts to put into the file.

    Raises:
        ValueError: if anything but integers got into it.
    """
    model = Model("rnnexp int8 recurrent network")
    main = model.subgraph("main")
    loops = plan(network)
    graphs = []
    for number, loop in enumerate(loops):
        prefix = "" if len(loops) == 1 else f"loop_{number + 1}_"
        condition, body = model.subgraph(f"{prefix}more_steps"), model.subgraph(f"{prefix}time_step")
        writer = _LoopWriter(network, loop)
        writer.write_condition(condition)
        writer.write_body(body)
        graphs.append((writer, condition, body))
    _write_main(main, network, graphs)
    model.add_metadata(metadata or {})
    content = model.to_bytes()
    strange = (set(flatbuffer.operators(content)) - OPERATORS) | (flatbuffer.tensor_types(content) - TENSOR_TYPES)
    if strange:
        raise ValueError(f"not a purely integer model: {', '.join(sorted(strange))}")
    return content


@dataclass
class _LoopWriter:
    """Writes a loop's subgraphs; all of them carry the same variables."""

    network: LayeredNetwork
    loop: Loop
    scopes: list[list[str]] = field(init=False)

    def __post_init__(self) -> None:
        several = sum(len(chain.cells) for chain in self.loop.chains) > 1
        self.scopes = [
            [
                f"{'backward' if chain.backwards else 'layer'}_{number + 1}_" if several else ""
                for number in range(len(chain.cells))
            ]
            for chain in self.loop.chains
        ]

    def variables(self, graph: Subgraph, prefix: str = "", suffix: str = "") -> dict[str, Any]:
        """Add the tensors that the loop carries: the step, states, sequences, and arrays of results."""
        states = [
            [
                [
                    graph.tensor(
                        f"{prefix}{scope}{state.name}",
                        _shape(cell, paired=state.paired),
                        np.int8 if state.paired else np.int16,
                        scale=state.scale,
                    )
                    for state in cell.states
                ]
                for cell, scope in zip(chain.cells, scopes, strict=True)
            ]
            for chain, scopes in zip(self.loop.chains, self.scopes, strict=True)
        ]
        reads = [
            graph.tensor(
                ("input_codes" if read.parts == 1 else f"values_{n}") + suffix,
                [self.network.sequence_length, 1, read.numbers, read.parts],
                np.int8,
                scale=read.scale,
            )
            for n, read in enumerate(self.loop.reads)
        ]
        results = [
            graph.tensor(f"{prefix}results_{n}", list(array.shape), np.int8, scale=scale, zero_point=zero_point)
            for n, (array, scale, zero_point) in enumerate(self.results())
        ]
        return {"states": states, "reads": reads, "results": results}

    def results(self) -> list[tuple[np.ndarray, float, int]]:
        """Return the arrays of results as they are at first, with scales and zero points."""
        steps = self.network.sequence_length
        if self.loop.gives == "values":
            cells = [chain.cells[-1] for chain in self.loop.chains]
            return [(np.zeros((steps, cell.units, 2), np.int8), cell.states[0].scale, 0) for cell in cells]
        if self.loop.gives == "outputs":
            affine = self.network.output
            return [(np.zeros((steps, self.network.outputs), np.int8), affine.scale, affine.zero_point)]
        return []

    def write_condition(self, graph: Subgraph) -> None:
        """Whether there is another time step."""
        step = graph.tensor("step", [], np.int32)
        carried = self.variables(graph)
        count = graph.constant("steps", np.int32(self.network.sequence_length))
        more = graph.tensor("more", [], np.bool_)
        graph.operator(Op.LESS, [step, count], [more], schema.LessOptionsT())
        graph.interface([step, *flat(carried)], [more])

    def write_body(self, graph: Subgraph) -> None:
        """One time step."""
        step = graph.tensor("step", [], np.int32)
        carried = self.variables(graph)
        next_step = graph.tensor("next_step", [], np.int32)
        graph.operator(Op.ADD, [step, graph.constant("one", np.int32(1))], [next_step], schema.AddOptionsT())
        places = {False: step}
        if any(chain.backwards for chain in self.loop.chains):
            places[True] = self._from_end(graph, step)
        states, results = [], []
        values: list[Value] = []
        for number, (chain, scopes) in enumerate(zip(self.loop.chains, self.scopes, strict=True)):
            values = self._read(graph, carried["reads"], places[chain.backwards])
            following = []
            for cell, scope, tensors in zip(chain.cells, scopes, carried["states"][number], strict=True):
                arithmetic = GraphArithmetic(graph, scope)
                before = [
                    Value.of_state(cell, state, tensor) for state, tensor in zip(cell.states, tensors, strict=True)
                ]
                after = cell.step(arithmetic, values, before)
                following.append(
                    [
                        value.pairs if state.paired else arithmetic.number(value)
                        for state, value in zip(cell.states, after, strict=True)
                    ]
                )
                values = [after[0]]
            states.append(following)
            if self.loop.gives == "values":
                # What goes backwards writes at the place it reads; but the only cell of a layer in its own order.
                place = places[chain.backwards and len(self.loop.chains) > 1]
                pairs = GraphArithmetic(graph, scopes[-1]).as_pairs(values[0], "result")
                results.append(self._write(graph, number, carried["results"][number], pairs, place))
        if self.loop.gives == "outputs":
            values = values if self.loop.chains else self._read(graph, carried["reads"], step)
            made = write_output_layer(graph, self.network, values)
            results.append(self._write(graph, 0, carried["results"][0], made, step))
        after_step = {"states": states, "reads": carried["reads"], "results": results}
        graph.interface([step, *flat(carried)], [next_step, *flat(after_step)])

    def _from_end(self, graph: Subgraph, step: int) -> int:
        """Return the step's number counted from the end of the sequence."""
        negative, place = graph.tensor("minus_step", [], np.int32), graph.tensor("from_end", [], np.int32)
        graph.operator(Op.MUL, [step, graph.constant("minus_one", np.int32(-1))], [negative], schema.MulOptionsT())
        last = graph.constant("last", np.int32(self.network.sequence_length - 1))
        graph.operator(Op.ADD, [negative, last], [place], schema.AddOptionsT())
        return place

    def _read(self, graph: Subgraph, sequences: Sequence[int], place: int) -> list[Value]:
        """Return the values of a step."""
        found = []
        for sequence, read in zip(sequences, self.loop.reads, strict=True):
            shape = [1, read.numbers, read.parts]
            name = "inputs" if read.parts == 1 else "values"
            pairs = graph.tensor(name, shape, np.int8, scale=read.scale)
            graph.operator(Op.GATHER, [sequence, place], [pairs], schema.GatherOptionsT(), version=INT8_VERSION)
            if read.parts == 1:
                # Padded here and not ahead of the loop, which would carry twice the bytes. An input has no lower part.
                zeros = graph.constant("no_lower_part", np.zeros(shape, np.int8), scale=read.scale)
                joined = [1, read.numbers, 2]
                pairs = GraphArithmetic(graph).concatenate(
                    [pairs, zeros], joined, 2, np.int8, read.scale, "input_pairs"
                )
            found.append(Value(read.numbers, read.scale, pairs=pairs))
        return found

    def _write(self, graph: Subgraph, number: int, array: int, values: int, place: int) -> int:
        """Return an array of results with those of a step in their place."""
        content, scale, zero_point = self.results()[number]
        axis = graph.constant("first_axis", np.array([1] + [0] * (content.ndim - 1), np.int32))
        indices = graph.tensor("indices", [content.ndim], np.int32)
        graph.operator(Op.MUL, [axis, place], [indices], schema.MulOptionsT())
        result = graph.tensor(
            f"next_results_{number}", list(content.shape), np.int8, scale=scale, zero_point=zero_point
        )
        options = schema.DynamicUpdateSliceOptionsT()
        graph.operator(Op.DYNAMIC_UPDATE_SLICE, [array, values, indices], [result], options)
        return result


def write_output_layer(graph: Subgraph, network: LayeredNetwork, values: Sequence[Value]) -> int:
    """Return the output's codes, before any softmax, int8 ``[1, outputs]``."""
    sums = GraphArithmetic(graph).products(network.output_layer, values, "output")
    affine = network.output
    name = "logits" if network.softmax else "output"
    result = graph.tensor(name, [1, network.outputs], np.int8, scale=affine.scale, zero_point=affine.zero_point)
    graph.operator(Op.QUANTIZE, [sums], [result], schema.QuantizeOptionsT(), version=QUANTIZE_VERSION)
    return result


def _write_main(
    graph: Subgraph, network: LayeredNetwork, graphs: Sequence[tuple[_LoopWriter, Subgraph, Subgraph]]
) -> None:
    """Input, loops and output."""
    steps, affine = network.sequence_length, network.input
    inputs = graph.tensor(
        "input", [1, steps, network.features], np.int8, scale=affine.scale, zero_point=affine.zero_point
    )
    arithmetic = GraphArithmetic(graph)
    # From here on, to be joined with the state, codes are numbers in units of the state's scale. The kernel's input
    # columns make up for the true scale, the biases for the true zero point.
    read = graphs[0][0].loop.reads[0]
    sequences = [arithmetic.reshape(inputs, [steps, 1, read.numbers, 1], np.int8, read.scale, "input_codes")]
    first: int | None = None
    carried: dict[str, Any] = {}
    for writer, condition, body in graphs:
        if first is None:
            first = graph.constant("first_step", np.int32(0))
        start = [first]
        for chain in writer.loop.chains:
            for cell in chain.cells:
                for state in cell.states:
                    shape, dtype = _shape(cell, paired=state.paired), np.int8 if state.paired else np.int16
                    start.append(graph.constant(f"initial_{state.name}", np.zeros(shape, dtype), scale=state.scale))
        start += sequences
        start += [graph.constant("no_results", array, scale=scale) for array, scale, _ in writer.results()]
        end = graph.tensor("last_step", [], np.int32)
        carried = writer.variables(graph, prefix="last_", suffix="_again")
        options = schema.WhileOptionsT()
        options.condSubgraphIndex, options.bodySubgraphIndex = condition.number, body.number
        graph.operator(Op.WHILE, start, [end, *flat(carried)], options)
        if writer.loop.gives == "values":
            sequences = [
                arithmetic.reshape(
                    array, [steps, 1, chain.cells[-1].units, 2], np.int8, chain.cells[-1].states[0].scale, "values"
                )
                for array, chain in zip(carried["results"], writer.loop.chains, strict=True)
            ]
    if network.every_step:
        affine, name = network.output, "logits" if network.softmax else "output"
        result = graph.tensor(
            name, [1, steps, network.outputs], np.int8, scale=affine.scale, zero_point=affine.zero_point
        )
        reshape = schema.ReshapeOptionsT()
        reshape.newShape = np.array([1, steps, network.outputs], np.int32)
        graph.operator(
            Op.RESHAPE, [carried["results"][0], graph.constant("shape", reshape.newShape)], [result], reshape
        )
    else:
        values = []
        for chain, states in zip(graphs[-1][0].loop.chains, carried["states"], strict=True):
            cell = chain.cells[-1]
            values.append(Value.of_state(cell, cell.states[0], states[-1][0]))
        result = write_output_layer(graph, network, values)
    if network.softmax:
        shape = graph.shape(result)
        probabilities = graph.tensor("probabilities", shape, np.int8, scale=1 / 256, zero_point=-128)
        softmax = schema.SoftmaxOptionsT()
        softmax.beta = 1.0
        graph.operator(Op.SOFTMAX, [result], [probabilities], softmax, version=INT8_VERSION)
        result = probabilities
    graph.interface([inputs], [result])


def flat(carried: Mapping[str, Any]) -> list[int]:
    """Return what a loop carries, in order."""
    states = [tensor for chain in carried["states"] for cell in chain for tensor in cell]
    return [*states, *carried["reads"], *carried["results"]]


def _shape(cell: Cell, *, paired: bool) -> list[int]:
    return [1, cell.units, 2] if paired else [cell.units, 1, 1]
