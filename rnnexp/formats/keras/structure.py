"""The structure of a Keras model as its JSON has it: which layer is called on what, nested models taken apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rnnexp.errors import UserError
from rnnexp.formats.keras.arguments import Arguments, Reference, arguments, references
from rnnexp.formats.keras.options import unwrapped
from rnnexp.formats.keras.previous import modern
from rnnexp.formats.keras.stored import Version
from rnnexp.network.graph.graph import INPUT

# A layer that applies another one, or a model, to each step.
EACH_STEP = "TimeDistributed"
SEQUENTIAL = ("Sequential",)
FUNCTIONAL = ("Functional", "Model")
MODELS = SEQUENTIAL + FUNCTIONAL
# What gives its last values once more as a state, where it is told to: and behind that an LSTM its cell state.
RECURRENT = ("SimpleRNN", "LSTM", "GRU", "RNN", "CuDNNLSTM", "CuDNNGRU")
# The values of such a layer at the end, as a call of their own.
FINAL_STATE = "FinalState"
LAYERS = 2000
# Models within models.
DEPTH = 8


@dataclass(frozen=True)
class Layer:
    """A layer or a model.

    Attributes:
        name: in its model.
        kind: the name of its class.
        module: where its class is, if the file says so.
        config: its options, with the names of Keras 2 and 3.
        nodes: how it is called: what ``inbound_nodes`` has, of a functional model.
    """

    name: str
    kind: str
    module: str
    config: Mapping[str, Any]
    nodes: Sequence[Any] = ()


@dataclass(frozen=True)
class Call:
    """A call of a layer.

    Attributes:
        key: by which its output is known: the names of the models that the layer is in, and its own.
        number: of the layer in the whole model, from 1, for messages.
        layer: what is called.
        path: the layer's names from the model down.
        inputs: keys of what it reads; the model's input is ``INPUT``.
        constants: what else it is called with, of an operation.
        masks: of the masks that it is called with, what the steps that they hide are equal to.
        each_step: whether it is within a model that another layer applies to each step.
        problem: what stands in the way of this call, or nothing.
    """

    key: str
    number: int
    layer: Layer
    path: tuple[str, ...]
    inputs: tuple[str, ...]
    constants: tuple[Any, ...] = ()
    masks: tuple[float, ...] = ()
    each_step: bool = False
    problem: str = ""

    @property
    def place(self) -> str:
        """What messages call it."""
        return f'layer {self.number}, "{"/".join(self.path)}" ({self.layer.kind})'


@dataclass(frozen=True)
class Structure:
    """A model: its input's shape without the batch, its calls each after what it reads, and the output's key."""

    shape: tuple[int | None, ...]
    calls: tuple[Call, ...]
    output: str


def entries(config: Mapping[str, Any], version: Version, name: str) -> list[Layer]:
    """Return the layers of a model by its JSON, also those that are models.

    Raises:
        UserError: if the JSON is no model, or two layers have one name.
    """
    inner = config.get("config")
    listed = inner.get("layers") if isinstance(inner, dict) else inner
    if not isinstance(listed, list) or len(listed) > LAYERS:
        raise UserError(f"{name}: the model's JSON has no list of layers")
    layers = [layer(each, version, name) for each in listed]
    names = [each.name for each in layers]
    twice = sorted({each for each in names if names.count(each) > 1})
    if twice:
        raise UserError(f"{name}: two layers have the name {twice[0]!r}")
    return layers


def layer(entry: Any, version: Version, name: str) -> Layer:
    """Return a layer by its JSON."""
    if not isinstance(entry, dict) or not isinstance(entry.get("class_name"), str):
        raise UserError(f"{name}: the model's JSON has a layer without a class_name")
    kind, config = entry["class_name"].rpartition(">")[2], entry.get("config")
    own = config.get("name") if isinstance(config, dict) else None
    called = entry.get("name", own)
    called = kind.lower() if called is None else called
    module, nodes = entry.get("module") or "", entry.get("inbound_nodes", [])
    if not isinstance(called, str) or not called or not isinstance(module, str) or not isinstance(nodes, list):
        raise UserError(f"{name}: the JSON of a layer ({kind[:40]}) is damaged")
    if kind in MODELS:
        return Layer(called, kind, module, entry, nodes)
    if not isinstance(config, dict):
        raise UserError(f"{name}: the layer {called!r} has no config")
    kind, config = modern(kind, config, version)
    return Layer(called, kind, module, config, nodes)


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
