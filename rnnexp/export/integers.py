"""The integers of a network of any cells and layers as named arrays, and the network back from them.

A name is made of what the number belongs to: ``layer_2/backward/gates_high`` is the attribute ``high`` of ``gates`` of
the second layer's cell that goes backwards. So a new cell needs nothing here. ``docs/network.md`` says what they mean.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from importlib.util import find_spec
from typing import Any, get_type_hints

import numpy as np

from rnnexp import cells as registry
from rnnexp.quantization.arithmetic import Table
from rnnexp.quantization.cells.cell import Cell
from rnnexp.quantization.layered import Layer, LayeredNetwork


def to_arrays(network: LayeredNetwork) -> dict[str, np.ndarray]:
    """Return every number of a network; those that are no arrays have no dimensions."""
    found = dict(_numbers(network, ""))
    for number, layer in enumerate(network.layers, 1):
        found |= _numbers(layer, f"layer_{number}/")
    for prefix, cell in named_cells(network):
        name = next(name for name in registry.CELLS if _class_of(name) is type(cell))
        found |= {f"{prefix}cell": name, **dict(_numbers(cell, prefix))}
    return {name: np.asarray(value) for name, value in found.items()}


def from_arrays(found: Mapping[str, np.ndarray]) -> LayeredNetwork:
    """Return the network that ``to_arrays`` was given.

    Raises:
        KeyError: if an array is missing.
    """
    layers: list[Layer] = []
    while any(name.startswith(f"layer_{len(layers) + 1}/") for name in found):
        prefix = f"layer_{len(layers) + 1}/"
        ways = _ways(1 if f"{prefix}cell" in found else 2)
        cells = tuple(_cell(found, prefix + way) for way in ways)
        layers.append(_built(Layer, found, prefix, cells=cells))
    return _built(LayeredNetwork, found, "", layers=tuple(layers))


def named_cells(network: LayeredNetwork) -> list[tuple[str, Cell]]:
    """Return every cell with what the names of its numbers begin with."""
    return [
        (f"layer_{number}/{way}", cell)
        for number, layer in enumerate(network.layers, 1)
        for way, cell in zip(_ways(len(layer.cells)), layer.cells, strict=True)
    ]


def _ways(directions: int) -> tuple[str, ...]:
    return ("forward/", "backward/") if directions > 1 else ("",)


def _cell(found: Mapping[str, np.ndarray], prefix: str) -> Cell:
    return _built(_class_of(str(found[f"{prefix}cell"])), found, prefix)


def _class_of(name: str) -> type[Any]:
    """Return what a cell's ``quantize`` returns."""
    if name not in registry.CELLS:
        raise KeyError(name)
    # Those here are found without the registry, which loads TensorFlow.
    here = f"rnnexp.quantization.cells.{name}"
    module = importlib.import_module(here) if find_spec(here) else registry.load(name).integers
    return get_type_hints(module.quantize)["return"]


def _numbers(owner: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of an object's attributes, and of those of its attributes, but not of several."""
    for field in fields(owner):
        value = getattr(owner, field.name)
        if is_dataclass(value):
            yield from _numbers(value, f"{prefix}{field.name}_")
        # What is None is left out; a table's name is that of the attribute.
        elif not isinstance(value, tuple | str | None):
            yield f"{prefix}{field.name}", value


def _built(kind: type[Any], found: Mapping[str, np.ndarray], prefix: str, **given: Any) -> Any:
    """Return an object whose attributes' names begin with ``prefix``; some are given."""
    for name, hint in get_type_hints(kind).items():
        if name in given:
            continue
        if is_dataclass(hint) and isinstance(hint, type):
            named = {"name": name} if hint is Table else {}
            given[name] = _built(hint, found, f"{prefix}{name}_", **named)
        elif type(None) not in getattr(hint, "__args__", ()) or f"{prefix}{name}" in found:
            value = found[f"{prefix}{name}"]
            given[name] = value if value.ndim else value.item()
        else:
            given[name] = None
    return kind(**given)
