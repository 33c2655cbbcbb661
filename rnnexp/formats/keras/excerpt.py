"""The part of a Keras file from a layer on, as a file of its own: what is ahead of the layer is not looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rnnexp.errors import UserError, did_you_mean
from rnnexp.formats.keras.arguments import arguments, references
from rnnexp.formats.keras.hdf5 import Hdf5
from rnnexp.formats.keras.kinds import group_names
from rnnexp.formats.keras.reader import features_of, shape_of
from rnnexp.formats.keras.stored import Stored
from rnnexp.formats.keras.structure import SEQUENTIAL, Layer, entries, layer
from rnnexp.formats.keras.weights import GROUPS

# What a part of a Sequential reads.
_INPUT = "input_of_the_part"


def beginning(stored: Stored, begin: str, until: str = "") -> Stored:
    """Return the part of a file that begins with a layer of its model; what that reads is the input.

    Args:
        stored: the file.
        begin: the layer.
        until: the layer whose values go out, or one within it; empty: those of the model.

    Raises:
        UserError: if there is no such layer, it reads several values, or others behind it read what is ahead of it.
    """
    top = layer(stored.config, stored.version, stored.name)
    layers = entries(top.config, stored.version, stored.name)
    names = [each.name for each in layers]
    if begin not in names:
        raise UserError(
            f"{stored.name} has no layer {begin!r}{did_you_mean(begin, names)} (it has: {', '.join(names)})"
        )
    whole = {"class_name": top.kind, "config": top.config["config"], "name": top.name}
    if top.kind in SEQUENTIAL:
        at = names.index(begin)
        ahead = [name for name, each in zip(names[:at], layers, strict=False) if each.kind != "InputLayer"]
        if not ahead:
            return stored
        config = _of_sequential(whole, at, _input(_INPUT, _shape(stored, ahead[-1], layers[at])))
    else:
        found = _Functional(stored, whole, layers, begin, until.partition("/")[0])
        if found.source in {each.layer for each in references(whole["config"]["input_layers"], stored.name)}:
            return stored
        config = found.config(_input(found.source, _shape(stored, found.source, layers[names.index(begin)])))
    part = replace(stored, config=config)
    return part if stored.flat else replace(part, weights=_moved(stored, layers, part))


def _shape(stored: Stored, source: str, reader: Layer) -> list[int | None]:
    """Return the shape of what a layer gives, batch and all: as it is read, or else as its reader's weights say."""
    found = shape_of(stored, source)
    if found is None:
        features = features_of(stored, reader)
        if features is None:
            raise UserError(
                f"{stored.name}: {source!r} cannot be read, so it is not known what {reader.name!r} reads: let --from "
                "name the recurrent layer itself"
            )
        found = (None, features)
    if len(found) < 2:
        raise UserError(f"{stored.name}: behind {source!r} there are no steps: what begins there reads no sequence")
    return [None, *found]


def _input(name: str, shape: Sequence[int | None]) -> dict[str, Any]:
    config = {"batch_shape": list(shape), "dtype": "float32", "name": name}
    return {"class_name": "InputLayer", "config": config, "name": name, "inbound_nodes": []}


def _of_sequential(whole: Mapping[str, Any], at: int, given: dict[str, Any]) -> dict[str, Any]:
    inner = whole["config"]
    listed = inner["layers"] if isinstance(inner, dict) else inner
    listed = [{key: value for key, value in given.items() if key != "inbound_nodes"}, *listed[at:]]
    if not isinstance(inner, dict):
        return {**whole, "config": listed}
    return {**whole, "config": {**inner, "layers": listed, "build_input_shape": given["config"]["batch_shape"]}}


