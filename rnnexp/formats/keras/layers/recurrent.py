"""Recurrent layers: simple, LSTM, GRU, those of cells, of two directions, and those of CuDNN."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from rnnexp.formats.keras.activations import activation, hard_sigmoid
from rnnexp.formats.keras.options import Options
from rnnexp.formats.keras.previous import modern
from rnnexp.formats.keras.site import Kind, Owner, Site, Tensor
from rnnexp.formats.keras.stored import Version
from rnnexp.formats.keras.structure import FINAL_STATE
from rnnexp.network.graph.nodes import Last, Recurrent
from rnnexp.network.graph.recurrence import CellName

_CELL = ("units", "activation", "use_bias")
_GATED = (*_CELL, "recurrent_activation")
_LAYER = ("return_sequences", "go_backwards", "stateful", "return_state", "zero_output_for_mask")
_DROPOUT = ("dropout", "recurrent_dropout", "unit_forget_bias")
# What would be another arithmetic.
_ONLY: Mapping[str, tuple[Any, ...]] = {"time_major": (False,), "cell": (), "constants": (), "num_constants": (None, 0)}
_GATES = {"simple": 1, "lstm": 4, "lstm-peephole": 4, "gru": 3}

# Class -> its cell, the options that it reads.
CELLS: dict[str, tuple[str, tuple[str, ...]]] = {
    "SimpleRNN": ("simple", _CELL),
    "LSTM": ("lstm", _GATED),
    "GRU": ("gru", (*_GATED, "reset_after")),
    # Ours, where Keras has no such LSTM.
    "ProjectedLSTM": ("lstm", (*_GATED, "projection")),
    "PeepholeLSTM": ("lstm-peephole", (*_GATED, "projection")),
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

    @property
    def width(self) -> int:
        """How many values it gives."""
        return self.projection or self.units


def _cell(kind: str, options: Options, version: Version) -> Cell:
    """Return what a cell computes."""
    name, _ = CELLS[kind]
    units = options.count("units")
    if kind.startswith("CuDNN"):
        return Cell("lstm" if name == "lstm" else "gru", "tanh", "sigmoid", units)
    function, gate = activation(options, "activation", version, "tanh"), "sigmoid"
    if name != "simple":
        gate = _gate(options, version)
    if "softmax" in (function, gate):
        options.refuse("softmax in a recurrent cell cannot be converted")
    if name == "gru":
        return Cell("gru" if _resets_after(options, version) else "gru-reset-before", function, gate, units)
    if "projection" in CELLS[kind][1]:
        projection = 0 if options.config.get("projection") == 0 else options.count("projection")
        return Cell("lstm" if name == "lstm" else "lstm-peephole", function, gate, units, projection)
    return Cell("lstm" if name == "lstm" else "simple", function, gate, units)


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


def _weights(kind: str, options: Options, version: Version) -> tuple[str, ...]:
    """Return the names of a cell's weights."""
    if version.major == 1 and options.config.get("consume_less") != "gpu" and kind in ("LSTM", "GRU"):
        return tuple(f"{array}_{gate}" for gate in ("icfo" if kind == "LSTM" else "zrh") for array in "WUb")
    biased = kind.startswith("CuDNN") or options.flag("use_bias", True)
    peepholes = ("peepholes",) if CELLS[kind][0] == "lstm-peephole" else ()
    projection = ("projection",) if options.config.get("projection") else ()
    return ("kernel", "recurrent_kernel", *(("bias",) if biased else ()), *peepholes, *projection)


def _arrays(site: Site, owner: int, kind: str, options: Options, cell: Cell, inputs: int) -> _Direction:
    """Return a cell's weights as the graph has them."""
    units, version = cell.units, site.version
    gates = _GATES[CELLS[kind][0]]
    names = _weights(kind, options, version)
    if len(names) > 5:
        return _Direction(_separate(site, owner, gates, inputs, units))
    kernel = site.weight(owner, 0, (inputs, gates * units))
    recurrent = site.weight(owner, 1, (cell.width, gates * units))
    if kind.startswith("CuDNN"):
        bias = site.weight(owner, 2, (2 * gates * units,)).reshape(2, -1)
        # CuDNN's matrices are [units, inputs] of each gate, and Keras hands them over as they lie in memory.
        kernel = np.hstack([part.ravel().reshape(units, inputs).T for part in np.hsplit(kernel, gates)])
        recurrent = np.hstack([part.T for part in np.hsplit(recurrent, gates)])
        return _Direction((kernel, recurrent, bias if cell.name == "gru" else bias.sum(axis=0)))
    shapes = {
        "bias": (2, gates * units) if cell.name == "gru" else (gates * units,),
        "peepholes": (3, units),
        "projection": (units, cell.projection),
    }
    further = {name: site.weight(owner, number, shapes[name]) for number, name in enumerate(names) if number > 1}
    bias = further.get("bias", np.zeros(shapes["bias"]))
    peepholes = (further["peepholes"],) if "peepholes" in further else ()
    return _Direction((kernel, recurrent, bias, *peepholes), further.get("projection"))


