"""What in an integer network's C depends on its layers: what the caller keeps, and which steps follow on which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rnnexp.formats.c.cell import CellFunction, largest_sum, largest_value
from rnnexp.formats.c.number import Given
from rnnexp.formats.c.text import call, code_type, indented
from rnnexp.network.taps import INPUT
from rnnexp.quantization.cell import width_of
from rnnexp.quantization.network import IntegerNetwork, Layer
from rnnexp.quantization.schedule import Chain, plan


@dataclass(frozen=True)
class Kept:
    """An array in the struct that the caller has.

    Attributes:
        name: in the struct.
        sizes: C names of its sizes.
        count: of its numbers.
        kind: the C type of these.
    """

    name: str
    sizes: tuple[str, ...]
    count: int
    kind: str = "int16_t"

    @property
    def bytes(self) -> int:
        """Its size."""
        return self.count * (1 if self.kind == "int8_t" else 2)

    @property
    def field(self) -> str:
        """Its line in the struct."""
        return f"{self.kind} {self.name}{''.join(f'[{size}]' for size in self.sizes)};"


@dataclass(frozen=True)
class Placed:
    """A cell's function, and where the numbers are that it is called with.

    Attributes:
        function: that takes a step.
        layer: what the names of its layer begin with.
        values: the C expression for the cell's values.
        others: those for its other states.
    """

    function: CellFunction
    layer: str
    values: str
    others: tuple[str, ...]

    def step(self, inputs: Sequence[str]) -> str:
        """Return the statement that takes one."""
        return call(self.function.name, self.values, *self.others, *inputs)


@dataclass
class Program:
    """A network as C, but for what all networks have in common.

    Attributes:
        network: the integers.
        prefix: what all macros begin with.
        sizes: macro -> number.
        states: what goes from step to step.
        sequences: what waits for another pass through the sequence.
        placed: the cells, by ``id``.
        given: what each layer gives, by its number; -1 is the network's input.
        inputs: the size of what the output layer reads.
        limits: how large these values can be.
    """

    network: IntegerNetwork
    prefix: str
    sizes: dict[str, int] = field(default_factory=dict)
    states: list[Kept] = field(default_factory=list)
    sequences: list[Kept] = field(default_factory=list)
    placed: dict[int, Placed] = field(default_factory=dict)
    given: dict[int, Given] = field(default_factory=dict)
    inputs: str = field(init=False)
    limits: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        if self.network.encoder:
            self.sizes[self.output_steps] = self.network.output_steps
        self.inputs, self.limits = f"{self.prefix}_FEATURES", np.full(self.network.features, self.largest_input)
        self.given[INPUT] = Given(self.inputs, self.limits, codes=self.network.input)
        for number, (layer, scopes) in enumerate(zip(self.network.layers, self.network.scopes, strict=True)):
            self._place(number, layer, [scope.replace("/", "_") for scope in scopes])

    def _place(self, number: int, layer: Layer, scopes: Sequence[str]) -> None:
        """Decide where a layer has its numbers: the values of its directions are side by side."""
        scope = scopes[0].removesuffix("forward_")
        read = [self.given[made] for made in self.network.reads[number]]
        units, offset = f"{self.prefix}_{scope.upper()}UNITS", ""
        self.sizes[units] = sum(cell.units for cell in layer.cells)
        self.states.append(Kept(f"{scope}values", (units,), self.sizes[units]))
        for cell, own in zip(layer.cells, scopes, strict=True):
            size = f"{self.prefix}_{own.upper()}UNITS"
            self.sizes[size] = cell.units
            sizes, others = {cell.units: size}, []
            for state in cell.states[1:]:
                width = width_of(cell, state)
                if width not in sizes:
                    sizes[width] = f"{self.prefix}_{own.upper()}{state.name.upper()}S"
                    self.sizes[sizes[width]] = width
                others.append(Kept(f"{own}{state.name}", (sizes[width],), width))
            self.states += others
            self.placed[id(cell)] = Placed(
                CellFunction(cell, own, read, sizes),
                scope,
                f"{self.memory}->{scope}values{offset}",
                tuple(f"{self.memory}->{other.name}" for other in others),
            )
            offset = f" + {size}"
        self.inputs = units
        self.limits = np.concatenate([np.full(cell.units, largest_value(cell)) for cell in layer.cells])
        self.given[number] = Given(self.inputs, self.limits)

    @property
    def largest_input(self) -> int:
        """How large a value can be that comes in."""
        return self.network.input.largest_value

    @property
    def output_steps(self) -> str:
        """The C name of the number of steps with an output, where there is more than one."""
        return f"{self.prefix}_{'ANSWER' if self.network.encoder else 'TIME'}_STEPS"

    @property
    def memory(self) -> str:
        """What the struct is for, and the name of the pointer to it."""
        return "state" if self.network.forward else "buffers"

    @property
    def last_values(self) -> str:
        """The C expression for the values of the last layer."""
        (*_, last) = self.placed.values()
        return f"{self.memory}->{last.layer}values"

    @property
    def window(self) -> Kept | None:
        """The input codes of the last samples, which a linear path reads where samples come one at a time."""
        if not (self.network.path_inputs and self.network.forward):
            return None
        sizes = f"{self.prefix}_TIME_STEPS", f"{self.prefix}_FEATURES"
        return Kept("window", (" * ".join(sizes),), self.network.path_inputs, code_type(self.network.input))

    @property
    def kept(self) -> list[Kept]:
        """All that is in the struct."""
        return [*self.states, *self.sequences, *([self.window] if self.window else [])]

    def cells(self) -> str:
        """Return the functions of all cells."""
        return "\n\n".join(placed.function.write() for placed in self.placed.values())

    @property
    def constant_bytes(self) -> int:
        """What the constants of all cells take; the cells must have been written."""
        return sum(placed.function.constant_bytes for placed in self.placed.values())

    @property
    def stack_bytes(self) -> int:
        """What arrays take during a step, at most; the cells must have been written."""
        columns = self.network.output_layer.high.shape[1]
        return max(4 * columns, *(placed.function.stack_bytes for placed in self.placed.values()))

    def largest_sum(self) -> int:
        """Return a bound on all sums; the cells must have been written."""
        found = (placed.function.largest for placed in self.placed.values())
        limits = np.concatenate([self.limits, np.full(self.network.path_inputs, self.largest_input)])
        return max(*found, largest_sum(self.network.output_layer, limits))

    def start(self) -> list[str]:
        """Return the statements ahead of the first step."""
        found = [call("clear", f"{self.memory}->{state.name}", state.sizes[0]) for state in self.states]
        return [*found, call("empty", "state->window")] if self.window else found

    def step(self) -> list[str]:
        """Return the statements of a time step, of a network that reads forwards."""
        found = self._chain(Chain(tuple(layer.cells[0] for layer in self.network.layers)), {INPUT: "input"})
        return [*found, call("slide", "state->window", "input")] if self.window else found

    def output(self) -> str:
        """Return the statement that makes the output of the last values, where it is the only one."""
        window = ["state->window" if self.window else "input"] if self.network.path_inputs else []
        return call("output_layer", self.last_values, *window, "output")

    def stream(self) -> list[str]:
        """Return the statements for a whole sequence, of a network that reads forwards, after the start."""
        public = self.prefix.lower()
        step = call(f"{public}_step", "&state", f"input + time * {self.prefix}_FEATURES")
        if self.network.every_step:
            return self._loop([step, call(f"{public}_output", "&state", self._output_of_step)], self._steps)
        return [*self._loop([step], self._steps), call(f"{public}_output", "&state", "output")]

    def sequence(self) -> list[str]:
        """Return the statements for a whole sequence, of a network that reads backwards too, after the start."""
        found, read, steps = [], f"input + {{}} * {self.prefix}_FEATURES", self._steps
        where = {INPUT: read}
        for loop in plan(self.network):
            body, kept, offset = [], None, ""
            if any(chain.backwards for chain in loop.chains):
                body.append(f"const int32_t from_end = {steps} - 1 - time;")
            for chain in loop.chains:
                place = "from_end" if chain.backwards else "time"
                body += self._chain(chain, where, place)
                end = self.placed[id(chain.cells[-1])]
                if loop.gives == "values":
                    most = self._most_steps if loop.padded else steps
                    kept = kept or self._wait(end.layer, most, loop.steps)
                    # Both directions are joined at the same place; what an only one reads backwards stays so.
                    at = place if len(loop.chains) > 1 else "time"
                    size = end.function.units
                    body.append(call("copy", end.values, size, f"buffers->{kept.name}[{at}]{offset}"))
                    offset = f" + {size}"
            for number in loop.kept:
                placed = self.placed[id(self.network.layers[number].cells[0])]
                waits = self._wait(placed.layer, self._most_steps if loop.padded else steps, loop.steps)
                body.append(call("copy", placed.values, placed.function.units, f"buffers->{waits.name}[time]"))
                where[number] = f"buffers->{waits.name}[{{}}]"
            if loop.gives == "outputs":
                values = self.last_values if loop.chains else read.format("time")
                body.append(call("output_layer", values, self._output_of_step))
            found += self._loop(body, steps)
            read = f"buffers->{kept.name}[{{}}]" if kept else read
            if loop.gives == "last" and self.network.encoder:
                # What the decoder reads is the same at every step.
                read, steps = f"buffers->{end.layer}values", self.output_steps
            if loop.chains:
                where[loop.chains[0].first + len(loop.chains[0].cells) - 1] = read
        if not self.network.every_step:
            found.append(self.output())
        return found

    def _chain(self, chain: Chain, where: Mapping[int, str], place: str = "") -> list[str]:
        """Return the steps of cells of layers that follow on each other.

        Args:
            chain: the cells.
            where: what other layers give, by their numbers, as C expressions of a place in the sequence.
            place: where the first cell reads it; the others go on with the time.
        """
        found: list[str] = []
        made: dict[int, str] = {}
        for number, cell in enumerate(chain.cells, chain.first):
            placed = self.placed[id(cell)]
            own = place if number == chain.first else "time"
            found.append(
                placed.step([made.get(read) or where[read].format(own) for read in self.network.reads[number]])
            )
            made[number] = placed.values
        return found

    def _wait(self, layer: str, steps: str, count: int) -> Kept:
        """Return an array for the values of a layer at every step."""
        sizes = steps, f"{self.prefix}_{layer.upper()}UNITS"
        kept = Kept(f"{layer}sequence", sizes, count * self.sizes[sizes[1]])
        self.sequences.append(kept)
        return kept

    def _loop(self, body: Sequence[str], steps: str) -> list[str]:
        """Return a loop over time steps."""
        head = f"for (time = 0; time < {steps}; time++) {{"
        return [head, indented(body), "}"]

    @property
    def _most_steps(self) -> str:
        return f"{self.prefix}_TIME_STEPS"

    @property
    def _steps(self) -> str:
        """The C name of the number of steps of a sequence."""
        return "steps" if self.network.variable_length else self._most_steps

    @property
    def _output_of_step(self) -> str:
        return f"output + time * {self.prefix}_OUTPUTS"
