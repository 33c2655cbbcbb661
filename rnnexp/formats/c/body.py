"""The body of a cell's function in C: what is made ahead of its loops over units, and these.

Where a product reads numbers that the step itself has made, the loop ends there, and another one goes on: what it needs
of the first one waits in an array.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rnnexp.formats.c.codes import Codes
from rnnexp.formats.c.names import Names
from rnnexp.formats.c.number import WORD, Number, UnitLoop
from rnnexp.formats.c.rows import Result, Sums


@dataclass
class Body:
    """Statements, in the order in which they are added.

    Attributes:
        sizes: number of units -> its C name.
        names: of the function.
        bytes: what its arrays take.
        loops: over units.
    """

    sizes: Mapping[int, str]
    names: Names
    bytes: int = 0
    loops: list[UnitLoop] = field(default_factory=list)
    _head: list[str | Sums] = field(default_factory=list)
    _ahead: dict[str, list[str | Sums]] = field(default_factory=dict)
    _again: dict[str, Sums] = field(default_factory=dict)
    _arrays: dict[str, str] = field(default_factory=dict)
    _sums: dict[str, Number] = field(default_factory=dict)
    _last_use: dict[str, int] = field(default_factory=dict)

    @property
    def statements(self) -> list[str]:
        """All of them, the definitions first."""
        found = [*self._arrays.values(), *(["int unit;"] if self.loops else []), *_statements(self._head)]
        for loop in self.loops:
            found += [*_statements(loop.ahead), f"for (unit = 0; unit < {self.sizes[loop.width]}; unit++) {{"]
            found += [*(f"    {line}" for line in loop.lines), "}"]
        return found

    def loop_of(self, width: int) -> None:
        """Go on in a loop over so many units."""
        if not self.loops or self.loops[-1].width != width:
            self.loops.append(UnitLoop(width))

    def emit(self, name: str, text: str, width: int, largest: int = WORD) -> Number:
        """Return a new variable of the loop at hand."""
        variable = self.names.unique(name, object())
        self.loops[-1].lines.append(f"const int16_t {variable} = {text};")
        return Number(variable, width, largest=largest, loop=len(self.loops) - 1)

    def write(self, old: Number, new: Number) -> None:
        """Write a number over another one, as soon as nothing reads that any more."""
        loop = new.loop
        if loop is None or self._last_use.get(old.text, 0) > loop:
            self.loop_of(old.width)
            new, loop = self.here(new), len(self.loops) - 1
        self.loops[loop].lines.append(f"{old.text} = {new.text};")

    def ahead_of(self, values: Sequence[Number], width: int) -> tuple[list[Number], list[str | Sums]]:
        """Return values in arrays, and where statements are that read them: what a step has made ends its loop."""
        kept = [value if value.array else self._kept(self.variable(value)) for value in values]
        if all(value.array for value in values):
            return kept, self._head
        self.loops.append(UnitLoop(width))
        self._last_use |= {value.text: len(self.loops) - 1 for value in kept}
        return kept, self.loops[-1].ahead

    def add_codes(self, codes: Codes) -> None:
        """Add what makes the codes of values."""
        self._arrays |= {codes.name: codes.array, **{name: f"row_sum {name};" for name in codes.variables}}
        self.bytes += codes.bytes
        codes.ahead.extend(codes.statements)

    def add_sums(self, sums: Sums, width: int, ahead: list[str | Sums]) -> None:
        """Add what makes the sums of a product, of so many units a block."""
        self._define(sums, width)
        self._ahead[sums.name] = ahead
        ahead.append(sums)

    def end_in(self, array: str, number: Number) -> None:
        """Have a product write its only sums into an array that is there."""
        if number.sums is None:
            raise ValueError("a number that is no sum")
        self.bytes -= 2 * number.width
        del self._arrays[number.sums.name]
        number.sums.name = array

    def result(self, number: Number, result: Result, largest: int) -> Number | None:
        """Have a product end with what becomes of its sums, if they are that and nothing has read them before."""
        number = self._as_sum(number)
        if not (number.sums and number.name) or number.text in self._sums:
            return None
        number.sums.results[number.block] = result
        return replace(number, name="", largest=largest, array=number.sums.start(number.block))

    def variable(self, number: Number, name: str = "") -> Number:
        """Return a number as a variable; a sum or an old state becomes one first."""
        number = self._as_sum(number)
        if number.name:
            if number.text not in self._sums:
                self.loop_of(number.width)
                self._sums[number.text] = self.emit(number.name, number.text, number.width)
            return self.here(self._sums[number.text])
        number = self.here(number)
        return self.emit(name, number.text, number.width) if name and "[" in number.text else number

    def here(self, number: Number) -> Number:
        """Return a number as the loop at hand can read it."""
        number = self._as_sum(number)
        now = max(len(self.loops) - 1, 0)
        self._last_use[number.text] = now
        return number if number.loop in (None, now) else self._kept(number)

    def _as_sum(self, number: Number) -> Number:
        """Return a sum as it is: where the product ends with what became of it, it is made a second time."""
        sums = number.sums
        if not (sums and number.name) or sums.results[number.block] is None:
            return number
        if sums.name not in self._again:
            label = self.names.unique(sums.name, object())
            self._again[sums.name] = again = replace(sums, name=label, results=[None] * len(sums.results))
            self._define(again, number.width)
            self._ahead[label] = self._ahead[sums.name]
            self._ahead[label].insert(self._ahead[label].index(sums) + 1, again)
        again = self._again[sums.name]
        return self._as_sum(replace(number, text=again.place(number.block), sums=again))

    def _define(self, sums: Sums, width: int) -> None:
        """Define the array of a product's sums."""
        blocks = len(sums.results)
        self._arrays[sums.name] = f"int16_t {sums.name}[{sums.rows(blocks)}];"
        self.bytes += 2 * blocks * width

    def _kept(self, number: Number) -> Number:
        """Return a number that waits in an array, and have its loop write it there."""
        if number.loop is None:
            return number
        what = ("kept", number.text)
        label = self.names.unique(f"kept_{number.text}" if number.text.isidentifier() else "kept", what)
        if label not in self._arrays:
            self._arrays[label] = f"int16_t {label}[{self.sizes[number.width]}];"
            self.bytes += 2 * number.width
            self.loops[number.loop].lines.append(f"{label}[unit] = {number.text};")
        return replace(number, text=f"{label}[unit]", name="", loop=None, array=label)


def _statements(ahead: Sequence[str | Sums]) -> list[str]:
    """Return statements, and the calls that make sums."""
    return [line for made in ahead for line in (made.calls() if isinstance(made, Sums) else [made])]
