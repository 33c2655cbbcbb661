"""The process that builds a model of Keras' own layers, and tells what each of them gives: see ``framework``."""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from rnnexp.formats.child import Arrays, serve
from rnnexp.formats.keras.rebuilding import HARD_SIGMOID, OWN

BATCH = 64


def build(config: dict[str, Any]) -> Any:
    """Return the model of JSON that ``rebuilding`` has made."""
    import keras

    from rnnexp.layers.activation import ScaledSqrt

    def hard_sigmoid(x: Any) -> Any:
        return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)

    functions: dict[str, Any] = {HARD_SIGMOID: hard_sigmoid}
    functions |= {name: getattr(importlib.import_module(module), name) for name, module in OWN.items()}

    def scaled(found: Any) -> Any:
        """Give functions that are not Keras' own a name that it finds them by."""
        if isinstance(found, dict):
            if set(found) == {"scaled_sqrt"}:
                most = float(found["scaled_sqrt"])
                name = f"scaled_sqrt_{most!r}"
                functions[name] = ScaledSqrt(most)
                return _function(name)
            return {key: scaled(value) for key, value in found.items()}
        if isinstance(found, list):
            return [scaled(each) for each in found]
        return _function(found) if found == HARD_SIGMOID else found

    with keras.saving.custom_object_scope(functions):
        return keras.saving.deserialize_keras_object(scaled(config), custom_objects=functions, safe_mode=True)


def _function(name: str) -> dict[str, Any]:
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": name}


def load_weights(model: Any, given: Any, index: dict[str, Any]) -> None:
    """Give a model its weights: by Keras' own reader, of a file with the same arrays in the same places."""
    import h5py

    suffix = ".h5" if index["flat"] else ".weights.h5"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model{suffix}"
        with h5py.File(path, "w") as file:
            for group in index["groups"]:
                file.require_group(group or "/")
            for number, name in enumerate(index["arrays"]):
                file[name] = given[f"array_{number}"]
            for place, texts in index["attributes"].items():
                for name, text in texts.items():
                    file[place or "/"].attrs[name] = text
        model.load_weights(path)


def values(model: Any, x: np.ndarray) -> dict[str, np.ndarray]:
    """Return what each layer gives that is called once, and the model, by the name ""."""
    import keras

    wanted, tensor = {"": model.outputs[0]}, model.inputs[0]
    for layer in model.layers:
        nodes = getattr(layer, "_inbound_nodes", [])
        if isinstance(model, keras.Sequential):
            # It has called its layers anew whenever one was added.
            tensor = layer(tensor)
        elif len(nodes) == 1:
            tensor = nodes[0].output_tensors[0]
        else:
            continue
        if type(layer).__name__ not in ("InputLayer", "Functional", "Sequential"):
            wanted[layer.name] = tensor
    names = list(wanted)
    whole = keras.Model(model.inputs[0], [wanted[name] for name in names])
    batches = [whole(x[start : start + BATCH], training=False) for start in range(0, len(x), BATCH)]
    # One output alone comes without a list.
    found = [each if isinstance(each, list) else [each] for each in batches]
    return {name: np.concatenate([np.asarray(each[number]) for each in found]) for number, name in enumerate(names)}


def run(description: dict[str, Any], arrays: Arrays) -> Arrays:
    """Build a model, and return what its layers give.

    Args:
        description: ``config`` of the model, and where the arrays were: ``arrays``, ``groups``, ``attributes``,
            ``flat``.
        arrays: ``x``, and ``array_<number>`` of each of these.

    Returns:
        ``names``, in JSON, and ``value_<number>`` of each of these.
    """
    model = build(description["config"])
    load_weights(model, arrays, description)
    x = arrays["x"]
    shape = [-1 if size is None else size for size in model.inputs[0].shape[1:]]
    # Sequences as the model takes them: perhaps in one row, perhaps with channels.
    x = x.reshape(len(x), *shape) if shape.count(-1) < 2 else x
    found = values(model, x.astype(np.dtype(model.inputs[0].dtype)))
    listed: Any = np.frombuffer(json.dumps(list(found)).encode(), np.uint8)
    return {"names": listed, **{f"value_{number}": each for number, each in enumerate(found.values())}}


def names(made: Arrays) -> list[str]:
    """Return the names of what ``run`` has made."""
    found: list[str] = json.loads(made["names"].tobytes().decode())
    return found


if __name__ == "__main__":
    sys.exit(serve(run, *sys.argv[1:]))
