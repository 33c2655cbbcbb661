"""The integers of a network of any cells and layers as named arrays, and the network back from them.

A name is made of what the number belongs to: ``layer_2/backward/gates_high`` is the attribute ``high`` of ``gates`` of
the second layer's cell that goes backwards. So a new cell needs nothing here. ``docs/network.md`` says what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from types import NoneType
from typing import Any, cast, get_args, get_type_hints

import numpy as np

from rnnexp.formats.npz import front, previous
from rnnexp.network import cells, stack, taps
from rnnexp.network.front import extent
from rnnexp.network.lengths import Padding
from rnnexp.quantization.cell import IntegerCell
from rnnexp.quantization.front import Words
from rnnexp.quantization.network import IntegerNetwork, Layer
from rnnexp.quantization.product import Product
from rnnexp.quantization.scales import INPUT_CODES, OUTPUT_CODES, IoBits
from rnnexp.quantization.tables import Table
from rnnexp.quantization.widths import check_cell, check_product


def to_arrays(network: IntegerNetwork) -> dict[str, np.ndarray]:
    """Return every number of a network; those that are no arrays have no dimensions."""
    found = dict(_numbers(network, ""))
    for number, layer in enumerate(network.layers, 1):
        found |= _numbers(layer, f"layer_{number}/")
        if layer.reads:
            found[f"layer_{number}/reads"] = " ".join(map(str, layer.reads))
    for prefix, cell in named_cells(network):
        name = next(name for name in cells.packages() if _class_of(name) is type(cell))
        found |= {f"{prefix}cell": name, **dict(_numbers(cell, prefix))}
    for prefix, ahead in front.named(network):
        found |= {f"{prefix}kind": front.kind(ahead), **dict(_numbers(ahead, prefix))}
    if network.padding:
        found["padding"] = network.padding
    if not network.flattened:
        del found["flattened"]
    if network.io_bits != 8:
        found["io_bits"] = network.io_bits
    if network.input.bits not in (network.io_bits, Words.bits):
        found["input_bits"] = network.input.bits
    return {name: np.asarray(value) for name, value in found.items()}


def from_arrays(found: Mapping[str, np.ndarray]) -> IntegerNetwork:
    """Return the network that ``to_arrays`` was given.

    Raises:
        KeyError: if an array is missing.
        ValueError: if a number is of another kind, or arrays do not fit each other.
    """
    layers: list[Layer] = []
    while any(name.startswith(f"layer_{len(layers) + 1}/") for name in found):
        prefix = f"layer_{len(layers) + 1}/"
        ways = _ways(1 if f"{prefix}cell" in found else 2)
        directions = tuple(_cell(found, prefix + way) for way in ways)
        reads = tuple(map(int, str(found.get(f"{prefix}reads", "")).split()))
        layers.append(_built(Layer, found, prefix, cells=directions, reads=reads))
    around: dict[str, tuple[Any, ...]] = {name: _around(found, name) for name in ("front", "back")}
    bits = _bits(found, "io_bits", 8)
    facts = {
        "layers": tuple(layers),
        "padding": cast(Padding, str(found.get("padding", ""))),
        "flattened": bool(found.get("flattened", False)),
        "output": _built(OUTPUT_CODES[bits], found, "output_"),
        **around,
    }
    first = next(iter(around["front"]), None)
    facts["input"] = front.words(first) or _built(INPUT_CODES[_bits(found, "input_bits", bits)], found, "input_")
    network: IntegerNetwork = _built(IntegerNetwork, found, "", **facts)
    check(network)
    return network


def named_cells(network: IntegerNetwork) -> list[tuple[str, IntegerCell]]:
    """Return every cell with what the names of its numbers begin with."""
    return [
        (f"layer_{number}/{way}", cell)
        for number, layer in enumerate(network.layers, 1)
        for way, cell in zip(_ways(len(layer.cells)), layer.cells, strict=True)
    ]


def _around(found: Mapping[str, np.ndarray], name: str) -> tuple[Any, ...]:
    """Return the layers ahead of the recurrent ones or behind them."""
    layers: list[Any] = []
    while f"{name}_{len(layers) + 1}/kind" in found:
        prefix = f"{name}_{len(layers) + 1}/"
        layers.append(_built(front.KINDS[str(found[f"{prefix}kind"])], found, prefix))
    return tuple(layers)


def loose_arrays(cell: IntegerCell, prefix: str) -> list[tuple[str, np.ndarray]]:
    """Return the arrays of a cell that belong to no product and no table, with the names that they have here."""
    taken = tuple(f"{prefix}{name}_" for name, value in vars(cell).items() if isinstance(value, Product | Table))
    return [
        (name, value)
        for name, value in _numbers(cell, prefix)
        if isinstance(value, np.ndarray) and value.ndim and not name.startswith(taken)
    ]


def _bits(found: Mapping[str, np.ndarray], name: str, otherwise: IoBits) -> IoBits:
    """Return the bits of codes."""
    bits = cast(IoBits, int(found[name])) if name in found else otherwise
    if bits not in get_args(IoBits):
        raise ValueError(f"{name} is {bits}")
    return bits


def _ways(directions: int) -> tuple[str, ...]:
    return ("forward/", "backward/") if directions > 1 else ("",)


def _cell(found: Mapping[str, np.ndarray], prefix: str) -> IntegerCell:
    return _built(_class_of(str(found[f"{prefix}cell"])), found, prefix)


def _class_of(name: str) -> type[Any]:
    """Return what a cell's ``quantize`` returns."""
    if name not in cells.packages():
        raise KeyError(name)
    return get_type_hints(cells.part(name, "integers").quantize)["return"]


