"""What the frameworks themselves compute of an ONNX file, to see whether it was read rightly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.foreign.axes import as_node
from rnnexp.formats.foreign.reading import Reading
from rnnexp.formats.onnx import file


def own_values(model: file.ModelFile, reading: Reading, x: np.ndarray) -> dict[str, np.ndarray]:
    """Return the values of a graph's nodes as onnxruntime computes them, or where it is missing, onnx itself.

    Args:
        model: the file.
        reading: what was read of it.
        x: inputs ``[n, time, features]``, or words ``[n, time]``.

    Returns:
        By the nodes' names, in the axes in which nodes give them; of those nodes that the file has a tensor of.

    Raises:
        UserError: if neither can run the file.
    """
    tensors = list(dict.fromkeys(trace.tensor for trace in reading.traces.values()))
    run = _runner(model, tensors)
    kinds, name = _inputs(model, reading)
    guess = reading.input
    size = 1 if "N" not in guess.axes else guess.batch or len(x)
    found: dict[str, list[np.ndarray]] = {node: [] for node in reading.traces}
    for first in range(0, len(x), size):
        part = x[first : first + size]
        # A file that takes so many sequences at once gets the last ones again where there are fewer.
        full = np.concatenate([part, np.repeat(part[-1:], size - len(part), axis=0)])
        # First states, of which only the batch can be open, are zero.
        first_states = {
            other: np.zeros([size if length is None else length for length in sizes], kind)
            for other, (kind, sizes) in kinds.items()
            if other != name
        }
        given = run({name: guess.file_input(full).astype(kinds[name][0]), **first_states})
        for node, trace in reading.traces.items():
            array = as_node(np.asarray(given[trace.tensor], np.float64), trace.value, size, guess.batch_axis)
            found[node].append(array[: len(part)])
    return {node: np.concatenate(parts) for node, parts in found.items()}


def _inputs(model: file.ModelFile, reading: Reading) -> tuple[dict[str, tuple[Any, list[int | None]]], str]:
    """Return the type and sizes of each of the file's inputs, and the name of the one of sequences."""
    dtype = file.package().helper.tensor_dtype_to_np_dtype
    kinds = {}
    for entry in model.model.graph.input:
        if entry.name not in model.constants:
            kind = entry.type.tensor_type
            sizes = [dim.dim_value if dim.HasField("dim_value") and dim.dim_value else None for dim in kind.shape.dim]
            kinds[entry.name] = dtype(kind.elem_type), sizes
    return kinds, reading.input.name


def _runner(model: file.ModelFile, tensors: list[str]) -> Any:
    """Return a function of inputs by name that gives tensors by name."""
    onnx = file.package()
    copy = onnx.ModelProto()
    copy.CopyFrom(model.model)
    del copy.graph.output[:]
    copy.graph.output.extend([onnx.ValueInfoProto(name=name) for name in tensors])
    try:
        import onnxruntime
    except ModuleNotFoundError:
        return _reference(model, copy, tensors)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(copy.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception:  # whatever onnxruntime does not know, as RNNs of layout 1: onnx itself may
        return _reference(model, copy, tensors)

    def run(given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        try:
            return dict(zip(tensors, session.run(tensors, dict(given)), strict=True))
        except Exception as error:
            raise UserError(f"{model.path}: onnxruntime cannot run it: {str(error)[:200]}") from error

    return run


def _reference(model: file.ModelFile, copy: Any, tensors: list[str]) -> Any:
    from onnx.reference import ReferenceEvaluator

    def run(given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        try:
            return dict(zip(tensors, ReferenceEvaluator(copy).run(tensors, dict(given)), strict=True))
        except Exception as error:
            raise UserError(f"{model.path}: neither onnxruntime nor onnx can run it: {str(error)[:200]}") from error

    return run