class _Functional:
    """A functional model that begins with one of its layers."""

    def __init__(
        self, stored: Stored, whole: Mapping[str, Any], layers: Sequence[Layer], begin: str, until: str
    ) -> None:
        self._whole, self._name, self._until = whole, stored.name, until
        self._inner = whole["config"]
        self._layers = {each.name: each for each in layers}
        self._calls = {each.name: [arguments(node, stored.name) for node in each.nodes] for each in layers}
        read = {each for call in self._calls[begin] for each in call.values}
        if len(read) != 1:
            raise UserError(f"{stored.name}: {begin!r} reads {len(read)} values; what begins a network reads one")
        (reference,) = read
        self.source = reference.layer
        if reference.output:
            raise UserError(f"{stored.name}: {begin!r} reads a state of {self.source!r}")

    def config(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON with an input in place of the layer that gives what is read."""
        kept = self._needed()
        ahead = {each.layer for each in references(self._inner["input_layers"], self._name)} & kept
        if ahead:
            raise UserError(
                f"{self._name}: what comes out depends on {sorted(ahead)[0]!r} in other ways than by {self.source!r}"
            )
        listed = [
            given if each.name == self.source else self._rewritten(entry, kept)
            for each, entry in zip(self._layers.values(), self._inner["layers"], strict=True)
            if each.name in kept
        ]
        inner = {**self._inner, "layers": listed, "input_layers": [[self.source, 0, 0]]}
        if self._until:
            inner["output_layers"] = [[self._until, 0, 0]]
        return {**self._whole, "config": inner}

    def _needed(self) -> set[str]:
        """Return the layers that the output needs, down to the source; what makes masks ahead of it is left out."""
        ends = [[self._until, 0, 0]] if self._until in self._layers else self._inner["output_layers"]
        waiting = [each.layer for each in references(ends, self._name)]
        kept = set[str]()
        while waiting:
            name = waiting.pop()
            if name not in self._layers:
                raise UserError(f"{self._name}: there is no layer {name!r}, which another one reads")
            if name not in kept:
                kept.add(name)
                calls = [] if name == self.source else self._calls[name]
                waiting += [each.layer for call in calls for each in call.values]
        return kept

    def _rewritten(self, found: Any, kept: set[str]) -> Any:
        """Return JSON in which the source is called once, and nothing asks for masks from ahead."""
        if isinstance(found, dict):
            made = {key: self._rewritten(value, kept) for key, value in found.items()}
            mask = made.get("kwargs", {}).get("mask") if isinstance(made.get("kwargs"), dict) else None
            if mask is not None and not {each.layer for each in self._masks(mask)} <= kept:
                made["kwargs"]["mask"] = None
            return made
        if isinstance(found, list):
            if len(found) >= 3 and found[0] == self.source and all(isinstance(each, int) for each in found[1:3]):
                return [self.source, 0, *found[2:]]
            return [self._rewritten(each, kept) for each in found]
        return found

    def _masks(self, mask: Any) -> Sequence[Any]:
        return arguments({"args": [mask], "kwargs": {}}, self._name).values


def _moved(stored: Stored, layers: Sequence[Layer], part: Stored) -> Hdf5:
    """Return the weights in the groups that Keras numbers them by in a file with fewer layers."""
    top = layer(part.config, part.version, part.name)
    fewer = entries(top.config, part.version, part.name)
    numbered = zip(fewer, group_names(fewer), strict=True)
    new = {each.name: group for each, group in numbered if each.kind != "InputLayer"}
    places = {
        f"{groups}/{group}": f"{groups}/{new[each.name]}"
        for each, group in zip(layers, group_names(layers), strict=True)
        for groups in GROUPS
        if each.name in new
    }

    def moved(path: str) -> str:
        head = "/".join(path.split("/")[:2])
        return places[head] + path[len(head) :] if head in places else ""

    weights = stored.weights
    return Hdf5(
        {moved(path): array for path, array in weights.arrays.items() if moved(path)},
        {moved(path): texts for path, texts in weights.attributes.items() if moved(path)},
        frozenset(moved(path) for path in weights.groups if moved(path)),
    )
