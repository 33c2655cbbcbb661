"""Keras files made by hand: of Keras' own layers, and of the layouts of versions that are not installed."""

import io
import json
import zipfile

import h5py
import numpy as np

from rnnexp.formats.keras import framework_child
from rnnexp.formats.keras.rebuilding import config, kept_weights


def saved(folder, name="model.keras"):
    """A small network of several layers, saved by Keras; its path."""
    import keras

    layers = keras.layers
    given = keras.Input((12, 3), name="given")
    values = layers.Conv1D(4, 3, activation="relu", name="conv")(given)
    values = layers.BatchNormalization(name="norm")(values)
    other = layers.Dense(4, name="side")(values)
    values = layers.Add(name="sum")([values, other])
    values = layers.Bidirectional(layers.GRU(5, return_sequences=True), name="both")(values)
    values = layers.LSTM(6, name="lstm")(values)
    model = keras.Model(given, layers.Dense(2, activation="softmax", name="answer")(values))
    model.save(folder / name)
    return folder / name


def members(path):
    """The members of a ``.keras`` file by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(content, path, compression=zipfile.ZIP_STORED):
    """Write members, by name or as pairs, as a ``.keras`` file; return its path."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in content.items() if isinstance(content, dict) else content:
            archive.writestr(name, data)
    return path


def with_weights(path, target, change):
    """Write a ``.keras`` file again, after ``change`` has had its HDF5 file; return the new one's path."""
    content = members(path)
    buffer = io.BytesIO(content["model.weights.h5"])
    with h5py.File(buffer, "r+") as file:
        change(file)
    return packed({**content, "model.weights.h5": buffer.getvalue()}, target)


def with_config(path, target, change):
    """Write a ``.keras`` file again, after ``change`` has had its JSON, which it may return anew."""
    content = members(path)
    config = json.loads(content["config.json"])
    return packed({**content, "config.json": json.dumps(change(config) or config)}, target)


def h5_file(path, config, weights, version="2.4.0", backend="tensorflow"):
    """Write an ``.h5`` file as Keras 1 and 2 do.

    Args:
        path: where to.
        config: of the model, for JSON.
        weights: by layers' names, lists of pairs of a name and an array.
        version: of Keras; None: as its first versions, which did not say it.
        backend: what it was trained by.
    """
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config).encode()
        if version is not None:
            file.attrs["keras_version"] = version.encode()
            file.attrs["backend"] = backend.encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = np.array([name.encode() for name in weights])
        for layer, arrays in weights.items():
            own = group.create_group(layer)
            own.attrs["weight_names"] = np.array([name.encode() for name, _ in arrays]) if arrays else []
            for name, array in arrays:
                own.create_dataset(name, data=np.asarray(array, np.float32))
    return path


def as_keras_2(path, target, version="2.11.0"):
    """Write an ``.h5`` file of Keras 3 as TensorFlow's Keras 2 would have; return its path, or None if it cannot.

    The JSON has the older forms of shapes, types and calls, and weights' names end with ``:0``.
    """
    with h5py.File(path, "r") as old:
        config = json.loads(old.attrs["model_config"])
        text = json.dumps(config)
        # Operations are other things there, and a hard sigmoid is another function.
        if any(
            word in text
            for word in ('"GetItem"', '"NotEqual"', '"class_name": "Add", "config": {"name": "add_', "hard_si", "gelu")
        ):
            return None
        weights = {}
        for name in old["model_weights"].attrs["layer_names"]:
            group = old["model_weights"][name]
            weights[name] = [(f"{each}:0", group[each][()]) for each in group.attrs["weight_names"]]
    return h5_file(target, _older(config), weights, version)


def _older(value):
    if isinstance(value, list):
        return [_older(each) for each in value]
    if not isinstance(value, dict):
        return value
    value = {key: _older(each) for key, each in value.items() if key not in ("module", "registered_name")}
    if value.get("class_name") == "DTypePolicy":
        return "float32"
    for word in ("optional", "zero_output_for_mask", "quantization_config", "build_config"):
        value.pop(word, None)
    if "batch_shape" in value:
        value["batch_input_shape"] = value.pop("batch_shape")
    if "recurrent_initializer" in value:
        value |= {"implementation": 2}
    if "return_sequences" in value:
        value["time_major"] = False
    if "negative_slope" in value and "max_value" not in value:
        value["alpha"] = value.pop("negative_slope")
    if "inbound_nodes" in value:
        value["inbound_nodes"] = [_older_call(node) for node in value["inbound_nodes"]]
    return value


def _older_call(node):
    def tensors(found):
        if isinstance(found, dict) and "keras_history" in found.get("config", {}):
            return [[*found["config"]["keras_history"], {}]]
        return [each for more in found for each in tensors(more)] if isinstance(found, list) else []

    return tensors(node["args"])


def outputs_here(stored, x, until=""):
    """What the process of the float check does, in this one."""
    kept = kept_weights(stored, until)
    index = {
        "flat": stored.flat, "arrays": list(kept.arrays), "groups": sorted(kept.groups), "attributes": kept.attributes
    }  # fmt: skip
    model = framework_child.build(config(stored, until))
    arrays = {f"array_{number}": array for number, array in enumerate(kept.arrays.values())}
    framework_child.load_weights(model, arrays, index)
    return framework_child.values(model, x.astype(np.dtype(model.inputs[0].dtype)))
