"""What C functions of values have in common: the network, the sequence that they take, their types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rnnexp.formats.c.text import code_type, filled, function, indented
from rnnexp.formats.c.values.loops import Loops, declared
from rnnexp.formats.c.values.scaling import Scalings
from rnnexp.quantization.front import Words
from rnnexp.quantization.network import IntegerNetwork


@dataclass(frozen=True)
class Interface:
    """The functions of a network.

    Attributes:
        network: the integers.
        prefix: what C names begin with.
        macro: what macros begin with.
        answers: the C expression for the steps with an output, at most.
    """

    network: IntegerNetwork
    prefix: str
    macro: str
    answers: str

    @property
    def input_type(self) -> str:
        """The C type of input codes."""
        return code_type(self.network.input)

    @property
    def output_type(self) -> str:
        """The C type of output codes."""
        return code_type(self.network.output)

    @property
    def words(self) -> bool:
        """Whether inputs are numbers of words, which are their own codes."""
        return isinstance(self.network.input, Words)

    @property
    def classes(self) -> int:
        """How many classes there are; 0 where outputs are numbers."""
        return max(self.network.outputs, 2) if self.network.softmax else 0

    @property
    def size(self) -> str:
        """The C expression for the numbers of a sequence."""
        return f"{self.macro}_TIME_STEPS * {self.macro}_FEATURES"

    @property
    def results(self) -> str:
        """The C expression for its outputs, at most."""
        return self.each(f"{self.macro}_OUTPUTS")

    @property
    def steps(self) -> str:
        """The C expression for the steps of a sequence."""
        return "steps" if self.network.variable_length else f"{self.macro}_TIME_STEPS"

    @property
    def answered(self) -> str:
        """The C expression for the steps with an output; empty where there is one alone."""
        if self.network.variable_length and self.network.answers_each_step:
            return "steps"
        return self.answers if self.network.every_step else ""

    def each(self, count: str) -> str:
        """Return the C expression for so many numbers after every step with an output."""
        return f"{self.answers} * {count}" if self.network.every_step else count

    def parameters(self, given: str, made: str) -> str:
        """Return the parameters of a function that takes a sequence."""
        buffers = [] if self.network.streams else [f"{self.prefix}_buffers *buffers"]
        length = ["int32_t length"] if self.network.variable_length else []
        return ", ".join([*buffers, given, *length, made])

    @property
    def predictions(self) -> str:
        """The C expression for the numbers of an answer, at most: predictions, or a probability for each class."""
        return self.each(str(self.classes)) if self.classes else self.results

    def loops(self, scalings: Scalings, value: str, read: Callable[[str], str] = str) -> Loops:
        """Return the loops for raw values of a C type."""
        results = self.answered and f"{self.answered} * "
        return Loops(
            scalings,
            self.macro,
            self.network.features,
            self.network.outputs,
            self.steps,
            f"{results}{self.macro}_OUTPUTS",
            value,
            read,
        )

    def of_answers(self, statement: Callable[[str], str]) -> list[str]:
        """Return a statement for each step with an output, of whose C expression it is made; one has none."""
        if not self.answered:
            return [statement("")]
        return [f"for (step = 0; step < {self.answered}; step++) {{", indented([statement("step")]), "}"]

    def range_of(self, loops: Loops, name: str) -> str:
        """Return the function for a feature's range in a window."""
        return filled("values/range.c", self._of_window(loops, name))

    def change_of(self, loops: Loops, name: str) -> str:
        """Return the function for a feature's largest change in a window."""
        return filled("values/change.c", self._of_window(loops, name))

    def _of_window(self, loops: Loops, name: str) -> dict[str, str]:
        return {
            "P": self.macro,
            "type": loops.value,
            "name": name,
            "first": loops.at("0"),
            "value": loops.at("time"),
            "before": loops.at("time - 1"),
        }

    def of_window(self, name: str, value: str, lines: Sequence[str]) -> str:
        """Return the function that makes the input codes of a window of values of a C type."""
        length = "int32_t steps, " if self.network.variable_length else ""
        given = f"const {value} window[{self.size}], {length}{self.input_type} codes[{self.size}]"
        return function(f"static void {name}({given})", declared(["time", "feature"], lines))

    def all_the_way(self, codes: str, answers: Sequence[str]) -> list[str]:
        """Return the statements from a window, or words, to answers.

        Args:
            codes: the function for the codes of a window, or ``words``, which are their own.
            answers: the statements from output codes.
        """
        network = self.network
        buffers = [] if network.streams else ["buffers"]
        length = ["length"] if network.variable_length else []
        most = f"{self.macro}_TIME_STEPS"
        found = [f"{self.output_type} output[{self.results}];"]
        if not self.words:
            found.insert(0, f"{self.input_type} codes[{self.size}];")
        if network.variable_length and (not self.words or network.answers_each_step):
            found.append(f"const int32_t steps = length < 1 ? 1 : length > {most} ? {most} : length;")
        counted = declared(["feature", "place", "step"], answers)
        ahead = counted[:1] if len(counted) > len(answers) else []
        if not self.words:
            steps = ["steps"] if network.variable_length else []
            ahead.append(f"{codes}({', '.join(['window', *steps, 'codes'])});")
        given = codes if self.words else "codes"
        run = f"{self.prefix}_run({', '.join([*buffers, given, *length, 'output'])});"
        return [*found, *ahead, run, *answers]

    @property
    def stack_bytes(self) -> int:
        """What the codes of a sequence take on the stack."""
        network = self.network
        given = 0 if self.words else network.sequence_length * network.features * network.input.bits // 8
        return given + network.output_steps * network.outputs * network.output.bits // 8
