"""Trained networks of any origin, as graphs, with what their own framework makes of inputs."""

from __future__ import annotations

import re
import tempfile
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


def open_file(path: Path, until: str = "") -> Source:
    """Return the network in a file.

    Args:
        path: of the file.
        until: the layer that is read last; empty: all are.

    Raises:
        UserError: if there is none, or it is of no kind that is read.
    """
    if not path.exists():
        raise UserError(f"there is no file {path}")
    suffix = path.suffix.lower()
    if path.is_dir():
        raise UserError(f"{path} is a folder: save the model as a file, model.save('model.keras'); read are {KINDS}")
    if suffix in (".keras", ".h5", ".hdf5"):
        from rnnexp.formats.keras import reader

        return Source(path.name, reader.read(path, until), unchecked="there is nothing to compare with yet")
    if suffix == ".onnx":
        from rnnexp.formats.onnx import file, outputs
        from rnnexp.formats.onnx import reader as onnx_reader

        model = file.load(path)
        reading = onnx_reader.read_file(model, until or None)
        graph = reading.graph
        return Source(path.name, graph, lambda x: outputs.own_values(model, reading, x)[graph.output])
    raise UserError(f"{path} is of no kind that is read: {KINDS}")


def open_model(model: Any, until: str = "") -> Source:
    """Return the network of a path, or of a model of Keras or PyTorch in memory.

    Args:
        model: the path, ``keras.Model`` or ``torch.nn.Module``.
        until: the layer that is read last; empty: all are.

    Raises:
        UserError: if it is none of them.
    """
    if isinstance(model, str | Path):
        return open_file(Path(model), until)
    modules = {kind.__module__.split(".")[0] for kind in type(model).__mro__}
    if "keras" in modules or "tf_keras" in modules:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            model.save(path)
            source = open_file(path, until)
        name = re.sub(r"[^A-Za-z0-9_]", "_", str(model.name))
        return replace(source, name=name, framework=lambda x: np.asarray(model.predict(x, verbose=0)))
    raise UserError(f"a {type(model).__name__} is no path, keras.Model or torch.nn.Module")
