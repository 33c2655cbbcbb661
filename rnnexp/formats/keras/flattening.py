"""A Keras model being taken apart: which layer is called on what, in order, models within it taken apart too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rnnexp.errors import UserError
from rnnexp.formats.keras.arguments import Arguments, Reference, arguments, references
from rnnexp.formats.keras.options import unwrapped
from rnnexp.formats.keras.stored import Version
from rnnexp.formats.keras.structure import (
    DEPTH,
    EACH_STEP,
    FINAL_STATE,
    FUNCTIONAL,
    LAYERS,
    MODELS,
    RECURRENT,
    SEQUENTIAL,
    Call,
    Layer,
    Structure,
    entries,
    layer,
)
from rnnexp.network.graph.graph import INPUT


def flatten(config: Mapping[str, Any], version: Version, name: str) -> Structure:
    """Return the calls of a model.

    Args:
        config: the JSON.
        version: of Keras.
        name: what messages call the file.

    Raises:
        UserError: if the JSON is no model, or one of several inputs or outputs.
    """
    top = layer(config, version, name)
    if top.kind not in MODELS:
        raise UserError(
            f"{name}: the model's class is {top.kind[:40]!r}; Sequential and functional ones are read (what a class of "
            "one's own computes is not in the file)"
        )
    flattening = _Flattening(version, name)
    outputs = flattening.model(top, (), [INPUT], 0)
    if len(outputs) != 1:
        raise UserError(f"{name}: the model has {len(outputs)} outputs; one is read")
    return Structure(flattening.shape(top), tuple(flattening.calls), outputs[0])


class _Flattening:
    """A model being taken apart."""

    def __init__(self, version: Version, name: str) -> None:
        self.calls: list[Call] = []
        self._version = version
        self._name = name
        self._keys: set[str] = {INPUT, "input"}
        self._numbers: dict[tuple[str, ...], int] = {}

    def model(
        self, found: Layer, path: tuple[str, ...], inputs: Sequence[str], depth: int, each_step: bool = False
    ) -> list[str]:
        """Add the calls of a model on some inputs; return the keys of its outputs."""
        if depth > DEPTH:
            raise UserError(f"{self._name}: models within models, more than {DEPTH} deep")
        layers = entries(found.config, self._version, self._name)
        if found.kind in SEQUENTIAL:
            values = list(inputs)
            for each in layers:
                if each.kind != "InputLayer":
                    call = Call("", 0, each, (*path, each.name), tuple(values), each_step=each_step)
                    values = self.call(call, path, depth)
            return values
        return _Functional(self, found, layers, path, depth, each_step).outputs(inputs)

    def call(self, call: Call, path: tuple[str, ...], depth: int) -> list[str]:
        """Add a call, or those of a model; return the keys of its outputs."""
        found, each_step = call.layer, call.each_step
        if found.kind == EACH_STEP and not each_step and not call.problem:
            inner = layer(found.config.get("layer"), self._version, self._name)
            if inner.kind in MODELS:
                return self.model(inner, (*path, found.name), call.inputs, depth + 1, each_step=True)
        if found.kind in MODELS and not call.problem:
            return self.model(found, (*path, found.name), call.inputs, depth + 1, each_step)
        number = self._numbers.setdefault(call.path, len(self._numbers) + 1)
        key, again = "/".join(call.path), 1
        while key in self._keys:
            again += 1
            key = f"{'/'.join(call.path)}/{again}"
        self._keys.add(key)
        self.calls.append(replace(call, key=key, number=number))
        if len(self.calls) > LAYERS:
            raise UserError(f"{self._name}: the model has more than {LAYERS} layers")
        return [key]

    def shape(self, found: Layer, depth: int = 0) -> tuple[int | None, ...]:
        """Return the shape of a model's input, without the batch."""
        layers = entries(found.config, self._version, self._name)
        inner = found.config["config"]
        if found.kind in FUNCTIONAL:
            names = [each.layer for each in references(inner.get("input_layers"), self._name)]
            if len(names) != 1:
                raise UserError(f"{self._name}: the model has {len(names)} inputs; one is read")
            layers = [each for each in layers if each.name == names[0]]
        if layers and depth < DEPTH:
            first = layers[0]
            if first.kind == "InputLayer":
                for option in ("sparse", "ragged"):
                    if first.config.get(option):
                        raise UserError(f"{self._name}: the input {first.name!r} is {option}; that is not read")
            options = first.config.get("config", {}) if first.kind in MODELS else first.config
            for option in ("batch_shape", "batch_input_shape", "build_input_shape"):
                if isinstance(options, dict) and options.get(option) is not None:
                    return self._sizes(options[option])
            if isinstance(inner, dict) and inner.get("build_input_shape") is not None:
                return self._sizes(inner["build_input_shape"])
            if first.kind in MODELS:
                return self.shape(first, depth + 1)
        raise UserError(f"{self._name}: the model does not say the shape of its input")

    def _sizes(self, found: Any) -> tuple[int | None, ...]:
        found = unwrapped(found)
        sizes = found.get("items") if isinstance(found, dict) else found
        # One that has several is a list of shapes.
        if isinstance(sizes, list) and len(sizes) == 1 and isinstance(sizes[0], list):
            sizes = sizes[0]
        if not isinstance(sizes, list) or not all(
            size is None or (isinstance(size, int) and not isinstance(size, bool) and 0 < size < 2**31)
            for size in sizes
        ):
            raise UserError(f"{self._name}: the shape of the model's input is damaged: {str(found)[:60]}")
        return tuple(sizes[1:])


