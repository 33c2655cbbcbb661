"""The Keras layers of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import keras

from rnnexp.network import cells


@dataclass(frozen=True)
class CellLayers:
    """The layers of one kind of recurrent cell: ``LAYERS`` of the module ``layer`` in its package.

    Attributes:
        trained: ours, which trains.
        plain: Keras' own, which the user keeps.
        options: what ``trained`` needs to start with the cell's initial bias.
    """

    trained: type[keras.layers.RNN]
    plain: type[keras.layers.RNN]
    options: Mapping[str, Any] = field(default_factory=dict)


def load(name: str) -> CellLayers:
    """Return the layers of a cell, by its name in ``rnnexp.network.cells``."""
    return cells.part(name, "layer").LAYERS
