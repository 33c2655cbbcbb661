"""Cells made of any of the six operations, written as programs, and networks of them."""

import contextlib
import sys
import types
from dataclasses import dataclass, make_dataclass
from unittest import mock

import numpy as np

from rnnexp.network import cells as registry
from rnnexp.quantization.cell import Block, State
from rnnexp.quantization.network import IntegerNetwork, Layer
from rnnexp.quantization.product import CODE_UNIT, RADIX, Product
from rnnexp.quantization.scales import Affine
from rnnexp.quantization.tables import Table

LARGEST_VALUE = 127 * RADIX
WORD = 2**15


@dataclass(frozen=True)
class Multiply:
    """Appends the sums of a product; ``own`` is the number that takes part beside what comes in."""

    product: str
    blocks: int
    own: int
    name: str


@dataclass(frozen=True)
class LookUp:
    """Appends what tables have at numbers."""

    tables: tuple[str, ...]
    indices: tuple[int, ...]
    name: str


@dataclass(frozen=True)
class Dot:
    """Appends a rounded sum of products; factors are numbers' places, or integers as ``("is", 5)``."""

    terms: tuple[tuple[object, int], ...]
    shift: int
    name: str


@dataclass(frozen=True)
class Shift:
    """Appends a shifted number."""

    value: int
    bits: int
    offset: int
    name: str


@dataclass(frozen=True)
class Clip:
    """Appends a number between two limits."""

    value: int
    low: int
    high: int
    name: str


@dataclass(frozen=True)
class Complement:
    """Appends what is left of 1."""

    gate: int


class ProgramCell:
    """A cell whose step is a program over a list of numbers, which begins with the states.

    Its classes, made by ``cell``, have the products and tables as attributes, as other cells do.
    """

    def attributes(self, kind):
        return {name: value for name, value in vars(self).items() if isinstance(value, kind)}

    @property
    def units(self):
        return self.size

    extras = ()
    inner = types.MappingProxyType({})

    @property
    def tables(self):
        return tuple(self.attributes(Table).values())

    @property
    def blocks(self):
        found = []
        for operation in self.program:
            if isinstance(operation, Multiply):
                product = getattr(self, operation.product)
                for number in range(operation.blocks):
                    rows = slice(number * self.size, (number + 1) * self.size)
                    name = f"{operation.product}_{number}" if operation.blocks > 1 else operation.product
                    found.append(Block(name, product, rows, self.tables[0]))
        return tuple(found)

    def step(self, arithmetic, inputs, states):
        numbers = list(states)
        for operation in self.program:
            match operation:
                case Multiply(product, blocks, own, name):
                    values = [*inputs, numbers[own]]
                    numbers += arithmetic.multiply(getattr(self, product), values, blocks, name)
                case LookUp(tables, indices, name):
                    found = [getattr(self, table) for table in tables]
                    numbers += arithmetic.look_up(found, [numbers[index] for index in indices], name)
                case Dot(terms, shift, name):
                    pairs = [
                        (factor[1] if isinstance(factor, tuple) else numbers[factor], numbers[value])
                        for factor, value in terms
                    ]
                    numbers.append(arithmetic.dot(pairs, shift, name))
                case Shift(value, bits, offset, name):
                    numbers.append(arithmetic.shift(numbers[value], bits, offset, name))
                case Clip(value, low, high, name):
                    numbers.append(arithmetic.clip(numbers[value], low, high, name))
                case Complement(gate):
                    numbers.append(arithmetic.complement(numbers[gate]))
        return tuple(numbers[place] for place in self.made)


def cell(units, states, program, made, **attributes):
    """Return a cell of a class of its own.

    Args:
        units: how many.
        states: what it keeps.
        program: operations.
        made: the places of the states that follow in the list of numbers.
        attributes: its products and tables.
    """
    kind = make_dataclass("RandomCell", [(name, type(value)) for name, value in attributes.items()], frozen=True)
    kind = type("RandomCell", (ProgramCell, kind), {"size": units, "program": tuple(program), "made": tuple(made)})
    kind.states = tuple(states)
    return kind(**attributes)


def product(high, low=None, *, bias=1, shift=8, step=2.0**-8, scale=2.0**-13):
    """Return a product in steps of ``step``, for values in units of ``scale``."""
    high = np.asarray(high, np.int8)
    return Product(
        high,
        np.zeros_like(high) if low is None else np.asarray(low, np.int8),
        np.broadcast_to(np.asarray(bias, np.int64), len(high)).copy(),
        shift,
        step / scale * CODE_UNIT / RADIX * 2.0**-shift,
        step,
    )


def table(values, *, scale=2.0**-13, multiple=1, offset=0, name="activation"):
    """Return a table, the places of which do not matter."""
    return Table(np.asarray(values, np.int16), 0.0, 1.0, scale, multiple, offset, name)


def state(name, scale=2.0**-13, *, largest=LARGEST_VALUE, paired=False):
    return State(name, scale, (-largest * scale, largest * scale), paired)


def network(*layers, features, steps, outputs=2, every_step=False, seed=0):
    """Return a network of layers of cells, with a random output layer."""
    random = np.random.default_rng(seed)
    values = sum(one.units for one in layers[-1].cells)
    high, low = random.integers(-127, 128, (outputs, values)), random.integers(-32, 32, (outputs, values))
    bias = 2 * random.integers(-(2**10), 2**10, outputs) + 1
    # Its shift spreads the outputs over most of their codes.
    scale = float(layers[-1].scales[-1])
    output = product(high, low, bias=bias, shift=15, step=scale, scale=scale)
    return IntegerNetwork(
        sequence_length=steps,
        features=features,
        input=Affine(2.0**-7, 3),
        output=Affine(output.step, -5),
        layers=tuple(layers),
        output_layer=output,
        every_step=every_step,
    )


def of(one):
    """Return a layer of one cell."""
    return Layer((one,))


@contextlib.contextmanager
def registered(network):
    """Have a network's cells in the registry, as files need them to be."""
    names, modules = {}, {}
    for number, kind in enumerate({type(one) for layer in network.layers for one in layer.cells}):
        name = f"registered_cell_{number}"
        module = types.ModuleType(f"{name}.integers")

        def quantize():
            """Stands for the function that makes such cells."""

        quantize.__annotations__["return"] = kind
        module.quantize = quantize
        names[f"random_{number}"] = name
        modules |= {name: types.ModuleType(name), module.__name__: module}
    sys.modules.update(modules)
    try:
        with mock.patch.dict(registry.CELLS, names):
            yield
    finally:
        # Not restored as a whole: what else was imported meanwhile stays.
        for name in modules:
            del sys.modules[name]
