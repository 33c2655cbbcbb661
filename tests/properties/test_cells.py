"""Any cell over the operations of ``Arithmetic``: the same bits in NumPy, in LiteRT's steps and loops, and in C.

Cells are drawn operation by operation. What is known of each number is how small and how large it can be, and whether
it is a gate, so that only such cells come out as ``Arithmetic`` allows.
"""

from dataclasses import dataclass, replace

import numpy as np
from helpers.properties import examples
from helpers.random_cells import (
    LARGEST_VALUE,
    WORD,
    Clip,
    Complement,
    Dot,
    LookUp,
    Multiply,
    Shift,
    cell,
    network,
    product,
    registered,
    state,
    table,
)
from helpers.same_bits import assert_same_bits, noise
from hypothesis import given
from hypothesis import strategies as st

from rnnexp.quantization.arithmetic import LARGEST_SHIFT
from rnnexp.quantization.network import Layer
from rnnexp.quantization.tables import GATE_BITS, ONE

SEEDS = st.integers(0, 2**32 - 1)
# Some of them twice, some that C has for itself, and some that it cannot have.
NAMES = st.sampled_from(
    ["sums", "gate", "next_state", "int", "values", "clamp", "output", "Unit 1", "", "2nd", "count"]
)
# With 12 significant bits at most, as the quantiser has them.
SCALES = st.builds(lambda digits, power: digits * 2.0**power, st.integers(2048, 4095), st.integers(-40, 10))


@dataclass(frozen=True)
class Known:
    """What is known of a number.

    Attributes:
        low: the smallest that it can be.
        high: the largest.
        gate: whether it was just looked up, and is between 0 and ``ONE``.
        sums: of a product's sum, which product, and which of its sums.
    """

    low: int
    high: int
    gate: bool = False
    sums: tuple[str, int, int] | None = None

    @property
    def is_value(self):
        return self.low >= -LARGEST_VALUE and self.high <= LARGEST_VALUE


WORDS = Known(-WORD, WORD - 1)
VALUE = Known(-LARGEST_VALUE, LARGEST_VALUE)


def rounded(number, shift, offset=0):
    """Return a number shifted, rounded and saturated."""
    return int(np.clip(((number + (1 << (shift - 1))) >> shift) + offset, -WORD, WORD - 1))