@dataclass(frozen=True)
class _Direction:
    """The weights of a direction: those of its cell, and the kernel of a projection."""

    cell: tuple[np.ndarray, ...]
    projection: np.ndarray | None = None


def _projections(directions: Sequence[_Direction]) -> tuple[np.ndarray, ...] | None:
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


def _check_layer(site: Site, options: Options, given: Tensor, within: bool = False) -> None:
    """Refuse what depends on padding in a way that the graph does not have."""
    if given.masked and not within:
        if options.flag("zero_output_for_mask", False):
            options.refuse("zero_output_for_mask is True; it can only be False")
        if options.flag("go_backwards", False) and options.flag("return_sequences", False):
            options.refuse("go_backwards with return_sequences cannot be converted where steps are masked")
    site.nodes.timed.append((options, given.masked))


def _given(site: Site) -> Tensor:
    if site.each_step:
        site.refuse("is applied to each step, which it cannot")
    if len(site.inputs) > 1:
        site.refuse("is called with an initial state, which is not converted")
    return site.one((2,))


def _layer(site: Site, kind: str) -> Tensor:
    given, options = _given(site), site.options
    _check_layer(site, options, given)
    cell = _cell(kind, options, site.version)
    every_step = options.flag("return_sequences", False)
    found = _arrays(site, 0, kind, options, cell, given.width)
    node = Recurrent(
        site.name,
        (given.node,),
        cell.name,
        (found.cell,),
        cell.activation,
        cell.gate,
        options.flag("go_backwards", False),
        every_step,
        stateful=options.flag("stateful", False),
        projection=_projections([found]),
    )
    return site.add(node, (given.shape[0], cell.width) if every_step else (cell.width,), given)


def _layer_owners(kind: str, options: Options, version: Version) -> list[Owner]:
    # Keras 3 keeps the weights with the cell within, which CuDNN's layers do not have.
    return [Owner(() if kind.startswith("CuDNN") else ("cell",), _weights(kind, options, version))]


def _inner(options: Options, option: str, version: Version) -> tuple[str, Options]:
    """Return the class and the options of a layer or cell within another one."""
    found = options.config.get(option)
    return described(options, found, version, option)


def described(options: Options, found: Any, version: Version, what: str) -> tuple[str, Options]:
    """Return the class and the options of a layer that another one's JSON has."""
    kind, config = (found.get("class_name"), found.get("config")) if isinstance(found, dict) else (None, None)
    if not isinstance(kind, str) or not isinstance(config, dict):
        options.refuse(f"its {what} is damaged")
    kind, config = modern(kind.rpartition(">")[2], config, version)
    return kind, Options(f"{options.place}, its {what} ({kind[:40]})", config)


def _bidirectional(site: Site) -> Tensor:
    given, options = _given(site), site.options
    kind, forward = _inner(options, "layer", site.version)
    if kind not in CELLS:
        site.refuse(f"its layer is {kind!r}; known are {', '.join(CELLS)}")
    backward = forward
    forward.check((*CELLS[kind][1], *_LAYER), _DROPOUT, _ONLY)
    if options.has("backward_layer"):
        second, backward = _inner(options, "backward_layer", site.version)
        backward.check((*CELLS[kind][1], *_LAYER), _DROPOUT, _ONLY)
        if second != kind or not backward.flag("go_backwards", False):
            site.refuse("its backward_layer is not the layer turned round")
    if forward.flag("go_backwards", False):
        site.refuse("its layer has go_backwards")
    _check_layer(site, forward, given, within=True)
    cells = [_cell(kind, each, site.version) for each in (forward, backward)]
    every_step = forward.flag("return_sequences", False)
    if given.masked and every_step and forward.flag("unroll", False):
        # Keras 3 turns the mask round once too often.
        site.refuse("is unrolled, where Keras hides the wrong steps of its second direction: save it with unroll=False")
    stateful = forward.flag("stateful", False)
    if cells[0] != cells[1] or any(
        each.flag("return_sequences", False) != every_step or each.flag("stateful", False) != stateful
        for each in (forward, backward)
    ):
        site.refuse("its two directions are of different kinds")
    merge = options.text("merge_mode", ("concat", "sum", "ave"), "concat")
    both = (forward, backward)
    directions = [_arrays(site, number, kind, each, cells[0], given.width) for number, each in enumerate(both)]
    node = Recurrent(
        site.name,
        (given.node,),
        cells[0].name,
        tuple(each.cell for each in directions),
        cells[0].activation,
        cells[0].gate,
        False,
        every_step,
        merge,  # type: ignore[arg-type]
        stateful=stateful,
        projection=_projections(directions),
    )
    units = cells[0].width * (2 if merge == "concat" else 1)
    return site.add(node, (given.shape[0], units) if every_step else (units,), given)


