"""The Keras layers of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import keras

from rnnexp.network import cells
from rnnexp.network.layer import Layer


@dataclass(frozen=True)
class CellLayers:
    """The layers of one kind of recurrent cell: ``LAYERS`` of the module ``layer`` in its package.

    Attributes:
        trained: ours, which trains.
        plain: Keras' own, which the user keeps.
        options: what ``trained`` needs to start with the cell's initial bias.
        projected: what the user keeps where there is a projection, of which both take the width; None: ``plain``.
    """

    trained: type[keras.layers.RNN]
    plain: type[keras.layers.RNN]
    options: Mapping[str, Any] = field(default_factory=dict)
    projected: type[keras.layers.RNN] | None = None

    def to_train(self, layer: Layer, **options: Any) -> keras.layers.RNN:
        """Return the layer that trains for one direction of an architecture's."""
        return self.trained(layer.units, **_further(layer), **self.options, **options)

    def to_keep(self, layer: Layer, **options: Any) -> keras.layers.RNN:
        """Return the layer that the user keeps for one direction of an architecture's."""
        kind = (layer.projection and self.projected) or self.plain
        return kind(layer.units, **_further(layer), **options)


def load(name: str) -> CellLayers:
    """Return the layers of a cell, by its name in ``rnnexp.network.cells``."""
    return cells.part(name, "layer").LAYERS


def _further(layer: Layer) -> dict[str, int]:
    """Return the options that only some layers have."""
    named = {"projection": layer.projection, "rank": layer.rank}
    return {name: value for name, value in named.items() if value}
