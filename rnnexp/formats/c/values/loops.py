"""Loops over the features of windows and over outputs in C, of numbers with a point and of whole ones alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from rnnexp.formats.c.text import indented
from rnnexp.formats.c.values.scaling import Scaling, Scalings


@dataclass
class Constants:
    """Numbers of features or time steps in C: literals where all are the same, arrays else.

    Attributes:
        kind: the C type of arrays.
        literal: a number -> its text.
        arrays: name -> definition.
        numbers: how many are in arrays.
    """

    kind: str
    literal: Callable[[float], str]
    arrays: dict[str, str] = field(default_factory=dict)
    numbers: int = 0

    def text(self, name: str, scaling: Scaling, values: Sequence[float]) -> str:
        """Return the C expression for the number of a feature, or of a time step."""
        if len(values) == 1:
            return self.literal(values[0])
        name = f"{name}_{scaling.first}" if scaling.first else name
        if name not in self.arrays:
            texts = ",\n".join(f"    {self.literal(value)}" for value in values)
            self.arrays[name] = f"static const {self.kind} {name}[{len(values)}] = {{\n{texts}\n}};"
            self.numbers += len(values)
        index = "time" if scaling.by_step else f"feature - {scaling.first}" if scaling.first else "feature"
        if not scaling.by_step and len(values) < scaling.count:
            index = f"{index} % {len(values)}" if index == "feature" else f"({index}) % {len(values)}"
        return f"{name}[{index}]"


@dataclass(frozen=True)
class Loops:
    """The loops of a network.

    Attributes:
        scalings: of its features and outputs.
        macro: what its macros begin with.
        features: how many a time step has.
        outputs: how many it has each time.
        steps: the C expression for the steps of a sequence.
        results: that for its outputs, after all steps.
        value: the C type of a raw value.
        read: a value's C expression -> the one that reads it.
    """

    scalings: Scalings
    macro: str
    features: int
    outputs: int
    steps: str
    results: str
    value: str
    read: Callable[[str], str] = str

    @property
    def place(self) -> str:
        """The C expression for the place of an input in its window."""
        return "time" if self.features == 1 else f"time * {self.macro}_FEATURES + feature"

    def at(self, time: str) -> str:
        """Return the C expression that reads a feature's value at a time step."""
        width = "" if self.features == 1 or time == "0" else f" * {self.macro}_FEATURES"
        return self.read(f"values[{f'({time})' if width and ' ' in time else time}{width}]")

    @property
    def last(self) -> str:
        """The C expression that reads its last one."""
        return self.at(f"{self.macro}_TIME_STEPS - 1")

    @property
    def before(self) -> str:
        """The C expression that reads the one before, or at first itself."""
        return self.at("time > 0 ? time - 1 : 0")

    def expected(self, scaling: Scaling) -> tuple[str, str]:
        """Return the C expression for what would come if all went on as before, and what comes ahead of it."""
        if scaling.season is None:
            return self.last, ""
        season, targets = scaling.season, self.scalings.of_targets
        ahead = f" + place % {self.macro}_OUTPUTS{f' / {targets}' if targets > 1 else ''} % {season}"
        same = self.at(f"{self.macro}_TIME_STEPS - {season}{ahead if self.outputs > targets else ''}")
        before = self.at(f"{self.macro}_TIME_STEPS - 1 - {season}")
        return "expected", f"const {self.value} expected =\n    {same}\n    + {self.last}\n    - {before};\n"

    def of_step(self, statement: Callable[[Scaling], str]) -> list[str]:
        """Return loops over the features of a time step; a statement is of one of them."""
        return [line for scaling in self.scalings.inputs for line in self._features(scaling, [statement(scaling)])]

    def of_answer(self, statement: Callable[[Scaling], str]) -> list[str]:
        """Return loops over the outputs of a time step, of targets that need no window."""
        return replace(self, results=f"{self.macro}_OUTPUTS").of_outputs(lambda _: [], statement)

    def of_window(self, ahead: Callable[[Scaling], Iterable[str]], statement: Callable[[Scaling], str]) -> list[str]:
        """Return loops over the features of a window; ``ahead`` are statements once for all of a feature's values."""
        found: list[str] = []
        for scaling in self.scalings.inputs:
            each = _block(f"for (time = 0; time < {self.steps}; time++)", [statement(scaling)])
            lines = [*self._values(), *ahead(scaling), *each]
            found += lines if self.features == 1 else self._features(scaling, lines)
        return found

    def of_outputs(self, ahead: Callable[[Scaling], Iterable[str]], statement: Callable[[Scaling], str]) -> list[str]:
        """Return loops over the outputs of a sequence, target by target."""
        targets, found = self.scalings.of_targets, []
        step = f"place += {targets}" if targets > 1 else "place++"
        for scaling in self.scalings.targets:
            first = "feature" if targets > 1 else "0"
            each = _block(f"for (place = {first}; place < {self.results}; {step})", [statement(scaling)])
            lines = [*([] if scaling.alone else self._values(targets > 1)), *ahead(scaling), *each]
            head = f"for (feature = {scaling.first}; feature < {scaling.end}; feature++)"
            found += _block(head, lines) if targets > 1 else lines
        return found

    def _features(self, scaling: Scaling, lines: Iterable[str]) -> list[str]:
        last = f"{self.macro}_FEATURES" if scaling == self.scalings.inputs[-1] else str(scaling.end)
        return _block(f"for (feature = {scaling.first}; feature < {last}; feature++)", lines)

    def _values(self, several: bool | None = None) -> list[str]:
        """Return the statement for where a feature's values are."""
        several = self.features > 1 if several is None else several
        return [f"const {self.value} *const values = window{' + feature' if several else ''};"]


def declared(names: Iterable[str], lines: Sequence[str]) -> list[str]:
    """Return statements with the numbers ahead of them that they count with."""
    used = [name for name in names if any(line.lstrip().startswith(f"for ({name} =") for line in lines)]
    return [f"int32_t {', '.join(used)};", *lines] if used else list(lines)


def _block(head: str, lines: Iterable[str]) -> list[str]:
    """Return a statement with a block."""
    return [f"{head} {{", *indented(lines).splitlines(), "}"]
