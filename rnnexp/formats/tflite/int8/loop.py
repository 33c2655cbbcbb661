"""A loop of an integer network over time steps, as the subgraphs of a TensorFlow Lite WHILE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.formats.tflite.builder import Subgraph
from rnnexp.formats.tflite.int8.graph import GraphArithmetic
from rnnexp.formats.tflite.int8.operators import INT8_VERSION, Op
from rnnexp.formats.tflite.int8.output import write_output_layer
from rnnexp.formats.tflite.int8.value import Value
from rnnexp.quantization.cell import IntegerCell, State, width_of
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.scales import Affine
from rnnexp.quantization.schedule import Loop, Reading


@dataclass(frozen=True)
class Carried:
    """The tensors that a loop carries besides the step's number.

    Attributes:
        states: of each cell of each chain.
        reads: the sequences, which stay as they are.
        results: arrays of what every step gives.
        ends: where there can be padding, the first and the last real step added up, which stays as it is.
    """

    states: list[list[list[int]]]
    reads: list[int]
    results: list[int]
    ends: tuple[int, ...] = ()

    @property
    def tensors(self) -> list[int]:
        """All of them, in order."""
        states = (tensor for chain in self.states for cell in chain for tensor in cell)
        return [*states, *self.reads, *self.results, *self.ends]


@dataclass
class LoopWriter:
    """Writes a loop's subgraphs; all of them carry the same variables."""

    network: IntegerNetwork
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
                        shape_of_state(cell, state),
                        np.int8 if state.paired else np.int16,
                        scale=state.scale,
                    )
                    for state in self.loop.carried(cell)
                ]
                for cell, scope in zip(chain.cells, scopes, strict=True)
            ]
            for chain, scopes in zip(self.loop.chains, self.scopes, strict=True)
        ]
        reads = [
            graph.tensor(
                ("input_codes" if read.parts == 1 else f"values_{n}") + suffix,
                [read.steps, 1, read.numbers, read.parts],
                np.int8,
                scale=read.scale,
            )
            for n, read in enumerate(self.loop.sequences)
        ]
        results = [
            graph.tensor(f"{prefix}results_{n}", shape, codes.dtype, scale=codes.scale, zero_point=codes.zero_point)
            for n, (shape, codes) in enumerate(self.results())
        ]
        ends = (graph.tensor(f"{prefix}ends", [], np.int32),) if self.loop.padded else ()
        return Carried(states, reads, results, ends)

    def results(self) -> list[tuple[list[int], Affine]]:
        """Return the shapes of the arrays of results, and what these are codes of."""
        steps, found = self.loop.steps, []
        if self.loop.gives == "values":
            cells = [chain.cells[-1] for chain in self.loop.chains]
            found = [([steps, cell.units, 2], Affine(cell.states[0].scale, 0)) for cell in cells]
        if self.loop.gives == "outputs":
            found = [([steps, self.network.outputs], self.network.output)]
        for number in self.loop.kept:
            cell = self.network.layers[number].cells[0]
            found.append(([steps, cell.units, 2], Affine(cell.states[0].scale, 0)))
        return found

    def write_condition(self, graph: Subgraph) -> None:
        """Whether there is another time step."""
        step = graph.tensor("step", [], np.int32)
        carried = self.variables(graph)
        if self.loop.padded and self.network.padding == "end":
            more = graph.tensor("more", [], np.bool_)
            # The first step is 0, so this is the last one.
            graph.operator(Op.LESS_EQUAL, [step, *carried.ends], [more], schema.LessEqualOptionsT())
        else:
            count = graph.constant("steps", np.int32(self.loop.steps))
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
            places[True] = self._from_end(graph, step, carried)
        states, results = [], []
        values: list[Value] = []
        kept: dict[int, int] = {}
        for number, (chain, scopes) in enumerate(zip(self.loop.chains, self.scopes, strict=True)):
            values, following = self._read(graph, carried.reads, places[chain.backwards], self.loop.reads), []
            in_step: dict[int, list[Value]] = {}
            written = zip(chain.cells, scopes, carried.states[number], strict=True)
            for layer, (cell, scope, tensors) in enumerate(written, chain.first):
                place = places[chain.backwards and layer == chain.first]
                values = self._inputs(graph, carried.reads, place, in_step, layer) or values
                arithmetic, carried_states = GraphArithmetic(graph, scope), self.loop.carried(cell)
                before = [
                    Value.of_state(cell, state, tensor) for state, tensor in zip(carried_states, tensors, strict=True)
                ]
                # A state that is not carried is not read either.
                after = cell.step(arithmetic, values, before or [None] * len(cell.states))
                following.append(
                    [
                        arithmetic.as_pairs(value, "paired") if state.paired else arithmetic.number(value)
                        for state, value in zip(carried_states, after, strict=False)
                    ]
                )
                values = in_step[layer] = [after[0]]
                if layer in self.loop.kept:
                    kept[layer] = arithmetic.as_pairs(after[0], "kept")
            states.append(following)
            if self.loop.gives == "values":
                # What goes backwards writes at the place it reads; but the only cell of a layer in its own order.
                place = places[chain.backwards and len(self.loop.chains) > 1]
                pairs = GraphArithmetic(graph, scopes[-1]).as_pairs(values[0], "result")
                results.append(self._write(graph, number, carried.results[number], pairs, place))
        if self.loop.gives == "outputs":
            values = values if self.loop.chains else self._read(graph, carried.reads, step, self.loop.reads)
            made = write_output_layer(graph, self.network, values)
            results.append(self._write(graph, 0, carried.results[0], made, step))
        for layer in self.loop.kept:
            results.append(self._write(graph, len(results), carried.results[len(results)], kept[layer], step))
        after_step = Carried(states, carried.reads, results, carried.ends)
        graph.interface([step, *carried.tensors], [next_step, *after_step.tensors])

    def _from_end(self, graph: Subgraph, step: int, carried: Carried) -> int:
        """Return the step that is as far from the end of the sequence as this one is from its start."""
        negative, place = graph.tensor("minus_step", [], np.int32), graph.tensor("from_end", [], np.int32)
        graph.operator(Op.MUL, [step, graph.constant("minus_one", np.int32(-1))], [negative], schema.MulOptionsT())
        ends = carried.ends or (graph.constant("last", np.int32(self.loop.steps - 1)),)
        graph.operator(Op.ADD, [negative, *ends], [place], schema.AddOptionsT())
        return place

    def _inputs(
        self, graph: Subgraph, sequences: Sequence[int], place: int, made: Mapping[int, list[Value]], layer: int
    ) -> list[Value]:
        """Return what a layer reads that names it, of what the step has made and of arrays; of any other nothing."""
        found = []
        for number in self.network.layers[layer].reads:
            arrays = [n for n, read in enumerate(self.loop.skips, len(self.loop.reads)) if read.layer == number]
            readings = [self.loop.sequences[n] for n in arrays]
            found += made.get(number) or self._read(graph, [sequences[n] for n in arrays], place, readings)
        return found

    def _read(self, graph: Subgraph, sequences: Sequence[int], place: int, readings: Sequence[Reading]) -> list[Value]:
        """Return the values of a step."""
        found = []
        for sequence, read in zip(sequences, readings, strict=False):
            shape = [1, read.numbers, read.parts]
            name = "inputs" if read.parts == 1 else "values"
            tensor = graph.tensor(name, shape, np.int8, scale=read.scale)
            # What there is only once is read again at every step.
            entry = place if read.steps > 1 else graph.constant("the_only_one", np.int32(0))
            graph.operator(Op.GATHER, [sequence, entry], [tensor], schema.GatherOptionsT(), version=INT8_VERSION)
            # Codes are padded here and not ahead of the loop, which would carry twice the bytes.
            found.append(
                Value(read.numbers, read.scale, codes=tensor)
                if read.parts == 1
                else Value(read.numbers, read.scale, pairs=tensor)
            )
        return found

    def _write(self, graph: Subgraph, number: int, array: int, values: int, place: int) -> int:
        """Return an array of results with those of a step in their place."""
        shape, codes = self.results()[number]
        axis = graph.constant("first_axis", np.array([1] + [0] * (len(shape) - 1), np.int32))
        indices = graph.tensor("indices", [len(shape)], np.int32)
        graph.operator(Op.MUL, [axis, place], [indices], schema.MulOptionsT())
        name = f"next_results_{number}"
        result = graph.tensor(name, shape, codes.dtype, scale=codes.scale, zero_point=codes.zero_point)
        options = schema.DynamicUpdateSliceOptionsT()
        graph.operator(Op.DYNAMIC_UPDATE_SLICE, [array, values, indices], [result], options)
        return result


def shape_of_state(cell: IntegerCell, state: State) -> list[int]:
    """Return the shape in which a loop carries a state."""
    width = width_of(cell, state)
    return [1, width, 2] if state.paired else [width, 1]
