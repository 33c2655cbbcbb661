"""float32 TensorFlow Lite files of foreign networks, made by TensorFlow's converter in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rnnexp.formats import child
from rnnexp.formats.tflite.float32 import SECONDS, ConversionError
from rnnexp.network.graph import storage
from rnnexp.network.graph.graph import Graph
from rnnexp.network.lengths import Padding

CHILD = "rnnexp.formats.tflite.graph_float32"


def to_float32(graph: Graph, steps: int, padding: Padding, metadata: Mapping[str, str]) -> bytes:
    """Return the float32 form of a graph, batch 1, loops kept.

    Args:
        graph: as ``rnnexp.network.graph.rewrite`` leaves it.
        steps: of a sequence.
        padding: where it is, if sequences can be of different lengths; then a second input has the length.
        metadata: names and texts to put into the file.

    Raises:
        ConversionError: if the converter refuses, ends its process, or hangs.
    """
    with tempfile.TemporaryDirectory() as name:
        source, target = Path(name) / "graph.npz", Path(name) / "float32.tflite"
        source.write_bytes(storage.to_npz(graph))
        job = {
            "graph": str(source),
            "target": str(target),
            "steps": steps,
            "padding": padding,
            "metadata": {**metadata},
        }
        try:
            done = subprocess.run(
                [sys.executable, "-m", CHILD],
                input=json.dumps(job) + "\n",
                capture_output=True,
                text=True,
                env=child.environment(),
                check=False,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise ConversionError(f"the converter was not done after {SECONDS:g} s") from None
        if done.returncode or not target.exists():
            said = [line for line in done.stderr.splitlines() if line.strip()]
            raise ConversionError(said[-1][:300] if said else f"its process ended with code {done.returncode}")
        return target.read_bytes()
