"""A recurrent layer: every fact of it but its weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rnnexp.network import cells


@dataclass(frozen=True)
class Layer:
    """One recurrent layer.

    Attributes:
        cell: its name in ``rnnexp.network.cells``.
        units: of each direction.
        bidirectional: whether a second direction reads sequences from their end, and its values are joined.
        backwards: whether an only direction does, and gives its values in that order.
        repeats: of an encoder's last layer, how often the next layer reads its last values, and them alone; else 0.
        activation: the name of a function in ``rnnexp.network.functions``; empty: the architecture's.
        gate: the same of the gates.
        projection: how many values a product makes of the units' (Sak et al. 2014); 0 where these are the values.
        rank: of kernels that are the product of two (Kusupati et al. 2018); 0 where none is.
        reads: the numbers of the layers, from 0 on, whose values are joined as its inputs, -1 for the network's input;
            empty: the layer before alone. Each is read in the order in which it gives its values.
    """

    cell: str
    units: int
    bidirectional: bool = False
    backwards: bool = False
    repeats: int = 0
    activation: str = ""
    gate: str = "sigmoid"
    projection: int = 0
    rank: int = 0
    reads: tuple[int, ...] = ()

    @property
    def directions(self) -> tuple[str, ...]:
        """Their names; the name of an only one is empty."""
        return ("forward", "backward") if self.bidirectional else ("",)

    @property
    def width(self) -> int:
        """How many values it gives at a step."""
        return (self.projection or self.units) * len(self.directions)

    @property
    def forward(self) -> bool:
        """Whether it reads sequences from their start alone."""
        return not (self.bidirectional or self.backwards)

    def shapes(self, inputs: int) -> dict[str, tuple[int, ...]]:
        """Return name -> shape of the weights of each direction for so many inputs, in Keras' order."""
        return cells.load(self.cell).shapes(inputs, self.units, self.projection, self.rank)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it; what only some layers have is left out of others."""
        optional = {"activation": "", "gate": "sigmoid", "projection": 0, "rank": 0, "reads": ()}
        return {name: fact for name, fact in asdict(self).items() if name not in optional or fact != optional[name]}

    def __str__(self) -> str:
        """Return it in a word."""
        way = "bidirectional" if self.bidirectional else "backwards" if self.backwards else ""
        return "-".join(part for part in (self.cell, str(self.units), self.activation, way) if part)
