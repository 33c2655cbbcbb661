"""The recurrent cells, by name, and what all of a network's users must know of one.

A cell is a package of three modules, each loaded alone: ``cell`` (this module's ``Cell``, NumPy), ``layer`` (the Keras
layers, ``rnnexp.layers.cell``) and ``integers`` (``rnnexp.quantization.cell``). So the names can be checked, and
networks computed, without TensorFlow. Cells that do not train here have no layers.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnexp.network.activations import Activation
from rnnexp.network.functions import Functions
from rnnexp.network.ranges import Ranges

# name -> package, of those that train here
CELLS = {
    "simple": "rnnexp.cells.simple",
    "lstm": "rnnexp.cells.lstm",
    "lstm-peephole": "rnnexp.cells.lstm_peephole",
    "gru": "rnnexp.cells.gru",
    "fastgrnn": "rnnexp.cells.fastgrnn",
}
# Those that only networks from elsewhere have: without layers.
CONVERTED = {
    "dense": "rnnexp.cells.dense",
    "gru-reset-before": "rnnexp.cells.gru_reset_before",
}

Step = Callable[[Sequence[np.ndarray], Functions, np.ndarray, Sequence[np.ndarray], Ranges], list[np.ndarray]]


def untrained(activation: Activation) -> tuple[tuple[float, ...], float]:
    """Stand for the start of a cell that does not train here.

    Raises:
        ValueError: always.
    """
    raise ValueError(f"cells that networks from elsewhere have do not train here, with {activation.name} or anything")


@dataclass(frozen=True)
class Cell:
    """One kind of recurrent cell, in real numbers.

    Attributes:
        activated: for each block of units in the kernels' columns, whether ``ACTIVATION`` comes after it; the others
            are gates.
        step: ``(weights, functions, x, states, ranges) -> states``: the states ``[n, units]`` that follow on inputs
            ``x`` ``[n, inputs]``; ranges see what lies where.
        start: activation -> the initial bias of each block, and the output that this leads to: around these training
            starts, and is centred.
        states: names of what a unit keeps from step to step; the first one is its value.
        biases: 1, or 2 where the sum of the inputs and that of the state have one each.
        recurrent: whether it reads its own value of the step before.
        peepholes: how many of its gates also read a state of the same unit, times a weight.
        projects: whether its values can be a product of what its units give.
        shared: whether its gate is of the sums that ``ACTIVATION`` comes after, so that it has their scale, and with a
            bias of its own; then two more numbers say how candidate and state are mixed.
        factors: whether its kernels can be products of two of a low rank.
    """

    activated: tuple[bool, ...]
    step: Step
    start: Callable[[Activation], tuple[tuple[float, ...], float]] = untrained
    states: tuple[str, ...] = ("state",)
    biases: int = 1
    recurrent: bool = True
    peepholes: int = 0
    projects: bool = False
    shared: bool = False
    factors: bool = False

    @property
    def sums(self) -> int:
        """How many sums each unit has, so how many blocks of units the kernels' columns are."""
        return len(self.activated)

    def shapes(self, inputs: int, units: int, projection: int = 0, rank: int = 0) -> dict[str, tuple[int, ...]]:
        """Return name -> shape of the weights, in Keras' order.

        Args:
            inputs: how many.
            units: how many.
            projection: how many values a product makes; 0 without one.
            rank: of kernels that are the product of two, ``kernel @ kernel_factor``, wherever two have fewer weights.

        Raises:
            ValueError: if the cell has no such product.
        """
        if projection and not self.projects:
            raise ValueError("of the cells, only LSTMs have a projection")
        if rank and not self.factors:
            raise ValueError("of the cells, only FastGRNNs have kernels of a low rank")
        columns = self.sums * units
        names = ("kernel", inputs), ("recurrent_kernel", units)
        low = [name for name, rows in names if factored(rows, units, rank)]
        return {
            "kernel": (inputs, rank if "kernel" in low else columns),
            **(
                {"recurrent_kernel": (projection or units, rank if "recurrent_kernel" in low else columns)}
                if self.recurrent
                else {}
            ),
            "bias": (columns,) if self.biases == 1 else (self.biases, columns),
            **({"gate_bias": (units,), "mix": (2,)} if self.shared else {}),
            **({"peepholes": (self.peepholes, units)} if self.peepholes else {}),
            **({"projection": (units, projection)} if projection else {}),
            **{f"{name}_factor": (rank, columns) for name in low},
        }

    def widths(self, units: int, projection: int = 0) -> list[int]:
        """Return how many numbers of each state there are."""
        return [projection or units, *[units] * (len(self.states) - 1)]

    def scale_of_sums(self, scale: float, units: int) -> Any:
        """Return how many times their values at unit scale the sums are where states are ``scale`` times theirs.

        A number, or ``[sums * units]``: gates have no scale.
        """
        return scale if all(self.activated) else np.repeat(np.where(self.activated, scale, 1.0), units)


def factored(rows: int, columns: int, rank: int) -> bool:
    """Tell whether a kernel is the product of two of a rank: where these have fewer weights; of rank 0, none is."""
    return 0 < rank * (rows + columns) < rows * columns


def load(name: str) -> Cell:
    """Return the cell of a name."""
    return part(name, "cell").CELL


def part(name: str, module: str) -> Any:
    """Return a module of a cell's package: ``cell``, ``layer`` or ``integers``."""
    return importlib.import_module(f"{packages()[name]}.{module}")


def packages() -> dict[str, str]:
    """Return name -> package of all cells."""
    return {**CELLS, **CONVERTED}
