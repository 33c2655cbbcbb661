"""Somebody else's Keras files as a graph: ``.keras``, and ``.h5`` of Keras 1 to 3.

A file's JSON and arrays are read, and nothing else: no class of Keras is loaded, and no code that a file brings is run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from rnnexp.errors import UserError, did_you_mean
from rnnexp.formats.keras.flattening import flatten
from rnnexp.formats.keras.kinds import KINDS, wrapped
from rnnexp.formats.keras.layers.cells import CELLS
from rnnexp.formats.keras.layers.shapes import reshaped_input
from rnnexp.formats.keras.options import Options, unwrapped
from rnnexp.formats.keras.site import Kind, Nodes, Site, Tensor
from rnnexp.formats.keras.stored import Stored, load
from rnnexp.formats.keras.structure import EACH_STEP, MODELS, Call, Layer, Structure, entries
from rnnexp.formats.keras.weights import Weights
from rnnexp.network.graph.graph import INPUT, Graph
from rnnexp.network.graph.nodes import AddChannel


def read(path: Path, until: str = "") -> Graph:
    """Return the network of a Keras file.

    Args:
        path: the file.
        until: the name of the layer whose values go out; empty: those of the model. What is not needed for it is not
            looked at.

    Raises:
        UserError: if the file is damaged, or has what cannot be converted, saying which layer.
    """
    return of_stored(load(Path(path)), until)


def of_stored(stored: Stored, until: str = "") -> Graph:
    """Return the network of a file that has been loaded, see ``read``."""
    structure = flatten(stored.config, stored.version, stored.name)
    return _Reading(stored, structure).graph(until)


def shape_of(stored: Stored, name: str) -> tuple[int | None, ...] | None:
    """Return the shape of what a layer gives, without the batch, or None if it cannot be read."""
    try:
        return _Reading(stored, flatten(stored.config, stored.version, stored.name)).value(name).shape
    except UserError:
        return None


def features_of(stored: Stored, layer: Layer) -> int | None:
    """Return how many features a layer reads by its weights, or None if they do not say."""
    kind = KINDS.get(layer.kind)
    if kind is None or layer.kind not in ("Dense", "Bidirectional", "RNN", *CELLS):
        return None
    options = Options(f'"{layer.name}" ({layer.kind})', layer.config)
    every = [owner for owner in kind.owners(options, stored.version) if owner.names]
    weights = Weights(stored, entries(stored.config, stored.version, stored.name))
    return len(weights.owned((layer.name,), every[0], options.place)[0]) if every else None


class _Reading:
    """A file that becomes a graph."""

    def __init__(self, stored: Stored, structure: Structure) -> None:
        self._stored, self._structure = stored, structure
        self._weights = Weights(stored, entries(stored.config, stored.version, stored.name))
        self._nodes = Nodes()
        self._features = 0
        self._steps: int | None = None

    def graph(self, until: str) -> Graph:
        output = self._structure.output
        if until:
            known = [call.key for call in self._structure.calls]
            # Of a model within, the last of its layers.
            within = [key for key in known if key.startswith(f"{until}/")]
            until = within[-1] if within and until not in known else until
            if until not in known:
                raise UserError(
                    f"{self._stored.name} has no layer {until!r}{did_you_mean(until, known)} (it has: "
                    f"{', '.join(known)})"
                )
            output = until
        if output == INPUT:
            raise UserError(f"{self._stored.name}: nothing is computed of the input")
        result = self.value(output)
        if result.node in (INPUT, "input"):
            raise UserError(f"{self._stored.name}: nothing is computed of the input")
        self._check_lengths()
        names = [node.name for node in self._nodes.made]
        if len(set(names)) != len(names):
            raise UserError(f"{self._stored.name}: two layers have names that cannot be told apart")
        return Graph(
            tuple(self._nodes.made),
            result.node,
            self._features,
            self._steps,
            self._nodes.masking,
            f"Keras {self._stored.version.text}",
        )

    def value(self, key: str) -> Tensor:
        """Return the value of a layer."""
        needed = self._needed(key)
        found = {INPUT: self._input(needed)}
        for call in needed:
            found[call.key] = self._call(call, [found[each] for each in call.inputs])
        return self._nodes.settled(found[key], key)

    def _needed(self, output: str) -> list[Call]:
        """Return the calls that an output needs, in order; what makes masks follows from the layers themselves."""
        needed, wanted = [], {output}
        for call in reversed(self._structure.calls):
            if call.key in wanted:
                needed.append(call)
                wanted |= set(call.inputs)
        return needed[::-1]

    def _input(self, needed: Sequence[Call]) -> Tensor:
        """Return the input as the first layers read it: a sequence."""
        given = Tensor(INPUT, self._structure.shape)
        self._steps = given.shape[0] if given.shape else None
        first = [call for call in needed if INPUT in call.inputs]
        name = self._stored.name
        if not 1 <= len(given.shape) <= 3:
            self._no_sequence()
        if len(given.shape) == 1 and first and all(call.layer.kind == "Embedding" for call in first):
            return replace(given, words=True)
        if len(given.shape) == 1:
            targets = [
                unwrapped(call.layer.config.get("target_shape")) for call in first if call.layer.kind == "Reshape"
            ]
            same = len(targets) == len(first) and all(target == targets[0] for target in targets)
            found = reshaped_input(given, targets[0]) if same and isinstance(targets[0], list) else None
            if found is None:
                self._no_sequence()
            given = found
            self._steps = given.shape[0]
        if None in given.shape[1:]:
            raise UserError(f"{name}: the input's shape is {list(given.shape)}; only the steps can be left open")
        self._features = given.width
        if len(given.shape) == 3:
            sizes = [size or 1 for size in given.shape[1:]]
            self._features = sizes[0] * sizes[1]
            self._nodes.made.append(AddChannel("input", (INPUT,), sizes[1]))
            given = replace(given, node="input")
        return given

    def _no_sequence(self) -> NoReturn:
        raise UserError(
            f"{self._stored.name}: the input's shape is {list(self._structure.shape)}; a sequence is needed, "
            "[time, features] or words [time]"
        )

    def _call(self, call: Call, inputs: Sequence[Tensor]) -> Tensor:
        try:
            return self._read(call, inputs)
        except UserError as problem:
            ahead = [each.node for each in inputs if each.node != INPUT and each.node != "input"]
            hint = f". What is ahead of it can: --until {self._until(ahead[0])}" if ahead else ""
            raise UserError(f"{problem}{hint}") from None

    def _until(self, node: str) -> str:
        """Return the name of the layer that gives a node's values."""
        return node if any(node == call.key for call in self._structure.calls) else node.partition("/")[0]

    def _read(self, call: Call, inputs: Sequence[Tensor]) -> Tensor:
        if call.problem:
            raise UserError(f"{call.place} {call.problem}")
        layer, each_step, version = call.layer, call.each_step, self._stored.version
        path: tuple[str, ...] = ()
        place = call.place
        options = Options(place, layer.config)
        if layer.kind == EACH_STEP and not each_step:
            options.check(("layer",), (), {})
            each_step, path = True, ("layer",)
            layer = wrapped(layer, version, place)
            options = Options(place, layer.config)
            if len(inputs) == 1 and len(inputs[0].shape) < 2:
                options.refuse("reads no steps")
        if layer.kind not in KINDS or layer.kind in MODELS:
            raise UserError(f"{place}, cannot be converted" + (f" (its layer is {layer.kind})" if each_step else ""))
        kind = KINDS[layer.kind]
        options.check(kind.used, kind.ignored, kind.only)
        self._check_masks(call, kind, options, inputs)
        site = Site(
            call.key,
            options,
            tuple(inputs),
            each_step,
            [
                self._weights.owned(call.path, replace(owner, path=(*path, *owner.path)), place) if owner.names else ()
                for owner in kind.owners(options, version)
            ],
            self._nodes,
            version,
            self._stored.backend,
            call.constants,
        )
        found = kind.read(site)
        # What is no layer hands on no mask.
        return replace(found, masked=False) if layer.is_operation else found

    def _check_masks(self, call: Call, kind: Kind, options: Options, inputs: Sequence[Tensor]) -> None:
        masked = any(each.masked for each in inputs)
        if masked and kind.masks == "refused":
            options.refuse("would take the steps that the mask hides for real ones")
        hidden = self._nodes.masking.value if self._nodes.masking else None
        if call.masks and (not masked or any(value != hidden for value in call.masks)):
            options.refuse("is called with a mask of its own")

    def _check_lengths(self) -> None:
        """Refuse layers that go by the length where sequences have one that they do not know of."""
        if self._nodes.masking is None:
            return
        for options, masked in self._nodes.timed:
            if not masked:
                options.refuse("does not see the mask, and would take padding for real steps")
