"""Cells of recurrent layers: what they compute, and their weights as the graph has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnnexp.formats.keras.activations import activation, hard_sigmoid
from rnnexp.formats.keras.options import Options
from rnnexp.formats.keras.site import Site
from rnnexp.formats.keras.stored import Version
from rnnexp.network.cells import factored
from rnnexp.network.graph.recurrence import CellName

_CELL = ("units", "activation", "use_bias")
_GATED = (*_CELL, "recurrent_activation")
_GATES = {"simple": 1, "lstm": 4, "lstm-peephole": 4, "gru": 3, "fastgrnn": 1}

# Class -> its cell, the options that it reads.
CELLS: dict[str, tuple[str, tuple[str, ...]]] = {
    "SimpleRNN": ("simple", _CELL),
    "LSTM": ("lstm", _GATED),
    "GRU": ("gru", (*_GATED, "reset_after")),
    # Ours, where Keras has no such layer.
    "ProjectedLSTM": ("lstm", (*_GATED, "projection")),
    "PeepholeLSTM": ("lstm-peephole", (*_GATED, "projection")),
    "FastGRNN": ("fastgrnn", (*_CELL, "rank", "input_rank")),
    "CuDNNLSTM": ("lstm", ("units",)),
    "CuDNNGRU": ("gru", ("units",)),
}


@dataclass(frozen=True)
class Cell:
    """A cell in words of the graph."""

    name: CellName
    activation: str
    gate: str
    units: int
    projection: int = 0
    ranks: tuple[int, int] = (0, 0)

    @property
    def width(self) -> int:
        """How many values it gives."""
        return self.projection or self.units


def cell_of(kind: str, options: Options, version: Version) -> Cell:
    """Return what a cell computes."""
    name, _ = CELLS[kind]
    units = options.count("units")
    if kind.startswith("CuDNN"):
        return Cell("lstm" if name == "lstm" else "gru", "tanh", "sigmoid", units)
    function, gate = activation(options, "activation", version, "tanh"), "sigmoid"
    if name not in ("simple", "fastgrnn"):
        gate = _gate(options, version)
    if "softmax" in (function, gate):
        options.refuse("softmax in a recurrent cell cannot be converted")
    if name == "gru":
        return Cell("gru" if _resets_after(options, version) else "gru-reset-before", function, gate, units)
    if "projection" in CELLS[kind][1]:
        return Cell(
            "lstm" if name == "lstm" else "lstm-peephole", function, gate, units, _or_none(options, "projection")
        )
    if name == "fastgrnn":
        return Cell("fastgrnn", function, gate, units, ranks=_ranks(options))
    return Cell("lstm" if name == "lstm" else "simple", function, gate, units)


def _ranks(options: Options) -> tuple[int, int]:
    """Return the ranks of the kernel and the recurrent kernel that are products of two; 0 where one is whole."""
    if not options.flag("use_bias", True):
        options.refuse("use_bias is False; it can only be True")
    units, rank = options.count("units"), _or_none(options, "rank")
    return _or_none(options, "input_rank"), rank if factored(units, units, rank) else 0


def _or_none(options: Options, name: str) -> int:
    """Return a number that is 0 where there is nothing of what it counts."""
    return 0 if options.config.get(name) == 0 else options.count(name)


def _gate(options: Options, version: Version) -> str:
    if "recurrent_activation" in options.config:
        return activation(options, "recurrent_activation", version)
    if version.major == 3:
        return "sigmoid"
    if version.major == 1 or version.numbers < (2, 2):
        return hard_sigmoid(version)
    raise options.problem("does not say its recurrent_activation, which was hard_sigmoid in some versions of Keras 2")


def _resets_after(options: Options, version: Version) -> bool:
    if "reset_after" in options.config or version.major == 3:
        return options.flag("reset_after", True)
    if version.tensorflow and version.numbers >= (2, 3):
        options.refuse("does not say whether it has reset_after, which versions of Keras 2 have differently")
    return False


def weight_names(kind: str, options: Options, version: Version) -> tuple[str, ...]:
    """Return the names of a cell's weights."""
    if version.major == 1 and options.config.get("consume_less") != "gpu" and kind in ("LSTM", "GRU"):
        return tuple(f"{array}_{gate}" for gate in ("icfo" if kind == "LSTM" else "zrh") for array in "WUb")
    biased = kind.startswith("CuDNN") or options.flag("use_bias", True)
    peepholes = ("peepholes",) if CELLS[kind][0] == "lstm-peephole" else ()
    projection = ("projection",) if options.config.get("projection") else ()
    if CELLS[kind][0] == "fastgrnn":
        names = ("kernel_factor", "recurrent_kernel_factor")
        factors = [name for name, rank in zip(names, _ranks(options), strict=True) if rank]
        return ("kernel", "recurrent_kernel", "bias", "gate_bias", "mix", *factors)
    return ("kernel", "recurrent_kernel", *(("bias",) if biased else ()), *peepholes, *projection)