class Drawing:
    """A cell as it is drawn.

    Args:
        draw: of Hypothesis.
        inputs: how many numbers come in.
        scale: the real value of one unit of the cell's own value.
        of_old: whether products read the cell's own value of the step before, as most cells do, or any.
    """

    def __init__(self, draw, inputs, scale, *, of_old):
        self.draw, self.inputs, self.scale, self.of_old = draw, inputs, scale, of_old
        self.units = draw(st.integers(1, 4))
        self.attributes, self.program = {}, []
        words = draw(st.integers(0, 2))
        self.numbers = [VALUE, *[WORDS] * words]
        self.states = [state("state", scale, paired=draw(st.booleans()))]
        self.states += [state(f"word_{n}", draw(SCALES), largest=WORD) for n in range(words)]

    def cell(self):
        """Return the whole."""
        self.multiply()
        self.attributes["unused"] = self.new_table()[0]
        operations = [
            self.multiply,
            self.look_up,
            self.look_up_all,
            self.dot,
            self.shift,
            self.clip,
            self.complement,
            self.blend,
        ]
        for _ in range(self.draw(st.integers(1, 8))):
            self.draw(st.sampled_from(operations))()
        made = [self.one(lambda number: number.is_value, newest=True)]
        made += [self.one(newest=True) for _ in self.states[1:]]
        return cell(self.units, self.states, self.program, made, **self.attributes)

    def one(self, suits=lambda _: True, *, newest=False):
        """Return the place of a number; of the newest ones, rather than of any."""
        places = [place for place, number in enumerate(self.numbers) if suits(number)]
        return self.draw(st.sampled_from(places[:-4:-1] if newest else places))

    def name(self, kind):
        return f"{kind}_{len(self.attributes)}"

    def multiply(self):
        blocks = self.draw(st.integers(1, 4))
        random = np.random.default_rng(self.draw(SEEDS))
        shape = blocks * self.units, self.inputs + self.units
        largest = self.draw(st.sampled_from([0, 3, 127]))
        high, low = random.integers(-largest, largest + 1, shape), random.integers(-32, 32, shape)
        size = 2.0 ** self.draw(st.integers(1, 30))
        bias = 2 * np.rint(random.uniform(-size, size, shape[0])).astype(np.int64) + 1
        options = {"shift": self.draw(st.integers(2, 18)), "step": self.draw(SCALES) * self.scale, "scale": self.scale}
        name = self.name("product")
        bias = np.clip(bias, 1 - 2**31, 2**31 - 1)
        self.attributes[name] = product(high, low, bias=bias, **options)
        own = 0 if self.of_old else self.one(lambda number: number.is_value)
        self.program.append(Multiply(name, blocks, own, self.draw(NAMES)))
        self.numbers += [replace(WORDS, sums=(name, block, blocks)) for block in range(blocks)]

    def new_table(self, kind=None):
        """Return a table, and what is known of its values."""
        size = self.draw(st.sampled_from([1, 2, 77, 2048, 5000]))
        random = np.random.default_rng(self.draw(SEEDS))
        kind = kind or self.draw(st.sampled_from(["values", "gates", "words"]))
        multiple = 2 ** self.draw(st.integers(0, 3))
        offset = multiple * self.draw(st.integers(-1000, 1000))
        if kind == "gates":
            low, high, offset = 0, ONE, ONE // 2
        else:
            limits = (-LARGEST_VALUE, LARGEST_VALUE) if kind == "values" else (-WORD, WORD - 1)
            low, high = max(offset - 8192 * multiple, limits[0]), min(offset + 8192 * multiple, limits[1])
        low, high = -(-low // multiple), high // multiple
        # Both ends, and as often either as anything between.
        found = np.where(
            random.random(size) < 0.3, random.choice([low, high], size), random.integers(low, high + 1, size)
        )
        found *= multiple
        scale = 1 / ONE if kind == "gates" and self.draw(st.booleans()) else self.draw(SCALES)
        made = table(found, scale=scale, multiple=multiple, offset=offset, name=self.draw(NAMES))
        return made, Known(int(found.min()), int(found.max()), gate=kind == "gates")

    def tables(self, count):
        """Return the names of tables, some of them the same, and what is known of their values."""
        names, known = [], []
        for _ in range(count):
            if names and self.draw(st.booleans()):
                names.append(names[0])
                known.append(known[0])
                continue
            made, what = self.new_table()
            name = self.name("table")
            self.attributes[name] = made
            names.append(name)
            known.append(what)
        return tuple(names), known

    def look_up(self):
        """Look up any numbers."""
        places = tuple(self.one() for _ in range(self.draw(st.integers(1, 3))))
        self.looked_up(places)

    def look_up_all(self):
        """Look up all sums of a product."""
        first = self.one(lambda number: number.sums is not None)
        _, block, blocks = self.numbers[first].sums
        self.looked_up(tuple(range(first - block, first - block + blocks)))

    def looked_up(self, places):
        names, known = self.tables(len(places))
        self.program.append(LookUp(names, places, self.draw(NAMES)))
        self.numbers += known

    def dot(self):
        terms, low, high = [], 0, 0
        for _ in range(self.draw(st.integers(1, 4))):
            place = self.one(newest=True)
            gates = [place for place, number in enumerate(self.numbers) if number.gate]
            if gates and self.draw(st.booleans()):
                factor = self.draw(st.sampled_from(gates))
                limits = self.numbers[factor].low, self.numbers[factor].high
            else:
                number = self.draw(st.sampled_from([ONE, -ONE, 1, -3, 0, WORD - 1, -WORD]))
                factor, limits = ("is", number), (number, number)
            ends = [one * other for one in limits for other in (self.numbers[place].low, self.numbers[place].high)]
            low, high = low + min(ends), high + max(ends)
            terms.append((factor, place))
        shift = self.draw(st.one_of(st.just(14), st.integers(1, LARGEST_SHIFT)))
        self.program.append(Dot(tuple(terms), shift, self.draw(NAMES)))
        self.numbers.append(Known(rounded(low, shift), rounded(high, shift)))

    def shift(self):
        place, bits = self.one(newest=True), self.draw(st.integers(1, LARGEST_SHIFT))
        offset = self.draw(st.sampled_from([0, 0, 1, -77, 2000, WORD, -WORD, 2 * WORD]))
        self.program.append(Shift(place, bits, offset, self.draw(NAMES)))
        known = self.numbers[place]
        self.numbers.append(Known(rounded(known.low, bits, offset), rounded(known.high, bits, offset)))

    def clip(self):
        place = self.one(newest=True)
        limits = st.one_of(st.just(LARGEST_VALUE), st.just(0), st.integers(-WORD, WORD - 1))
        low, high = sorted([self.draw(limits), -LARGEST_VALUE if self.draw(st.booleans()) else self.draw(limits)])
        self.program.append(Clip(place, low, high, self.draw(NAMES)))
        known = self.numbers[place]
        self.numbers.append(Known(*(int(np.clip(limit, low, high)) for limit in (known.low, known.high))))

    def complement(self):
        gates = [place for place, number in enumerate(self.numbers) if number.gate]
        if gates:
            self.complement_of(self.draw(st.sampled_from(gates)))

    def complement_of(self, place):
        known = self.numbers[place]
        self.program.append(Complement(place))
        self.numbers.append(Known(ONE - known.high, ONE - known.low, gate=True))

    def blend(self):
        """What gates are for: ``z * one + (1 - z) * other``."""
        made, known = self.new_table("gates")
        name = self.name("table")
        self.attributes[name] = made
        self.program.append(LookUp((name,), (self.one(),), self.draw(NAMES)))
        self.numbers.append(known)
        gate = len(self.numbers) - 1
        self.complement_of(gate)
        one, other = self.one(), self.one()
        self.program.append(Dot(((gate, one), (gate + 1, other)), GATE_BITS, self.draw(NAMES)))
        ends = [self.numbers[place] for place in (one, other)]
        self.numbers.append(Known(min(end.low for end in ends), max(end.high for end in ends)))


@st.composite
def networks(draw, *, of_old):
    """Return a network of one or two layers of drawn cells."""
    features, inputs, layers = draw(st.integers(1, 3)), 0, []
    ways = draw(st.lists(st.sampled_from(["", "", "both", "backwards"]), min_size=1, max_size=2))
    encoder = len(ways) > 1 and draw(st.booleans())
    for way in ways:
        count = 2 if way == "both" else 1
        inputs = inputs or features
        cells = tuple(Drawing(draw, inputs, draw(SCALES), of_old=of_old).cell() for _ in range(count))
        layers.append(Layer(cells, way == "backwards", 3 if encoder and not layers else 0))
        inputs = sum(one.units for one in cells)
    options = {"steps": draw(st.integers(1, 6)), "every_step": encoder or draw(st.booleans()), "seed": draw(SEEDS)}
    return network(*layers, features=features, **options)


@examples(60)
@given(networks(of_old=True), SEEDS)
def test_any_cell_has_the_same_bits_everywhere(drawn, seed):
    with registered(drawn):
        assert_same_bits(drawn, noise(3, drawn.sequence_length, drawn.features, seed))


@examples(60)
@given(networks(of_old=False), SEEDS)
def test_any_cell_that_multiplies_what_it_has_made_has_the_same_bits_everywhere(drawn, seed):
    with registered(drawn):
        assert_same_bits(drawn, noise(3, drawn.sequence_length, drawn.features, seed))
