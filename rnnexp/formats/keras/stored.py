"""Keras files as they are stored: the model's JSON, its version, and the weights in either of two layouts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.keras import archive, hdf5
from rnnexp.formats.keras.hdf5_child import TEXT

ZIP_SIGNATURE = b"PK\x03\x04"
SUFFIXES = (".keras", ".h5", ".hdf5")


@dataclass(frozen=True)
class Version:
    """The version of Keras that wrote a file; ``tensorflow``: that which came with TensorFlow 1 and 2."""

    text: str
    numbers: tuple[int, ...]
    tensorflow: bool = False

    @classmethod
    def of(cls, text: str | None) -> Version:
        """Return what a file says: ``3.15.1``, ``2.2.4-tf``; the first Keras said nothing."""
        if text is None:
            return cls("1", (1,))
        found = re.match(r"(\d+)\.(\d+)", text)
        if not found or not 1 <= int(found[1]) <= 3:
            raise UserError(f"written by Keras {text[:20]!r}; known are the versions 1 to 3")
        numbers = int(found[1]), int(found[2])
        return cls(text, numbers, "-tf" in text or (2, 4) <= numbers < (3, 0))

    @property
    def major(self) -> int:
        """The number before the first point."""
        return self.numbers[0]


@dataclass(frozen=True)
class Stored:
    """A Keras file.

    Attributes:
        name: what messages call it.
        config: of the model, as its JSON has it.
        version: of Keras.
        weights: the HDF5 file.
        flat: whether weights are lists for each of the model's layers (``.h5``), or in groups by layer (``.keras``).
        backend: what the model was trained by, where the file says it.
    """

    name: str
    config: Mapping[str, Any]
    version: Version
    weights: hdf5.Hdf5
    flat: bool
    backend: str = "tensorflow"

    def listed(self, layer: str) -> list[tuple[str, np.ndarray]]:
        """Return all weights of one of the model's layers in a flat file, in their order, with their names."""
        group = f"model_weights/{layer}"
        if group not in self.weights.groups:
            raise UserError(f"{self.name} has no weights for the layer {layer!r}")
        names = self.names(group, "weight_names")
        return [(name, self.array(f"{group}/{name}")) for name in names]

    def array(self, path: str) -> np.ndarray:
        """Return an array by its path."""
        path = re.sub("/+", "/", path)
        if path not in self.weights.arrays:
            raise UserError(f"{self.name} has no weights {path!r}")
        found = self.weights.arrays[path]
        if not np.isfinite(found).all():
            raise UserError(f"{self.name}: the weights {path!r} have values that are no numbers (NaN or infinite)")
        return found.astype(np.float64)

    def names(self, group: str, attribute: str) -> list[str]:
        """Return a list of names that may be stored in parts."""
        found = self.weights.attribute(group, attribute)
        if found is None:
            found, part = [], 0
            while isinstance(more := self.weights.attribute(group, f"{attribute}{part}"), list):
                found, part = [*found, *more], part + 1
        if isinstance(found, str):
            raise UserError(f"{self.name}: {attribute} of {group} is no list")
        return found


def load(path: Path) -> Stored:
    """Return what is in a Keras file; whether it is a zip archive or HDF5 is told by its content.

    Raises:
        UserError: if it is none, or a damaged one.
    """
    if path.is_dir():
        raise UserError(
            f"{path} is a folder; a SavedModel is not read: load it with Keras and save it again, "
            'model.save("model.keras")'
        )
    try:
        with path.open("rb") as file:
            start = file.read(len(hdf5.SIGNATURE))
            file.seek(0)
            if start.startswith(ZIP_SIGNATURE):
                return _from_archive(archive.read(file, str(path)), str(path))
            if start == hdf5.SIGNATURE:
                return _from_hdf5(hdf5.read(file, str(path)), str(path))
    except OSError as problem:
        raise UserError(f"{path} cannot be read: {problem.strerror or problem}") from None
    raise UserError(f"{path} is no Keras file: it is neither a zip archive (.keras) nor HDF5 (.h5)")


def _from_archive(found: archive.Archive, name: str) -> Stored:
    if not found.weights.startswith(hdf5.SIGNATURE):
        raise UserError(f"{name}: {archive.WEIGHTS} in it is no HDF5 file")
    weights = hdf5.read(found.weights, f"{archive.WEIGHTS} in {name}")
    return Stored(name, parsed(found.config, name), _version(found.version, name), weights, flat=False)


def _from_hdf5(found: hdf5.Hdf5, name: str) -> Stored:
    config, version = found.attribute("", "model_config"), found.attribute("", "keras_version")
    if config is None:
        raise UserError(
            f'{name} has weights alone, and no model: save the whole model with Keras, model.save("model.keras")'
        )
    if version is None:
        version = found.attribute("model_weights", "keras_version")
    backend = found.attribute("", "backend") or found.attribute("model_weights", "backend") or "tensorflow"
    if not isinstance(config, str) or not isinstance(version, str | None) or not isinstance(backend, str):
        raise UserError(f"{name}: what it says of the model is no text")
    return Stored(name, parsed(config, name), _version(version, name), found, flat=True, backend=backend)


def _version(text: str | None, name: str) -> Version:
    try:
        return Version.of(text)
    except UserError as problem:
        raise UserError(f"{name} is {problem}") from None


def parsed(text: str, name: str) -> Mapping[str, Any]:
    """Return a model's JSON.

    Raises:
        UserError: if it is damaged, or one of its names is there twice.
    """
    if len(text) > TEXT:
        raise UserError(f"{name}: the model's JSON has more than {TEXT >> 20} MB")
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise UserError(f"{name}: the model's JSON is nested too deeply") from None
    except ValueError as problem:
        raise UserError(f"{name}: the model's JSON is damaged: {problem}") from None
    if not isinstance(found, dict):
        raise UserError(f"{name}: the model's JSON is no model")
    return found


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is there twice")
    return found
