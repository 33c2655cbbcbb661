"""What the frameworks themselves compute of an ONNX file, to see whether it was read rightly."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats import child
from rnnexp.formats.foreign.axes import as_node
from rnnexp.formats.foreign.reading import Reading
from rnnexp.formats.onnx import child as onnx_child
from rnnexp.formats.onnx import file
from rnnexp.formats.onnx.excerpt import states


def own_values(model: file.ModelFile, reading: Reading, x: np.ndarray) -> dict[str, np.ndarray]:
    """Return the values of a graph's nodes as onnxruntime computes them, or where it is missing, onnx itself.

    Either runs in a process of its own. A file of one step gets the steps one after the other, and its states back.

    Args:
        model: the file.
        reading: what was read of it.
        x: inputs ``[n, time, features]``, or words ``[n, time]``.

    Returns:
        By the nodes' names, in the axes in which nodes give them; of those nodes that the file has a tensor of.

    Raises:
        UserError: if neither can run the file.
    """
    model = reading.excerpt or model
    made = {name for node in model.model.graph.node for name in node.output}
    traces = {node: trace for node, trace in reading.traces.items() if trace.tensor in made}
    tensors = list(dict.fromkeys(trace.tensor for trace in traces.values()))
    guess = reading.input
    size = 1 if "N" not in guess.axes else guess.batch or len(x)
    # A file that takes so many sequences at once gets the last ones again where there are fewer.
    full = np.concatenate([x, np.repeat(x[-1:], -len(x) % size, axis=0)])
    parts = [full[first : first + size] for first in range(0, len(full), size)]
    steps = x.shape[1] if reading.streamed else 1
    try:
        try:
            found = _called(model, reading, tensors, parts, steps)
        except child.ChildError:
            if guess.batch or size == 1:
                raise
            # Perhaps it takes one sequence at a time, and does not say so.
            size, parts = 1, [full[n : n + 1] for n in range(len(full))]
            found = _called(model, reading, tensors, parts, steps)
    except child.ChildError as error:
        raise UserError(f"{model.path}: neither onnxruntime nor onnx can run it: {error}") from error
    values: dict[str, np.ndarray] = {}
    for node, trace in traces.items():
        rows = [
            as_node(np.asarray(call[tensors.index(trace.tensor)], np.float64), trace.value, size, guess.batch_axis)
            for call in found
        ]
        if reading.streamed:
            rows = [row if trace.value.timed else row[:, None] for row in rows]
            rows = [np.concatenate(rows[n : n + steps], axis=1) for n in range(0, len(rows), steps)]
        values[node] = np.concatenate(rows)[: len(x)]
    return values


def _called(
    model: file.ModelFile, reading: Reading, tensors: list[str], parts: list[np.ndarray], steps: int
) -> list[list[np.ndarray]]:
    """Return the tensors of each call of a file: of each step of each part of the inputs."""
    kinds = _inputs(model)
    name, kept = reading.input.name, states(model) if reading.streamed else {}
    calls, arrays = list[list[str]](), {"model": np.frombuffer(model.model.SerializeToString(), np.uint8)}
    for part in parts:
        # First states, of which only the batch can be open, are zero.
        first = {
            other: np.zeros([len(part) if length is None else length for length in sizes], kind)
            for other, (kind, sizes) in kinds.items()
            if other != name
        }
        for step in range(steps):
            now = part[:, step : step + 1] if reading.streamed else part
            given = {name: reading.input.file_input(now).astype(kinds[name][0])}
            given |= {other: zeros for other, zeros in first.items() if not step or other not in kept}
            arrays |= {f"input_{len(calls)}_{number}": array for number, array in enumerate(given.values())}
            calls.append(list(given))
    description = {"tensors": tensors, "calls": calls, "kept": dict(kept)}
    found = child.exchange(onnx_child.__name__, description, arrays)
    return [[found[f"output_{call}_{number}"] for number in range(len(tensors))] for call in range(len(calls))]


def _inputs(model: file.ModelFile) -> dict[str, tuple[Any, list[int | None]]]:
    """Return the type and sizes of each of a file's inputs."""
    dtype = file.package().helper.tensor_dtype_to_np_dtype
    kinds = {}
    for entry in model.model.graph.input:
        if entry.name not in model.constants:
            kind = entry.type.tensor_type
            sizes = [
                dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else None for dim in kind.shape.dim
            ]
            kinds[entry.name] = dtype(kind.elem_type), sizes
    return kinds
