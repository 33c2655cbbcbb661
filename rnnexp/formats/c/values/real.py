"""Values with a point: C functions that make input codes of them, and predictions or probabilities of output codes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rnnexp.formats.c.text import call, filled, function
from rnnexp.formats.c.values.interface import Interface
from rnnexp.formats.c.values.loops import Constants, Loops, declared
from rnnexp.formats.c.values.scaling import Scaling, Scalings

# Bytes of a number in arrays.
BYTES = 8


@dataclass
class RealValues:
    """Writes them.

    Attributes:
        interface: of the network.
        scalings: of its features and outputs; None where inputs are not made of numbers.
        listens: whether a detector wants all probabilities.
        constants: what the functions have of these, once they are written.
    """

    interface: Interface
    scalings: Scalings | None
    listens: bool = False
    constants: Constants = field(init=False)

    def __post_init__(self) -> None:
        self.constants = Constants("double", repr)

    @property
    def real(self) -> str:
        """The C type."""
        return f"{self.interface.prefix}_real"

    @property
    def encodes(self) -> bool:
        """Whether there is a function for the codes of a time step."""
        return self.scalings is not None and self.scalings.alone and not self.interface.words

    @property
    def decodes(self) -> bool:
        """Whether there is one for what output codes stand for, which needs no inputs."""
        return self.scalings is not None and bool(self.scalings.targets) and self.scalings.outputs_alone

    @property
    def predicts(self) -> bool:
        """Whether there is one from a sequence to its answer."""
        return self.scalings is not None and bool(self.interface.classes or self.scalings.targets)

    @property
    def encode_head(self) -> str:
        """The function for the codes of a time step."""
        own, features = self.interface, f"{self.interface.macro}_FEATURES"
        return f"void {own.prefix}_encode(const float values[{features}], {own.input_type} codes[{features}])"

    @property
    def decode_head(self) -> str:
        """The one for what output codes stand for."""
        own, outputs = self.interface, f"{self.interface.macro}_OUTPUTS"
        return f"void {own.prefix}_decode(const {own.output_type} output[{outputs}], float values[{outputs}])"

    @property
    def predict_head(self) -> str:
        """The one from a sequence to its answer."""
        own = self.interface
        given = f"const int32_t words[{own.size}]" if own.words else f"const {self.real} window[{own.size}]"
        return f"void {own.prefix}_predict({own.parameters(given, f'{self.real} prediction[{own.predictions}]')})"

    @property
    def probability_head(self) -> str:
        """The one for the probability of a class."""
        own = self.interface
        parameters = f"const {own.output_type} output[{own.macro}_OUTPUTS], int number"
        return f"{self.real} {own.prefix}_probability({parameters})"

    @property
    def constant_bytes(self) -> int:
        """What arrays take; the functions must have been written."""
        return BYTES * self.constants.numbers

    def definitions(self) -> list[str]:
        """Return all functions, and what they need ahead of them."""
        own, network = self.interface, self.interface.network
        values = {"p": own.prefix, "P": own.macro, "input_type": own.input_type, "output_type": own.output_type}
        functions, found = self._functions(), []
        if any("range_of(" in text for text in functions):
            found.append(own.range_of(self._loops, "range_of"))
        if any("change_of(" in text for text in functions):
            found.append(own.change_of(self._loops, "change_of"))
        if any("real_code(" in text for text in functions):
            found.append(filled("values/real-code.c", values | self._limits()))
        if any("real_value(" in text for text in functions):
            found.append(filled("values/real-value.c", values))
        if own.classes:
            kind = "softmax" if network.outputs > 1 else "sigmoid"
            found.append(filled("values/power.c", values))
            found.append(filled(f"values/{kind}.c", values | {"head": self.probability_head}))
            if self.predicts or self.listens:
                found.append(filled(f"values/{kind}-of-all.c", values))
        return [*self.constants.arrays.values(), *found, *functions]

    @property
    def _loops(self) -> Loops:
        return self.interface.loops(self.scalings or Scalings((), ()), self.real)

    def _limits(self) -> dict[str, object]:
        """Return what inputs are clipped to: a code beyond the last one on both sides, as far as float holds them."""
        codes, most = self.interface.network.input, float(np.finfo(np.float32).max)
        low, high = (
            min(max((code - codes.zero_point) * codes.scale, -most), most)
            for code in (codes.lowest - 1, codes.highest + 1)
        )
        return {"low": low, "high": high, "lowest_input": codes.lowest, "highest_input": codes.highest}

    def _functions(self) -> list[str]:
        """Return the functions that are not the same for all networks."""
        own, loops, found = self.interface, self._loops, []
        if self.encodes:
            lines = loops.of_step(lambda scaling: self._encode(scaling, "values[feature]", "feature"))
            found.append(function(self.encode_head, declared(["feature"], lines)))
        if self.decodes and self.scalings is not None:
            lines = loops.of_answer(lambda scaling: self._predicted(scaling, "values[place] = (float)({});"))
            found.append(function(self.decode_head, declared(["feature", "place"], lines)))
        if self.predicts:
            if not own.words:
                lines = loops.of_window(
                    self._ahead, lambda scaling: self._encode(scaling, loops.at("time"), loops.place)
                )
                found.append(own.of_window("window_codes", self.real, lines))
            found.append(function(self.predict_head, self._predict()))
        return found

    def _predict(self) -> list[str]:
        """Return the statements from a sequence to its answer."""
        own = self.interface
        if own.classes:
            answers = own.of_answers(
                lambda step: (
                    f"probabilities(output{step and f' + {step} * {own.macro}_OUTPUTS'}, "
                    f"prediction{step and f' + {step} * {own.classes}'});"
                )
            )
        else:
            answers = self._loops.of_outputs(
                self._ahead, lambda scaling: self._predicted(scaling, "prediction[place] = {};")
            )
        return own.all_the_way("words" if own.words else "window_codes", answers)

    def _ahead(self, scaling: Scaling) -> list[str]:
        """Return what is computed once for all values of a feature in a window."""
        if scaling.divided == "number" and scaling.taken != "least":
            return []
        found = [f"{self.real} least;"] if scaling.divided == "range" else []
        call = "range_of(values, &least)" if scaling.divided == "range" else "change_of(values)"
        flat = self._number("flat", scaling, scaling.units)
        unit = f"(range > 0 ? range : {flat}) / {self._literal(scaling.to)}"
        return [*found, f"const {self.real} range = {call};", f"const {self.real} unit = {unit};"]

    def _encode(self, scaling: Scaling, value: str, place: str) -> str:
        """Return the statement for the code of a value."""
        loops = self._loops
        offset = {
            "number": self._number("offset", scaling, scaling.offsets),
            "least": "least",
            "last": loops.last,
            "before": loops.before,
        }[scaling.taken]
        return call(f"codes[{place}] = real_code", value, offset, self._unit(scaling))

    def _predicted(self, scaling: Scaling, statement: str) -> str:
        """Return the statement for what an output stands for, which takes its expression."""
        ahead = ""
        if scaling.taken == "number":
            offset = self._number("target_offset", scaling, scaling.offsets)
        elif scaling.taken == "least":
            offset = "least"
        else:
            offset, ahead = self._loops.expected(scaling)
        return ahead + statement.format(f"{offset} + {self._unit(scaling, 'target_')} * real_value(output[place])")

    def _unit(self, scaling: Scaling, of: str = "") -> str:
        return "unit" if scaling.divided != "number" else self._number(f"{of}unit", scaling, scaling.divisors)

    def _number(self, name: str, scaling: Scaling, values: tuple[float, ...]) -> str:
        text = self.constants.text(f"value_{name}", scaling, values)
        return f"({self.real}){text}"

    def _literal(self, number: float) -> str:
        return f"({self.real}){number!r}"
