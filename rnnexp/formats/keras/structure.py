"""The structure of a Keras model as its JSON has it: its layers, and the calls of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rnnexp.errors import UserError
from rnnexp.formats.keras.previous import modern
from rnnexp.formats.keras.stored import Version

# A layer that applies another one, or a model, to each step.
EACH_STEP = "TimeDistributed"
SEQUENTIAL = ("Sequential",)
FUNCTIONAL = ("Functional", "Model")
MODELS = SEQUENTIAL + FUNCTIONAL
# Functions of tensors that are no layers, by their classes, and where these are.
OPERATIONS = ("NotEqual", "Any", "GetItem")
_OF_OPERATIONS = "keras.src.ops"
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

    @property
    def is_operation(self) -> bool:
        """Whether it is a function of tensors and no layer: ``Add`` is one of each."""
        if self.kind in OPERATIONS or self.module.startswith(_OF_OPERATIONS):
            return True
        call = self.nodes[0] if self.nodes else None
        return self.kind == "Add" and not self.module and isinstance(call, dict) and len(call.get("args", [])) == 2


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
