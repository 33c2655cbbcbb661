"""Recurrent layers: simple, LSTM, GRU, those of cells, of two directions, and those of CuDNN."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from rnnexp.formats.keras.layers.cells import CELLS, arrays_of, cell_of, projections, weight_names
from rnnexp.formats.keras.options import Options
from rnnexp.formats.keras.previous import modern
from rnnexp.formats.keras.site import Kind, Owner, Site, Tensor
from rnnexp.formats.keras.stored import Version
from rnnexp.formats.keras.structure import FINAL_STATE
from rnnexp.network.graph.nodes import Last, Recurrent

_LAYER = ("return_sequences", "go_backwards", "stateful", "return_state", "zero_output_for_mask")
_DROPOUT = ("dropout", "recurrent_dropout", "unit_forget_bias")
# What would be another arithmetic.
_ONLY: Mapping[str, tuple[Any, ...]] = {"time_major": (False,), "cell": (), "constants": (), "num_constants": (None, 0)}


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
    cell = cell_of(kind, options, site.version)
    every_step = options.flag("return_sequences", False)
    found = arrays_of(site, 0, kind, options, cell, given.width)
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
        projection=projections([found]),
    )
    return site.add(node, (given.shape[0], cell.width) if every_step else (cell.width,), given)


def _layer_owners(kind: str, options: Options, version: Version) -> list[Owner]:
    # Keras 3 keeps the weights with the cell within, which CuDNN's layers do not have.
    return [Owner(() if kind.startswith("CuDNN") else ("cell",), weight_names(kind, options, version))]


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
    cells = [cell_of(kind, each, site.version) for each in (forward, backward)]
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
    directions = [arrays_of(site, number, kind, each, cells[0], given.width) for number, each in enumerate(both)]
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
        projection=projections(directions),
    )
    units = cells[0].width * (2 if merge == "concat" else 1)
    return site.add(node, (given.shape[0], units) if every_step else (units,), given)


def _bidirectional_owners(options: Options, version: Version) -> list[Owner]:
    kind, forward = _inner(options, "layer", version)
    backward = _inner(options, "backward_layer", version)[1] if options.has("backward_layer") else forward
    if kind not in CELLS:
        return []
    return [
        Owner((f"{way}_layer", "cell"), weight_names(kind, each, version))
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
        cell = cell_of(layer, each, site.version)
        last = number == len(cells) - 1
        arrays = arrays_of(site, number, layer, each, cell, found.width)
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
            projection=projections([arrays]),
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
        owners.append(
            Owner(tuple(path) if kind == "StackedRNNCells" else ("cell",), weight_names(layer, each, version))
        )
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
