"""The products of an integer network: all of them, and others in their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.product import Product

PartT = TypeVar("PartT")


def products(network: IntegerNetwork) -> list[Product]:
    """Return all products of a network."""
    parts: list[Any] = [*network.front, *(cell for layer in network.layers for cell in layer.cells), *network.back]
    return [*(found for part in parts for _, found in _of(part)), network.output_layer]


def with_products(network: IntegerNetwork, made: Mapping[int, Product]) -> IntegerNetwork:
    """Return a network with other products in the place of its own, by their ``id``."""

    def changed(part: PartT) -> PartT:
        return replace(part, **{name: made[id(found)] for name, found in _of(part)})  # type: ignore[type-var]

    return replace(
        network,
        front=tuple(map(changed, network.front)),
        layers=tuple(replace(layer, cells=tuple(map(changed, layer.cells))) for layer in network.layers),
        back=tuple(map(changed, network.back)),
        output_layer=made[id(network.output_layer)],
    )


def without_exact(network: IntegerNetwork) -> IntegerNetwork:
    """Return the integers alone, and not what they were rounded from."""
    return with_products(network, {id(product): replace(product, exact=None) for product in products(network)})


def _of(part: Any) -> list[tuple[str, Product]]:
    """Return the products of a cell, or of a layer that is parallel in time, with their attributes' names."""
    named = ((field.name, getattr(part, field.name)) for field in fields(part))
    return [(name, found) for name, found in named if isinstance(found, Product)]
