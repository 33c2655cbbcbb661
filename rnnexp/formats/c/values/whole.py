"""Whole numbers, as converters of sensors give them: C functions that go from them to answers without a floating point.

A code is that of a ratio of integers, rounded as Python rounds: to float32's 24 bits, then to the code. Predictions are
products with numbers of fixed point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

from rnnexp.formats.c.text import call, filled, function
from rnnexp.formats.c.values.interface import Interface
from rnnexp.formats.c.values.loops import Constants, Loops, declared
from rnnexp.formats.c.values.scaling import NoValues, Scaling, Scalings

BYTES = 8
# Raw values are limited to this many bits besides the sign, so that nothing overflows 64.
VALUE_BITS = 26
# So many bits has what is divided in the making of a code, and what it is divided by.
PRODUCT_BITS = 62
# How close a ratio should come to the number that it stands for, and must; how finely offsets are kept that are not
# whole.
RATIO_BITS, LEAST_RATIO_BITS, OFFSET_BITS = 53, 30, 12
# Of ranges of windows, where that of flat ones is a number with a point.
RANGE_BITS = 4
# A prediction, with what is behind its point; of a window's range it is a product.
PREDICTION_BITS, FACTOR_BITS = 60, 30


@dataclass
class WholeNumbers:
    """Writes them.

    Attributes:
        interface: of the network.
        scalings: of its features and outputs.
        constants: what the functions have of these, once they are written.

    Raises:
        NoValues: if the numbers of the scalings are too large or too small for 64 bits; the text says which.
    """

    interface: Interface
    scalings: Scalings
    constants: Constants = field(init=False)
    exact: bool = field(init=False, default=True)
    _functions: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.constants = Constants("int64_t", lambda number: f"INT64_C({int(number)})")
        if self._mantissa[0] >= 2**20:
            raise NoValues("the input scale has too many digits")
        self._functions = self._written()

    @property
    def encodes(self) -> bool:
        """Whether there is a function for the codes of a time step."""
        return self.scalings.alone

    @property
    def predicts(self) -> bool:
        """Whether there is one from a sequence to its answer."""
        return bool(self.interface.classes or self.scalings.targets)

    @property
    def encode_head(self) -> str:
        """The function for the codes of a time step."""
        own, features = self.interface, f"{self.interface.macro}_FEATURES"
        return f"void {own.prefix}_encode_int(const int32_t values[{features}], {own.input_type} codes[{features}])"

    @property
    def predict_head(self) -> str:
        """The one from a sequence to its answer: predictions, or numbers of classes."""
        own = self.interface
        count = own.each("1") if own.classes else own.results
        parameters = own.parameters(f"const int32_t window[{own.size}]", f"int32_t prediction[{count}]")
        return f"void {own.prefix}_predict_int({parameters})"

    @property
    def constant_bytes(self) -> int:
        """What arrays take."""
        return BYTES * self.constants.numbers

    def definitions(self) -> list[str]:
        """Return all functions, and what they need ahead of them."""
        own, codes = self.interface, self.interface.network.input
        mantissa, exponent = self._mantissa
        values = {
            "P": own.macro,
            "input_type": own.input_type,
            "lowest_input": codes.lowest,
            "highest_input": codes.highest,
            "mantissa": mantissa,
            "exponent": exponent,
            "largest": 2**VALUE_BITS - 1,
        }
        found = [filled("values/ratio-code.c", values)]
        if any("rounded(" in text for text in self._functions):
            found.append(filled("values/rounded.c", values))
        loops = self._loops
        if any("whole_range_of(" in text for text in self._functions):
            found.append(own.range_of(loops, "whole_range_of"))
        if any("whole_change_of(" in text for text in self._functions):
            found.append(own.change_of(loops, "whole_change_of"))
        return [*self.constants.arrays.values(), *found, *self._functions]

    @property
    def _mantissa(self) -> tuple[int, int]:
        """The input scale as an odd integer and a power of two."""
        numerator, denominator = self.interface.network.input.scale.as_integer_ratio()
        twos = (numerator & -numerator).bit_length() - 1
        return numerator >> twos, twos - (denominator.bit_length() - 1)

    @property
    def _loops(self) -> Loops:
        return self.interface.loops(self.scalings, "int32_t", lambda value: f"bounded({value})")

    def _written(self) -> list[str]:
        """Return the functions that are not the same for all networks."""
        own, loops, found = self.interface, self._loops, []
        if self.encodes:
            lines = loops.of_step(lambda scaling: self._encode(scaling, "bounded(values[feature])", "feature"))
            found.append(function(self.encode_head, declared(["feature"], lines)))
        if not self.predicts:
            return found
        if own.classes:
            answers = own.of_answers(
                lambda step: (
                    f"prediction[{step or 0}] = {own.prefix}_class("
                    f"output{step and f' + {step} * {own.macro}_OUTPUTS'});"
                )
            )
        else:
            answers = loops.of_outputs(self._range_of_target, self._prediction)
        lines = loops.of_window(self._range, lambda scaling: self._encode(scaling, loops.at("time"), loops.place))
        found.append(own.of_window("whole_window_codes", "int32_t", lines))
        return [*found, function(self.predict_head, own.all_the_way("whole_window_codes", answers))]

    def _range(self, scaling: Scaling) -> list[str]:
        """Return what is computed once for all values of a feature in a window."""
        if scaling.divided == "range":
            return ["int32_t least;", "const int32_t range = whole_range_of(values, &least);"]
        return ["const int32_t range = whole_change_of(values);"] if scaling.divided == "change" else []

    def _range_of_target(self, scaling: Scaling) -> list[str]:
        """Return the same for a target; a flat window has the range of the training part."""
        if scaling.divided == "number":
            return []
        if max(scaling.units) >= 2.0**VALUE_BITS:
            raise NoValues("the range of flat windows is too large")
        flat = self._number("flat", scaling, [round(unit * 2**RANGE_BITS) for unit in scaling.units])
        unit = f"range > 0 ? {2**RANGE_BITS} * (int64_t)range : {flat}"
        return [*self._range(scaling), f"const int64_t unit = {unit};"]

    def _encode(self, scaling: Scaling, value: str, place: str) -> str:
        """Return the statement for the code of a value."""
        loops = self._loops
        if scaling.taken == "number":
            bits = min(max(map(_point_bits, scaling.offsets)), OFFSET_BITS)
            if max(map(abs, scaling.offsets)) >= 2.0**VALUE_BITS:
                raise NoValues("what is taken away from them is too large")
            self.exact = self.exact and all(_point_bits(offset) <= OFFSET_BITS for offset in scaling.offsets)
            offsets = self._number("offset", scaling, [round(offset * 2**bits) for offset in scaling.offsets])
            times = f" * {2**bits}" if bits else ""
            taken = "" if scaling.offsets == (0.0,) else f" - {offsets}"
            above = f"((int64_t){value}{times}{taken})" if times or taken else f"(int64_t){value}"
        else:
            bits = 0
            from_ = {"least": "least", "last": loops.last, "before": loops.before}[scaling.taken]
            above = f"(int64_t)({value} - {from_})"
        if scaling.divided == "number":
            # Two bits for the difference, and one for the offset that is not whole.
            room = PRODUCT_BITS - bits
            ratios = [_ratio(unit, room - VALUE_BITS - 2, room) for unit in scaling.divisors]
            times = self._number("times", scaling, [ratio.denominator for ratio in ratios])
            below = self._number("unit", scaling, [ratio.numerator << bits for ratio in ratios])
        else:
            room = PRODUCT_BITS - VALUE_BITS - 2
            ratio = _ratio(scaling.to, room, room)
            times = self._literal(ratio.numerator)
            below = f"{self._literal(ratio.denominator)} * (range > 0 ? range : 1)"
        return call(f"codes[{place}] = ratio_code", f"{above} * {times}", below)

    def _prediction(self, scaling: Scaling) -> str:
        """Return the statement for what an output stands for."""
        codes, loops = self.interface.network.output, self._loops
        largest = max(codes.highest - codes.zero_point, codes.zero_point - codes.lowest)
        code = f"(output[place] - {self.interface.macro}_OUTPUT_ZERO_POINT)"
        expected, ahead = {"number": ("", ""), "least": ("least", "")}.get(scaling.taken) or loops.expected(scaling)
        expected = expected and f"{expected} + "
        if scaling.divided == "number":
            units = [codes.scale * unit for unit in scaling.divisors]
            offsets = scaling.offsets if scaling.taken == "number" else (0.0,)
            bits = _bits(max(*(largest * unit for unit in units), *map(abs, offsets)), PREDICTION_BITS)
            times = self._number("target_times", scaling, [round(unit * 2.0**bits) for unit in units])
            more = self._number("target_offset", scaling, [round(Fraction(offset) * 2**bits) for offset in offsets])
            product = f"{code} * {times}{'' if offsets == (0.0,) else f' + {more}'}"
        else:
            unit = codes.scale / scaling.to
            bits = _bits(largest * unit, FACTOR_BITS)
            times = self._literal(round(Fraction(unit) * 2 ** (bits + FACTOR_BITS)))
            product, bits = f"rounded({code} * {times}, {FACTOR_BITS}) * unit", bits + RANGE_BITS
        return ahead + f"prediction[place] = limited({expected}rounded({product}, {bits}));"

    def _number(self, name: str, scaling: Scaling, values: list[int]) -> str:
        return self.constants.text(f"whole_{name}", scaling, values)

    def _literal(self, number: int) -> str:
        return self.constants.literal(number)


def _point_bits(number: float) -> int:
    """Return how many bits a number has behind its point."""
    return number.as_integer_ratio()[1].bit_length() - 1


def _bits(largest: float, most: int) -> int:
    """Return how many bits behind the point a number of so many bits has room for.

    Raises:
        NoValues: if none.
    """
    bits = min(most - math.frexp(largest)[1], most)
    if bits < 1:
        raise NoValues("what predictions are multiplied by is too large")
    return bits


def _ratio(number: float, denominator_bits: int, numerator_bits: int) -> Fraction:
    """Return the simplest ratio of integers of so many bits that is close.

    Raises:
        NoValues: if none is.
    """
    exact, found = Fraction(number), Fraction(0)
    for bits in range(denominator_bits + 1):
        near = exact.limit_denominator(2**bits)
        if near.numerator < 2**numerator_bits:
            found = near
        if abs(found - exact) * 2**RATIO_BITS <= exact:
            break
    if abs(found - exact) * 2**LEAST_RATIO_BITS > exact:
        raise NoValues("what they are divided by is too large or too small")
    return found