def arrays_of(site: Site, owner: int, kind: str, options: Options, cell: Cell, inputs: int) -> Direction:
    """Return a cell's weights as the graph has them."""
    units, version = cell.units, site.version
    gates = _GATES[CELLS[kind][0]]
    names = weight_names(kind, options, version)
    if "kernel" not in names:
        return Direction(_separate(site, owner, gates, inputs, units))
    input_rank, rank = cell.ranks
    kernel = site.weight(owner, 0, (inputs, input_rank or gates * units))
    recurrent = site.weight(owner, 1, (cell.width, rank or gates * units))
    if kind.startswith("CuDNN"):
        bias = site.weight(owner, 2, (2 * gates * units,)).reshape(2, -1)
        # CuDNN's matrices are [units, inputs] of each gate, and Keras hands them over as they lie in memory.
        kernel = np.hstack([part.ravel().reshape(units, inputs).T for part in np.hsplit(kernel, gates)])
        recurrent = np.hstack([part.T for part in np.hsplit(recurrent, gates)])
        return Direction((kernel, recurrent, bias if cell.name == "gru" else bias.sum(axis=0)))
    shapes = {
        "bias": (2, gates * units) if cell.name == "gru" else (gates * units,),
        "peepholes": (3, units),
        "projection": (units, cell.projection),
        "gate_bias": (units,),
        "mix": (2,),
        "kernel_factor": (input_rank, units),
        "recurrent_kernel_factor": (rank, units),
    }
    further = {name: site.weight(owner, number, shapes[name]) for number, name in enumerate(names) if number > 1}
    bias = further.get("bias", np.zeros(shapes["bias"]))
    own = [values for name, values in further.items() if name not in ("bias", "projection")]
    return Direction((kernel, recurrent, bias, *own), further.get("projection"))


@dataclass(frozen=True)
class Direction:
    """The weights of a direction: those of its cell, and the kernel of a projection."""

    cell: tuple[np.ndarray, ...]
    projection: np.ndarray | None = None


def projections(directions: Sequence[Direction]) -> tuple[np.ndarray, ...] | None:
    """Return those of directions; None where there are none."""
    return tuple(each.projection for each in directions if each.projection is not None) or None


def _separate(site: Site, owner: int, gates: int, inputs: int, units: int) -> tuple[np.ndarray, ...]:
    """Return the weights of Keras 1, which are there for each gate: of an LSTM i, c, f, o."""
    order = (0, 2, 1, 3) if gates == 4 else (0, 1, 2)
    shapes = (inputs, units), (units, units), (units,)
    joined = [
        np.concatenate([site.weight(owner, 3 * gate + array, shape) for gate in order], axis=-1)
        for array, shape in enumerate(shapes)
    ]
    return joined[0], joined[1], joined[2]
