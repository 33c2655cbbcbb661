"""About how many instructions a time step takes on a chip, from what was counted on emulated ones."""

from __future__ import annotations

from dataclasses import dataclass

from rnnexp.cells.simple.integers import SimpleCell
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.products import products


@dataclass(frozen=True)
class Cost:
    """Instructions of a chip, with ``-O2``.

    Attributes:
        weight: of each weight.
        row: of each row of weights.
        gated: besides, of each unit that has gates.
        step: of a step.
    """

    weight: float
    row: float
    gated: float
    step: float


# Fitted to benchmarks/results/microcontroller.json, by the least squares of relative errors: within 8 % of all of them.
# Smaller networks than the smallest counted are another matter.
COSTS = {
    "Cortex-M4": Cost(2.61, 10.0, 44.4, 42.0),
    "Cortex-M3": Cost(5.60, 24.6, 0.5, -223.0),
    "Cortex-M0+": Cost(10.0, 12.3, 52.3, -50.0),
}
FEWEST_WEIGHTS = 100


def instructions(network: IntegerNetwork) -> dict[str, int]:
    """Return for each chip about how many a step of a network takes.

    Nothing of networks that are of other things than was counted: those that do not go step by step, have other layers
    than recurrent ones, or next to no weights.
    """
    if not network.streams or network.front or network.back:
        return {}
    cells = [cell for layer in network.layers for cell in layer.cells]
    multiplied = products(network)
    weights = sum(product.high.size for product in multiplied)
    if weights < FEWEST_WEIGHTS:
        return {}
    rows = sum(len(product.high) for product in multiplied)
    gated = sum(cell.units for cell in cells if not isinstance(cell, SimpleCell))
    return {
        chip: round(max(cost.weight * weights + cost.row * rows + cost.gated * gated + cost.step, 1.0))
        for chip, cost in COSTS.items()
    }
