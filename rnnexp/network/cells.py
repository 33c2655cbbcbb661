"""The recurrent cells, by name. TensorFlow is loaded with them, so that the names can be checked without it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnexp.layers.cell import Cell

# name -> module with a ``CELL``.
CELLS = {
    "simple": "rnnexp.cells.simple.layer",
    "lstm": "rnnexp.cells.lstm.layer",
    "gru": "rnnexp.cells.gru.layer",
}


def load(name: str) -> Cell:
    """Return the cell of a name."""
    return importlib.import_module(CELLS[name]).CELL
