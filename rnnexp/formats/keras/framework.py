"""What Keras itself computes of a file's model, in a process of its own: to check that the file was read right.

The model is built there anew, of Keras' own layers alone, from the options and arrays that were read; a file's code or
classes have no part in it. TensorFlow is not imported here.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.keras import framework_child
from rnnexp.formats.keras.rebuilding import config, kept_weights
from rnnexp.formats.keras.stored import Stored
from rnnexp.network.graph.graph import Graph

SECONDS = 600
# The largest difference that the two arithmetics can have, as a share of a layer's range.
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Difference:
    """Where a graph first differs from the framework.

    Attributes:
        layer: whose values differ first.
        share: the largest difference as a share of the range of the layer's values.
    """

    layer: str
    share: float


def outputs(stored: Stored, x: np.ndarray, until: str = "", seconds: float = SECONDS) -> dict[str, np.ndarray]:
    """Return what layers of a file's model give in Keras, float32, by their names; what the model gives by "".

    Args:
        stored: the file.
        x: inputs, as ``Graph.run`` takes them.
        until: the layer up to which the model is built; empty: all of it.
        seconds: after which the process is ended.

    Raises:
        UserError: if Keras cannot build or run the model.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(
            [str(Path(framework_child.__file__).parents[3]), os.environ.get("PYTHONPATH", "")]
        ),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "KERAS_BACKEND": "tensorflow",
        # oneDNN reads beyond its input in some convolutions of one channel.
        "TF_ENABLE_ONEDNN_OPTS": "0",
    }
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "given.npz", Path(folder) / "made.npz"
        _write(stored, x, until, given)
        try:
            done = subprocess.run(
                [sys.executable, "-m", framework_child.__name__, str(given), str(made)],
                capture_output=True,
                timeout=seconds,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UserError(f"{stored.name}: Keras is not done with it after {seconds:.0f} s") from None
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise UserError(f"{stored.name}: Keras cannot compute it: {said[-1][:300] if said else done.returncode}")
        with np.load(made, allow_pickle=False) as found:
            names = json.loads(bytes(found["names"]).decode())
            return {name: found[f"value_{number}"] for number, name in enumerate(names)}


def _write(stored: Stored, x: np.ndarray, until: str, path: Path) -> None:
    """Write a file's model as plain JSON and arrays."""
    kept = kept_weights(stored, until)
    paths = list(kept.arrays)
    described = {
        "config": config(stored, until),
        "flat": stored.flat,
        "arrays": paths,
        "groups": sorted(kept.groups),
        "attributes": kept.attributes,
    }
    arrays = {f"array_{number}": kept.arrays[each] for number, each in enumerate(paths)}
    index: Any = np.frombuffer(json.dumps(described).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, index=index, x=x, **arrays)  # type: ignore[arg-type]
    path.write_bytes(buffer.getvalue())


def difference(
    graph: Graph, framework: Mapping[str, np.ndarray], x: np.ndarray, lengths: np.ndarray | None = None
) -> Difference | None:
    """Return the first layer whose values differ, or None.

    Args:
        graph: what was read.
        framework: what ``outputs`` gave for the same inputs.
        x: the inputs.
        lengths: real steps of each sequence; steps of padding are not compared.
    """
    found = graph.values(x, lengths)
    for node in graph.nodes:
        if node.name in framework:
            share = _share(found[node.name], framework[node.name], lengths)
            if not share <= TOLERANCE:
                return Difference(node.name, share)
    if "" in framework:
        share = _share(found[graph.output], framework[""], lengths)
        if not share <= TOLERANCE:
            return Difference(graph.output, share)
    return None


def _share(found: np.ndarray, right: np.ndarray, lengths: np.ndarray | None) -> float:
    right = right.astype(np.float64)
    if found.shape != right.shape:
        return float("inf")
    if lengths is not None and found.ndim > 2:
        real = np.arange(found.shape[1]) < np.asarray(lengths)[:, None]
        found, right = found[real], right[real]
    if not found.size:
        return 0.0
    scale = max(float(np.ptp(right)), float(np.abs(right).max()), 1e-30)
    return float(np.abs(found - right).max()) / scale


def check(stored: Stored, graph: Graph, x: np.ndarray, lengths: np.ndarray | None = None, until: str = "") -> None:
    """Refuse a graph that does not compute what Keras does.

    Args:
        stored: the file.
        graph: what was read of it.
        x: inputs to compare on.
        lengths: real steps of each sequence.
        until: the layer up to which it was read.

    Raises:
        UserError: naming the layer that was misread.
    """
    made = outputs(stored, x, until)
    if "/" in until:
        made.pop("")  # of the model that the layer is in
    found = difference(graph, made, x, lengths)
    if found:
        raise UserError(
            f"{stored.name} was misread at {found.layer!r}: its values differ from Keras' by {found.share:.2g} of "
            "their range. Please report this with the file"
        )