def _bidirectional_owners(options: Options, version: Version) -> list[Owner]:
    kind, forward = _inner(options, "layer", version)
    backward = _inner(options, "backward_layer", version)[1] if options.has("backward_layer") else forward
    if kind not in CELLS:
        return []
    return [
        Owner((f"{way}_layer", "cell"), _weights(kind, each, version))
        for way, each in (("forward", forward), ("backward", backward))
    ]


def _cells(options: Options, version: Version) -> list[tuple[str, Options]]:
    """Return the cells of an ``RNN``: one, or several on top of each other."""
    kind, cell = _inner(options, "cell", version)
    if kind != "StackedRNNCells":
        return [(kind, cell)]
    found = cell.config.get("cells")
    if not isinstance(found, list) or not 0 < len(found) < 100:
        cell.refuse("its cells are damaged")
    cell.check(("cells",), (), {"reverse_state_order": (False,)})
    return [described(cell, each, version, f"cell {number}") for number, each in enumerate(found, 1)]


def _of_cells(site: Site) -> Tensor:
    found, options = _given(site), site.options
    _check_layer(site, options, found)
    cells = _cells(options, site.version)
    every_step = options.flag("return_sequences", False)
    for number, (kind, each) in enumerate(cells):
        if not kind.endswith("Cell") or kind.removesuffix("Cell") not in CELLS:
            site.refuse(f"its cell is {kind!r}; known are SimpleRNNCell, LSTMCell and GRUCell")
        layer = kind.removesuffix("Cell")
        each.check(CELLS[layer][1], _DROPOUT, {})
        cell = _cell(layer, each, site.version)
        last = number == len(cells) - 1
        arrays = _arrays(site, number, layer, each, cell, found.width)
        node = Recurrent(
            site.name if last else site.part(str(number + 1)),
            (found.node,),
            cell.name,
            (arrays.cell,),
            cell.activation,
            cell.gate,
            # What is on top reads in the order in which the first one gives.
            options.flag("go_backwards", False) and not number,
            every_step or not last,
            stateful=options.flag("stateful", False),
            projection=_projections([arrays]),
        )
        found = site.add(node, (found.shape[0], cell.width) if node.every_step else (cell.width,), found)
    return found


def _of_cells_owners(options: Options, version: Version) -> list[Owner]:
    kind, _ = _inner(options, "cell", version)
    owners, times = [], dict[str, int]()
    for cell, each in _cells(options, version):
        layer = cell.removesuffix("Cell")
        if layer not in CELLS or not cell.endswith("Cell"):
            return []
        name = snake_case(cell)
        again = times.get(name, 0)
        times[name] = again + 1
        path: Sequence[str] = ("cell", "cells", f"{name}_{again}" if again else name)
        owners.append(Owner(tuple(path) if kind == "StackedRNNCells" else ("cell",), _weights(layer, each, version)))
    return owners


def snake_case(name: str) -> str:
    """Return the name of a class as Keras 3 names its weights: ``SimpleRNN``, ``simple_rnn``."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _final_state(site: Site) -> Tensor:
    given = site.one((2,))
    return site.add(Last(site.name, (given.node,)), (given.width,))


KINDS = {
    FINAL_STATE: Kind(_final_state, masks="reads"),
}
KINDS |= {
    kind: Kind(
        partial(_layer, kind=kind),
        (*options, *_LAYER),
        _DROPOUT,
        _ONLY,
        partial(_layer_owners, kind),
        "reads",
    )
    for kind, (_, options) in CELLS.items()
}
KINDS |= {
    "Bidirectional": Kind(
        _bidirectional, ("layer", "backward_layer", "merge_mode"), (), {"weights": (None,)}, _bidirectional_owners,
        "reads",
    ),
    "RNN": Kind(
        _of_cells, ("cell", *_LAYER), (), {"time_major": (False,), "num_constants": (None, 0)}, _of_cells_owners,
        "reads",
    ),
}  # fmt: skip
