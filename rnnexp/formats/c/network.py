"""What in an integer network's C depends on its layers: what the caller keeps, and which steps follow on which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rnnexp.formats.c.cell import CellFunction, largest_value
from rnnexp.formats.c.front import FrontProgram
from rnnexp.formats.c.kept import Kept
from rnnexp.formats.c.number import WORD, Given
from rnnexp.formats.c.output import OutputLayer
from rnnexp.formats.c.text import call, code_type
from rnnexp.network.front import extent
from rnnexp.network.taps import INPUT
from rnnexp.quantization.cell import width_of
from rnnexp.quantization.network import IntegerNetwork, Layer
from rnnexp.quantization.schedule import Chain, Loop, plan


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
        counts: of frames of a sequence so far.
        placed: the cells, by ``id``.
        tables: what their functions have of tables: entries -> C name.
        given: what each layer gives, by its number; -1 is what is ahead of them, or the network's input.
        front: what is ahead of the recurrent layers.
        back: what is behind them.
        steps: the statements of a step of the first loop, where it does not wait for the layers ahead of it.
        inputs: the size of what the output layer reads.
        limits: how large these values can be.
    """

    network: IntegerNetwork
    prefix: str
    sizes: dict[str, int] = field(default_factory=dict)
    states: list[Kept] = field(default_factory=list)
    sequences: list[Kept] = field(default_factory=list)
    counts: list[Kept] = field(default_factory=list)
    placed: dict[int, Placed] = field(default_factory=dict)
    tables: dict[bytes, str] = field(default_factory=dict)
    given: dict[int, Given] = field(default_factory=dict)
    front: FrontProgram = field(init=False)
    back: FrontProgram = field(init=False)
    steps: list[str] = field(default_factory=list)
    inputs: str = field(init=False)
    limits: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        if self.network.encoder:
            self.sizes[self.output_steps] = self.network.encoder[-1].repeats
        self.inputs, self.limits = f"{self.prefix}_FEATURES", np.full(self.network.features, self.largest_input)
        self.front = self._front()
        codes = None if self.network.front else self.network.input
        self.given[INPUT] = Given(self.inputs, self.limits, codes)
        for number, (layer, scopes) in enumerate(zip(self.network.layers, self.network.scopes, strict=True)):
            self._place(number, layer, [scope.replace("/", "_") for scope in scopes])
        self.back = self._back()

    def _front(self) -> FrontProgram:
        """Return what is ahead of the recurrent layers, and read what it gives."""
        network = self.network
        source = network.front_sources[0]
        found = FrontProgram(network.front, "front", self._struct, self.memory, source, self.largest_input)
        if network.front:
            self.sizes |= {
                f"{self.prefix}_FRONT_STEPS": network.front_steps,
                f"{self.prefix}_FRONT_WIDTH": network.front_width,
            }
            self.inputs, self.limits = f"{self.prefix}_FRONT_WIDTH", np.full(network.front_width, found.most)
            if network.streams:
                self.counts.append(Kept("stepped", (), 1))
            elif not self.at_once:
                self._keep("front")
            elif waits_in_place(plan(network)[0]):
                self.counts.append(Kept("front_count", (), 1, "int32_t"))
        return found

    def _back(self) -> FrontProgram:
        """Return what is behind the recurrent layers, and have the output layer read what it gives, or all steps."""
        network, macro = self.network, self.prefix
        source, most = network.sources[-1], int(self.limits.max())
        found = FrontProgram(network.back, "back", self._struct, self.memory, source, most)
        steps, values = self.most_steps, network.front_steps
        if network.back:
            width = len(network.back_sources[-1].scale)
            values, _ = extent(network.back, network.front_steps, len(source.scale))
            self.sizes |= {f"{macro}_BACK_STEPS": values, f"{macro}_BACK_WIDTH": width}
            self._keep("back")
            steps, self.inputs = f"{macro}_BACK_STEPS", f"{macro}_BACK_WIDTH"
            self.limits = np.full(width, found.most)
        if network.flattened:
            self.inputs, self.limits = f"({steps} * {self.inputs})", np.tile(self.limits, values)
        return found

    @property
    def at_once(self) -> bool:
        """Whether frames that the layers ahead give are steps of the first loop at once, and need not wait for it.

        Nor for a later one, which reads them too.
        """
        first = next(iter(plan(self.network)), None)
        if not self.network.front or first is None or first.gives == "outputs":
            return False
        if len(first.chains) > 1 or first.chains[0].backwards:
            return False
        return all(INPUT not in numbers for numbers in self.network.reads[len(first.chains[0].cells) :])

    def _keep(self, name: str) -> None:
        """Have an array for all frames that the layers ahead of the recurrent ones or behind them give."""
        steps, width = (f"{self.prefix}_{name.upper()}_{size}" for size in ("STEPS", "WIDTH"))
        self.counts.append(Kept(f"{name}_count", (), 1, "int32_t"))
        count = self.sizes[steps] * self.sizes[width]
        self.sequences.append(Kept(f"{name}_sequence", (f"{steps} * {width}",), count))

    @property
    def _struct(self) -> str:
        return f"{self.prefix.lower()}_{self.memory}"

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
            for name, width in cell.inner.items():
                sizes.setdefault(width, f"{self.prefix}_{own.upper()}{name.upper()}")
                self.sizes.setdefault(sizes[width], width)
            self.states += others
            self.placed[id(cell)] = Placed(
                CellFunction(cell, own, read, sizes, self.tables),
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
        return f"{self.prefix}_ANSWER_STEPS" if self.network.encoder else self.most_steps

    @property
    def memory(self) -> str:
        """What the struct is for, and the name of the pointer to it."""
        return "state" if self.network.streams else "buffers"

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
    def window_place(self) -> list[Kept]:
        """Where the oldest sample is in that window, if there is one."""
        kind = "int16_t" if self.network.path_inputs < WORD else "int32_t"
        return [Kept("window_place", (), 1, kind)] if self.window else []

    @property
    def kept(self) -> list[Kept]:
        """All that is in the struct."""
        window = [self.window] if self.window else []
        counts = [*self.counts, *self.window_place]
        return [*counts, *self.front.kept, *self.states, *self.back.kept, *self.sequences, *window]

    def cells(self) -> str:
        """Return the functions of all cells, and of what is ahead of them and behind them; statements come first."""
        found = [placed.function.write() for placed in self.placed.values()]
        if self.network.front:
            found += [*self.front.functions(self._end("front")), self.front.entry(self.network.input)]
        if self.network.back:
            found += self.back.functions(self._end("back"))
        return "\n\n".join(found)

    def _end(self, name: str) -> list[str]:
        """Return the statements for a frame that the last of some layers gives: it is a step, or waits with others."""
        if self.network.streams:
            return [*self._all_layers("frame"), "state->stepped = 1;"]
        if name == "front" and self.at_once:
            return self.steps
        width, count = f"{self.prefix}_{name.upper()}_WIDTH", f"buffers->{name}_count"
        return [call("copy", "frame", width, f"buffers->{name}_sequence + {count} * {width}"), f"{count}++;"]

    def _all_layers(self, values: str) -> list[str]:
        """Return a step of all layers, of a network that reads forwards."""
        return self.chain(Chain(tuple(layer.cells[0] for layer in self.network.layers)), {INPUT: values})

    @property
    def constant_bytes(self) -> int:
        """What the constants of all layers take; the cells must have been written."""
        functions, output = [placed.function for placed in self.placed.values()], self.output_layer
        own = sum(function.constants.bytes for function in functions) + output.constant_bytes
        biases = sum(function.constants.biases for function in functions) + output.biases
        return own + self.front.constant_bytes + self.back.constant_bytes + bytes_of(self.row_sum) * biases

    @property
    def stack_bytes(self) -> int:
        """What arrays take during a step, at most; the cells must have been written."""
        cells = max((placed.function.body.bytes for placed in self.placed.values()), default=0)
        # Where a frame is a step at once, the cells' functions are called inside of those ahead of them.
        inside = self.front.stack_bytes if self.network.streams or self.at_once else 0
        return max(inside + cells, self.front.stack_bytes, self.back.stack_bytes, self.output_layer.stack_bytes)

    @property
    def output_layer(self) -> OutputLayer:
        """What makes outputs."""
        return OutputLayer(self.network, f"{self.prefix}_OUTPUTS", self.limits, self.largest_input)

    @property
    def accumulator(self) -> str:
        """The C type of all sums but those of rows; the cells must have been written."""
        return type_of(self.largest_sum())

    @property
    def row_sum(self) -> str:
        """The C type of sums of rows; the cells must have been written."""
        return type_of(self.largest_row)

    def largest_sum(self) -> int:
        """Return a bound on all sums but those of rows; the cells must have been written."""
        found = [placed.function.largest for placed in self.placed.values()]
        found += [self.front.largest, self.back.largest]
        return max(*found, self.output_layer.largest)

    @property
    def largest_row(self) -> int:
        """A bound on all sums of rows; the cells must have been written."""
        return max([placed.function.largest_row for placed in self.placed.values()] + [self.output_layer.largest_row])

    def start(self) -> list[str]:
        """Return the statements ahead of the first step."""
        found = [call("clear", f"{self.memory}->{state.name}", state.sizes[0]) for state in self.states]
        found += [f"{self.memory}->{count.name} = 0;" for count in self.counts]
        found += [*self.back.start(), *self.front.start()]
        return [*found, call("empty", "state")] if self.window else found

    def step(self) -> list[str]:
        """Return the statements of a time step, of a network that reads forwards."""
        if self.network.front:
            return ["state->stepped = 0;", call("front_input", "state", "input"), "return state->stepped;"]
        found = self._all_layers("input")
        return [*found, call("slide", "state", "input")] if self.window else found

    def output(self) -> str:
        """Return the statement that makes the output of the last values, where it is the only one."""
        if self.window:
            return call("output_of_window", "state", "output")
        return call("output_layer", self.last_values, *(["input"] if self.network.path_inputs else []), "output")

    def chain(self, chain: Chain, where: Mapping[int, str], place: str = "") -> list[str]:
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

    @property
    def most_steps(self) -> str:
        """The C name of the number of steps of the recurrent layers, at most."""
        return f"{self.prefix}_{'FRONT' if self.network.front else 'TIME'}_STEPS"


def waits_in_place(loop: Loop) -> bool:
    """Tell whether values of a loop wait at the places of their steps."""
    return loop.gives == "values" or bool(loop.kept)


def type_of(largest: int) -> str:
    """Return the C type of sums up to a bound."""
    return "int32_t" if largest < 2**31 else "int64_t"


def bytes_of(kind: str) -> int:
    """Return the size of one of these types."""
    return 4 if kind == "int32_t" else 8