def from_npz(found: Mapping[str, np.ndarray]) -> IntegerNetwork:
    """Return the integer network that the arrays of a ``.npz`` hold, of this version or the previous one.

    Raises:
        KeyError: if they hold none, or an array is missing.
        ValueError: as ``from_arrays``.
    """
    values = {name.removeprefix("int8/"): array for name, array in found.items() if name.startswith("int8/")}
    if not values:
        raise KeyError("int8/...")
    if not previous.is_previous(values):
        return from_arrays(values)
    features = values["W_x_high"].shape[1]
    network = previous.from_arrays(
        values, sequence_length=int(found["sequence_length"]), features=features, softmax=bool(found["softmax"])
    )
    check(network)
    return network


def _kept(owner: Any) -> list[Field[Any]]:
    """Return the attributes that make two objects differ: what integers were rounded from does not."""
    return [field for field in fields(owner) if field.compare]


def _numbers(owner: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of an object's attributes, and of those of its attributes, but not of several."""
    for field in _kept(owner):
        value = getattr(owner, field.name)
        if is_dataclass(value):
            yield from _numbers(value, f"{prefix}{field.name}_")
        # A table's name is that of the attribute; of what a cell can be without, there is nothing.
        elif not isinstance(value, tuple | str | None):
            yield f"{prefix}{field.name}", value


def _built(kind: type[Any], found: Mapping[str, np.ndarray], prefix: str, **given: Any) -> Any:
    """Return an object whose attributes' names begin with ``prefix``; some are given."""
    hints = get_type_hints(kind)
    for name, hint in ((field.name, hints[field.name]) for field in _kept(kind)):
        if name in given:
            continue
        key, kinds = f"{prefix}{name}", get_args(hint)
        if NoneType in kinds:
            if not any(other == key or other.startswith(f"{key}_") for other in found):
                given[name] = None
                continue
            hint = kinds[0]
        elif kinds and all(map(is_dataclass, kinds)):
            # Of several, the one whose first attribute is there.
            hint = next((kind for kind in kinds if f"{key}_{_kept(kind)[0].name}" in found), kinds[0])
        if is_dataclass(hint) and isinstance(hint, type):
            named = {"name": name} if hint is Table else {}
            given[name] = _built(hint, found, f"{prefix}{name}_", **named)
        else:
            value = found[key]
            given[name] = value if value.ndim else value.item()
            # These go into C as they are.
            if hint in (bool, int, float) and type(given[name]) is not hint:
                raise ValueError(f"{key} is {given[name]!r}")
    return kind(**given)


def check(network: IntegerNetwork) -> None:
    """Check that the arrays of a network fit each other.

    Raises:
        ValueError: if not.
    """
    if network.padding not in get_args(Padding):
        raise ValueError(f"padding is {network.padding!r}")
    if any(codes.bits != 8 and codes.zero_point != 0 for codes in (network.input, network.output)):
        raise ValueError("codes of 16 bits have another zero point than 0")
    front.check(network.front, network.sequence_length, network.features, check_product)
    stack.check_surroundings(network, variable_length=network.variable_length)
    taps.check(network.reads, len(network.encoder))
    widths = {taps.INPUT: network.front_width}
    for number, layer in enumerate(network.layers):
        for cell in layer.cells:
            check_cell(cell, [widths[made] for made in network.reads[number]])
        widths[number] = sum(cell.units for cell in layer.cells)
    inputs = widths[len(network.layers) - 1]
    front.check(network.back, network.front_steps, inputs, check_product)
    steps, inputs = extent(network.back, network.front_steps, inputs)
    inputs *= steps if network.flattened else 1
    repeats = [layer.repeats for layer in network.layers]
    # Behind the last layer, it is answers that are repeated.
    once = min(repeats, default=0) >= 0 and sum(map(bool, repeats)) <= 1
    if not once or (repeats and repeats[-1] and not network.every_step):
        raise ValueError(f"layers are repeated {repeats} times")
    if network.path_inputs == network.sequence_length * network.features and not network.every_step:
        inputs += network.path_inputs
    check_product(network.output_layer, inputs, network.outputs)
