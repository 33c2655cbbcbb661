"""Trained networks of any origin, as graphs, with what their own framework makes of inputs."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rnnexp.errors import UserError
from rnnexp.network.graph.cut import cut
from rnnexp.network.graph.graph import Graph
from rnnexp.network.graph.lift import lift
from rnnexp.preprocessing.input_map import AS_IT_IS
from rnnexp.printable import in_utf_8
from rnnexp.report import evaluation

# Inputs to what nodes give, by their names: some of them, and of the graph's output always.
Values = Callable[[np.ndarray], Mapping[str, np.ndarray]]
KINDS = ".keras, .h5 or .hdf5 (Keras), .onnx, .tflite (float32), or -weights.npz of this project"


@dataclass(frozen=True)
class Source:
    """A network as it was found.

    Attributes:
        name: of its file or class.
        graph: as read.
        framework: its framework's own values, for the float check; None where nothing computes them.
        apart: whether they are computed in a process of their own.
        unchecked: why.
        notes: what a user must know of it.
    """

    name: str
    graph: Graph
    framework: Values | None = None
    apart: bool = False
    unchecked: str = ""
    notes: tuple[str, ...] = ()


def open_file(path: Path, until: str = "", begin: str = "") -> Source:
    """Return the network in a file.

    Args:
        path: of the file.
        until: the layer that is read last; empty: all are.
        begin: the layer that is read first: what it reads is the input; empty: all are.

    Raises:
        UserError: if there is none, or it is of no kind that is read.
    """
    if not path.exists():
        raise UserError(f"there is no file {path}")
    if not in_utf_8(str(path)):
        raise UserError(f"the name {str(path)!r} is no UTF-8: rename the file, or the folder")
    suffix = path.suffix.lower()
    if path.is_dir():
        raise UserError(f"{path} is a folder: save the model as a file, model.save('model.keras'); read are {KINDS}")
    if suffix in (".keras", ".h5", ".hdf5"):
        return _keras(path, until, begin)
    if suffix == ".onnx":
        from rnnexp.formats.onnx import file, reader
        from rnnexp.formats.onnx.outputs import own_values

        model = file.load(path)
        reading = reader.read_file(model, until, begin)
        return Source(path.name, reading.graph, lambda x: own_values(model, reading, x), apart=True)
    if suffix == ".tflite":
        return _tflite(path, until, begin)
    if suffix in (".pt", ".pth", ".jit", ".ckpt", ".bin"):
        from rnnexp.formats.torch.foreign import refusal

        raise refusal(path)
    if suffix == ".npz":
        return _npz(path, until, begin)
    if suffix == ".safetensors":
        raise UserError(f"{path} has weights alone, and no network: give the model that they are of; read are {KINDS}")
    raise UserError(f"{path} is of no kind that is read: {KINDS}")


def _keras(path: Path, until: str, begin: str) -> Source:
    from rnnexp.formats.keras import framework, reader, stored
    from rnnexp.formats.keras.excerpt import beginning

    file = stored.load(path)
    inner = "/" in begin
    if begin and not inner:
        file = beginning(file, begin, until)
    graph = reader.of_stored(file, until)
    if inner:
        return Source(path.name, cut(graph, begin), unchecked=f"it was cut within a model, at {begin}")

    def values(x: np.ndarray) -> Mapping[str, np.ndarray]:
        found = framework.outputs(file, x, until)
        whole = found.pop("")
        # A layer within a model within the model gives what its own name says.
        return {graph.output: whole, **found} if "/" not in until else found

    return Source(path.name, graph, values, apart=True)


def _npz(path: Path, until: str, begin: str) -> Source:
    from rnnexp.formats.npz import arrays, reader

    found = arrays.read(path)
    if not reader.is_own(found):
        raise UserError(f"{path} has weights alone, and no network: give the model that they are of; read are {KINDS}")
    if begin or until:
        raise UserError(f"{path} is a whole network of this project: it cannot be cut by --from or --until")
    network = reader.from_arrays(path, found)
    graph = lift(network, "NumPy (this project)")

    def values(x: np.ndarray) -> Mapping[str, np.ndarray]:
        outputs = network.run(x)
        return {graph.output: evaluation.probabilities(outputs) if network.architecture.softmax else outputs}

    kind = _normalization(found)
    notes = (f"the network reads what the normalization {kind!r} has made, and so must the calibration data be",)
    return Source(path.name, graph, values, notes=notes if kind else ())


def _normalization(found: Mapping[str, np.ndarray]) -> str:
    """Return what the inputs of a network of this project are made by; empty where they are as they come."""
    try:
        kind = json.loads(str(found.get("normalization", "{}"))).get("kind", "")
    except (ValueError, AttributeError):
        return ""
    return kind if isinstance(kind, str) and kind != AS_IT_IS.kind else ""


def _tflite(path: Path, until: str, begin: str) -> Source:
    from rnnexp.formats.tflite.float_outputs import own_values
    from rnnexp.formats.tflite.float_reader import read_content

    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    reading = read_content(content, str(path), until, begin)
    return Source(path.name, reading.graph, lambda x: own_values(content, str(path), reading, x), apart=True)


def open_model(model: Any, example: np.ndarray, until: str = "", begin: str = "") -> Source:
    """Return the network of a path, or of a model of Keras or PyTorch in memory.

    Args:
        model: the path, ``keras.Model`` or ``torch.nn.Module``.
        example: some inputs, as the model takes them.
        until: the layer that is read last; empty: all are.
        begin: the layer that is read first: what it reads is the input; empty: all are.

    Raises:
        UserError: if it is none of them.
    """
    if isinstance(model, str | Path):
        return open_file(Path(model), until, begin)
    modules = {kind.__module__.split(".")[0] for kind in type(model).__mro__}
    if "keras" in modules or "tf_keras" in modules:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            model.save(path)
            with _named(path, model.name):
                source = open_file(path, until, begin)
        name = re.sub(r"[^A-Za-z0-9_]", "_", str(model.name))
        # Of half the digits, or with what an earlier call has left, its own values are no figure to compare: Keras is
        # asked in a process, as of a file.
        described = model.to_json()
        if until or begin or "float16" in described or '"stateful": true' in described:
            own = source.framework

            def values(x: np.ndarray) -> Mapping[str, np.ndarray]:
                assert own is not None
                with _named(path, model.name):
                    return own(x)

            return replace(source, name=name, framework=own and values)
        output = source.graph.output
        return replace(source, name=name, framework=lambda x: {output: _predicted(model, x)}, apart=False)
    if "torch" in modules:
        from rnnexp.formats.torch import foreign

        if begin or until:
            raise UserError(
                f"--from and --until are for files: give the part of {type(model).__name__} as a module of its own"
            )
        reading = foreign.read_module(model, example[:2])
        return Source(type(model).__name__, reading.graph, lambda x: foreign.own_output(model, reading, x))
    raise UserError(f"a {type(model).__name__} is no path, keras.Model or torch.nn.Module")


@contextlib.contextmanager
def _named(path: Path, name: Any) -> Iterator[None]:
    """Have messages call a model by its own name, not by that of a file that it was saved in."""
    try:
        yield
    except UserError as error:
        raise UserError(str(error).replace(str(path), str(name))) from None


def _predicted(model: Any, x: np.ndarray) -> np.ndarray:
    """Return what a model of Keras in memory gives.

    Raises:
        UserError: if it cannot be run.
    """
    # A spectrum of several channels, and a row of which the model itself makes steps, are as the model takes them.
    shape = (len(x), *(-1 if size is None else size for size in model.inputs[0].shape[1:]))
    try:
        return np.asarray(model.predict(x.reshape(shape), verbose=0))
    except Exception as error:
        why = " ".join(str(error).split())
        raise UserError(f"{model.name}: Keras itself cannot run it: {why}") from error
