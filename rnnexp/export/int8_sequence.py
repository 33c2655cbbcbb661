"""Integer networks that take whole sequences, as TensorFlow Lite graphs with loops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.export.flatbuffer import Model, Subgraph
from rnnexp.export.int8_graph import GraphArithmetic
from rnnexp.export.int8_output import write_output_layer, write_probabilities
from rnnexp.export.int8_value import Value
from rnnexp.export.loops import Loop, plan
from rnnexp.export.operators import FILL_VERSION, INT8_VERSION, Op, Operators
from rnnexp.quantization.cells.cell import Cell
from rnnexp.quantization.layered import LayeredNetwork


def write_sequence(model: Model, network: LayeredNetwork) -> None:
    """Write a network that takes whole sequences: the main subgraph, and two for each of its loops."""
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


@dataclass(frozen=True)
class Carried:
    """The tensors that a loop carries besides the step's number.

    Attributes:
        states: of each cell of each chain.
        reads: the sequences, which stay as they are.
        results: arrays of what every step gives.
    """

    states: list[list[list[int]]]
    reads: list[int]
    results: list[int]

    @property
    def tensors(self) -> list[int]:
        """All of them, in order."""
        return [*(tensor for chain in self.states for cell in chain for tensor in cell), *self.reads, *self.results]


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

    def variables(self, graph: Subgraph, prefix: str = "", suffix: str = "") -> Carried:
        """Add what the loop carries."""
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
            graph.tensor(f"{prefix}results_{n}", shape, np.int8, scale=scale, zero_point=zero_point)
            for n, (shape, scale, zero_point) in enumerate(self.results())
        ]
        return Carried(states, reads, results)

    def results(self) -> list[tuple[list[int], float, int]]:
        """Return the shapes, scales and zero points of the arrays of results."""
        steps = self.network.sequence_length
        if self.loop.gives == "values":
            cells = [chain.cells[-1] for chain in self.loop.chains]
            return [([steps, cell.units, 2], cell.states[0].scale, 0) for cell in cells]
        if self.loop.gives == "outputs":
            affine = self.network.output
            return [([steps, self.network.outputs], affine.scale, affine.zero_point)]
        return []

    def write_condition(self, graph: Subgraph) -> None:
        """Whether there is another time step."""
        step = graph.tensor("step", [], np.int32)
        carried = self.variables(graph)
        count = graph.constant("steps", np.int32(self.network.sequence_length))
        more = graph.tensor("more", [], np.bool_)
        graph.operator(Op.LESS, [step, count], [more], schema.LessOptionsT())
        graph.interface([step, *carried.tensors], [more])

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
            values = self._read(graph, carried.reads, places[chain.backwards])
            following = []
            for cell, scope, tensors in zip(chain.cells, scopes, carried.states[number], strict=True):
                arithmetic = GraphArithmetic(graph, scope)
                before = [
                    Value.of_state(cell, state, tensor) for state, tensor in zip(cell.states, tensors, strict=True)
                ]
                after = cell.step(arithmetic, values, before)
                following.append(
                    [
                        arithmetic.as_pairs(value, "paired") if state.paired else arithmetic.number(value)
                        for state, value in zip(cell.states, after, strict=True)
                    ]
                )
                values = [after[0]]
            states.append(following)
            if self.loop.gives == "values":
                # What goes backwards writes at the place it reads; but the only cell of a layer in its own order.
                place = places[chain.backwards and len(self.loop.chains) > 1]
                pairs = GraphArithmetic(graph, scopes[-1]).as_pairs(values[0], "result")
                results.append(self._write(graph, number, carried.results[number], pairs, place))
        if self.loop.gives == "outputs":
            values = values if self.loop.chains else self._read(graph, carried.reads, step)
            made = write_output_layer(graph, self.network, values)
            results.append(self._write(graph, 0, carried.results[0], made, step))
        after_step = Carried(states, carried.reads, results)
        graph.interface([step, *carried.tensors], [next_step, *after_step.tensors])

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
            tensor = graph.tensor(name, shape, np.int8, scale=read.scale)
            graph.operator(Op.GATHER, [sequence, place], [tensor], schema.GatherOptionsT(), version=INT8_VERSION)
            # Codes are padded here and not ahead of the loop, which would carry twice the bytes.
            found.append(
                Value.of_column(Operators(graph), tensor, read.numbers, read.scale)
                if read.parts == 1
                else Value(read.numbers, read.scale, pairs=tensor)
            )
        return found

    def _write(self, graph: Subgraph, number: int, array: int, values: int, place: int) -> int:
        """Return an array of results with those of a step in their place."""
        shape, scale, zero_point = self.results()[number]
        axis = graph.constant("first_axis", np.array([1] + [0] * (len(shape) - 1), np.int32))
        indices = graph.tensor("indices", [len(shape)], np.int32)
        graph.operator(Op.MUL, [axis, place], [indices], schema.MulOptionsT())
        result = graph.tensor(f"next_results_{number}", shape, np.int8, scale=scale, zero_point=zero_point)
        options = schema.DynamicUpdateSliceOptionsT()
        graph.operator(Op.DYNAMIC_UPDATE_SLICE, [array, values, indices], [result], options)
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
    for writer, condition, body in graphs:
        start = [graph.constant("first_step", np.int32(0))]
        for chain in writer.loop.chains:
            for cell in chain.cells:
                for state in cell.states:
                    shape, dtype = _shape(cell, paired=state.paired), np.int8 if state.paired else np.int16
                    start.append(graph.constant(f"initial_{state.name}", np.zeros(shape, dtype), scale=state.scale))
        start += sequences
        start += [_no_results(graph, *result) for result in writer.results()]
        end = graph.tensor("last_step", [], np.int32)
        carried = writer.variables(graph, prefix="last_", suffix="_again")
        options = schema.WhileOptionsT()
        options.condSubgraphIndex, options.bodySubgraphIndex = condition.number, body.number
        graph.operator(Op.WHILE, start, [end, *carried.tensors], options)
        if writer.loop.gives == "values":
            sequences = [
                arithmetic.reshape(
                    array, [steps, 1, chain.cells[-1].units, 2], np.int8, chain.cells[-1].states[0].scale, "values"
                )
                for array, chain in zip(carried.results, writer.loop.chains, strict=True)
            ]
    if network.every_step:
        affine, name = network.output, "logits" if network.softmax else "output"
        result = graph.tensor(
            name, [1, steps, network.outputs], np.int8, scale=affine.scale, zero_point=affine.zero_point
        )
        reshape = schema.ReshapeOptionsT()
        reshape.newShape = np.array([1, steps, network.outputs], np.int32)
        graph.operator(Op.RESHAPE, [carried.results[0], graph.constant("shape", reshape.newShape)], [result], reshape)
    else:
        values = []
        for chain, states in zip(graphs[-1][0].loop.chains, carried.states, strict=True):
            cell = chain.cells[-1]
            values.append(Value.of_state(cell, cell.states[0], states[-1][0]))
        result = write_output_layer(graph, network, values)
    graph.interface([inputs], [write_probabilities(graph, network, result)])


def _no_results(graph: Subgraph, shape: list[int], scale: float, zero_point: int) -> int:
    """Return an array of results before the first step; as a constant it would take its size in the file."""
    result = graph.tensor("no_results", shape, np.int8, scale=scale, zero_point=zero_point)
    sizes = graph.constant("results_shape", np.array(shape, np.int32))
    content = np.int8(zero_point).tobytes()
    nothing = graph.tensor("nothing", [], np.int8, scale=scale, zero_point=zero_point, content=content)
    graph.operator(Op.FILL, [sizes, nothing], [result], schema.FillOptionsT(), version=FILL_VERSION)
    return result


def _shape(cell: Cell, *, paired: bool) -> list[int]:
    return [1, cell.units, 2] if paired else [cell.units, 1, 1]
