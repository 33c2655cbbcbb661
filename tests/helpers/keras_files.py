"""Keras files made by hand: of Keras' own layers, and of the layouts of versions that are not installed."""

import io
import json
import zipfile

import h5py
import numpy as np


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
