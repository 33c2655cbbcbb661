"""What a network does with a whole sequence in C: step after step, or pass after pass where layers read backwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rnnexp.formats.c.kept import Kept
from rnnexp.formats.c.network import Program, waits_in_place
from rnnexp.formats.c.text import call, indented
from rnnexp.network.taps import INPUT
from rnnexp.quantization.schedule import plan


@dataclass(frozen=True)
class Passes:
    """The statements for a whole sequence.

    Attributes:
        program: the network, which learns here what waits for another pass.
    """

    program: Program

    def stream(self) -> list[str]:
        """Return the statements for a whole sequence, of a network that reads forwards, after the start."""
        public = self.program.prefix.lower()
        step = call(f"{public}_step", "&state", f"input + time * {self.program.prefix}_FEATURES")
        if self.program.network.every_step and self.program.network.front:
            made = [call(f"{public}_output", "&state", "output"), f"output += {self.program.prefix}_OUTPUTS;"]
            step = f"if ({step.removesuffix(';')}) {{\n{indented(made)}\n}}"
            return _loop([step], self._given_steps)
        if self.program.network.every_step:
            return _loop([step, call(f"{public}_output", "&state", self._output_of_step)], self._steps)
        if self.program.network.front:
            return [*_loop([step], self._given_steps), call(f"{public}_output", "&state", "output")]
        return [*_loop([step], self._steps), call(f"{public}_output", "&state", "output")]

    def sequence(self) -> list[str]:
        """Return the statements for a whole sequence, of a network that reads backwards too, after the start."""
        found, read, steps = [], f"input + {{}} * {self.program.prefix}_FEATURES", self._steps
        behind = ""
        if self.program.network.front:
            found += _loop([call("front_input", "buffers", read.format("time"))], self._given_steps)
            found += self.program.front.end()
            read = behind = f"buffers->front_sequence + {{}} * {self.program.prefix}_FRONT_WIDTH"
            read = "frame" if self.program.at_once else read
        loops, where = plan(self.program.network), {INPUT: read}
        for loop in loops:
            body, kept, offset = [], None, ""
            for chain in loop.chains:
                place = "from_end" if chain.backwards else "time"
                body += self.program.chain(chain, where, place)
                end = self.program.placed[id(chain.cells[-1])]
                if loop.gives == "values":
                    most = self.program.most_steps if loop.padded else steps
                    flat = self.program.network.waits and loop is loops[-1]
                    kept = kept or self._wait(end.layer, most, loop.steps, flat=flat)
                    # Both directions are joined at the same place; what an only one reads backwards stays so.
                    at = place if len(loop.chains) > 1 else "time"
                    size = end.function.units
                    own = f"buffers->{kept.name} + {at} * {self._width(end.layer)}" if flat else ""
                    body.append(call("copy", end.values, size, f"{own or f'buffers->{kept.name}[{at}]'}{offset}"))
                    offset = f" + {size}"
                    behind = f"buffers->{kept.name} + {{}} * {self._width(end.layer)}" if flat else behind
            for number in loop.kept:
                own_layer = self.program.placed[id(self.program.network.layers[number].cells[0])]
                most = self.program.most_steps if loop.padded else steps
                waits = self._wait(own_layer.layer, most, loop.steps)
                body.append(call("copy", own_layer.values, own_layer.function.units, f"buffers->{waits.name}[time]"))
                where[number] = f"buffers->{waits.name}[{{}}]"
            if loop.gives == "outputs":
                values = self.program.last_values if loop.chains else read.format("time")
                body.append(call("output_layer", values, self._output_of_step))
            # A decoder's first layer has the same to read at every step, from whichever end.
            if any("from_end" in statement for statement in body):
                body.insert(0, f"const int32_t from_end = {steps} - 1 - time;")
            if self.program.at_once and loop is loops[0]:
                count = ["const int32_t time = buffers->front_count++;"] if waits_in_place(loop) else []
                self.program.steps = [*count, *body]
            else:
                found += _loop(body, steps)
            read = f"buffers->{kept.name}[{{}}]" if kept else read
            if loop.gives == "last" and self.program.network.encoder:
                # What the decoder reads is the same at every step.
                read, steps = f"buffers->{end.layer}values", self.program.output_steps
            if loop.chains:
                where[loop.chains[0].first + len(loop.chains[0].cells) - 1] = read
        if self.program.network.waits or not (self.program.network.layers or self.program.network.every_step):
            return [*found, *self._gathered(behind)]
        if not self.program.network.every_step:
            found.append(self.program.output())
        return found

    def _gathered(self, values: str) -> list[str]:
        """Return the statements from the values of all steps to the output; ``values`` is those of a step."""
        found, steps = [], self.program.most_steps
        if self.program.network.back:
            found += _loop([call(self.program.back.first_function, "buffers", values.format("time"))], steps)
            found += self.program.back.end()
            values = f"buffers->back_sequence + {{}} * {self.program.prefix}_BACK_WIDTH"
            steps = f"{self.program.prefix}_BACK_STEPS"
        whole = values.partition(" + ")[0]
        read = whole if self.program.network.flattened else values.format(f"({steps} - 1)")
        return [*found, call("output_layer", read, "output")]

    def _width(self, layer: str) -> str:
        """Return the C name of how many values a layer has."""
        return f"{self.program.prefix}_{layer.upper()}UNITS"

    def _wait(self, layer: str, steps: str, count: int, *, flat: bool = False) -> Kept:
        """Return an array for the values of a layer at every step; a flat one is read as a whole."""
        sizes = steps, self._width(layer)
        kept = Kept(f"{layer}sequence", (" * ".join(sizes),) if flat else sizes, count * self.program.sizes[sizes[1]])
        self.program.sequences.append(kept)
        return kept

    @property
    def _given_steps(self) -> str:
        """The C name of the number of inputs of a sequence."""
        return "steps" if self.program.network.variable_length else f"{self.program.prefix}_TIME_STEPS"

    @property
    def _steps(self) -> str:
        """The C name of the number of steps of a sequence."""
        return "steps" if self.program.network.variable_length else self.program.most_steps

    @property
    def _output_of_step(self) -> str:
        return f"output + time * {self.program.prefix}_OUTPUTS"


def _loop(body: Sequence[str], steps: str) -> list[str]:
    """Return a loop over time steps."""
    head = f"for (time = 0; time < {steps}; time++) {{"
    return [head, indented(body), "}"]
