"""The integers of a network of any cells and layers as named arrays, and the network back from them.

A name is made of what the number belongs to: ``layer_2/backward/gates_high`` is the attribute ``high`` of ``gates`` of
the second layer's cell that goes backwards. So a new cell needs nothing here. ``docs/network.md`` says what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, cast, get_args, get_type_hints

import numpy as np

from rnnexp.formats.npz import front, previous
from rnnexp.network import architecture, cells
from rnnexp.network.front import extent
from rnnexp.network.lengths import Padding
from rnnexp.quantization.cell import IntegerCell
from rnnexp.quantization.network import IntegerNetwork, Layer
from rnnexp.quantization.product import Product
from rnnexp.quantization.tables import Table

# Places are int16, and sums int32 or wider.
LARGEST_TABLE = 2**15
LARGEST_SHIFT = 31


def to_arrays(network: IntegerNetwork) -> dict[str, np.ndarray]:
    """Return every number of a network; those that are no arrays have no dimensions."""
    found = dict(_numbers(network, ""))
    for number, layer in enumerate(network.layers, 1):
        found |= _numbers(layer, f"layer_{number}/")
    for prefix, cell in named_cells(network):
        name = next(name for name in cells.CELLS if _class_of(name) is type(cell))
        found |= {f"{prefix}cell": name, **dict(_numbers(cell, prefix))}
    for prefix, ahead in front.named(network):
        found |= {f"{prefix}kind": front.kind(ahead), **dict(_numbers(ahead, prefix))}
    if network.padding:
        found["padding"] = network.padding
    if not network.flattened:
        del found["flattened"]
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
        layers.append(_built(Layer, found, prefix, cells=directions))
    padding = cast(Padding, str(found.get("padding", "")))
    around: dict[str, tuple[Any, ...]] = {name: _around(found, name) for name in ("front", "back")}
    flattened = bool(found.get("flattened", False))
    facts = {"layers": tuple(layers), "padding": padding, "flattened": flattened, **around}
    network: IntegerNetwork = _built(IntegerNetwork, found, "", **facts)
    network = front.with_words(network)
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


def _ways(directions: int) -> tuple[str, ...]:
    return ("forward/", "backward/") if directions > 1 else ("",)


def _cell(found: Mapping[str, np.ndarray], prefix: str) -> IntegerCell:
    return _built(_class_of(str(found[f"{prefix}cell"])), found, prefix)


def _class_of(name: str) -> type[Any]:
    """Return what a cell's ``quantize`` returns."""
    if name not in cells.CELLS:
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


def _numbers(owner: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of an object's attributes, and of those of its attributes, but not of several."""
    for field in fields(owner):
        value = getattr(owner, field.name)
        if is_dataclass(value):
            yield from _numbers(value, f"{prefix}{field.name}_")
        # A table's name is that of the attribute.
        elif not isinstance(value, tuple | str):
            yield f"{prefix}{field.name}", value


def _built(kind: type[Any], found: Mapping[str, np.ndarray], prefix: str, **given: Any) -> Any:
    """Return an object whose attributes' names begin with ``prefix``; some are given."""
    for name, hint in get_type_hints(kind).items():
        if name in given:
            continue
        if is_dataclass(hint) and isinstance(hint, type):
            named = {"name": name} if hint is Table else {}
            given[name] = _built(hint, found, f"{prefix}{name}_", **named)
        else:
            value = found[f"{prefix}{name}"]
            given[name] = value if value.ndim else value.item()
            # These go into C as they are.
            if hint in (bool, int, float) and type(given[name]) is not hint:
                raise ValueError(f"{prefix}{name} is {given[name]!r}")
    return kind(**given)


def check(network: IntegerNetwork) -> None:
    """Check that the arrays of a network fit each other.

    Raises:
        ValueError: if not.
    """
    if network.padding not in get_args(Padding):
        raise ValueError(f"padding is {network.padding!r}")
    front.check(network.front, network.sequence_length, network.features, _check_product)
    architecture.check_surroundings(network, variable_length=network.variable_length)
    inputs = network.front_width
    for layer in network.layers:
        for cell in layer.cells:
            if not cell.units:
                raise ValueError("a cell has no units")
            for block in cell.blocks:
                _check_product(block.product, inputs + cell.units, len(block.product.high) // cell.units * cell.units)
            if not all(0 < table.values.size == len(table.values) <= LARGEST_TABLE for table in cell.tables):
                raise ValueError("a table is empty, or too long")
        inputs = sum(cell.units for cell in layer.cells)
    front.check(network.back, network.front_steps, inputs, _check_product)
    steps, inputs = extent(network.back, network.front_steps, inputs)
    inputs *= steps if network.flattened else 1
    repeats = [layer.repeats for layer in network.layers]
    if any(repeats) and (min(repeats) < 0 or sum(map(bool, repeats)) > 1 or repeats[-1] or not network.every_step):
        raise ValueError(f"layers are repeated {repeats} times")
    if network.path_inputs == network.sequence_length * network.features and not network.every_step:
        inputs += network.path_inputs
    _check_product(network.output_layer, inputs, network.outputs)


def _check_product(product: Product, columns: int, rows: int) -> None:
    shapes = {product.high.shape, product.low.shape}
    if shapes != {(rows, columns)} or product.bias.shape != (rows,) or not 0 < product.shift < LARGEST_SHIFT:
        raise ValueError(f"a product of {rows} sums of {columns} values has the shapes {shapes}")
