"""A file's model as JSON that Keras 3 builds, of its own layers alone, without anything that only training needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.keras.arguments import arguments, references
from rnnexp.formats.keras.current import arrays
from rnnexp.formats.keras.hdf5 import Hdf5
from rnnexp.formats.keras.kinds import KINDS, group_names
from rnnexp.formats.keras.options import unwrapped
from rnnexp.formats.keras.stored import Stored, Version
from rnnexp.formats.keras.structure import (
    EACH_STEP,
    FINAL_STATE,
    FUNCTIONAL,
    MODELS,
    OPERATIONS,
    SEQUENTIAL,
    entries,
    layer,
)
from rnnexp.formats.keras.weights import GROUPS

_CELLS = ("SimpleRNNCell", "LSTMCell", "GRUCell", "StackedRNNCells")
# Those that are not Keras' but ours: class -> its module.
OWN = {
    **dict.fromkeys(("ProjectedLSTM", "ProjectedLSTMCell", "PeepholeLSTM", "PeepholeLSTMCell"), "rnnexp.layers.lstm"),
    **dict.fromkeys(("FastGRNN", "FastGRNNCell"), "rnnexp.cells.fastgrnn.plain"),
}
# Not in Keras 3, or of a part of a layer.
_NOT_BUILT = {"CuDNNLSTM", "CuDNNGRU", FINAL_STATE}
# All classes that are ever built.
KNOWN = {*KINDS, *OPERATIONS, *_CELLS, *OWN, *MODELS, EACH_STEP, "InputLayer"} - _NOT_BUILT
_DROPPED = re.compile(
    r".*_(initializer|regularizer|constraint)|build_config|compile_config|shared_object_id|seed|implementation|consume_less"
    r"|time_major|input_dtype|sparse|ragged|optional|quantization_config|lora_.*|fused|.*_learning_rate_multiplier|mode"
    r"|init|inner_init|forget_bias_init|dropout_[WU]|[WUb]_regularizer|[Wb]_constraint|input_length|synchronized|renorm.*"
    r"|virtual_batch_size|adjustment|weights|zero_output_for_mask|registered_name|num_constants|input_spec"
    r"|build_input_shape|dropout|recurrent_dropout|use_cudnn|stateful|unroll|reverse_state_order"
)
# Options that Keras 3 calls otherwise.
_RENAMED = {"batch_input_shape": "batch_shape", "alpha": "negative_slope"}
# The function of Keras 1 and 2, which the process that builds the model knows by this name.
HARD_SIGMOID = "hard_sigmoid_of_keras_2"


def config(stored: Stored, until: str = "") -> dict[str, Any]:
    """Return the JSON of a file's model, or of the part of it that a layer needs.

    Raises:
        UserError: if it has a class that is not known.
    """
    return _model(_kept(stored, until), stored.version, stored.name)


def kept_weights(stored: Stored, until: str = "") -> Hdf5:
    """Return the weights of the layers that ``config`` keeps, in the places where Keras 3 looks for them."""
    part = entries(_kept(stored, until), stored.version, stored.name)
    # An input may stand where a layer was.
    names = {each.name for each in part if each.kind != "InputLayer"}
    if stored.flat:
        places = {f"model_weights/{name}": f"model_weights/{name}" for name in names}
    else:
        every = entries(_kept(stored, ""), stored.version, stored.name)
        new = dict(zip([each.name for each in part], group_names(part), strict=True))
        places = {
            f"{groups}/{group}": f"layers/{new[each.name]}"
            for each, group in zip(every, group_names(every), strict=True)
            for groups in GROUPS
            if each.name in names
        }

    def moved(path: str) -> str:
        head = "/".join(path.split("/")[:2])
        return places[head] + path[len(head) :] if head in places else ""

    weights = stored.weights
    attributes = {moved(path): dict(texts) for path, texts in weights.attributes.items() if moved(path)}
    listed: list[str] = []
    if stored.flat:
        listed = [name for name in stored.names("model_weights", "layer_names") if name in names]
        version = stored.version.text if stored.version.major > 1 else "2.0.0"
        attributes["model_weights"] = {"layer_names": listed, "keras_version": version, "backend": "tensorflow"}
    kept = {moved(path): array for path, array in weights.arrays.items() if moved(path)}
    for each in part if stored.flat else ():
        if each.name in listed and each.kind not in MODELS:
            names_of = stored.names(f"model_weights/{each.name}", "weight_names")
            given = [stored.array(f"model_weights/{each.name}/{name}") for name in names_of]
            made = arrays(each, given, stored)
            if len(made) != len(given) or any(new is not old for new, old in zip(made, given, strict=True)):
                group = f"model_weights/{each.name}"
                attributes[group] = {"weight_names": [f"current/{number}" for number in range(len(made))]}
                kept |= {
                    f"{group}/current/{number}": np.asarray(array, np.float32) for number, array in enumerate(made)
                }
    return Hdf5(
        kept,
        attributes,
        frozenset(moved(path) for path in weights.groups if moved(path)),
    )


def _kept(stored: Stored, until: str) -> dict[str, Any]:
    top = layer(stored.config, stored.version, stored.name)
    whole = {"class_name": top.kind, "config": top.config["config"], "name": top.name}
    return _part(whole, until.partition("/")[0], stored) if until else whole


def _part(found: dict[str, Any], until: str, stored: Stored) -> dict[str, Any]:
    """Return a model without what a layer does not need."""
    layers = entries(found, stored.version, stored.name)
    inner, names = found["config"], [each.name for each in layers]
    listed = inner["layers"] if isinstance(inner, dict) else inner
    if found["class_name"] in SEQUENTIAL:
        listed = listed[: names.index(until) + 1]
        return {**found, "config": {**inner, "layers": listed} if isinstance(inner, dict) else listed}
    calls = {each.name: [arguments(node, stored.name) for node in each.nodes] for each in layers}
    needed, waiting = set[str](), [until, *(each.layer for each in references(inner["input_layers"], stored.name))]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += [each.layer for call in calls.get(name, []) for each in (*call.values, *call.masks)]
    kept = [each for each, name in zip(listed, names, strict=True) if name in needed]
    number = 0 if layers[names.index(until)].kind not in FUNCTIONAL else 1
    return {**found, "config": {**inner, "layers": kept, "output_layers": [[until, number, 0]]}}


def _model(found: Mapping[str, Any], version: Version, name: str) -> dict[str, Any]:
    kind, inner = found["class_name"], found["config"]
    kind = "Functional" if kind == "Model" else kind
    listed = inner["layers"] if isinstance(inner, dict) else inner
    layers = [_layer(each, version, name) for each in listed]
    own: dict[str, Any] = {"name": found.get("name"), "layers": layers}
    if isinstance(inner, dict) and isinstance(inner.get("name"), str):
        own["name"] = inner["name"]
    if isinstance(inner, dict) and isinstance(inner.get("trainable"), bool):
        # What is not trained is last in lists of weights.
        own["trainable"] = inner["trainable"]
    if kind in SEQUENTIAL:
        if layers and layers[0]["class_name"] != "InputLayer":
            shape = layers[0]["config"].get("batch_shape") or (
                inner.get("build_input_shape") if isinstance(inner, dict) else None
            )
            if shape:
                given = {"batch_shape": shape, "name": "input_of_the_model", "dtype": "float32"}
                layers.insert(0, {"module": "keras.layers", "class_name": "InputLayer", "config": given})
        for each in layers[1:]:
            each["config"].pop("batch_shape", None)
        return {"module": "keras", "class_name": kind, "config": own, "registered_name": None}
    own["input_layers"], own["output_layers"] = inner["input_layers"], inner["output_layers"]
    return {"module": "keras.src.models.functional", "class_name": kind, "config": own, "registered_name": kind}


def _layer(entry: Any, version: Version, name: str) -> dict[str, Any]:
    found = layer(entry, version, name)
    if found.kind in MODELS:
        made = _model({"class_name": found.kind, "config": entry["config"], "name": found.name}, version, name)
    else:
        made = _object(found.kind, found.config, found.is_operation, version, name)
        made["config"]["name"] = found.name
        if found.kind != "InputLayer" and "inbound_nodes" in entry:
            made["config"].pop("batch_shape", None)
    if isinstance(entry, dict) and "inbound_nodes" in entry:
        made |= {"name": found.name, "inbound_nodes": found.nodes}
    return made


def _object(kind: str, config: Mapping[str, Any], operation: bool, version: Version, name: str) -> dict[str, Any]:
    if kind in ("CuDNNLSTM", "CuDNNGRU"):
        config = {**config, "reset_after": True} if kind == "CuDNNGRU" else config
        kind = kind.removeprefix("CuDNN")
    if kind not in KNOWN:
        raise UserError(f"{name}: a layer of the class {kind[:40]!r} is not built to check what was read")
    module = "keras.src.ops.numpy" if operation else "keras.layers"
    made = {_RENAMED.get(key, key): value for key, value in config.items() if not _DROPPED.fullmatch(key)}
    if kind == "ELU" and "negative_slope" in made:
        made["alpha"] = made.pop("negative_slope")
    if isinstance(made.get("batch_shape"), dict):
        made["batch_shape"] = unwrapped(made["batch_shape"])
    if "dtype" in made and kind != "InputLayer":
        made["dtype"] = "float32"
    if isinstance(made.get("axis"), list) and len(made["axis"]) == 1 and kind == "BatchNormalization":
        made["axis"] = made["axis"][0]
    if kind == "GRU" and version.major < 3:
        made.setdefault("reset_after", False)
    for option in ("layer", "backward_layer", "cell"):
        if isinstance(made.get(option), dict):
            made[option] = _layer(made[option], version, name)
            made[option]["config"].pop("batch_shape", None)
    if isinstance(made.get("cells"), list):
        made["cells"] = [_layer(each, version, name) for each in made["cells"]]
    for option in ("activation", "recurrent_activation"):
        if option in made:
            made[option] = _function(made[option], version, name)
    if version.major == 1 and "recurrent_activation" not in made and kind in ("LSTM", "GRU"):
        made["recurrent_activation"] = HARD_SIGMOID
    return {"module": module, "class_name": kind, "config": made, "registered_name": kind if kind in OWN else None}


def _function(found: Any, version: Version, name: str) -> Any:
    if isinstance(found, dict) and isinstance(found.get("class_name"), str):
        kind, config = found["class_name"], found.get("config")
        if kind == "function" and isinstance(config, str):
            return _function(config, version, name)
        if kind == "ScaledSqrt" and isinstance(config, dict):
            return {"scaled_sqrt": config.get("max_value", 1.0)}
        if isinstance(config, dict):
            return _object(kind, config, False, version, name)
    if found == "hard_sigmoid" and version.major < 3:
        return HARD_SIGMOID
    return found
