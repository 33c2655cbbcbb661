"""Trained networks of any origin, as graphs, with what their own framework makes of inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rnnexp.errors import UserError
from rnnexp.network.graph.graph import Graph

# Inputs to what each named layer, or the last one, gives.
Outputs = Callable[[np.ndarray], np.ndarray]
KINDS = ".keras, .h5 or .hdf5 (Keras), .onnx, or .tflite (float32)"


@dataclass(frozen=True)
class Source:
    """A network as it was found.

    Attributes:
        name: of its file or class.
        graph: as read.
        framework: what computes its outputs for the float check; None where nothing does.
        unchecked: why.
    """

    name: str
    graph: Graph
    framework: Outputs | None = None
    unchecked: str = ""


def open_file(path: Path) -> Source:
    """Return the network in a file.

    Raises:
        UserError: if there is none, or it is of no kind that is read.
    """
    if not path.exists():
        raise UserError(f"there is no file {path}")
    suffix = path.suffix.lower()
    if path.is_dir():
        raise UserError(
            f"{path} is a folder: save the model as a file first, model.save('model.keras'); read are {KINDS}"
        )
    if suffix in (".keras", ".h5", ".hdf5"):
        from rnnexp.formats.keras import framework, reader

        return Source(path.name, reader.read(path), lambda x: framework.outputs(path, x))
    if suffix == ".onnx":
        from rnnexp.formats.onnx import reader as onnx_reader

        return Source(path.name, onnx_reader.read(path), lambda x: onnx_reader.outputs(path, x))
    if suffix == ".tflite":
        from rnnexp.formats.tflite import float_reader

        return Source(path.name, float_reader.read(path), lambda x: float_reader.outputs(path, x))
    raise UserError(f"{path} is of no kind that is read: {KINDS}")


def open_model(model: Any, example: np.ndarray) -> Source:
    """Return the network of a path, or of a model of Keras or PyTorch in memory.

    Args:
        model: the path, ``keras.Model`` or ``torch.nn.Module``.
        example: some inputs.

    Raises:
        UserError: if it is none of them.
    """
    if isinstance(model, str | Path):
        return open_file(Path(model))
    modules = {kind.__module__.split(".")[0] for kind in type(model).__mro__}
    if "keras" in modules or "tf_keras" in modules:
        from rnnexp.formats.keras.framework import saved

        with saved(model) as path:
            source = open_file(path)
        return replace(source, name=type(model).__name__, framework=lambda x: np.asarray(model.predict(x, verbose=0)))
    if "torch" in modules:
        from rnnexp.formats.torch import foreign

        return Source(type(model).__name__, foreign.read(model, example), lambda x: foreign.outputs(model, x))
    raise UserError(f"a {type(model).__name__} is no path, keras.Model or torch.nn.Module")