class _Functional:
    """A functional model being taken apart."""

    def __init__(
        self,
        parent: _Flattening,
        found: Layer,
        layers: Sequence[Layer],
        path: tuple[str, ...],
        depth: int,
        each_step: bool,
    ) -> None:
        self._parent, self._path, self._depth, self._each_step = parent, path, depth, each_step
        self._name = parent._name
        self._layers = {each.name: each for each in layers}
        self._config = found.config["config"]
        self._calls = {each.name: [arguments(node, self._name) for node in each.nodes] for each in layers}
        self._first: dict[str, int] = {}
        self._values: dict[tuple[str, int], list[str]] = {}

    def outputs(self, inputs: Sequence[str]) -> list[str]:
        starts = references(self._config.get("input_layers"), self._name)
        ends = references(self._config.get("output_layers"), self._name)
        if len(starts) != len(inputs):
            raise UserError(f"{self._name}: the model {'/'.join(self._path)} has {len(starts)} inputs; one is read")
        for start, key in zip(starts, inputs, strict=True):
            self._values[start.layer, 0] = [key]
        every = [*ends, *(each for calls in self._calls.values() for call in calls for each in call.values)]
        for each in every:
            # A model that is called has been called before, on its own inputs: some versions count that, some do not.
            self._first[each.layer] = min(each.call, self._first.get(each.layer, each.call))
        return [self._value(each) for each in ends]

    def _value(self, wanted: Reference) -> str:
        """Return the key of an output; what it needs is called before."""
        waiting, entered = [self._place(wanted)], set[tuple[str, int]]()
        while waiting:
            place = waiting[-1]
            if place in self._values:
                waiting.pop()
                continue
            found = self._arguments(*place)
            missing = [needed for needed in map(self._place, found.values) if needed not in self._values]
            if not missing:
                self._values[waiting.pop()] = self._called(place, found)
                continue
            if place in entered:
                raise UserError(f"{self._name}: the layer {place[0]!r} reads what comes after it")
            entered.add(place)
            waiting += missing
        if self._hidden_state(wanted):
            raise UserError(f"{self._name}: what goes out is {self._hidden_state(wanted)}, which is not converted")
        return self._output(wanted)

    def _place(self, reference: Reference) -> tuple[str, int]:
        if reference.layer not in self._layers:
            raise UserError(f"{self._name}: there is no layer {reference.layer!r}, which another one reads")
        model = self._layers[reference.layer].kind in MODELS
        return reference.layer, reference.call - (min(self._first[reference.layer], 1) if model else 0)

    def _arguments(self, name: str, number: int) -> Arguments:
        calls = self._calls[name]
        if not 0 <= number < len(calls):
            raise UserError(f"{self._name}: the layer {name!r} is not called {number + 1} times, as another one says")
        return calls[number]

    def _called(self, place: tuple[str, int], found: Arguments) -> list[str]:
        layer = self._layers[place[0]]
        problem = found.problem
        for each in found.values:
            if self._hidden_state(each):
                problem = f"reads {self._hidden_state(each)}, which is not converted"
        inputs = tuple(self._output(each) for each in found.values)
        masks = tuple(self._hidden(each) for each in found.masks)
        if None in masks:
            problem = problem or "is called with a mask of its own"
        call = Call(
            "",
            0,
            layer,
            (*self._path, layer.name),
            inputs,
            found.constants,
            tuple(each for each in masks if each is not None),
            self._each_step,
            problem,
        )
        keys = self._parent.call(call, self._path, self._depth)
        stacked = "StackedRNNCells" in str(layer.config.get("cell"))
        if layer.kind in RECURRENT and layer.config.get("return_state") is True and not (problem or stacked):
            keys = [keys[0], self._final_state(keys[0], layer)]
        return keys

    def _final_state(self, key: str, layer: Layer) -> str:
        """Return the key of what a layer comes to: of its values, or of those of the last step."""
        if layer.config.get("return_sequences") is not True:
            return key
        state = Layer(layer.name, FINAL_STATE, "", {})
        call = Call("", 0, state, (*self._path, layer.name, "state"), (key,), each_step=self._each_step)
        return self._parent.call(call, self._path, self._depth)[0]

    def _hidden_state(self, reference: Reference) -> str:
        """Return what to call a state that a reference is to and that no node gives, or nothing."""
        if not reference.output or reference.output < len(self._values[self._place(reference)]):
            return ""
        cell = self._layers[reference.layer].kind in ("LSTM", "CuDNNLSTM")
        return f"{'the cell state' if cell else 'a state'} of {reference.layer!r}"

    def _hidden(self, mask: Reference) -> float | None:
        """Return what steps are equal to that a mask hides, of one that Keras has made itself."""
        layer = self._layers.get(mask.layer)
        if layer and layer.kind == "Any" and len(self._calls[layer.name]) == 1:
            (inner,) = self._calls[layer.name][0].values
            layer = self._layers.get(inner.layer)
        if not layer or layer.kind != "NotEqual" or len(self._calls[layer.name]) != 1:
            return None
        constants = self._calls[layer.name][0].constants
        if len(constants) != 1 or isinstance(constants[0], bool) or not isinstance(constants[0], int | float):
            return None
        return float(constants[0])

    def _output(self, reference: Reference) -> str:
        values = self._values[self._place(reference)]
        return values[reference.output] if reference.output < len(values) else values[0]
